import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentData

@Suite struct PNGTests {
  private static let folder = Fixtures.folder + "/png/"

  /// Every kind of picture that Pillow writes comes out as Pillow reads it.
  @Test func readsWhatPillowWrote() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: Self.folder + "pictures.json"))
    let pictures = try JSONDecoder().decode([String: [UInt16]].self, from: data)
    try #require(pictures.count == 12)
    for (name, expected) in pictures {
      let picture = try PNGFile(readFile(Self.folder + name + ".png"), source: name)
      #expect(picture.width == 7 && picture.height == 5)
      #expect(picture.rgb == expected, "\(name)")
    }
  }

  /// Each colour type with each number of bits, with all five filter types in one picture.
  @Test func everyDepthAndFilter() throws {
    var generator = SeededGenerator(seed: 3)
    for colour in [PNGFile.Colour.grey, .rgb, .greyAlpha, .rgba] {
      for depth in colour.depths {
        let picture = TestPNG(
          width: 11, height: 7, colour: colour.rawValue, depth: depth, channels: colour.samples,
          using: &generator)
        let read = try PNGFile(picture.bytes(), source: "test")
        #expect(try PNGFile(picture.bytes(interlaced: 1), source: "test").rgb == read.rgb)
        let most = Double((1 << depth) - 1)
        // 16 bits stay 16.
        let white = depth == 16 ? 65535.0 : 255
        #expect(read.white == Int(white))
        for background in ImageReading.Background.allCases {
          let behind = Double(background.level(white: Int(white)))
          let expected = (0..<77).flatMap { pixel -> [UInt16] in
            let samples = (0..<colour.samples).map {
              (Double(picture.samples[pixel * colour.samples + $0]) / most * white).rounded()
            }
            let alpha = colour == .greyAlpha ? samples[1] : colour == .rgba ? samples[3] : white
            let shown = colour.samples < 3 ? [samples[0], samples[0], samples[0]] : samples
            return shown[..<3].map {
              UInt16((($0 * alpha + behind * (white - alpha)) / white).rounded())
            }
          }
          let read = try PNGFile(picture.bytes(), source: "test", background: background)
          #expect(read.rgb == expected, "\(colour), \(depth) bits, on \(background)")
          #expect(read.isTransparent == (colour == .greyAlpha || colour == .rgba))
        }
      }
    }
  }

  /// Down to pictures that some passes have no pixel of.
  @Test(arguments: [1, 2, 3, 4, 5, 8, 9], [1, 2, 4, 5, 9])
  func interlaced(width: Int, height: Int) throws {
    var generator = SeededGenerator(seed: 6)
    let picture = TestPNG(
      width: width, height: height, colour: 2, depth: 8, channels: 3, using: &generator)
    let read = try PNGFile(picture.bytes(interlaced: 1), source: "test")
    #expect(read.rgb == picture.samples.map { UInt16($0) })
  }

  @Test func writesWhatItReads() throws {
    var generator = SeededGenerator(seed: 4)
    for channels in [1, 3] {
      let pixels = (0..<2 * 5 * 3 * channels).map { _ in
        Float(Int.random(in: 0...255, using: &generator))
      }
      let images = ImageSet(
        source: "test", height: 5, width: 3, channels: channels, pixels: pixels)
      try withTemporaryFolder { folder in
        for index in 0..<2 {
          let file = folder + "/\(index).png"
          try writeAtomically(images.png(index), to: file)
          let (read, test) = try ImageSet.read(file)
          #expect(test == nil && read.labels.isEmpty && read.files == [file])
          #expect((read.height, read.width, read.channels) == (5, 3, channels))
          #expect(Array(read.image(0)) == Array(images.image(index)))
        }
      }
    }
  }

  @Test func repeatsPixels() throws {
    let images = ImageSet(
      source: "", height: 1, width: 2, channels: 3, pixels: [0, 1, 2, 10, 11, 12])
    let read = try PNGFile(images.png(0, range: 0...51, scale: 2), source: "")
    #expect((read.height, read.width) == (2, 4))
    let line: [UInt16] = [0, 5, 10, 0, 5, 10, 50, 55, 60, 50, 55, 60]
    #expect(read.rgb == line + line)
  }

  @Test func foldersByClass() throws {
    try withTemporaryFolder { folder in
      let images = ImageSet(
        source: "", height: 2, width: 3, pixels: (0..<24).map { Float($0 * 7) })
      for (index, place) in ["b/0", "a/1", "a/0", "10/x"].enumerated() {
        let path = folder + "/" + place + ".PNG"
        try FileManager.default.createDirectory(
          atPath: splitPath(path).folder, withIntermediateDirectories: true)
        try writeAtomically(images.png(index), to: path)
      }
      try writeAtomically("not an image", to: folder + "/a/notes.txt")
      let (read, _) = try ImageSet.read(folder)
      #expect(read.labels == ["10", "a", "a", "b"] && read.classes == ["10", "a", "b"])
      #expect(read.pixels == [3, 2, 1, 0].flatMap { images.image($0) })
      #expect(read.channels == 1)

      let coloured = ImageSet(
        source: "", height: 2, width: 3, channels: 3, pixels: (0..<18).map { Float($0 * 9) })
      try writeAtomically(coloured.png(0), to: folder + "/b/1.png")
      let (mixed, _) = try ImageSet.read(folder)
      #expect(mixed.channels == 3 && mixed.count == 5)
      #expect(Array(mixed.image(0).prefix(6)) == [126, 126, 126, 133, 133, 133])
      var grey = ImageReading()
      grey.channels = 1
      // 0.299 · 0 + 0.587 · 9 + 0.114 · 18
      #expect(try ImageSet.read(folder, grey).images.image(4).first == 7)

      let other = ImageSet(source: "", height: 3, width: 2, pixels: [Float](repeating: 1, count: 6))
      try writeAtomically(other.png(0), to: folder + "/b/2.png")
      let error = try dataError { () throws(DataError) in _ = try ImageSet.read(folder) }
      #expect(error.file == folder + "/b/2.png")
      #expect(error.problem.contains("found 3 × 2 pixels, expected 2 × 3 as in \(folder)/10/x.PNG"))
    }
  }

  /// Counts of 1020 to 1130 in 16 bits are not all 4, and 8 bits beside them are on their scale.
  @Test func deepPictures() throws {
    try withTemporaryFolder { folder in
      func write(_ samples: [Int], depth: Int, colour: UInt8 = 0, to name: String) throws {
        var generator = SeededGenerator(seed: 1)
        let channels = colour == 4 ? 2 : 1
        let picture = TestPNG(
          width: 2, height: 1, colour: colour, depth: depth, channels: channels, samples: samples,
          using: &generator)
        try writeAtomically(picture.bytes(), to: folder + "/" + name)
      }
      try write([1020, 1130], depth: 16, to: "a.png")
      try write([1, 255], depth: 8, to: "b.png")
      let (deep, _) = try ImageSet.read(folder)
      #expect(deep.pixels == [1020, 1130, 257, 65535])
      #expect(deep.remarks == ["16 bits a sample, 0 to 65535; 1 pictures have 8, times 257"])
      #expect(deep.reading.white == 65535 && deep.reading.height == 1 && deep.reading.width == 2)
      // A model of 8 bits goes on seeing 8 bits.
      var eight = ImageReading()
      eight.white = 255
      #expect(try ImageSet.read(folder + "/a.png", eight).images.pixels == [4, 4])
      var sixteen = ImageReading()
      sixteen.white = 65535
      #expect(try ImageSet.read(folder + "/b.png", sixteen).images.pixels == [257, 65535])

      // White, drawn by its transparency alone.
      try write([255, 0, 255, 128], depth: 8, colour: 4, to: "c.png")
      let (white, _) = try ImageSet.read(folder + "/c.png")
      #expect(white.pixels == [255, 255])
      #expect(
        white.remarks == ["1 pictures are transparent in places, laid on white (--background)"])
      var black = ImageReading()
      black.background = .black
      #expect(try ImageSet.read(folder + "/c.png", black).images.pixels == [0, 128])
    }
  }

  /// As Pillow 13 scales a picture of floating-point numbers by BILINEAR.
  @Test func scaling() throws {
    let images = ImageSet(
      source: "", height: 3, width: 4, pixels: (0..<12).map { Float($0 * $0) })
    func scaled(_ height: Int, _ width: Int) -> [Float] {
      images.resized(to: .init(height: height, width: width)).pixels
    }
    for (found, expected) in [
      (scaled(2, 3), [7.2, 13, 21.6, 50.2, 68, 88.6]),
      (
        scaled(5, 2),
        [1, 5.714286, 9.685714, 19.42857, 22.71429, 40, 54.94286, 79.77143, 76.42857, 106.2857]
      ), (scaled(1, 1), [40.47619]),
      (
        scaled(4, 6),
        [
          0, 0.5, 1.5, 3.5, 6.5, 9, 10, 13, 17.33333, 22.66667, 29, 34, 34, 40, 48.33333, 57.66667,
          68, 76, 64, 72.5, 84.16667, 96.83333, 110.5, 121,
        ]
      ),
    ] as [([Float], [Float])] {
      #expect(paired(found, expected).allSatisfy { abs($0 - $1) < 1e-4 }, "\(found)")
    }
    #expect(scaled(3, 4) == images.pixels)
    let colours = ImageSet(
      source: "", height: 1, width: 2, channels: 3, pixels: [0, 10, 20, 100, 110, 120])
    #expect(colours.resized(to: .init(height: 1, width: 1)).pixels == [50, 60, 70])
  }

  /// What is no PNG is named with the command that converts it; what is damaged costs itself alone.
  @Test func otherPicturesAndBadOnes() throws {
    try withTemporaryFolder { folder in
      let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0, 0, 16] + Array("JFIF".utf8)
      for name in ["a", "b"] {
        try FileManager.default.createDirectory(
          atPath: folder + "/" + name, withIntermediateDirectories: true)
        try writeAtomically(jpeg, to: folder + "/\(name)/1.jpg")
      }
      func problem(_ path: String) throws -> String {
        try dataError { () throws(DataError) in _ = try ImageSet.read(path) }.description
      }
      #expect(
        try problem(folder)
          == "\(folder): found 2 pictures such as 1.jpg, expected PNG. ImageMagick writes a PNG file "
          + "beside each by: magick mogrify -format png '\(folder)'/*/*.jpg.")
      #expect(try problem(folder + "/a/1.jpg").contains("found a JPEG picture, expected PNG"))
      try writeAtomically(jpeg, to: folder + "/a/1.png")
      #expect(try problem(folder + "/a/1.png").contains("found a JPEG picture, expected PNG"))
      for (start, name) in [
        ("GIF89a", "a GIF"), ("RIFF1234WEBP", "a WebP"), ("II*\0", "a TIFF"),
        ("\0\0\0 ftypheic", "a HEIC"), ("BM1234\0\0\0\0", "a BMP"),
      ] {
        try writeAtomically(start, to: folder + "/x")
        #expect(try problem(folder + "/x").contains("found \(name)"), "\(name)")
      }
      for (start, name, advice) in [
        ("PK\u{3}\u{4}…x_train.npy…", "an archive of np.savez", "np.savetxt"),
        ("PK\u{3}\u{4}…cat/1.png…", "a zip archive", "Unpack it"),
        ("PAR1…", "a Parquet file", "read_parquet"), ("%PDF-1.4", "a PDF", "pdftotext"),
        ("version https://git-lfs.github.com/spec/v1", "a pointer of Git LFS", "git lfs pull"),
      ] {
        try writeAtomically(start, to: folder + "/x")
        let text = try problem(folder + "/x")
        #expect(text.contains("found \(name)") && text.contains(advice), "\(text)")
      }
      #expect(OtherPictures.name(of: Array("BM,1\n1,2\n".utf8)) == nil)
      try FileManager.default.removeItem(atPath: folder + "/x")

      let images = ImageSet(source: "", height: 1, width: 2, pixels: [1, 2])
      try writeAtomically(images.png(0), to: folder + "/b/1.png")
      try writeAtomically(images.png(0), to: folder + "/b/2.png")
      try writeAtomically(jpeg, to: folder + "/b/3.jpeg")
      let (read, _) = try ImageSet.read(folder)
      #expect(read.labels == ["b", "b"] && read.leftOut.map(\.file) == [folder + "/a/1.png"])
      #expect(read.leftOutText?.hasPrefix("1 files cannot be read and are left out; the") == true)
      // The pictures that were converted are not told of.
      #expect(
        read.remarks.count == 1 && read.remarks[0].hasPrefix("1 pictures such as 3.jpeg are left"))
    }
  }

  /// `val` stands in for `test`, and is told when it is left out.
  @Test func foldersOfParts() throws {
    try withTemporaryFolder { folder in
      let images = ImageSet(source: "", height: 1, width: 2, pixels: [1, 2, 3, 4, 5, 6])
      func write(_ part: String, _ index: Int) throws {
        let path = "\(folder)/\(part)/a"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try writeAtomically(images.png(index), to: path + "/1.png")
      }
      try write("Train", 0)
      try write("val", 1)
      let (training, judging) = try ImageSet.read(folder)
      #expect(training.pixels == [1, 2] && judging?.pixels == [3, 4])
      #expect(training.remarks == ["the report stands on the folder val, as there is no test"])
      try write("test", 2)
      let (again, test) = try ImageSet.read(folder)
      #expect(again.pixels == [1, 2] && test?.pixels == [5, 6])
      #expect(again.remarks == ["left out: the folder val"])
    }
  }

  @Test func whatIsRefused() throws {
    var generator = SeededGenerator(seed: 5)
    let picture = TestPNG(
      width: 4, height: 4, colour: 0, depth: 8, channels: 1, using: &generator)
    func refused(_ bytes: [UInt8], _ part: String) throws {
      let error = try dataError { () throws(DataError) in
        _ = try PNGFile(bytes, source: "x.png")
      }
      #expect(error.description.contains(part), "\(error)")
    }
    try refused(Array("GIF89b".utf8), "x.png: signature: is not that of a PNG file")
    try refused(picture.bytes(declaring: (4, 5)), "unpacks to 20 bytes, expected 25")
    try refused(picture.bytes(declaring: (4, 3)), "unpacks to more than 15 bytes")
    try refused(picture.bytes(declaring: (40000, 40000)), "promises 40000 × 40000 pixels in a file")
    try refused(picture.bytes(declaring: (0, 4)), "found a size of 0 × 4")
    var damaged = picture.bytes()
    damaged[20] ^= 1
    try refused(damaged, "chunk at byte 8: its checksum is wrong")
    try refused(Array(picture.bytes().dropLast(5)), "ends before its last chunk")
  }
}
