import Recurrent
import RecurrentFiles

/// Sentences with what they mean in another language, and where each stands.
public struct SentencePairs: Sendable {
  /// A sentence and its translations.
  public struct Pair: Sendable, Equatable {
    /// The sentence.
    public var source: String
    /// The sentence's translations: the first is what training learns, all count when one is measured.
    public var targets: [String]
    /// The line where it stands, from 1; nil for one from elsewhere.
    public var line: Int?

    /// A sentence and its translation.
    public init(_ source: String, _ target: String) {
      self.init(source, targets: [target])
    }

    /// A sentence and several translations.
    public init(_ source: String, targets: [String], line: Int? = nil) {
      require(!targets.isEmpty, "a pair has a translation")
      self.source = source
      self.targets = targets
      self.line = line
    }

    /// The translation that training learns.
    public var target: String { targets[0] }
  }

  /// The pairs, in the order in which they were read.
  public var pairs: [Pair]
  /// The files that were read, for reports.
  public var origin: String
  /// Lines that were left out because a side of them is empty.
  public var emptyLines: Int

  /// Pairs from elsewhere.
  public init(_ pairs: [Pair], origin: String = "pairs", emptyLines: Int = 0) {
    self.pairs = pairs
    self.origin = origin
    self.emptyLines = emptyLines
  }

  /// Reads pairs in one of two forms:
  ///
  /// - one file with a sentence, a tab and its translation a line; what follows behind another tab
  ///   is not read;
  /// - a file of sentences and one or more files of translations, line by line.
  ///
  /// A line of which a side is empty is left out and counted.
  ///
  /// - Parameter swapped: whether a file with tabs has the translation first.
  /// - Throws: ``DataError`` with file and line.
  public static func read(
    _ paths: [String], swapped: Bool = false, encoding: TextEncoding = .utf8
  ) throws(DataError) -> SentencePairs {
    require(!paths.isEmpty, "there is at least one file to read")
    let pairs =
      paths.count == 1
      ? try tabbed(TextFile(paths[0], encoding: encoding), swapped: swapped)
      : try parallel(paths, encoding)
    let kept = pairs.filter { !$0.source.isBlank && !$0.targets.contains(where: \.isBlank) }
    let origin = paths.joined(separator: ", ")
    guard !kept.isEmpty else {
      throw DataError(
        file: origin, problem: "there are no pairs of sentences in it",
        advice: "Expected a sentence, a tab and its translation a line, or two files line by line")
    }
    return SentencePairs(kept, origin: origin, emptyLines: pairs.count - kept.count)
  }

  private static func tabbed(
    _ file: TextFile, swapped: Bool
  ) throws(DataError) -> [Pair] {
    var pairs: [Pair] = []
    for (index, line) in file.lines.enumerated() {
      let cells = line.unicodeScalars.split(
        separator: "\t", maxSplits: 2, omittingEmptySubsequences: false
      ).map { String($0) }
      guard cells.count >= 2 || line.isBlank else {
        throw DataError(
          file: file.source, line: index + 1,
          problem: "expected a sentence, a tab and its translation, found no tab",
          advice: "Separate the two by a tab, or name two files that go line by line")
      }
      let sides = cells.count >= 2 ? cells : ["", ""]
      pairs.append(
        Pair(sides[swapped ? 1 : 0], targets: [sides[swapped ? 0 : 1]], line: index + 1))
    }
    return pairs
  }

  private static func parallel(
    _ paths: [String], _ encoding: TextEncoding
  ) throws(DataError) -> [Pair] {
    var sides: [[String]] = []
    for path in paths { sides.append(try TextFile(path, encoding: encoding).lines) }
    for (path, lines) in zip(paths, sides) where lines.count != sides[0].count {
      throw DataError(
        file: path,
        problem:
          "found \(lines.count) \(lines.count == 1 ? "line" : "lines"), expected \(sides[0].count) as in \(paths[0])",
        advice: "Line n of each file belongs to line n of the others, empty lines too")
    }
    return sides[0].indices.map { index in
      Pair(
        sides[0][index], targets: sides.dropFirst().map { $0[index] }, line: index + 1)
    }
  }
}

extension String {
  var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
