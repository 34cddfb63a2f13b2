import Recurrent

/// The LSTM as a cell of one's own, one tensor operation after the other.
struct PlainLSTM: Cell {
  var weights: RecurrentWeights

  func initialState(batchSize: Int) -> LSTM.State {
    let zeros = Tensor.zeros([batchSize, weights.hiddenSize])
    return LSTM.State(hidden: zeros, cell: zeros)
  }

  func step(_ x: Tensor, state: inout LSTM.State) -> Tensor {
    let sums =
      x.matrixProduct(weights.input, bias: weights.bias)
      + state.hidden.matrixProduct(weights.recurrent, bias: weights.recurrentBias)
    let units = weights.hiddenSize
    func gate(_ index: Int) -> Tensor {
      sums.slice(index * units..<(index + 1) * units, along: -1)
    }
    let i = gate(0).sigmoid()  // how much of the new is written
    let f = gate(1).sigmoid()  // how much of the old is kept
    let g = gate(2).tanh()  // the new
    let o = gate(3).sigmoid()  // how much is shown
    state.cell = f * state.cell + i * g
    state.hidden = o * state.cell.tanh()
    return state.hidden
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    weights.visitParameters(&visitor)
  }
}
