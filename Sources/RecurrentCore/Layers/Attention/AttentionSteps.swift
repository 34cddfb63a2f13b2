import RecurrentFiles

/// All steps of an ``AttentionDecoder`` as one primitive, whose input is projected already.
///
/// Rows run sorted by length, as in ``SequenceLayout``: what belongs to a step of a row stands in
/// packed order, and ended rows cost nothing. Letters as there; N valid steps in all.
struct AttentionSteps {
  let input: SequenceBatch
  let state: AttentionDecoder.State
  let memory: AttentionMemory
  let memoryRows: [Int]?
  let recurrentWeights: Tensor
  let combination: Dense
  let attention: AttentionDecoder.Comparison

  /// Outputs `[B, S, A]`, attention weights `[B, S, T]` and the last state.
  func callAsFunction() -> (output: Tensor, weights: Tensor, state: AttentionDecoder.State) {
    let layout = input.layout
    let batch = layout.batchSize
    let (units, width) = (state.hidden.shape[1], state.output.shape[1])
    let (values, counts) = memory.values.leadingSteps
    let (keys, _) = memory.keys.leadingSteps
    let rows = memoryRows ?? Array(0..<batch)
    require(
      rows.count == batch && rows.allSatisfy { counts.indices.contains($0) }
        && (memoryRows != nil || counts.count == batch),
      "each of \(batch) rows looks at a row of a memory with \(counts.count)")
    require(
      input.features == 4 * units && keys.shape[2] == keySize(units)
        && state.tensors.allSatisfy { $0.shape[0] == batch },
      "a decoder of \(units) units got input of \(input.features), keys of \(keys.shape[2]) and a state of \(state.tensors.map(\.shape))"
    )
    let sizes = [recurrentWeights.shape, combination.weights.shape]
    require(
      sizes == [[width + units, 4 * units], [values.shape[2] + units, width]],
      "weights of a decoder with \(units) units, outputs of \(width) and a memory of \(values.shape[2]) cannot have shapes \(sizes)"
    )
    checkComparison(units)
    let inputs =
      [input.values] + state.tensors
      + [values, keys, recurrentWeights, combination.weights]
      + [combination.bias ?? .zeros([width])] + comparisonOperands
    let run = AttentionRun(
      layout: layout, memoryRows: rows, counts: counts, memoryTime: memory.values.time,
      units: units, width: width, depth: values.shape[2], operands: inputs.map(\.detached))
    let tape = Tape.following(inputs)
    require(
      tape == nil || memoryRows == nil, "rows that share a memory are for prediction only")

    let kept = AttentionRun.Kept(run)
    var (hidden, cell, last) = (
      state.hidden.detached, state.cell.detached, state.output.detached
    )
    var output = layout.room(for: width)
    run.forward(
      kept, output: output.mutableMatrix(), hidden: hidden.mutableMatrix(),
      cell: cell.mutableMatrix(), last: last.mutableMatrix())
    var results = [output, hidden, cell, last]
    if let tape {
      results = tape.record(results, inputs: inputs) { run.gradients($0, kept) }
    }
    return (
      results[0], run.weights(kept),
      AttentionDecoder.State(hidden: results[1], cell: results[2], output: results[3])
    )
  }

  /// W, b and v of additive attention.
  private var comparisonOperands: [Tensor] {
    guard case .additive(let attention) = attention else { return [] }
    return [attention.queryWeights, attention.bias, attention.vector]
  }

  private func checkComparison(_ units: Int) {
    switch attention {
    case .multiplicative(let attention):
      require(
        attention.score == .general, "a decoder has the general score, not \(attention.score)")
    case .additive(let attention):
      let size = attention.bias.count
      require(
        attention.queryWeights.shape == [units, size] && attention.vector.shape == [size]
          && attention.coverageWeights == nil,
        "a decoder of \(units) units has additive attention for queries of as many, without coverage; found \(attention.parameters.map { ($0.name, $0.tensor.shape) })"
      )
    }
  }

  private func keySize(_ units: Int) -> Int {
    guard case .additive(let attention) = attention else { return units }
    return attention.bias.count
  }
}
