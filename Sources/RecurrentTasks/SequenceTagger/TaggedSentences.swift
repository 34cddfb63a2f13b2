import Recurrent
import RecurrentFiles

/// Sentences whose tokens have a tag each, and where they stand.
public struct TaggedSentences: Sendable {
  /// A sentence.
  public struct Sentence: Sendable, Equatable {
    /// The tokens.
    public var tokens: [String]
    /// A tag for each.
    public var tags: [String]
    /// The file it came from.
    public var file: String
    /// The line of its first token there, from 1; the others follow, one a line.
    public var line: Int?
    /// The tokens, counted from 0, before each of which a line was left out inside the sentence.
    var gaps: [Int] = []
    /// Whether all tokens stand in that line.
    var isOneLine = false

    /// Tokens and as many tags.
    public init(tokens: [String], tags: [String], file: String = "sentences", line: Int? = nil) {
      require(
        tokens.count == tags.count, "\(tokens.count) tokens need as many tags, not \(tags.count)")
      self.tokens = tokens
      self.tags = tags
      self.file = file
      self.line = line
    }

    /// The line of a token, counted from 0.
    func line(of token: Int) -> Int? {
      isOneLine ? line : line.map { $0 + token + gaps.count { $0 <= token } }
    }
  }

  /// The sentences, in the order in which they were read.
  public var sentences: [Sentence]
  /// The files that were read, for reports.
  public var source: String
  /// The columns they came from.
  public var columns = TagColumns()
  /// Lines of comments that were left out.
  public var comments = 0
  /// Lines that begin a document, left out too.
  public var documents = 0
  /// Whether the first column counted the words of each sentence, as in CoNLL-U.
  public var hasNumbers = false
  /// Lines of ranges of words (`4-5`), left out: their words follow.
  public var ranges = 0
  /// Lines of empty nodes (`6.1`), left out: they stand for no word of the text.
  public var emptyNodes = 0
  /// Places of a table or an object without a token, left out.
  public var emptyTokens = 0
  /// How a table or objects were read, in words; nil: they are lines of tokens.
  public var reading: String?

  /// Sentences from elsewhere.
  public init(_ sentences: [Sentence], source: String = "sentences") {
    self.sentences = sentences
    self.source = source
  }

  /// How the file was read, where that is not plain: a line each; empty where it is.
  package var remarks: [String] {
    var remarks: [String] = []
    func left(_ count: Int, _ what: String) {
      if count > 0 { remarks.append("\(NumberFormat.grouped(count)) \(what) were left out") }
    }
    if let reading { remarks.append("read as " + reading) }
    left(emptyTokens, "empty tokens")
    left(comments, "lines of comments")
    guard hasNumbers else { return remarks }
    remarks.append(
      "the first column counts words, as in CoNLL-U; tokens stand in column \(columns.token), tags in "
        + (columns.tag.map { $0 > 0 ? "column \($0)" : "column \(-$0) from the end" } ?? "the last")
    )
    left(ranges, "lines of a range of words")
    left(emptyNodes, "lines of an empty node")
    let unsaid = sentences.reduce(0) { $0 + $1.tags.count { $0 == "_" } }
    if unsaid > 0 {
      remarks.append("\(NumberFormat.grouped(unsaid)) words have the tag _, taken as any other")
    }
    return remarks
  }

  /// The number of tokens.
  public var tokenCount: Int { sentences.reduce(0) { $0 + $1.tokens.count } }
}

/// The columns of a CoNLL file or a table, counted from 1 or by name, and the members of JSON objects.
public struct TagColumns: Sendable, Codable, Equatable {
  /// The column of the tokens, from 1.
  public var token: Int
  /// The column of the tags, from 1; nil: the last; -2: the last but one, and so on.
  public var tag: Int?
  /// The name of a table's column or an object's member with the tokens; nil: what it is called usually.
  public var tokenName: String?
  /// The name of the column with the tags.
  public var tagName: String?
  /// The name or the number of a table's column that tells sentences apart.
  public var sentenceName: String?
  /// What the numbers from 0 stand for, where tags are numbers.
  public var tagNames: [String]?

  /// Whether a column has a name, or there is one of sentences, as only tables have it.
  var hasNames: Bool { tokenName != nil || tagName != nil || sentenceName != nil }

  /// A choice of columns.
  public init(token: Int = 1, tag: Int? = nil) {
    self.token = token
    self.tag = tag
  }

  /// The tags' column of a line with so many.
  func tag(of count: Int) -> Int {
    guard let tag, tag != -1 else { return count }
    return tag > 0 ? tag : max(0, count + 1 + tag)
  }
}
