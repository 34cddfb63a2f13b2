import Recurrent

/// Recurrent layers of one shape, trained or used for prediction.
///
/// Training is a forward and a backward pass that gives the gradient of every weight from a fixed
/// gradient of all outputs; no input gradient, no optimizer. Prediction is a forward pass from the
/// zero state.
struct LayerCase {
  enum Mode: String, Codable {
    case train
    case infer
    /// One step of a stream whose state is carried on.
    case step
  }

  let mode: Mode
  let cell: CellKind
  let shape: LayerShape

  /// What is timed. Made once and run many times; the weights are drawn when it is made.
  func body() -> () -> Void {
    var generator = RandomGenerator(seed: 0)
    let draw = Initializer.normal(1)
    if mode == .step {
      let (inputs, units) = (shape.input, shape.hidden)
      return switch cell {
      case .lstm: stepping(LSTM(inputSize: inputs, hiddenSize: units, using: &generator))
      case .gru: stepping(GRU(inputSize: inputs, hiddenSize: units, using: &generator))
      case .rnn: stepping(SimpleRNN(inputSize: inputs, hiddenSize: units, using: &generator))
      case .mogrifier:
        stepping(MogrifierLSTM(inputSize: inputs, hiddenSize: units, using: &generator))
      }
    }
    let model = stack(using: &generator)
    let x = SequenceBatch(
      draw([shape.batch, shape.time, shape.input], using: &generator), lengths: shape.lengths)
    guard mode == .train else { return { _ = model(x) } }
    let outputGradient = draw(outputShape, using: &generator)
    return { _ = outputAndGradients(of: model, from: outputGradient) { $0(x).values } }
  }

  /// The layers, with fresh weights.
  func stack(using generator: inout some RandomNumberGenerator) -> RecurrentStack {
    RecurrentStack(
      cell, inputSize: shape.input, hiddenSize: shape.hidden, layerCount: shape.layers,
      isBidirectional: shape.directions == 2, using: &generator)
  }

  private func stepping(_ layer: some Layer<SequenceBatch, SequenceBatch>) -> () -> Void {
    let stream = ModelStream(layer)
    let features = (0..<shape.input).map { Float($0 % 7) / 7 - 0.5 }
    var output = [Float](repeating: 0, count: shape.hidden)
    return {
      features.withUnsafeBufferPointer { features in
        output.withUnsafeMutableBufferPointer { stream.step(features, into: $0) }
      }
    }
  }

  /// The shape of all outputs.
  var outputShape: [Int] {
    mode == .step
      ? [1, 1, shape.hidden] : [shape.batch, shape.time, shape.hidden * shape.directions]
  }

  /// The operations of the matrix products; padding does not count, nor do activations.
  var operations: Double {
    if mode == .step { return Double(2 * cell.gates * shape.hidden * (shape.input + shape.hidden)) }
    return (0..<shape.layers).reduce(0) { sum, layer in
      let inputs = layer == 0 ? shape.input : shape.hidden * shape.directions
      let product = 2 * Double(shape.steps * shape.directions * cell.gates * shape.hidden)
      let forward = product * Double(inputs + shape.hidden)
      // Backward: the gradient of the weights, that of the state before, and that of the input
      // where there is a layer below.
      let backward =
        forward + product * Double(shape.hidden) + (layer > 0 ? product * Double(inputs) : 0)
      return sum + (mode == .train ? forward + backward : forward)
    }
  }

  func measured(budget: Double, name: String? = nil) -> Measurement {
    let milliseconds = medianMilliseconds(budget: budget, body())
    return Measurement(
      mode: mode.rawValue, cell: cell.rawValue, shape: name,
      threads: ExecutionContext.current.threads,
      milliseconds: milliseconds, gigaflops: operations / milliseconds / 1e6)
  }
}

/// A square matrix product: the ceiling for everything else.
struct ProductCase {
  let size: Int

  func body() -> () -> Void {
    var generator = RandomGenerator(seed: 0)
    let draw = Initializer.normal(1)
    let (a, b) = (draw([size, size], using: &generator), draw([size, size], using: &generator))
    return { _ = a.matrixProduct(b) }
  }

  var operations: Double { 2 * Double(size) * Double(size) * Double(size) }

  func measured(budget: Double) -> Measurement {
    let milliseconds = medianMilliseconds(budget: budget, body())
    return Measurement(
      mode: "product", shape: "\(size)", threads: ExecutionContext.current.threads,
      milliseconds: milliseconds,
      gigaflops: operations / milliseconds / 1e6)
  }
}
