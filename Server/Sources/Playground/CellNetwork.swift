import Recurrent

/// One recurrent layer, and a forecast from its last output: `[B, T, 1]` to `[B, 1]`.
struct CellNetwork: Module {
  var memory: AnyLayer
  var readout: Dense

  init(_ cell: CellKind, units: Int, using generator: inout some RandomNumberGenerator) {
    memory = cell.layer(
      inputSize: 1, hiddenSize: units, initialization: .keras, using: &generator)
    readout = Dense(
      inputSize: units, outputSize: 1, initialization: .keras, using: &generator)
  }

  func callAsFunction(_ windows: SequenceBatch) -> Tensor {
    readout(memory(windows).lastValidSteps)
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("memory", &memory)
    visitor.visit("readout", &readout)
  }
}

// MARK: - What can be seen inside

extension CellNetwork {
  /// A line over the steps of a window.
  struct Trace: Sendable {
    let name: String
    let values: [Double]
  }

  /// How open each gate is at each step of a window `[1, T, 1]`, in the mean over the units, and the
  /// mean magnitude of the hidden state.
  func activity(_ window: SequenceBatch) -> [Trace] {
    let time = window.time
    let outputs = memory(window).values
    let units = outputs.shape[2]
    let hidden = outputs.reshaped(to: [time, units])
    let magnitude = Trace(
      name: "hidden", values: hidden.absolute().mean(along: 1).elements.map { Double($0) })
    let weights: RecurrentWeights
    let gates: [(name: String, place: Int)]
    switch memory.base {
    case let layer as LSTM:
      (weights, gates) = (layer.weights, [("input", 0), ("forget", 1), ("output", 3)])
    case let layer as GRU: (weights, gates) = (layer.weights, [("reset", 0), ("update", 1)])
    default: return [magnitude]
    }
    // W x + U h + b of all steps at once: each step's h is the output of the one before.
    let before = Tensor.concatenated(
      [.zeros([1, units]), hidden.slice(0..<time - 1, along: 0)], along: 0)
    var sums =
      window.values.reshaped(to: [time, 1]).matrixProduct(weights.input, bias: weights.bias)
      + before.matrixProduct(weights.recurrent)
    if let bias = weights.recurrentBias { sums = sums + bias }
    let open = sums.sigmoid()
    return gates.map { gate in
      let part = open.slice(gate.place * units..<(gate.place + 1) * units, along: 1)
      return Trace(name: gate.name, values: part.mean(along: 1).elements.map { Double($0) })
    } + [magnitude]
  }

  /// How much of the loss's gradient comes back to each step: |∂L/∂h_t|, and |∂L/∂c_t| of an LSTM,
  /// the root of the mean square over windows `[B, T, 1]` with targets `[B, 1]`.
  func gradientFlow(_ windows: SequenceBatch, _ targets: Tensor) -> [Trace] {
    let (batch, time) = (windows.batchSize, windows.time)
    let initial = memory.initialState(batchSize: batch)
    // A zero is added to each part of the state behind each step. The gradient of the loss with
    // respect to that zero is the one with respect to the state.
    let zeros = (0..<time).map { _ in initial.tensors.map { Tensor.zeros($0.shape) } }
    let (_, gradients) = valueAndGradients(of: zeros) { shifts in
      var state = initial
      for t in 0..<time {
        _ = memory(windows.steps(t..<t + 1), state: &state)
        state.tensors = zip(state.tensors, shifts[t]).map { $0 + $1 }
      }
      return meanSquaredError(readout(state.tensors[0]), targets)
    }
    let parts = initial.tensors.count
    return (0..<parts).map { part in
      Trace(
        name: part == 0 ? "h" : "c",
        values: (0..<time).map { t in
          let squares = gradients.tensors[t * parts + part]?.elements.reduce(0.0) {
            $0 + Double($1) * Double($1)
          }
          // The loss is a mean over the windows: each one's own gradient is `batch` times that.
          return ((squares ?? 0) * Double(batch)).squareRoot()
        })
    }
  }
}
