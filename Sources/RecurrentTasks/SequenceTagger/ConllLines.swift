import Recurrent

/// The lines of a CoNLL file, one token a line, told apart.
///
/// - Columns are separated by single tabs if the first token line has one, else by blanks.
/// - An empty line, or one of blanks and tabs only, ends a sentence.
/// - A line whose first column begins with `-DOCSTART-` begins a document and is left out.
/// - Before a sentence, a line that begins with `#` and has other columns than the tokens of the
///   file is a comment.
struct ConllLines {
  /// What a line is.
  enum Line: Equatable {
    case token([String])
    case end
    case document
    case comment
  }

  private let source: String
  /// Whether tabs separate columns, and how many there are; nil before the first token.
  private var form: (hasTabs: Bool, columns: Int)?
  private var isInside = false
  /// Lines that were taken.
  private(set) var number = 0

  init(source: String, first lines: [String]) {
    self.source = source
    // A file of sentences that begin with comments tells its columns by the first other line.
    let first = lines.first {
      !$0.hasNoColumns && !$0.hasPrefix("#") && !$0.hasPrefix("-DOCSTART-")
    }
    guard let first else { return }
    let hasTabs = first.utf8.contains(Self.tab)
    form = (hasTabs, Self.columns(of: first, hasTabs).count)
  }

  /// Whether blanks separate columns.
  var hasBlanks: Bool { form.map { !$0.hasTabs && $0.columns > 1 } ?? false }

  private static let tab = UInt8(ascii: "\t")

  private static func columns(of line: String, _ hasTabs: Bool) -> [String] {
    hasTabs
      ? line.utf8.split(separator: tab, omittingEmptySubsequences: false).map {
        String(Substring($0))
      }
      : line.utf8.split { $0 == UInt8(ascii: " ") || $0 == tab }.map { String(Substring($0)) }
  }

  /// Takes the next line.
  ///
  /// - Throws: ``DataError`` with the line if it has not as many columns as the first.
  mutating func take(_ line: String) throws(DataError) -> Line {
    number += 1
    if line.hasNoColumns {
      isInside = false
      return .end
    }
    if line.hasPrefix("-DOCSTART-") {
      isInside = false
      return .document
    }
    let hasTabs = form?.hasTabs ?? line.utf8.contains(Self.tab)
    if form == nil, line.hasPrefix("#"), !hasTabs { return .comment }
    let columns = Self.columns(of: line, hasTabs)
    let expected = form?.columns ?? columns.count
    form = (hasTabs, expected)
    guard columns.count == expected else {
      if line.hasPrefix("#"), !isInside { return .comment }
      throw DataError(
        file: source, line: number,
        problem: "found \(columns.count) \(columns.count == 1 ? "column" : "columns"), "
          + "expected \(expected) as in the lines before",
        advice: "Columns are separated by \(hasTabs ? "one tab" : "blanks or tabs"), "
          + "sentences by an empty line")
    }
    isInside = true
    return .token(columns)
  }
}

extension String {
  /// Whether there are only blanks and tabs in it.
  fileprivate var hasNoColumns: Bool { utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
}
