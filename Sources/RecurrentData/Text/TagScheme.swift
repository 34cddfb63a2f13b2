/// How chunks are written as one tag a token.
public enum TagScheme: String, Sendable, Codable, CaseIterable {
  /// Every chunk begins with `B` and goes on with `I` (IOB2).
  case bio
  /// A chunk consists of `I`; `B` begins one behind another of its type (Ramshaw and Marcus 1995).
  case iob1
  /// `B`, `I` and `E` for beginning, inside and end, `S` for a single token (IOBES).
  case bioes
  /// `B`, `I` and `L` (last) for beginning, inside and end, `U` (unit) for a single token.
  case bilou
  /// `B`, `M` (middle) and `E`, `S` for a single token, as Chinese corpora have it.
  case bmes
  /// `B`, `M` and `E`, `W` (whole) for a single token.
  case bmewo
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

  /// The letters that it writes inside, at the end and for a single token; nil: it says nothing of
  /// ends.
  private var letters: (inside: Character, end: Character, single: Character)? {
    switch self {
    case .bio, .iob1, .plain: nil
    case .bioes: ("I", "E", "S")
    case .bilou: ("I", "L", "U")
    case .bmes: ("M", "E", "S")
    case .bmewo: ("M", "E", "W")
    }
  }

  /// Whether tags of this scheme have the letter; `B` is one of all.
  public func has(_ letter: Character) -> Bool {
    switch letter {
    case "O", "B": true
    default: letters.map { [$0.inside, $0.end, $0.single].contains(letter) } ?? (letter == "I")
    }
  }

  /// The tags of `count` tokens in which these chunks stand, from left to right.
  public func tags(of spans: [TagSpan], count: Int) -> [ChunkTag] {
    var tags = [ChunkTag](repeating: .outside, count: count)
    var before: TagSpan?
    for span in spans {
      let inside = ChunkTag(.inside, span.type, letter: letters?.inside)
      for index in span.range { tags[index] = inside }
      let first = span.range.lowerBound
      let last = span.range.upperBound - 1
      let touches = before.map { $0.range.upperBound == first && $0.type == span.type } ?? false
      if self != .iob1 || touches { tags[first] = ChunkTag(.begin, span.type) }
      if let letters {
        tags[last] =
          first == last
          ? ChunkTag(.single, span.type, letter: letters.single)
          : ChunkTag(.end, span.type, letter: letters.end)
      }
      before = span
    }
    return tags
  }

  /// How many tags this scheme would write differently for the chunks that they stand for.
  public func violations(in tags: [ChunkTag]) -> Int {
    zip(tags, self.tags(of: Self.spans(of: tags), count: tags.count)).count { $0 != $1 }
  }

  /// The scheme that sentences are written in: that which the fewest of their tags break, the first
  /// of equals; `plain` if a tag says nothing about chunks or most of those that do break every one.
  public static func detected(in sentences: some Sequence<[String]>) -> TagScheme {
    let schemes: [TagScheme] = [.bio, .iob1, .bioes, .bilou, .bmes, .bmewo]
    var known: [String: ChunkTag?] = [:]
    var broken = [Int](repeating: 0, count: schemes.count)
    var chunkTags = 0
    for sentence in sentences {
      var tags: [ChunkTag] = []
      for tag in sentence {
        let parts = known[tag] ?? ChunkTag(tag)
        known[tag] = .some(parts)
        guard let parts else { return .plain }
        tags.append(parts)
        if parts.position != .outside { chunkTags += 1 }
      }
      let spans = Self.spans(of: tags)
      if spans.isEmpty { continue }
      for (place, scheme) in schemes.enumerated() {
        broken[place] += zip(tags, scheme.tags(of: spans, count: tags.count)).count { $0 != $1 }
      }
    }
    let best = broken.indices.reduce(0) { broken[$1] < broken[$0] ? $1 : $0 }
    return chunkTags == 0 || 2 * broken[best] > chunkTags ? .plain : schemes[best]
  }
}
