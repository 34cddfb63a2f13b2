import Recurrent

extension TaggedSentences {
  /// Throws for the first tag that is none of a chunk scheme.
  func checkTags(_ scheme: TagScheme) throws(DataError) {
    guard scheme != .plain else { return }
    try checkTags { tag in
      ChunkTag(tag) == nil
        ? (
          "found the tag \"\(tag.prefix(40))\", expected O or a tag as B-PER",
          "A tagger for tags of another kind is trained with --scheme plain"
        ) : nil
    }
  }

  /// Throws for the first tag that is none of a chunk scheme if no other than `O` is one: of a part that
  /// measures, single ones are read as `O` and counted.
  func checkSomeTags(_ scheme: TagScheme) throws(DataError) {
    let tags = sentences.lazy.flatMap(\.tags)
    if !tags.contains(where: { ChunkTag($0).map { $0 != .outside } ?? false }) {
      try checkTags(scheme)
    }
  }

  /// How many tokens have a tag that training does not have, in whichever scheme.
  func unseen(_ tags: TagSet) -> Int {
    let known = Set(tags.names)
    let isPlain = tags.chunkTags == nil
    return sentences.reduce(0) { sum, sentence in
      let normalized = isPlain ? sentence.tags : TagScheme.bio.normalized(sentence.tags)
      return sum
        + zip(sentence.tags, normalized).count { tag, normal in
          !known.contains(normal) || !isPlain && ChunkTag(tag) == nil
        }
    }
  }

  /// Throws for the first tag that is none of these in any scheme.
  func checkTags(in tags: TagSet) throws(DataError) {
    let isPlain = tags.chunkTags == nil
    try checkTags { tag in
      tags.place(of: isPlain ? tag : TagScheme.bio.normalized([tag])[0]) == nil
        ? (
          "found the tag \"\(tag.prefix(40))\", which the model does not know",
          "Its tags are \(tags.names.prefix(20).joined(separator: ", "))"
        ) : nil
    }
  }

  /// Throws if tags were not asked to be plain and some, but not all, are those of chunks.
  func checkIsNotMixed(_ scheme: TagScheme, wasAsked: Bool) throws(DataError) {
    guard scheme == .plain, !wasAsked else { return }
    let names = Set(sentences.lazy.flatMap(\.tags))
    let chunks = names.filter { ChunkTag($0)?.type.isEmpty == false }
    guard names.contains("O"), let example = chunks.min() else { return }
    try checkTags { tag in
      ChunkTag(tag) == nil
        ? (
          "found the tag \"\(tag.prefix(40))\" beside tags of chunks as \"\(example.prefix(40))\"",
          "Correct it, remove the line if it names the columns, or take all tags as they are with "
            + "--scheme plain"
        ) : nil
    }
  }

  private func checkTags(
    _ problem: (String) -> (problem: String, advice: String)?
  ) throws(DataError) {
    var fine: Set<String> = []
    for sentence in sentences {
      for (index, tag) in sentence.tags.enumerated() where !fine.contains(tag) {
        guard let found = problem(tag) else {
          fine.insert(tag)
          continue
        }
        throw DataError(
          file: sentence.file, line: sentence.line(of: index), problem: found.problem,
          advice: found.advice)
      }
    }
  }

  /// The scheme that their tags have letters of, if the other has not; these are then compared as
  /// the other writes them.
  func schemeOtherThan(_ scheme: TagScheme) -> TagScheme? {
    let names = Set(sentences.lazy.flatMap(\.tags))
    guard scheme != .plain,
      names.contains(where: { ChunkTag($0).map { !scheme.has($0.letter) } ?? false })
    else { return nil }
    let found = TagScheme.detected(in: sentences.lazy.map(\.tags))
    return found == scheme || found == .plain ? nil : found
  }

  /// Tags that break the scheme.
  func violations(of scheme: TagScheme) -> Int {
    guard scheme != .plain else { return 0 }
    return sentences.reduce(0) {
      $0 + scheme.violations(in: $1.tags.map { ChunkTag($0) ?? .outside })
    }
  }

  /// The sentences dealt into parts at random.
  func split(
    _ options: SequenceTaggerOptions, splitsValidation: Bool, splitsTest: Bool
  ) -> (training: TaggedSentences, validation: TaggedSentences, test: TaggedSentences) {
    var order = Array(sentences.indices)
    var generator = RandomGenerator(RandomKey(seed: options.seed).child(-2))
    order.shuffle(using: &generator)
    func share(_ count: Int, _ fraction: Double) -> Int {
      Int((Double(count) * fraction).rounded())
    }
    let test = splitsTest ? share(order.count, options.testFraction) : 0
    let rest = order.count - test
    let validation = splitsValidation ? share(rest, options.validationFraction) : 0
    func part(_ range: Range<Int>) -> TaggedSentences {
      var part = self
      part.sentences = order[range].sorted().map { sentences[$0] }
      return part
    }
    return (
      part(test + validation..<order.count), part(test..<test + validation), part(0..<test)
    )
  }
}
