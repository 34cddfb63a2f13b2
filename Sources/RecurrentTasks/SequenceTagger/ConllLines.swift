import Recurrent

/// The lines of a CoNLL file, one token a line, told apart.
///
/// - Columns are separated by single tabs if the first token line has one, else by blanks.
/// - An empty line, or one of blanks and tabs only, ends a sentence.
/// - A line whose first column begins with `-DOCSTART-` begins a document and is left out.
/// - Before a sentence, a line that begins with `#` and has other columns than the tokens of the
///   file is a comment.
/// - Where the first column counts the words of each sentence, as in CoNLL-U, the word stands in the
///   second, and lines of a range of words (`4-5`) or an empty node (`6.1`) are no tokens.
struct ConllLines {
  /// A line of the file, by its kind.
  enum Line: Equatable {
    case token([String])
    /// A range of words, which follow one by one, or a word that nobody wrote.
    case node(isRange: Bool)
    case end
    case document
    case comment
  }

  private let source: String
  /// Whether tabs separate columns, and how many there are; nil before the first token.
  private var form: (hasTabs: Bool, columns: Int)?
  private var isInside = false
  /// Whether the first column counts the words of each sentence.
  let hasNumbers: Bool
  /// The columns of tokens and tags.
  let columns: TagColumns
  /// Lines that were taken.
  private(set) var number = 0

  /// - Parameters:
  ///   - lines: Those of the file, or its first, from which its form is seen.
  ///   - columns: Where tokens and tags stand; those of nobody's choice are seen from the lines.
  init(source: String, first lines: [String], columns: TagColumns) {
    self.source = source
    hasNumbers = Self.haveNumbers(lines, columns: columns.token > 1 ? 2 : 3)
    // A file of sentences that begin with comments tells its columns by the first other line.
    let first = lines.first {
      !$0.hasNoColumns && !$0.hasPrefix("#") && !$0.hasPrefix("-DOCSTART-")
    }
    guard let first else {
      self.columns = columns
      return
    }
    let hasTabs = first.utf8.contains(Self.tab)
    let count = Self.columns(of: first, hasTabs).count
    form = (hasTabs, count)
    guard hasNumbers, columns.token == 1, (columns.tag ?? -1) < 0 else {
      self.columns = columns
      return
    }
    // The ten columns of CoNLL-U: the fourth has the parts of speech, the last is for remarks. Behind
    // them may stand what a tagger said.
    let isCoNLLU = count + (columns.tag ?? -1) == 9
    self.columns = TagColumns(token: 2, tag: isCoNLLU ? 4 : columns.tag)
  }

  /// Whether the first of at least so many columns counts the words of each sentence, but for a few
  /// slips.
  private static func haveNumbers(_ lines: [String], columns least: Int) -> Bool {
    var (counted, tokens, last) = (0, 0, 0)
    for line in lines {
      if line.hasNoColumns {
        last = 0
        continue
      }
      if line.hasPrefix("#") || line.hasPrefix("-DOCSTART-") { continue }
      let cells = columns(of: line, line.utf8.contains(tab))
      tokens += 1
      guard cells.count >= least, let place = WordNumber(cells[0]) else { continue }
      if place.follows(last) { counted += 1 }
      if case .word(let number) = place { last = number }
    }
    return counted > 0 && 10 * counted >= 9 * tokens
  }

  /// Advice for files whose columns are separated by commas.
  static let tableAdvice =
    ". Of a table of tokens, the first line names the columns, as Sentence #,Word,Tag; one with a text and "
    + "its label in each row is for `recurrent train classifier`"

  /// Whether lines are those of a file of tokens, and no sentences: as many columns in each, between tabs
  /// without blanks in the first, or the last of each a tag.
  static func areTokens(_ lines: [String], tags: [String]) -> Bool {
    let tokens = Array(
      lines.lazy.filter {
        !$0.hasNoColumns && !$0.hasPrefix("#") && !$0.hasPrefix("-DOCSTART-")
      }.prefix(40))
    guard tokens.count > 1, let first = tokens.first else { return false }
    let hasTabs = first.utf8.contains(tab)
    let rows = tokens.map { columns(of: $0, hasTabs) }
    guard rows[0].count > 1, rows.allSatisfy({ $0.count == rows[0].count }) else { return false }
    let known = Set(tags)
    return hasTabs && rows.allSatisfy { !$0[0].contains(" ") }
      || rows.allSatisfy { row in
        row.last.map { known.contains($0) || ChunkTag($0).map { !$0.type.isEmpty } ?? false }
          ?? false
      }
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
          + (!hasTabs && line.contains(",") ? "not by commas, " : "") + "sentences by an empty line"
          + (!hasTabs && line.contains(",") ? Self.tableAdvice : "")
      )
    }
    isInside = true
    if hasNumbers {
      switch WordNumber(columns[0]) {
      case .range: return .node(isRange: true)
      case .empty: return .node(isRange: false)
      case .word, nil: break
      }
    }
    return .token(columns)
  }
}

/// The first column of CoNLL-U.
private enum WordNumber {
  case word(Int)
  /// Words that are written as one.
  case range(first: Int, last: Int)
  /// What stands behind a word but in the sentence's grammar alone.
  case empty(after: Int)

  init?(_ text: String) {
    func number(_ part: Substring) -> Int? {
      part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(part) : nil
    }
    let range = text.split(separator: "-", omittingEmptySubsequences: false)
    let node = text.split(separator: ".", omittingEmptySubsequences: false)
    if let word = number(text[...]) {
      self = .word(word)
    } else if range.count == 2, let first = number(range[0]), let last = number(range[1]) {
      self = .range(first: first, last: last)
    } else if node.count == 2, let word = number(node[0]), number(node[1]) != nil {
      self = .empty(after: word)
    } else {
      return nil
    }
  }

  /// Whether it stands where it should behind word `last` of the sentence.
  func follows(_ last: Int) -> Bool {
    switch self {
    case .word(let number): number - 1 == last
    case .range(let first, let end): first - 1 == last && end > first
    case .empty(let word): word == last
    }
  }
}

extension String {
  /// Whether there are only blanks and tabs in it.
  fileprivate var hasNoColumns: Bool { utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
}
