import Recurrent

/// Two steps of a simple recurrent network, by hand and by the library.
func forwardPass(_ pictures: Pictures) {
  let x1 = Tensor([1, 0.5], shape: [1, 2])
  let x2 = Tensor([-1, 2], shape: [1, 2])
  let w = Tensor([0.5, -0.3, 0.1, 0.4], shape: [2, 2])
  let w1 = Tensor([0.3, 0.1, -0.4, 0.2], shape: [2, 2])

  let o1 = x1.matrixProduct(w).tanh()
  let o2 = (x2.matrixProduct(w) + o1.matrixProduct(w1)).tanh()
  print("X1·W         ", text(x1.matrixProduct(w).elements))
  print("O1           ", text(o1.elements))
  print("X2·W         ", text(x2.matrixProduct(w).elements))
  print("O1·W1        ", text(o1.matrixProduct(w1).elements))
  print("O2           ", text(o2.elements))

  let layer = SimpleRNN(
    weights: RecurrentWeights(input: w, recurrent: w1, bias: nil, recurrentBias: nil))
  let outputs = layer(SequenceBatch(rows: [[[1, 0.5], [-1, 2]]]))
  print("by the library", outputs.values.shape, text(outputs.values.elements))

  var state = layer.initialState(batchSize: 1)
  _ = layer(SequenceBatch(rows: [[[1, 0.5]]]), state: &state)
  let second = layer(SequenceBatch(rows: [[[-1, 2]]]), state: &state)
  print("step by step  ", text(second.values.elements), " state", text(state.hidden.elements))

  let lengths = SequenceBatch(rows: [[[1, 0.5], [-1, 2]], [[1, 0.5]]])
  print("last outputs of rows of 2 and 1 steps ", text(LastOutput()(layer(lengths)).elements))
}
