import Recurrent

/// The same weights with the two biases as one.
private func summed(_ weights: RecurrentWeights) -> RecurrentWeights {
  var weights = weights
  if let a = weights.bias, let b = weights.recurrentBias { weights.bias = a + b }
  weights.recurrentBias = nil
  return weights
}

func gates(_ pictures: Pictures) throws {
  var generator = RandomGenerator(seed: 1)
  let input = SequenceBatch(Initializer.uniform(1)([8, 30, 5], using: &generator))
  func difference(_ a: Tensor, _ b: Tensor) -> Float { (a - b).absolute().elements.max() ?? 0 }

  let lstm = LSTM(inputSize: 5, hiddenSize: 16, using: &generator)
  let plain = Recurrence(PlainLSTM(weights: lstm.weights))
  print(
    "LSTM: outputs differ by less than 1e-6:",
    difference(lstm(input).values, plain(input).values) < 1e-6)
  let row = input.rows([0])
  let steps = (0..<row.time).map { row.steps($0..<$0 + 1).values.elements }
  let loops = Tensor(lstmInLoops(steps, lstm.weights).flatMap(\.self), shape: [1, 30, 16])
  print(
    "      in loops by less than 1e-6:    ", difference(lstm(row).values, loops) < 1e-6)
  let (_, fused) = valueAndGradients(of: lstm) { $0(input).values.squared().sum() }
  let (_, read) = valueAndGradients(of: plain) { $0(input).values.squared().sum() }
  let differences = zip(fused.tensors, read.tensors).map { a, b in
    a.flatMap { a in b.map { difference(a, $0) / (a.absolute().elements.max() ?? 1) } } ?? .infinity
  }
  print("      gradients by less than 1e-5 of the largest:", differences.allSatisfy { $0 < 1e-5 })

  let byHand = lstmBackwards(
    (0..<input.time).map { input.steps($0..<$0 + 1).values.reshaped(to: [8, 5]) },
    summed(lstm.weights))
  let pairs = [
    ("input_weights", byHand.w), ("recurrent_weights", byHand.u), ("bias", byHand.b),
  ]
  for (name, hand) in pairs {
    guard let gradient = fused[name] else { continue }
    let largest = gradient.absolute().elements.max() ?? 1
    print(
      "      by hand, of \(name) by less than 1e-5:",
      difference(gradient, hand) / largest < 1e-5)
  }

  let gru = GRU(inputSize: 5, hiddenSize: 16, using: &generator)
  let plainGRU = Recurrence(PlainGRU(weights: gru.weights))
  print(
    "GRU:  outputs differ by less than 1e-6:",
    difference(gru(input).values, plainGRU(input).values) < 1e-6)

  for (name, count) in [
    ("simple RNN", SimpleRNN(inputSize: 5, hiddenSize: 16, using: &generator).parameterCount),
    ("GRU       ", gru.parameterCount), ("LSTM      ", lstm.parameterCount),
  ] {
    print("parameters of 16 units on 5 features, \(name)", count)
  }

  // What a forget gate keeps after 1, 10 and 100 steps.
  var kept: [LineChart.Line] = []
  for f in [0.5, 0.9, 0.98] {
    var cell = 1.0
    let values = (0...100).map { step in
      if step > 0 { cell *= f }
      return cell
    }
    print(
      "f = \(f): kept after 1, 10, 100 steps",
      text([values[1], values[10], values[100]].map(Float.init), 4))
    kept.append(.init("f = \(f)", x: values.indices.map(Double.init), y: values))
  }
  try pictures.write(
    "forget-gate",
    LineChart(
      title: "What a forget gate keeps", x: .number(label: "step"), yLabel: "of the cell state",
      lines: kept
    ).svg())
}
