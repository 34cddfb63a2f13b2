import RecurrentFiles

extension WordVectors {
  /// The table of an ``Embedding``: the vectors of the vocabulary's words, and for the others what
  /// `table` `[V, D]` has.
  ///
  /// - Returns: The table, and for how many tokens a vector was found.
  public func replacing(
    _ table: Tensor, for vocabulary: Vocabulary
  ) -> (table: Tensor, found: Int) {
    require(
      table.shape == [vocabulary.count, size],
      "the table for \(vocabulary.count) tokens and vectors of \(size) has that shape, not \(table.shape)"
    )
    var elements = table.elements
    var count = 0
    for id in vocabulary.specialCount..<vocabulary.count {
      guard let vector = vectors[vocabulary.tokens[id]] else { continue }
      elements.replaceSubrange(id * size..<(id + 1) * size, with: vector)
      count += 1
    }
    return (Tensor(elements, shape: table.shape), count)
  }
}
