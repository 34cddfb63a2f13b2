import RecurrentFiles

/// The header of an IDX file, MNIST's format: two zero bytes, a byte for the type of the numbers, a
/// byte for how many dimensions, each dimension's size in four bytes, the highest first; then the
/// numbers. Only bytes (type 8) are read.
struct IDXFile {
  let shape: [Int]
  /// Where the numbers begin.
  let start: Int

  /// Whether bytes begin as an IDX file does; text does not.
  static func isIDX(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 4 && bytes[0] == 0 && bytes[1] == 0
  }

  /// Reads the header of `bytes` and checks that as many numbers follow as it says.
  init(_ bytes: [UInt8], rank: Int, holding what: String, source: String) throws(DataError) {
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
      throw fail("header", "found numbers of type \(bytes[2]), expected type 8, bytes")
    }
    guard Int(bytes[3]) == rank else {
      throw fail(
        "header", "found \(bytes[3]) dimensions, expected \(rank) for \(what)",
        rank == 3 ? "Name the file of images, not the one of labels" : nil)
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
    let header = try IDXFile(bytes, rank: 3, holding: "images", source: path)
    let (count, height, width) = (header.shape[0], header.shape[1], header.shape[2])
    var labels: [String] = []
    if let (file, found) = try Self.labelFile(beside: path) {
      let labelHeader = try IDXFile(found, rank: 1, holding: "labels", source: file)
      guard labelHeader.shape[0] == count else {
        throw DataError(
          file: file,
          problem: "found \(labelHeader.shape[0]) labels, expected \(count) as there are images in "
            + path)
      }
      labels = found[labelHeader.start...].map { String($0) }
    }
    self.init(
      source: path, height: height, width: width, pixels: bytes[header.start...].map { Float($0) },
      labels: labels)
  }

  private static func labelFile(
    beside path: String
  ) throws(DataError) -> (file: String, bytes: [UInt8])? {
    let (folder, name) = splitPath(path)
    let plain = name.replacing("images", with: "labels").replacing("idx3", with: "idx1")
    guard plain != name else { return nil }
    // The one file may be packed and the other not.
    let stem = plain.hasSuffix(".gz") ? String(plain.dropLast(3)) : plain
    for candidate in [plain, stem, stem + ".gz"] {
      let file = folder + "/" + candidate
      do throws(DataError) {
        return (file, try contents(try readFile(file), file))
      } catch let error where error.kind == .missingFile {
        continue
      }
    }
    return nil
  }
}
