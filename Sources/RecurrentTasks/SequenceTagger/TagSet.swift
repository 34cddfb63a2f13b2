import Recurrent

/// The tags that a tagger gives: of a chunk scheme `O`, then those of each type; else as they are
/// written.
struct TagSet: Sendable, Equatable {
  /// The tags; their places are their numbers.
  let names: [String]
  /// The parts of the tags, for chunks; nil for tags that say nothing about chunks.
  let chunkTags: [ChunkTag]?
  private let places: [String: Int]

  /// Tags of chunks of these types, or plain ones.
  init(_ names: [String], scheme: TagScheme) {
    self.names = names
    let parts = names.compactMap { ChunkTag($0) }
    chunkTags = scheme == .plain || parts.count < names.count ? nil : parts
    places = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { old, _ in old })
  }

  /// The tags of chunks of these types.
  init(types: [String]) {
    self.init(
      ["O"]
        + types.flatMap { type in
          [ChunkTag.Position.begin, .inside].map { ChunkTag($0, type).description }
        }, scheme: .bio)
  }

  /// The number of tags, C.
  var count: Int { names.count }

  /// The number of a tag.
  func place(of name: String) -> Int? { places[name] }

  /// Which tag may follow which; nil: any.
  var constraints: TagConstraints? { chunkTags == nil ? nil : .bio(names) }

  /// The chunks that tags in any scheme stand for, or, of plain tags, each token but those of `O`.
  func spans(of tags: [Int]) -> [TagSpan] {
    if let chunkTags { return TagScheme.spans(of: tags.lazy.map { chunkTags[$0] }) }
    return tags.enumerated().compactMap { index, tag in
      names[tag] == "O" ? nil : TagSpan(type: names[tag], range: index..<index + 1)
    }
  }
}
