/// A chunk of a sentence: a named entity, a phrase.
public struct TagSpan: Sendable, Hashable {
  /// What it is, such as `PER`.
  public var type: String
  /// Its tokens.
  public var range: Range<Int>

  /// A chunk of these tokens.
  public init(type: String, range: Range<Int>) {
    self.type = type
    self.range = range
  }
}

/// A tag that says where in a chunk a token stands: `B-PER`, `I-PER`, `E-PER`, `S-PER`, `O`.
public struct ChunkTag: Sendable, Hashable, CustomStringConvertible {
  /// Where in a chunk.
  public enum Position: String, Sendable {
    /// In none.
    case outside = "O"
    /// At its beginning.
    case begin = "B"
    /// Inside; in ``TagScheme/iob1`` also at the beginning.
    case inside = "I"
    /// At its end.
    case end = "E"
    /// It is all of the chunk.
    case single = "S"
  }

  /// Where in a chunk.
  public let position: Position
  /// What the chunk is; empty outside, and where there is one type without a name.
  public let type: String

  /// In no chunk.
  public static let outside = ChunkTag(.outside, "")

  /// A tag from its parts.
  public init(_ position: Position, _ type: String) {
    self.position = position
    self.type = position == .outside ? "" : type
  }

  /// Takes a tag apart; nil for one that says nothing about chunks.
  public init?(_ tag: String) {
    guard let position = Position(rawValue: String(tag.prefix(1))) else { return nil }
    let rest = tag.utf8.dropFirst()
    if rest.isEmpty {
      self.init(position, "")
    } else {
      guard position != .outside, rest.first == UInt8(ascii: "-"), rest.count > 1 else {
        return nil
      }
      self.init(position, String(tag.dropFirst(2)))
    }
  }

  /// The tag as it is written.
  public var description: String {
    type.isEmpty ? position.rawValue : "\(position.rawValue)-\(type)"
  }
}

/// How chunks are written as one tag a token.
public enum TagScheme: String, Sendable, Codable, CaseIterable {
  /// Every chunk begins with `B` and goes on with `I` (IOB2).
  case bio
  /// A chunk consists of `I`; `B` begins one behind another of its type (Ramshaw and Marcus 1995).
  case iob1
  /// `B`, `I` and `E` for beginning, inside and end, `S` for a single token (IOBES).
  case bioes
  /// Tags that say nothing about chunks, such as parts of speech.
  case plain

  /// The chunks that tags of any scheme stand for, by the rules of the script conlleval (Tjong Kim
  /// Sang and Buchholz 2000): a chunk begins at `B` and `S`, and at any other tag but `O` that
  /// continues nothing, because `O`, `E`, `S` or another type stands before it. It ends where the
  /// next begins, and before `O`.
  public static func spans(of tags: some Sequence<ChunkTag>) -> [TagSpan] {
    var spans: [TagSpan] = []
    var before = ChunkTag.outside
    var start = 0
    var count = 0
    for (index, tag) in tags.enumerated() {
      count = index + 1
      let continues =
        switch (before.position, tag.position) {
        case (.outside, _), (.end, _), (.single, _), (_, .outside), (_, .begin), (_, .single): false
        default: before.type == tag.type
        }
      if !continues {
        if before.position != .outside {
          spans.append(TagSpan(type: before.type, range: start..<index))
        }
        start = index
      }
      before = tag
    }
    if before.position != .outside {
      spans.append(TagSpan(type: before.type, range: start..<count))
    }
    return spans
  }

  /// The tags of `count` tokens in which these chunks stand, from left to right.
  public func tags(of spans: [TagSpan], count: Int) -> [ChunkTag] {
    var tags = [ChunkTag](repeating: .outside, count: count)
    var before: TagSpan?
    for span in spans {
      for index in span.range { tags[index] = ChunkTag(.inside, span.type) }
      let first = span.range.lowerBound
      let last = span.range.upperBound - 1
      let touches = before.map { $0.range.upperBound == first && $0.type == span.type } ?? false
      if self != .iob1 || touches { tags[first] = ChunkTag(.begin, span.type) }
      if self == .bioes {
        tags[last] = ChunkTag(first == last ? .single : .end, span.type)
      }
      before = span
    }
    return tags
  }

  /// How many tags this scheme would write differently for the chunks that they stand for.
  public func violations(in tags: [ChunkTag]) -> Int {
    zip(tags, self.tags(of: Self.spans(of: tags), count: tags.count)).count { $0 != $1 }
  }

  /// The scheme that sentences are written in: `plain` if a tag says nothing about chunks, `bioes`
  /// if there are `E` or `S`, else that of `bio` and `iob1` which fewer tags break.
  public static func detected(in sentences: some Sequence<[String]>) -> TagScheme {
    var known: [String: ChunkTag?] = [:]
    var (bio, iob1, hasEnds, hasChunks) = (0, 0, false, false)
    for sentence in sentences {
      var tags: [ChunkTag] = []
      for tag in sentence {
        let parts = known[tag] ?? ChunkTag(tag)
        known[tag] = .some(parts)
        guard let parts else { return .plain }
        tags.append(parts)
        hasEnds = hasEnds || parts.position == .end || parts.position == .single
        hasChunks = hasChunks || parts.position != .outside
      }
      bio += TagScheme.bio.violations(in: tags)
      iob1 += TagScheme.iob1.violations(in: tags)
    }
    if !hasChunks { return .plain }
    return hasEnds ? .bioes : iob1 < bio ? .iob1 : .bio
  }
}
