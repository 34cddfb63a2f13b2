import RecurrentFiles

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension ImageSet {
  /// Images and, if the data tells training and test part apart, those of the test part.
  ///
  /// - Parameter path: one of
  ///   - an IDX file of images, grey or in colour, plain or packed by gzip; the classes are looked
  ///     for beside it, in the file of the same name with `labels` for `images` and `idx1` for
  ///     `idx3`;
  ///   - a CSV file with an image a line, plain or packed by gzip; a column `split` with `train`
  ///     and `test` tells the parts apart;
  ///   - a PNG file;
  ///   - a folder with the files of MNIST (`train-images…`, `t10k-images…` or `test-images…`) or of
  ///     one part of EMNIST (`emnist-letters-train-images…`);
  ///   - a folder with a folder of PNG files for each class;
  ///   - a folder with two such folders, `train` and `test`, or `val` if there is no `test`;
  ///   - a folder of PNG files, without classes.
  ///
  ///   Files of a folder that cannot be read are left out and told in ``leftOut``.
  /// - Throws: ``DataError`` that says what is wrong where.
  public static func read(
    _ path: String, _ reading: ImageReading = ImageReading()
  ) throws(DataError) -> (images: ImageSet, test: ImageSet?) {
    let (images, test) = try load(path, reading)
    return (images.finished(reading), test?.finished(reading))
  }

  /// The image of a PNG file that is in memory; `source` is what messages call it.
  ///
  /// - Throws: ``DataError`` that says what is wrong with it.
  public static func read(
    png bytes: [UInt8], source: String, _ reading: ImageReading = ImageReading()
  ) throws(DataError) -> ImageSet {
    try OtherPictures.check(bytes, path: source)
    return try ImageSet(
      pngFiles: [source], labels: [], source: source, reading, bytes: bytes
    ).finished(reading)
  }

  private static func load(
    _ path: String, _ reading: ImageReading
  ) throws(DataError) -> (images: ImageSet, test: ImageSet?) {
    if isFolder(path) { return try readFolder(path, reading) }
    let packed = try readFile(path)
    try OtherPictures.check(packed, path: path)
    if packed.starts(with: PNGFile.signature) {
      return (try ImageSet(pngFiles: [path], labels: [], source: path, reading, bytes: packed), nil)
    }
    let bytes = try contents(packed, path)
    if IDXFile.isIDX(bytes) {
      let images = try ImageSet(idxImages: bytes, path: path)
      let isEMNIST = splitPath(path).name.lowercased().contains("emnist")
      return (reading.transposes ?? isEMNIST ? images.transposed : images, nil)
    }
    return try PixelTable(bytes, source: path, reading).images()
  }

  /// The images in the size and with the names of classes that are asked for, and how more like them
  /// are read.
  private func finished(_ asked: ImageReading) -> ImageSet {
    var images = self
    if let size = asked.resize, (size.height, size.width) != (height, width) {
      images = resized(to: size)
      images.remarks.append(
        "scaled from \(height) × \(width) to \(size.height) × \(size.width), \(Self.scalingText)")
    }
    return images.with(reading: asked.like(images), white: reading.white)
  }

  /// The images under the names of their classes.
  ///
  /// - Parameter names: by class, as ``ImageReading/classNames(_:of:)`` gives them.
  public func named(_ names: [String: String]) -> ImageSet {
    var reading = self.reading
    reading.classNames = names
    return with(reading: reading, white: reading.white)
  }

  private func with(reading: ImageReading, white: Int?) -> ImageSet {
    let names = reading.classNames ?? [:]
    var images = ImageSet(
      source: source, height: height, width: width, channels: channels, pixels: pixels,
      labels: labels.map { names[$0] ?? $0 }, files: files)
    (images.reading, images.remarks, images.leftOut) = (reading, remarks, leftOut)
    images.reading.white = white
    return images
  }

  /// The images with rows and columns exchanged.
  private var transposed: ImageSet {
    var result: [Float] = []
    result.reserveCapacity(pixels.count)
    for index in 0..<count {
      let start = index * imageSize
      for x in 0..<width {
        for y in 0..<height {
          let place = start + (y * width + x) * channels
          result += pixels[place..<place + channels]
        }
      }
    }
    var images = ImageSet(
      source: source, height: width, width: height, channels: channels, pixels: result,
      labels: labels, files: files)
    images.remarks =
      remarks + ["rows and columns change places, as EMNIST writes them (--no-transpose)"]
    return images
  }

  /// The bytes of a file, unpacked if they are packed by gzip: at most 32 times as many, or 1 MiB.
  static func contents(_ bytes: [UInt8], _ path: String) throws(DataError) -> [UInt8] {
    guard Zlib.isGzip(bytes) else { return bytes }
    do throws(Zlib.Failure) {
      return try Zlib.unpacked(bytes, .gzip, limit: max(1 << 20, 32 * bytes.count))
    } catch {
      throw DataError(
        file: path, problem: error.problem, advice: "Check it with gzip -t, or unpack it yourself")
    }
  }

  private static func readFolder(
    _ path: String, _ reading: ImageReading
  ) throws(DataError) -> (images: ImageSet, test: ImageSet?) {
    let names = try visibleNames(path)
    func isImages(_ name: String) -> Bool {
      name.contains("images") && (name.contains("idx3") || name.contains("idx4"))
    }
    let idx = names.filter(isImages)
    if !idx.isEmpty {
      let training = idx.filter { $0.contains("train") }
      let test = idx.filter { $0.contains("t10k") || $0.contains("test") }
      guard training.count == 1, test.count <= 1 else {
        throw DataError(
          file: path,
          problem: "found the IDX files \(idx.joined(separator: ", ")), expected one of training "
            + "images and at most one of test images",
          advice:
            "Name a file of training images instead of the folder, and that of test images by "
            + "--test")
      }
      let (images, _) = try load(path + "/" + training[0], reading)
      return (
        images,
        try test.first.map { name throws(DataError) in
          try load(path + "/" + name, reading).images
        }
      )
    }
    let folders = names.filter { isFolder(path + "/" + $0) }
    func folder(_ names: [String]) -> String? { folders.first { names.contains($0.lowercased()) } }
    let judging = folder(["val", "valid", "validation", "dev"])
    guard let training = folder(["train", "training"]),
      let test = folder(["test", "testing"]) ?? judging
    else {
      return (try readClasses(path, names, folders, reading), nil)
    }
    var images = try readClasses(path + "/" + training, reading)
    if test == judging {
      images.remarks.append("the report stands on the folder \(test), as there is no test")
    }
    let others = folders.filter { $0 != training && $0 != test }
    if !others.isEmpty {
      images.remarks.append(
        "left out: \(others.map { "the folder \($0)" }.joined(separator: ", "))")
    }
    var same = reading
    (same.channels, same.white) = (images.channels, images.reading.white)
    return (images, try readClasses(path + "/" + test, same))
  }

  private static func readClasses(
    _ path: String, _ reading: ImageReading
  ) throws(DataError) -> ImageSet {
    let names = try visibleNames(path)
    return try readClasses(path, names, names.filter { isFolder(path + "/" + $0) }, reading)
  }

  private static func readClasses(
    _ path: String, _ names: [String], _ folders: [String], _ reading: ImageReading
  ) throws(DataError) -> ImageSet {
    var files: [String] = []
    var labels: [String] = []
    var others: [String] = []
    for folder in folders.isEmpty ? [""] : folders.map({ $0 + "/" }) {
      let all = folder.isEmpty ? names : try visibleNames(path + "/" + folder)
      let found = all.filter(isPNGName)
      files += found.map { path + "/" + folder + $0 }
      if !folder.isEmpty { labels += found.map { _ in String(folder.dropLast()) } }
      let stems = Set(found.map(stem))
      others += all.filter { OtherPictures.isNamed($0) && !stems.contains(stem($0)) }
    }
    let kind = others.first.map { "." + ($0.split(separator: ".").last ?? "") } ?? ""
    let conversion = OtherPictures.conversion(
      of: "'\(path)'/\(folders.isEmpty ? "" : "*/")*\(kind)")
    guard !files.isEmpty else {
      throw DataError(
        file: path,
        problem: others.isEmpty
          ? "found no images in the folder"
          : "found \(others.count) pictures such as \(others[0]), expected PNG",
        advice: others.isEmpty
          ? "Expected MNIST's IDX files, or a folder of PNG files for each class" : conversion)
    }
    var images = try ImageSet(
      pngFiles: files, labels: labels, source: path, reading, skipsBad: true)
    if !others.isEmpty {
      images.remarks.append(
        "\(others.count) pictures such as \(others[0]) are left out, as only PNG is read. \(conversion)"
      )
    }
    return images
  }

  private static func stem(_ name: String) -> Substring {
    name.lastIndex(of: ".").map { name[..<$0] } ?? name[...]
  }

  private static func isPNGName(_ name: String) -> Bool { name.lowercased().hasSuffix(".png") }

  private static func isFolder(_ path: String) -> Bool {
    guard let kind = try? fileKind(path), case .folder = kind else { return false }
    return true
  }

  /// Names in a folder, in one order everywhere, without those that begin with a point.
  private static func visibleNames(_ path: String) throws(DataError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path)
        .filter { !$0.hasPrefix(".") }
        .sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    } catch {
      throw DataError(file: path, problem: "the folder cannot be read")
    }
  }
}
