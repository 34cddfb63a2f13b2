import Recurrent

/// h' = a·h + (1 - a)·tanh(W x), with a learned rate a for each unit: the example of ``Cell``.
struct LeakyCell: Cell {
  var weights: Tensor  // [I, H]
  var rate: Tensor  // [H]

  init(inputSize: Int, hiddenSize: Int, using generator: inout some RandomNumberGenerator) {
    weights = Initializer.glorotUniform([inputSize, hiddenSize], using: &generator)
    rate = Initializer.uniform(1)([hiddenSize], using: &generator)
  }

  func initialState(batchSize: Int) -> HiddenState {
    HiddenState(hidden: .zeros([batchSize, rate.count]))
  }

  func step(_ input: Tensor, state: inout HiddenState) -> Tensor {
    let a = rate.sigmoid()
    state.hidden = a * state.hidden + (1 - a) * input.matrixProduct(weights).tanh()
    return state.hidden
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("weights", &weights)
    visitor.visit("rate", &rate)
  }
}

/// The LSTM once more, by tensor operations.
struct OwnLSTMCell: Cell {
  var weights: RecurrentWeights

  func initialState(batchSize: Int) -> LSTM.State {
    let zeros = Tensor.zeros([batchSize, weights.hiddenSize])
    return LSTM.State(hidden: zeros, cell: zeros)
  }

  func step(_ input: Tensor, state: inout LSTM.State) -> Tensor {
    let sums =
      input.matrixProduct(weights.input, bias: weights.bias)
      + state.hidden.matrixProduct(weights.recurrent, bias: weights.recurrentBias)
    let units = weights.hiddenSize
    func gate(_ index: Int) -> Tensor {
      sums.slice(index * units..<(index + 1) * units, along: -1)
    }
    let (i, f, g, o) = (gate(0).sigmoid(), gate(1).sigmoid(), gate(2).tanh(), gate(3).sigmoid())
    state.cell = f * state.cell + i * g
    state.hidden = o * state.cell.tanh()
    return state.hidden
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    weights.visitParameters(&visitor)
  }
}
