import Foundation
import Recurrent
import TestSupport
import Testing

/// What is seen of a network by one batch.
@Suite struct NetworkDiagnosisTests {
  private static let (time, inputs, units, batch) = (5, 2, 3, 2)

  private func drawn(_ shape: [Int], _ seed: UInt64) -> Tensor {
    var generator = RandomGenerator(seed: seed)
    return Initializer.uniform(1)(shape, using: &generator)
  }

  private func layer(_ kind: CellKind, seed: UInt64 = 1) -> AnyLayer {
    var generator = RandomGenerator(seed: seed)
    return kind.layer(inputSize: Self.inputs, hiddenSize: Self.units, using: &generator)
  }

  /// ∂L/∂h_t is what the loss changes by where h_t is changed and nothing else: its output, and all
  /// steps that go on from it.
  @Test(arguments: CellKind.allCases) func gradientsAreThoseOfFiniteDifferences(
    kind: CellKind
  ) throws {
    let layer = layer(kind)
    let input = SequenceBatch(drawn([Self.batch, Self.time, Self.inputs], 2))
    let target = drawn([Self.batch, Self.time, Self.units], 3)
    let diagnosis = NetworkDiagnosis(of: layer) { meanSquaredError($0(input).values, target) }
    let found = try #require(diagnosis.layers.first)
    #expect(diagnosis.layers.count == 1 && found.steps == Self.time)

    func loss(_ t: Int, _ place: Int, _ change: Float) -> Double {
      var state = layer.initialState(batchSize: Self.batch)
      var outputs = layer(input.steps(0..<t + 1), state: &state).values.elements
      var hidden = state.tensors[0].elements
      hidden[place] += change
      state.tensors[0] = Tensor(hidden, shape: [Self.batch, Self.units])
      let (row, unit) = (place / Self.units, place % Self.units)
      outputs[(row * (t + 1) + t) * Self.units + unit] += change
      let rest =
        t + 1 < Self.time
        ? layer(input.steps(t + 1..<Self.time), state: &state).values.elements : []
      let wanted = target.elements
      func squares(_ found: [Float], from first: Int, count: Int) -> Double {
        var sum = 0.0
        for row in 0..<Self.batch {
          for step in 0..<count {
            for unit in 0..<Self.units {
              let place: Int = (row * count + step) * Self.units + unit
              let other: Int = (row * Self.time + first + step) * Self.units + unit
              let difference = Double(found[place] - wanted[other])
              sum += difference * difference
            }
          }
        }
        return sum
      }
      let sum =
        squares(outputs, from: 0, count: t + 1)
        + squares(rest, from: t + 1, count: Self.time - t - 1)
      return sum / Double(target.count)
    }
    for t in 0..<Self.time {
      let squares = (0..<Self.batch * Self.units).map { place in
        pow((loss(t, place, 0.01) - loss(t, place, -0.01)) / 0.02, 2)
      }
      let expected = squares.reduce(0, +).squareRoot()
      #expect(abs(found.gradient[t] - expected) < 1e-3 * expected, "step \(t)")
    }
  }

