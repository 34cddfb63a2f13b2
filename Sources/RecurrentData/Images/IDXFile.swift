import RecurrentFiles

/// The header of an IDX file, MNIST's format: two zero bytes, a byte for the type of the numbers, a
/// byte for how many dimensions, each dimension's size in four bytes, the highest first; then the
/// numbers. Only bytes (type 8) are read: of labels `[N]`, of images `[N, H, W]` or, in colour,
/// `[N, H, W, 3]`.
struct IDXFile {
  let shape: [Int]
  /// The place of the first number, in bytes.
  let start: Int

  /// Whether bytes begin as an IDX file does; text does not.
  static func isIDX(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 4 && bytes[0] == 0 && bytes[1] == 0
  }

  /// The types of numbers, for messages.
  private static let types: [UInt8: String] = [
    9: "signed bytes", 11: "16-bit numbers", 12: "32-bit numbers", 13: "32-bit floating point",
    14: "64-bit floating point",
  ]

  /// Reads the header of `bytes` and checks that as many numbers follow as it says.
  ///
  /// - Parameter ranks: the numbers of dimensions that are expected.
  init(_ bytes: [UInt8], ranks: [Int], holding what: String, source: String) throws(DataError) {
    func fail(_ place: String, _ problem: String, _ advice: String? = nil) -> DataError {
      DataError(file: source, place: place, problem: problem, advice: advice)
    }
    guard bytes.count >= 4 else {
      throw fail("header", "found \(bytes.count) bytes, expected at least 4")
    }
    guard bytes[0] == 0, bytes[1] == 0 else {
      throw fail("header", "found bytes \(bytes[0]) and \(bytes[1]), expected two zeros")
    }
    guard bytes[2] == 8 else {
      let name = Self.types[bytes[2]].map { ", \($0)" } ?? ""
      throw fail("header", "found numbers of type \(bytes[2])\(name), expected type 8, bytes")
    }
    let rank = Int(bytes[3])
    guard ranks.contains(rank) else {
      let expected = ranks.map(String.init).joined(separator: " or ")
      throw fail(
        "header",
        "found \(rank) \(rank == 1 ? "dimension" : "dimensions"), expected \(expected) for \(what)",
        ranks.contains(3) && rank == 1
          ? "These are labels; name the file of images, and they are found beside it" : nil)
    }
    start = 4 + 4 * rank
    guard bytes.count >= start else {
      throw fail("header", "found \(bytes.count) bytes, expected at least \(start)")
    }
    var count = 1
    var shape: [Int] = []
    for dimension in 0..<rank {
      let size = bytes[4 + 4 * dimension..<8 + 4 * dimension].reduce(0) { $0 << 8 | Int($1) }
      guard size >= 1 else {
        throw fail("dimension \(dimension + 1)", "found size 0, expected at least 1")
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow else { throw fail("header", "found sizes beyond all measure") }
      count = product
      shape.append(size)
    }
    guard bytes.count - start == count else {
      throw fail(
        "header",
        "promises \(shape.map(String.init).joined(separator: " × ")) = \(count) bytes, found "
          + "\(bytes.count - start)", "The file is cut short or damaged")
    }
    self.shape = shape
  }
}

extension ImageSet {
  /// The images of an IDX file, and their classes from the file beside it, if there is one.
  init(idxImages bytes: [UInt8], path: String) throws(DataError) {
    let header = try IDXFile(
      bytes, ranks: [3, 4], holding: "images (number × rows × columns, and × 3 in colour)",
      source: path)
    let (count, height, width) = (header.shape[0], header.shape[1], header.shape[2])
    let channels = header.shape.count == 4 ? header.shape[3] : 1
    guard channels == 1 || channels == 3 else {
      throw DataError(
        file: path, place: "header",
        problem:
          "found images of \(height) × \(width) pixels of \(channels) numbers, expected 1 or 3 "
          + "numbers a pixel",
        advice: height == 3
          ? "The colours seem to come before rows and columns; write them behind: "
            + "array.transpose(0, 2, 3, 1) in NumPy" : nil)
    }
    var labels: [String] = []
    if let file = Self.labelFile(beside: path) {
      let found = try Self.contents(try readFile(file), file)
      let labelHeader = try IDXFile(found, ranks: [1], holding: "labels", source: file)
      guard labelHeader.shape[0] == count else {
        throw DataError(
          file: file,
          problem: "found \(labelHeader.shape[0]) labels, expected \(count) as there are images in "
            + path)
      }
      labels = found[labelHeader.start...].map { String($0) }
    }
    self.init(
      source: path, height: height, width: width, channels: channels,
      pixels: bytes[header.start...].map { Float($0) }, labels: labels)
  }

  /// The file of labels that belongs to an IDX file of images: of the same name with `labels` for `images`
  /// and `idx1` for `idx3`, packed or not; nil if there is none.
  public static func labelFile(beside path: String) -> String? {
    let (folder, name) = splitPath(path)
    let plain = name.replacing("images", with: "labels").replacing("idx3", with: "idx1")
      .replacing("idx4", with: "idx1")
    guard plain != name else { return nil }
    // The one file may be packed and the other not.
    let stem = plain.hasSuffix(".gz") ? String(plain.dropLast(3)) : plain
    return [plain, stem, stem + ".gz"].map { folder + "/" + $0 }.first {
      (try? fileKind($0)) != nil
    }
  }
}
