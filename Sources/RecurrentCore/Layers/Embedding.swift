import RecurrentFiles

/// A vector for each token, learned: ids `[B, T]` to `[B, T, D]`.
///
/// The gradient of the table comes by rows (``Gradients/rows(of:)``): a step costs what the tokens
/// in it cost, however large the vocabulary is. ``SGD`` and ``Adagrad`` then change only these rows;
/// for ``Adam``, which moves the others on along their moments, see its `lazyRows`.
public struct Embedding: Layer {
  /// The table, `[V, D]`.
  public var weights: Tensor

  /// A table for `vocabularySize` tokens: normal with deviation 1 (PyTorch), uniform in ± 0.05
  /// (Keras).
  public init(
    vocabularySize: Int, size: Int, initialization: Initialization = .pytorch,
    using generator: inout some RandomNumberGenerator
  ) {
    require(
      vocabularySize >= 1 && size >= 1,
      "an embedding has sizes of at least 1, not \(vocabularySize) and \(size)")
    let draw: Initializer = initialization == .pytorch ? .normal(1) : .uniform(0.05)
    weights = draw([vocabularySize, size], using: &generator)
  }

  /// A layer with this table, `[V, D]`, such as vectors trained elsewhere.
  public init(weights: Tensor) {
    require(weights.rank == 2, "an embedding has shape [V, D], not \(weights.shape)")
    self.weights = weights
  }

  /// The vectors of the tokens; zeros beyond a row's length.
  public func forward(_ input: TokenBatch, state: inout NoState, mode: Mode) -> SequenceBatch {
    let (vocabulary, width) = (weights.shape[0], weights.shape[1])
    let (batch, time) = (input.batchSize, input.time)
    var tokens: [Int] = []
    var places: [Int] = []
    for (row, ids) in input.tokens.enumerated() {
      for (step, id) in ids.enumerated() {
        require(
          id < vocabulary,
          "a token of \(vocabulary) is less than \(vocabulary); row \(row), step \(step) has \(id)")
        tokens.append(id)
        places.append(row * time + step)
      }
    }
    let table = weights.matrix
    let vectors = Tensor(shape: [batch, time, width]) { y in
      if places.count < batch * time { y.update(repeating: 0, count: batch * time * width) }
      let parts = Parallelism.parts(operations: 2 * places.count * width, atMost: places.count)
      Parallelism.run(parts: parts) { part in
        for index in Parallelism.range(part, of: parts, count: places.count, granularity: 1) {
          (y + places[index] * width).update(from: table.row(tokens[index]), count: width)
        }
      }
    }
    let shape = weights.shape
    let recorded = Tape.following([weights])?.recordGradients([vectors], inputs: [weights]) {
      [tokens, places] gradients in
      guard let dy = gradients[0] else { return [] }
      return [Gradient(SparseRows(shape: shape, places: tokens, values: dy, sources: places))]
    }
    return SequenceBatch(
      recorded?[0] ?? vectors, lengths: input.lengths,
      origin: TableRows(table: weights, rows: tokens, places: places))
  }

  /// Visits `weights`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("weights", &weights)
  }
}
