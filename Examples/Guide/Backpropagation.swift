import Recurrent

/// The gradients of two steps, by hand and by the library, and an update along them.
func backpropagation(_ pictures: Pictures) throws {
  let x1 = Tensor([1, 0.5], shape: [1, 2])
  let x2 = Tensor([-1, 2], shape: [1, 2])
  let w = Tensor([0.5, -0.3, 0.1, 0.4], shape: [2, 2])
  let w1 = Tensor([0.3, 0.1, -0.4, 0.2], shape: [2, 2])
  let y = Tensor([0, 1], shape: [1, 2])

  let o1 = x1.matrixProduct(w).tanh()
  let o2 = (x2.matrixProduct(w) + o1.matrixProduct(w1)).tanh()
  let loss = (o2 - y).squared().sum() / 2

  let d2 = (o2 - y) * (1 - o2.squared())  // ∂L/∂(the sum inside O2)
  let dW1 = o1.transposed().matrixProduct(d2)
  let d1 = d2.matrixProduct(w1.transposed()) * (1 - o1.squared())  // … inside O1
  let dW = x1.transposed().matrixProduct(d1) + x2.transposed().matrixProduct(d2)
  print("L     ", text(loss.value))
  print("O2 - Y", text((o2 - y).elements))
  print("d2    ", text(d2.elements))
  print("dW1   ", text(dW1.elements))
  print("d1    ", text(d1.elements))
  print("dW    ", text(dW.elements))

  var layer = SimpleRNN(
    weights: RecurrentWeights(input: w, recurrent: w1, bias: nil, recurrentBias: nil))
  let x = SequenceBatch(rows: [[[1, 0.5], [-1, 2]]])
  let (value, gradients) = valueAndGradients(of: layer) { layer in
    meanSquaredError(LastOutput()(layer(x)), y)
  }
  print("by the library")
  print("L     ", text(value))
  print("dW1   ", text(gradients["recurrent_weights"]?.elements ?? []))
  print("dW    ", text(gradients["input_weights"]?.elements ?? []))

  var optimizer = SGD(learningRate: 0.1)
  optimizer.update(&layer, along: gradients)
  print("after the update")
  print(
    "W1    ", text(layer.weights.recurrent.elements), " by hand", text((w1 - 0.1 * dW1).elements))
  print("W     ", text(layer.weights.input.elements), " by hand", text((w - 0.1 * dW).elements))

  var losses = [value]
  for _ in 1..<100 {
    let (value, gradients) = valueAndGradients(of: layer) { layer in
      meanSquaredError(LastOutput()(layer(x)), y)
    }
    losses.append(value)
    optimizer.update(&layer, along: gradients)
  }
  print("L after 1, 10 and 99 updates", text([losses[1], losses[10], losses[99]], 6))
  try pictures.write(
    "backpropagation",
    LineChart(
      title: "The loss of the two steps", subtitle: "SGD, learning rate 0.1",
      x: .number(label: "update"), yLabel: "L", yScale: .log,
      lines: [
        .init("L", x: losses.indices.map(Double.init), y: losses.map(Double.init), role: .training)
      ]
    ).svg())
}
