import ArgumentParser
import Recurrent

/// Recurrent layers, and answers read from their outputs.
struct Network: Module {
  var memory: RecurrentStack
  var readout: Dense

  /// Layers of one kind for a task.
  init(_ kind: Kind, layers: Int, hidden: Int, for task: some MemoryTask, seed: UInt64) {
    var generator = RandomGenerator(seed: seed)
    memory = RecurrentStack(
      (0..<layers).map { index in
        kind.layer(
          inputSize: index == 0 ? task.inputSize : hidden, hiddenSize: hidden, steps: task.steps,
          using: &generator)
      })
    readout = Dense(
      inputSize: hidden, outputSize: task.outputSize, initialization: .keras, using: &generator)
  }

  /// The answers, `[N, O]`.
  func callAsFunction(_ examples: MemoryExamples) -> Tensor {
    readout(examples.answered(memory(examples.inputs)))
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("memory", &memory)
    visitor.visit("readout", &readout)
  }
}

/// What the network is made of.
enum Kind: String, CaseIterable, ExpressibleByArgument {
  /// The plain layers.
  case rnn, lstm, gru
  /// A simple RNN with ReLU that starts as the identity (Le et al. 2015, arXiv:1504.00941).
  case irnn
  /// With biases of the gates for a memory of as many steps (Tallec and Ollivier 2018).
  case chronoLSTM = "chrono-lstm"
  case chronoGRU = "chrono-gru"
  /// A linear RNN that starts orthogonal (Henaff et al. 2016, arXiv:1602.06662).
  case orthogonal
  case indRNN = "indrnn"
  case minGRU = "mingru"
  case minLSTM = "minlstm"
  case sLSTM = "slstm"

  func layer(
    inputSize: Int, hiddenSize: Int, steps: Int, using generator: inout RandomGenerator
  ) -> AnyLayer {
    func plain(_ kind: CellKind, _ rule: RecurrentInitialization = .keras) -> AnyLayer {
      kind.layer(
        inputSize: inputSize, hiddenSize: hiddenSize, initialization: rule, using: &generator)
    }
    switch self {
    case .rnn: return plain(.rnn)
    case .lstm: return plain(.lstm)
    case .gru: return plain(.gru)
    case .chronoLSTM: return plain(.lstm, .chrono(steps: steps))
    case .chronoGRU: return plain(.gru, .chrono(steps: steps))
    case .orthogonal:
      return CellKind.rnn.layer(
        inputSize: inputSize, hiddenSize: hiddenSize,
        options: RecurrentOptions(activation: .identity), initialization: .keras,
        using: &generator)
    case .indRNN:
      return AnyLayer(IndRNN(inputSize: inputSize, hiddenSize: hiddenSize, using: &generator))
    case .minGRU:
      return AnyLayer(MinGRU(inputSize: inputSize, hiddenSize: hiddenSize, using: &generator))
    case .minLSTM:
      return AnyLayer(MinLSTM(inputSize: inputSize, hiddenSize: hiddenSize, using: &generator))
    case .sLSTM:
      return AnyLayer(
        Recurrence(
          SLSTMCell(
            inputSize: inputSize, hiddenSize: hiddenSize, initialization: .chrono(steps: steps),
            using: &generator)))
    case .irnn:
      var identity = [Float](repeating: 0, count: hiddenSize * hiddenSize)
      for unit in 0..<hiddenSize { identity[unit * (hiddenSize + 1)] = 1 }
      let normal = Initializer.normal(0.001)
      return AnyLayer(
        SimpleRNN(
          weights: RecurrentWeights(
            input: normal([inputSize, hiddenSize], using: &generator),
            recurrent: Tensor(identity, shape: [hiddenSize, hiddenSize]),
            bias: .zeros([hiddenSize]), recurrentBias: nil),
          options: RecurrentOptions(activation: .relu)))
    }
  }
}
