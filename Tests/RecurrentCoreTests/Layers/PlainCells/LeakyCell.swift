import Recurrent

/// h' = a·h + (1 - a)·tanh(W x), with a learned rate a for each unit.
struct LeakyCell: Cell {
  var weights: Tensor  // [I, H]
  var rate: Tensor  // [H], a before its sigmoid

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
