import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentData

@Suite struct IDXTests {
  private static let images: [UInt8] =
    [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 4] + (0..<24).map { UInt8($0 * 10) }
  private static let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 10]

  /// Packed by the gzip of the system, so that not our own words are read back.
  private func gzipped(_ bytes: [UInt8], in folder: String) async throws -> [UInt8] {
    try writeAtomically(bytes, to: folder + "/plain")
    let result = try await CommandRunner.run("/usr/bin/env", ["gzip", "-c", folder + "/plain"])
    return Array(result.outputBytes)
  }

  @Test func imagesAndLabels() async throws {
    try await withTemporaryFolder { folder in
      let packedImages = try await gzipped(Self.images, in: folder)
      try writeAtomically(packedImages, to: folder + "/train-images-idx3-ubyte.gz")
      try writeAtomically(Self.labels, to: folder + "/train-labels-idx1-ubyte")
      let (read, test) = try ImageSet.read(folder + "/train-images-idx3-ubyte.gz")
      #expect((read.count, read.height, read.width, read.channels) == (3, 2, 4, 1))
      #expect(read.pixels == Self.images[16...].map { Float($0) })
      #expect(read.labels == ["7", "0", "10"] && read.classes == ["0", "7", "10"])
      #expect(test == nil)

      try writeAtomically(
        [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4, 1, 2, 3, 4, 5, 6, 7, 8],
        to: folder + "/t10k-images-idx3-ubyte")
      try writeAtomically([0, 0, 8, 1, 0, 0, 0, 1, 0], to: folder + "/t10k-labels-idx1-ubyte")
      let (all, apart) = try ImageSet.read(folder)
      #expect(all.count == 3)
      #expect(apart?.pixels == [1, 2, 3, 4, 5, 6, 7, 8] && apart?.labels == ["0"])
    }
  }

  /// Colours stand last, and EMNIST's rows are columns, as its authors say of their MATLAB files.
  @Test func coloursAndEMNIST() throws {
    try withTemporaryFolder { folder in
      let colours: [UInt8] =
        [0, 0, 8, 4, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3] + [1, 2, 3, 4, 5, 6]
      try writeAtomically(colours, to: folder + "/train-images-idx4-ubyte")
      try writeAtomically([0, 0, 8, 1, 0, 0, 0, 1, 5], to: folder + "/train-labels-idx1-ubyte")
      let (read, _) = try ImageSet.read(folder)
      #expect((read.height, read.width, read.channels) == (1, 2, 3))
      #expect(read.pixels == [1, 2, 3, 4, 5, 6] && read.labels == ["5"])
    }
    try withTemporaryFolder { folder in
      let name = folder + "/emnist-letters-train-images-idx3-ubyte"
      try writeAtomically(Self.images, to: name)
      try writeAtomically(
        [0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 1],
        to: folder + "/emnist-letters-train-labels-idx1-ubyte")
      try writeAtomically(
        Self.images, to: folder + "/emnist-letters-test-images-idx3-ubyte")
      let (read, test) = try ImageSet.read(folder)
      #expect((read.height, read.width) == (4, 2) && test?.count == 3)
      #expect(Array(read.image(0)) == [0, 40, 10, 50, 20, 60, 30, 70])
      #expect(read.remarks.count == 1 && read.remarks[0].contains("--no-transpose"))
      var reading = ImageReading()
      reading.transposes = false
      #expect(try ImageSet.read(name, reading).images.image(0) == [0, 10, 20, 30, 40, 50, 60, 70])

      // Two classes, numbered from 1, by what EMNIST calls them and by lines of names.
      for (text, names) in [
        ("1 65 97\n2 66 98\n", ["1": "A/a", "2": "B/b"]),
        ("ant\nbee\n\n", ["1": "ant", "2": "bee"]),
        ("2,a bee\n1,an ant\n7,no\n", ["1": "an ant", "2": "a bee"]),
        ("1 48\n2 49\n", ["1": "0", "2": "1"]),
      ] {
        try writeAtomically(text, to: folder + "/names.txt")
        #expect(try ImageReading.classNames(folder + "/names.txt", of: read.classes) == names)
      }
      let named = read.named(["1": "ant", "2": "bee"])
      #expect(named.labels == ["ant", "bee", "ant"] && named.pixels == read.pixels)
      #expect(try ImageSet.read(name, named.reading).images.labels == named.labels)
      for (text, part) in [
        ("ant\n", "found 1 lines, and no name of \"1\", \"2\""),
        ("1 ant\n", "no name of \"2\""), ("1 ant\n2 ant\n", "the name \"ant\" for the classes"),
      ] {
        try writeAtomically(text, to: folder + "/names.txt")
        let error = try dataError { () throws(DataError) in
          _ = try ImageReading.classNames(folder + "/names.txt", of: read.classes)
        }
        #expect(error.problem.contains(part), "\(error)")
      }
    }
  }

  @Test func gzipMembersFollowOneAnother() async throws {
    try await withTemporaryFolder { folder in
      let first = try await gzipped(Array(Self.images[..<20]), in: folder)
      let second = try await gzipped(Array(Self.images[20...]), in: folder)
      #expect(try ImageSet.contents(first + second + [0, 0, 0], "x.gz") == Self.images)
    }
  }

  @Test func whatIsRefused() throws {
    func refused(_ bytes: [UInt8], _ part: String) throws {
      let error = try dataError { () throws(DataError) in
        _ = try ImageSet(idxImages: bytes, path: "nowhere/x-idx3")
      }
      #expect(error.description.hasPrefix("nowhere/x-idx3: "), "\(error)")
      #expect(error.description.contains(part), "\(error)")
    }
    var huge = Self.images
    huge[4] = 0x7F
    try refused(huge, "promises 2130706435 × 2 × 4 = 17045651480 bytes, found 24")
    try refused(
      [0, 0, 8, 3] + [UInt8](repeating: 0xFF, count: 12) + [1], "found sizes beyond all measure")
    try refused(Array(Self.images.dropLast()), "= 24 bytes, found 23")
    try refused(Self.images + [0], "= 24 bytes, found 25")
    try refused(Self.labels, "found 1 dimension, expected 3 or 4 for images")
    try refused(
      [0, 0, 13] + Self.images[3...],
      "found numbers of type 13, 32-bit floating point, expected type 8")
    try refused([0, 0, 8, 2] + Self.images[4...], "found 2 dimensions, expected 3 or 4 for images")
    let four: [UInt8] = [0, 0, 8, 4, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2]
    try refused(four + [0, 0, 0, 0, 0, 0], "3 × 1 pixels of 2 numbers, expected 1 or 3")
    try refused(four + [0, 0, 0, 0, 0, 0], "array.transpose(0, 2, 3, 1)")
    try refused([0, 0, 8, 3, 0], "found 5 bytes, expected at least 16")
    try refused([0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2], "dimension 1: found size 0")
  }

  @Test func labelsOfOtherImagesAreRefused() throws {
    try withTemporaryFolder { folder in
      try writeAtomically(Self.images, to: folder + "/images")
      try writeAtomically([0, 0, 8, 1, 0, 0, 0, 2, 7, 0], to: folder + "/labels")
      let error = try dataError { () throws(DataError) in
        _ = try ImageSet.read(folder + "/images")
      }
      #expect(error.file == folder + "/labels")
      #expect(error.problem.hasPrefix("found 2 labels, expected 3"))
    }
  }

  /// 10 MB of zeros in 10 kB are refused before they take memory.
  @Test func bombsAreBounded() async throws {
    try await withTemporaryFolder { folder in
      let bomb = try await gzipped([UInt8](repeating: 0, count: 10_000_000), in: folder)
      try #require(bomb.count < 20_000)
      let error = try dataError { () throws(DataError) in
        _ = try ImageSet.contents(bomb, "bomb.gz")
      }
      #expect(error.problem == "unpacks to more than 1048576 bytes, the most that are taken")
    }
  }

  /// Damaged files are read or refused by an error that names them, and never crash.
  @Test func damage() async throws {
    try await withTemporaryFolder { folder in
      let packed = try await gzipped(Self.images, in: folder)
      var generator = SeededGenerator(seed: 8)
      let picture = TestPNG(
        width: 9, height: 6, colour: 3, depth: 4, channels: 1, using: &generator)
      let palette = TestPNG.chunk("PLTE", (0..<48).map { UInt8($0 * 5) })
      var png = picture.bytes()
      png.insert(contentsOf: palette, at: 33)
      let (_, csv) = ("", Array("label,a,b\n1,2,3\n2,3.5,4\n".utf8))
      var (read, refused) = (0, 0)
      for (seed, name) in [
        (Self.images, "i-idx3"), (packed, "i.gz"), (png, "i.png"), (csv, "i.csv"),
      ] {
        let file = folder + "/" + name
        try Mutations.forEach(name == "i.png" ? "png" : "idx", count: 500) { generator in
          var bytes = seed
          for _ in 0..<Int.random(in: 0...3, using: &generator) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: bytes.removeSubrange(at..<min(at + 3, bytes.count))
            default: bytes.insert(contentsOf: bytes[at..<min(at + 4, bytes.count)], at: at)
            }
          }
          // Behind wrong checksums nothing would be reached.
          if name == "i.png" { bytes = Self.withChecksums(bytes) }
          try Data(bytes).write(to: URL(fileURLWithPath: file))
          do throws(DataError) {
            let images = try ImageSet.read(file).images
            #expect(images.pixels.count == images.count * images.imageSize)
            #expect(images.pixels.count <= max(1 << 20, 128 * bytes.count) * 3)
            read += 1
          } catch {
            #expect(error.file.hasPrefix(file), "\(error)")
            refused += 1
          }
        }
      }
      #expect(
        !Mutations.isTest || (read > 150 && refused > 600), "\(read) read, \(refused) refused")
    }
  }

  /// The chunks of a PNG file with the checksums that their bytes now have, as far as they can be
  /// followed.
  private static func withChecksums(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    var offset = 8
    while offset + 12 <= bytes.count {
      let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - offset - 12 else { break }
      let end = offset + 8 + length
      bytes.replaceSubrange(
        end..<end + 4, with: TestPNG.four(Int(Zlib.checksum(of: bytes[offset + 4..<end]))))
      offset = end + 4
    }
    return bytes
  }
}