  /// Run step by step, a network of rows of several lengths, in both directions and layers, has the
  /// loss and gradients that it has anyway.
  @Test(arguments: CellKind.allCases) func valuesAreThoseOfTheNetwork(kind: CellKind) throws {
    var generator = RandomGenerator(seed: 4)
    let stack = RecurrentStack(
      kind, inputSize: 2, hiddenSize: 3, layerCount: 2, isBidirectional: true, using: &generator)
    let input = SequenceBatch(drawn([3, 5, 2], 5), lengths: [5, 2, 4])
    let target = drawn([3, 5, 6], 6)
    func loss(_ stack: RecurrentStack) -> Tensor { meanSquaredError(stack(input).values, target) }
    let diagnosis = NetworkDiagnosis(of: stack, loss)
    let (value, gradients) = valueAndGradients(of: stack, loss)
    #expect(diagnosis.loss == Double(value))
    #expect(
      diagnosis.layers.map(\.name) == ["0.forward", "0.backward", "1.forward", "1.backward"])
    #expect(diagnosis.layers.allSatisfy { $0.steps == 5 && $0.stateMemory.count == 5 })
    #expect(diagnosis.weights.map(\.name) == gradients.names)
    for (weight, gradient) in zip(diagnosis.weights, gradients.tensors) {
      let sum = (gradient?.elements ?? []).reduce(0) { $0 + Double($1) * Double($1) }
      #expect(abs(weight.gradient - sum.squareRoot()) <= 1e-6 * sum.squareRoot())
    }
  }

  /// With U = a·1 and states near 0 a simple RNN passes on aᵏ of a state.
  @Test(arguments: [Float(0.5), 0.9, 1.5]) func memoryOfAKnownNetwork(a: Float) throws {
    var layer = SimpleRNN(
      weights: RecurrentWeights(
        input: Tensor(repeating: 1, shape: [1, 2]),
        recurrent: Tensor([a, 0, 0, a], shape: [2, 2]),
        bias: nil, recurrentBias: nil))
    layer.options = RecurrentOptions(activation: .tanh)
    let input = SequenceBatch(.zeros([3, 6, 1]), lengths: [6, 4, 6])
    let found = try #require(
      NetworkDiagnosis(of: layer) { $0(input).values.sum() }.layers.first)
    for (k, share) in found.stateMemory.enumerated() {
      #expect(abs(share - pow(Double(a), Double(k))) < 1e-5 * pow(1.5, 6))
    }
    #expect(found.stateMemory.count == 6)
    #expect(abs((found.factor ?? 0) - Double(a)) < 1e-5)
    if a < 1 {
      #expect(abs((found.halfLife ?? 0) - log(0.5) / log(Double(a))) < 1e-3)
    } else {
      #expect(found.halfLife == nil)
    }
    // At a = 0.5 the input six steps back counts a thirty-second, which is more than a hundredth.
    #expect(found.reach == 5)
    #expect(found.gates.map(\.name) == ["h"] && found.timeConstants == nil)
    // Nothing came in, so no unit moved.
    #expect(found.deadUnits == 2)
  }

  /// Shares and time constants are those of an LSTM computed number by number.
  @Test func gatesAreThoseOfPlainLoops() throws {
    var generator = RandomGenerator(seed: 7)
    var layer = LSTM(inputSize: 2, hiddenSize: 3, using: &generator)
    layer.weights.input = layer.weights.input * 9
    let w = layer.weights
    let values = drawn([2, 6, 2], 8)
    let (inputs, toGates) = (values.elements, w.input.elements)
    let (fromState, biases) = (w.recurrent.elements, w.bias?.elements ?? [])
    let others = w.recurrentBias?.elements ?? [Float](repeating: 0, count: 12)
    let input = SequenceBatch(values)
    let found = try #require(
      NetworkDiagnosis(of: layer) { $0(input).values.sum() }.layers.first)

    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    var counts = [String: (low: Int, high: Int)]()
    var kept = [Double](repeating: 0, count: 3)
    for row in 0..<2 {
      var (h, c) = ([0.0, 0, 0], [0.0, 0, 0])
      for t in 0..<6 {
        var sums = (0..<12).map { Double(biases[$0]) + Double(others[$0]) }
        for column in 0..<12 {
          for j in 0..<2 {
            let x = Double(inputs[(row * 6 + t) * 2 + j])
            sums[column] += x * Double(toGates[j * 12 + column])
          }
          for j in 0..<3 { sums[column] += h[j] * Double(fromState[j * 12 + column]) }
        }
        for unit in 0..<3 {
          let (i, f) = (sigmoid(sums[unit]), sigmoid(sums[3 + unit]))
          let (g, o) = (tanh(sums[6 + unit]), sigmoid(sums[9 + unit]))
          for (name, value, low, high) in [
            ("i", i, 0.1, 0.9), ("f", f, 0.1, 0.9), ("g", g, -0.8, 0.8), ("o", o, 0.1, 0.9),
          ] {
            if value < low { counts[name, default: (0, 0)].low += 1 }
            if value > high { counts[name, default: (0, 0)].high += 1 }
          }
          kept[unit] += f
          c[unit] = f * c[unit] + i * g
          h[unit] = o * tanh(c[unit])
        }
      }
    }
    #expect(found.gates.map(\.name) == ["i", "f", "g", "o"])
    #expect(found.gates.contains { $0.low > 0 } && found.gates.contains { $0.high > 0 })
    for gate in found.gates {
      let expected = counts[gate.name] ?? (0, 0)
      #expect(gate.low == Double(expected.low) / 36 && gate.high == Double(expected.high) / 36)
    }
    let constants = kept.map { 1 / (1 - $0 / 12) }.sorted()
    let quantiles = try #require(found.timeConstants)
    for (one, other) in zip([quantiles.low, quantiles.median, quantiles.high], constants) {
      #expect(abs(one - other) < 1e-4 * other)
    }
    #expect(found.deadUnits == 0)
  }

  /// The update of a step of gradient descent is its rate times the gradient; a run that is looked at
  /// after each epoch ends with the same bits.
  @Test func aRunIsNotChangedByIt() throws {
    var generator = RandomGenerator(seed: 9)
    let model = GRU(inputSize: 2, hiddenSize: 3, using: &generator)
    let examples = TensorExamples(
      inputs: SequenceBatch(drawn([20, 4, 2], 10)), targets: drawn([20, 4, 3], 11))
    func trainer() -> Trainer<GRU, SGD, TensorExamples> {
      Trainer(
        model, optimizer: SGD(learningRate: 0.1, momentum: 0.9),
        options: TrainingOptions(epochs: 3, batchSize: 5)
      ) { meanSquaredError($0($1.inputs, mode: $2).values, $1.targets) }
    }
    var (plain, watched) = (trainer(), trainer())
    try plain.run(on: examples)
    let indices = watched.diagnosedExamples(of: examples)
    #expect(indices == [0, 4, 8, 12, 16])
    let first = watched.diagnosis(of: indices, in: examples)
    for weight in first.weights {
      #expect(
        abs((weight.updateRatio ?? 0) - 0.1 * weight.gradient / weight.norm)
          < 1e-5 * weight.gradient / weight.norm)
    }
    let copy = watched
    try watched.run(
      on: examples,
      callbacks: [
        { event, run in
          var trainer = copy
          if case .epoch = event, let state = run as? Trainer<GRU, SGD, TensorExamples>.State {
            trainer.state = state
            _ = trainer.diagnosis(of: indices, in: examples)
          }
          return .proceed
        }
      ])
    #expect(
      plain.state.model.parameters.map { $0.tensor.elements.map(\.bitPattern) }
        == watched.state.model.parameters.map { $0.tensor.elements.map(\.bitPattern) })
  }

  /// What is not recurrent has no layers to look into, and weights all the same.
  @Test func withoutRecurrentLayers() {
    var generator = RandomGenerator(seed: 12)
    let dense = Dense(inputSize: 2, outputSize: 1, using: &generator)
    let found = NetworkDiagnosis(of: dense) { $0(drawn([3, 2], 13)).sum() }
    #expect(found.layers.isEmpty && found.weights.count == 2)
  }
}
