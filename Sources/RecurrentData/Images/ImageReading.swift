import RecurrentFiles

/// How images are read, where files leave it open.
public struct ImageReading: Sendable, Equatable, Codable {
  /// Which column of a CSV file without header is the class.
  public enum LabelColumn: String, Sendable, Codable, CaseIterable {
    /// The first.
    case first
    /// The last.
    case last
    /// There is no column of labels.
    case noColumn = "none"
  }

  /// What transparent pixels of PNG files lie on.
  public enum Background: String, Sendable, Codable, CaseIterable {
    /// The largest level of an image.
    case white
    /// Level 0.
    case black
    /// Half way between the two.
    case grey

    /// The background's number, where white's is `white`.
    func level(white: Int) -> Int {
      switch self {
      case .white: white
      case .black: 0
      case .grey: (white + 1) / 2
      }
    }
  }

  /// Rows and columns.
  public struct Size: Sendable, Equatable, Codable {
    /// H, the height in pixels.
    public var height: Int
    /// Columns, W.
    public var width: Int

    /// A size of at least one row and column.
    public init(height: Int, width: Int) {
      self.height = height
      self.width = width
    }
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
  /// What transparent pixels of PNG files lie on; nil: white.
  public var background: Background?
  /// The number of white that PNG files are brought to; nil: 65535 if any of them has 16 bits a
  /// sample, else 255.
  public var white: Int?
  /// The size that images of any size are scaled to; nil: they stay as they are, and are all of one.
  public var resize: Size?
  /// Whether rows and columns of IDX files change places; nil: in those named `emnist`, which are
  /// written so.
  public var transposes: Bool?
  /// What classes are called instead of as they stand in the files.
  public var classNames: [String: String]?

  /// A reading that follows what the files say.
  public init() {}

  /// The reading for more images of the same size and channels.
  func like(_ images: ImageSet) -> ImageReading {
    var reading = self
    reading.label = nil
    reading.channels = images.channels
    if resize == nil { (reading.height, reading.width) = (images.height, images.width) }
    return reading
  }
}

extension ImageReading {
  /// What `classes` are called by a text file of a class and its name a line, or, where classes are
  /// numbers, of a name a line, in their order.
  ///
  /// A name that consists of character codes, as in EMNIST's `mapping.txt`, becomes the characters.
  ///
  /// - Throws: ``DataError`` if a class has no name or two have the same.
  public static func classNames(
    _ path: String, of classes: [String]
  ) throws(DataError) -> [String: String] {
    let lines = try TextFile(path).lines.filter { !$0.allSatisfy(\.isWhitespace) }
    var names: [String: String] = [:]
    for line in lines {
      let parts = line.split(maxSplits: 1) { $0 == "\t" || $0 == "," || $0 == " " }
      if parts.count == 2 { names[String(parts[0])] = named(parts[1]) }
    }
    if classes.contains(where: { names[$0] == nil }) {
      // Numbered from 0, or from 1 where there is no class 0.
      let numbers = classes.compactMap { Int($0) }
      guard let most = numbers.max(), numbers.count == classes.count,
        let first = [0, 1].first(where: {
          most - $0 == lines.count - 1 && !numbers.contains($0 - 1)
        })
      else {
        let missing = classes.filter { names[$0] == nil }
        throw DataError(
          file: path,
          problem: "found \(lines.count) lines, and no name of "
            + missing.prefix(10).map(\.shown).joined(separator: ", "),
          advice: "Expected a class and its name a line, or, of classes that are numbers, a name a "
            + "line for each")
      }
      names = [:]
      for (index, line) in lines.enumerated() { names["\(first + index)"] = line }
    }
    var named: [String: String] = [:]
    for label in classes {
      guard let name = names[label] else { continue }
      if let other = named.first(where: { $0.value == name })?.key {
        throw DataError(
          file: path, problem: "found the name \(name.shown) for the classes \(other) and \(label)",
          advice: "Expected a name of its own for each")
      }
      named[label] = name
    }
    return named
  }

  private static func named(_ text: Substring) -> String {
    let codes = text.split(separator: " ").map { part in
      UInt32(part).flatMap { $0 >= 33 ? Unicode.Scalar($0) : nil }
    }
    guard codes.count > 1 || text.count > 1, codes.allSatisfy({ $0 != nil }) else {
      return String(text)
    }
    return codes.compactMap { $0.map { String(Character($0)) } }.joined(separator: "/")
  }
}
