import Recurrent

/// The GRU as a cell of one's own, its reset gate behind the product.
struct PlainGRU: Cell {
  var weights: RecurrentWeights

  func initialState(batchSize: Int) -> HiddenState {
    HiddenState(hidden: .zeros([batchSize, weights.hiddenSize]))
  }

  func step(_ x: Tensor, state: inout HiddenState) -> Tensor {
    let ofInput = x.matrixProduct(weights.input, bias: weights.bias)
    let ofState = state.hidden.matrixProduct(weights.recurrent, bias: weights.recurrentBias)
    let units = weights.hiddenSize
    func part(_ sums: Tensor, _ index: Int) -> Tensor {
      sums.slice(index * units..<(index + 1) * units, along: -1)
    }
    let r = (part(ofInput, 0) + part(ofState, 0)).sigmoid()  // how much of the old the new sees
    let z = (part(ofInput, 1) + part(ofState, 1)).sigmoid()  // how much of the old is kept
    let n = (part(ofInput, 2) + r * part(ofState, 2)).tanh()  // the new
    state.hidden = (1 - z) * n + z * state.hidden
    return state.hidden
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    weights.visitParameters(&visitor)
  }
}
