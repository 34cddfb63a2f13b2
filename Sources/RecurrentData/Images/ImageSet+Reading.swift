import RecurrentFiles

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// How images are read, where files leave it open.
public struct ImageReading: Sendable, Equatable, Codable {
  /// Which column of a CSV file without header is the class.
  public enum LabelColumn: String, Sendable, Codable, CaseIterable {
    /// The first.
    case first
    /// The last.
    case last
    /// There is none.
    case noColumn = "none"
  }

  /// Which column of a CSV file is the class; nil: the one named `label`, `class`, `target` or
  /// `digit`, else the one of the first and last that alone could be it.
  public var label: LabelColumn?
  /// Rows of the images in a CSV file; nil: as many as columns, or one.
  public var height: Int?
  /// Columns of the images in a CSV file, if they are known. Where ``height`` is too, a file of
  /// just as many numbers a line has no classes.
  public var width: Int?
  /// Numbers of a pixel that images of PNG files are brought to; nil: 3 if any of them has
  /// colours, else 1.
  public var channels: Int?

  /// Nothing but what the files say.
  public init() {}
}

extension ImageSet {
  /// Images and, if the data tells training and test part apart, those of the test part.
  ///
  /// - Parameter path: one of
  ///   - an IDX file of images, plain or packed by gzip; the classes are looked for beside it, in
  ///     the file of the same name with `labels` for `images` and `idx1` for `idx3`;
  ///   - a CSV file with an image a line, plain or packed by gzip; a column `split` with `train`
  ///     and `test` tells the parts apart;
  ///   - a PNG file;
  ///   - a folder with MNIST's files (`train-images…`, `t10k-images…` or `test-images…`);
  ///   - a folder with a folder of PNG files for each class;
  ///   - a folder with two such folders, `train` and `test`;
  ///   - a folder of PNG files, without classes.
  /// - Throws: ``DataError`` that says what is wrong where.
  public static func read(
    _ path: String, _ reading: ImageReading = ImageReading()
  ) throws(DataError) -> (images: ImageSet, test: ImageSet?) {
    if isFolder(path) { return try readFolder(path, reading) }
    let packed = try readFile(path)
    if packed.starts(with: PNGFile.signature) {
      return (try ImageSet(pngFiles: [path], labels: [], source: path, reading), nil)
    }
    let bytes = try contents(packed, path)
    if IDXFile.isIDX(bytes) { return (try ImageSet(idxImages: bytes, path: path), nil) }
    return try PixelTable(bytes, source: path, reading).images()
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
    func isImages(_ name: String) -> Bool { name.contains("images") && name.contains("idx3") }
    let idx = names.filter(isImages)
    if !idx.isEmpty {
      let training = idx.filter { $0.hasPrefix("train") }
      let test = idx.filter { $0.hasPrefix("t10k") || $0.hasPrefix("test") }
      guard training.count == 1, test.count <= 1 else {
        throw DataError(
          file: path,
          problem: "found the IDX files \(idx.joined(separator: ", ")), expected one of training "
            + "images and at most one of test images",
          advice: "Name one of them instead of the folder")
      }
      let (images, _) = try read(path + "/" + training[0], reading)
      return (
        images,
        try test.first.map { name throws(DataError) in
          try read(path + "/" + name, reading).images
        }
      )
    }
    let folders = names.filter { isFolder(path + "/" + $0) }
    guard folders.contains("train"), folders.contains("test") else {
      return (try readClasses(path, names, folders, reading), nil)
    }
    let training = path + "/train"
    let test = path + "/test"
    let images = try readClasses(training, reading)
    var same = reading
    same.channels = images.channels
    return (images, try readClasses(test, same))
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
    for folder in folders {
      let found = try visibleNames(path + "/" + folder).filter(isPNGName)
      files += found.map { path + "/" + folder + "/" + $0 }
      labels += found.map { _ in folder }
    }
    if folders.isEmpty { files = names.filter(isPNGName).map { path + "/" + $0 } }
    guard !files.isEmpty else {
      throw DataError(
        file: path, problem: "found no images in the folder",
        advice: "Expected MNIST's IDX files, or a folder of PNG files for each class")
    }
    return try ImageSet(pngFiles: files, labels: labels, source: path, reading)
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
