import RecurrentCore

/// A recurrent layer as the formulas say it, step by step, for functions that no kernel has: others
/// for the candidate than for the cell state, or with parameters of their own.
struct PlainRecurrence: Sendable {
  private let recipe: CellRecipe
  private let weights: RecurrentWeights
  private let input: ProductFactor
  private let recurrent: ProductFactor

  init(_ recipe: CellRecipe, _ weights: RecurrentWeights) {
    (self.recipe, self.weights) = (recipe, weights)
    input = ProductFactor(weights.input)
    recurrent = ProductFactor(weights.recurrent)
  }

  /// I and H.
  var sizes: (input: Int, hidden: Int) { (weights.inputSize, weights.hiddenSize) }

  /// The outputs and last states of a direction, as ``RecurrentDirection`` gives them.
  func callAsFunction(
    _ batch: SequenceBatch, hidden: Tensor, cell: Tensor
  ) -> (outputs: Tensor, hidden: Tensor, cell: Tensor) {
    let (rows, time, size) = (batch.batchSize, batch.time, weights.hiddenSize)
    let sums = input.product(batch.values, bias: weights.bias).elements
    let width = weights.gates * size
    var (h, c) = (hidden.elements, cell.elements)
    var outputs = [Float](repeating: 0, count: rows * time * size)
    let places = (0..<rows).map { batch.validPositions(row: $0) }
    for step in 0..<(batch.lengths.max() ?? 0) {
      let fromState = product(h, rows)
      for row in 0..<rows where step < places[row].count {
        let place = row * time + places[row][step]
        let own = row * size..<(row + 1) * size
        let (x, u) = (
          sums[place * width..<(place + 1) * width], fromState[row * width..<(row + 1) * width]
        )
        (h[own], c[own]) = self.step(x, u, h[own], c[own])
        outputs.replaceSubrange(place * size..<(place + 1) * size, with: h[own])
      }
    }
    return (
      Tensor(outputs, shape: [rows, time, size]), Tensor(h, shape: [rows, size]),
      Tensor(c, shape: cell.shape)
    )
  }

  /// h·U + b', `[rows, G·H]`.
  private func product(_ h: [Float], _ rows: Int) -> [Float] {
    recurrent.product(
      Tensor(h, shape: [rows, weights.hiddenSize]), bias: weights.recurrentBias
    ).elements
  }

  /// One step of a row: `x` is Wx + b, `u` is Uh + b'.
  private func step(
    _ x: ArraySlice<Float>, _ u: ArraySlice<Float>, _ h: ArraySlice<Float>, _ c: ArraySlice<Float>
  ) -> (h: ArraySlice<Float>, c: ArraySlice<Float>) {
    let size = weights.hiddenSize
    let (x, u, h, c) = (Array(x), Array(u), Array(h), Array(c))
    var (newH, newC) = (h, c)
    let functions = recipe.functions
    func sum(_ gate: Int, _ unit: Int) -> Float { x[gate * size + unit] + u[gate * size + unit] }
    switch recipe.cell {
    case .rnn:
      for unit in 0..<size { newH[unit] = functions[0](clipped(sum(0, unit))) }
    case .gru:
      var masked = h
      for unit in 0..<size { masked[unit] = h[unit] * functions[0](clipped(sum(0, unit))) }
      let reset = recipe.reset == .beforeProduct ? product(masked, 1) : u
      for unit in 0..<size {
        let gate = functions[0](clipped(sum(0, unit)))
        let z = functions[0](clipped(sum(1, unit)))
        let place = 2 * size + unit
        let recurrent = recipe.reset == .beforeProduct ? reset[place] : gate * u[place]
        let n = functions[1](clipped(x[place] + recurrent))
        newH[unit] = (1 - z) * n + z * h[unit]
      }
    case .lstm:
      let p = weights.peepholes?.elements
      func seen(_ gate: Int, _ unit: Int, _ c: Float) -> Float { (p?[gate * size + unit] ?? 0) * c }
      let (candidate, output) = recipe.isCoupled ? (1, 2) : (2, 3)
      for unit in 0..<size {
        let i = functions[0](clipped(sum(0, unit) + seen(0, unit, c[unit])))
        let f =
          recipe.isCoupled
          ? 1 - i : functions[0](clipped(sum(1, unit) + seen(1, unit, c[unit])))
        newC[unit] = f * c[unit] + i * functions[1](clipped(sum(candidate, unit)))
        let o = functions[0](clipped(sum(output, unit) + seen(2, unit, newC[unit])))
        newH[unit] = o * functions[2](newC[unit])
      }
    }
    return (newH[...], newC[...])
  }

  private func clipped(_ x: Float) -> Float {
    recipe.clip.map { min(max(x, -$0), $0) } ?? x
  }
}
