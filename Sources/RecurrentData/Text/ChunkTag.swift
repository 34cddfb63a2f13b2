/// A chunk of a sentence: a named entity, a phrase.
public struct TagSpan: Sendable, Hashable {
  /// The chunk's type, such as `PER`.
  public var type: String
  /// The chunk's tokens, by number in the sentence.
  public var range: Range<Int>

  /// A chunk of these tokens.
  public init(type: String, range: Range<Int>) {
    self.type = type
    self.range = range
  }
}

/// A tag that says where in a chunk a token stands: `B-PER`, `I-PER`, `E-PER`, `S-PER`, `O`.
///
/// Schemes write the same place with different letters, which a tag keeps: `L-PER` is at the end as
/// `E-PER` is, but another tag.
public struct ChunkTag: Sendable, Hashable, CustomStringConvertible {
  /// The place of a token in its chunk.
  public enum Position: Sendable, CaseIterable {
    /// In none.
    case outside
    /// At its beginning.
    case begin
    /// Inside; in ``TagScheme/iob1`` also at the beginning.
    case inside
    /// At its end.
    case end
    /// The token is all of its chunk.
    case single

    /// The letters that stand for it in one scheme or another, the usual one first.
    var letters: String {
      switch self {
      case .outside: "O"
      case .begin: "B"
      case .inside: "IM"
      case .end: "EL"
      case .single: "SUW"
      }
    }
  }

  /// The token's place in its chunk.
  public let position: Position
  /// The letter that says so.
  public let letter: Character
  /// What the chunk is; empty outside, and where there is one type without a name.
  public let type: String

  /// The tag of a token in no chunk.
  public static let outside = ChunkTag(.outside, "")

  /// A tag from its parts.
  ///
  /// - Parameter letter: Nil: `O`, `B`, `I`, `E` and `S`.
  public init(_ position: Position, _ type: String, letter: Character? = nil) {
    self.position = position
    self.letter = letter ?? position.letters.first ?? "O"
    self.type = position == .outside ? "" : type
  }

  /// Takes a tag apart; nil for one that says nothing about chunks.
  public init?(_ tag: String) {
    guard let letter = tag.first,
      let position = Position.allCases.first(where: { $0.letters.contains(letter) })
    else { return nil }
    let rest = tag.utf8.dropFirst()
    if rest.isEmpty {
      self.init(position, "", letter: letter)
    } else {
      guard position != .outside, rest.first == UInt8(ascii: "-"), rest.count > 1 else {
        return nil
      }
      self.init(position, String(tag.dropFirst(2)), letter: letter)
    }
  }

  /// The tag as it is written.
  public var description: String { type.isEmpty ? String(letter) : "\(letter)-\(type)" }
}
