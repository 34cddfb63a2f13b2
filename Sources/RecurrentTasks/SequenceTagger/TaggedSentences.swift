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

    /// Tokens and as many tags.
    public init(tokens: [String], tags: [String], file: String = "sentences", line: Int? = nil) {
      require(
        tokens.count == tags.count, "\(tokens.count) tokens need as many tags, not \(tags.count)")
      self.tokens = tokens
      self.tags = tags
      self.file = file
      self.line = line
    }
  }

  /// The sentences, in the order in which they were read.
  public var sentences: [Sentence]
  /// What was read, for reports.
  public var source: String
  /// The columns they came from.
  public var columns = TagColumns()
  /// Lines of comments that were left out.
  public var comments = 0
  /// Lines that begin a document, left out too.
  public var documents = 0

  /// Sentences from elsewhere.
  public init(_ sentences: [Sentence], source: String = "sentences") {
    self.sentences = sentences
    self.source = source
  }

  /// The number of tokens.
  public var tokenCount: Int { sentences.reduce(0) { $0 + $1.tokens.count } }
}

/// The columns of a CoNLL file, counted from 1.
public struct TagColumns: Sendable, Codable, Equatable {
  /// That of the tokens.
  public var token: Int
  /// That of the tags; nil: the last; -2: the last but one, and so on.
  public var tag: Int?

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
