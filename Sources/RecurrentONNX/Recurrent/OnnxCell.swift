import RecurrentCore
import RecurrentFiles

/// The recurrent operators, and how ONNX arranges their weights.
enum OnnxCell: String, Sendable {
  case lstm = "LSTM"
  case gru = "GRU"
  case rnn = "RNN"

  /// G, the number of gates.
  var gates: Int {
    switch self {
    case .lstm: 4
    case .gru: 3
    case .rnn: 1
    }
  }

  /// The functions of one direction where none are stated: of gates, of the candidate, and of the
  /// LSTM's cell state on its way out.
  var functions: [String] {
    switch self {
    case .lstm: ["Sigmoid", "Tanh", "Tanh"]
    case .gru: ["Sigmoid", "Tanh"]
    case .rnn: ["Tanh"]
    }
  }

  /// Where each of the library's gates stands among ONNX's: the LSTM's i o f g and the GRU's z r n.
  func places(isCoupled: Bool) -> [Int] {
    switch self {
    case .lstm: isCoupled ? [0, 3, 1] : [0, 2, 3, 1]
    case .gru: [1, 0, 2]
    case .rnn: [0]
    }
  }
}

/// What a recurrent node computes in one direction, but for its weights.
struct CellRecipe: Sendable {
  var cell: OnnxCell
  var functions: [CellFunction]
  /// The sums before the functions stay within ± this.
  var clip: Float?
  /// f = 1 - i.
  var isCoupled: Bool
  var reset: GRU.Reset

  /// What the fused kernels take; nil where they lack a function, or have one for both of two that
  /// differ.
  var options: RecurrentOptions? {
    let known = functions.compactMap(\.activation)
    guard known.count == functions.count else { return nil }
    switch cell {
    case .lstm:
      guard known[1] == known[2] else { return nil }
      return RecurrentOptions(activation: known[1], gateActivation: known[0], gateClip: clip)
    case .gru:
      return RecurrentOptions(activation: known[1], gateActivation: known[0], gateClip: clip)
    case .rnn: return RecurrentOptions(activation: known[0], gateClip: clip)
    }
  }
}

/// The weights of one direction as ONNX has them, their shapes checked.
struct DirectionWeights {
  /// W, `[G·H, I]`.
  var input: Tensor
  /// R, `[G·H, H]`.
  var recurrent: Tensor
  /// The input's and the recurrent bias, `[2·G·H]`.
  var bias: Tensor?
  /// The LSTM's, of i, o and f: `[3·H]`.
  var peepholes: Tensor?

  /// The weights as the library has them.
  func weights(_ recipe: CellRecipe) -> RecurrentWeights {
    let size = recurrent.shape[1]
    let places = recipe.cell.places(isCoupled: recipe.isCoupled)
    func blocks(_ x: Tensor, _ order: [Int], from start: Int = 0) -> Tensor {
      .concatenated(
        order.map { x.slice(start + $0 * size..<start + ($0 + 1) * size, along: 0) }, along: 0)
    }
    return RecurrentWeights(
      input: blocks(input, places).transposed(), recurrent: blocks(recurrent, places).transposed(),
      bias: bias.map { blocks($0, places) },
      recurrentBias: bias.map { blocks($0, places, from: recipe.cell.gates * size) },
      peepholes: peepholes.map { blocks($0, [0, 2, 1]).reshaped(to: [3, size]) })
  }
}

/// One direction of a recurrent node, ready to run: a layer of the library, or a plain loop for what
/// no layer says.
enum RecurrentDirection: Sendable {
  case lstm(LSTM)
  case gru(GRU)
  case rnn(SimpleRNN)
  case plain(PlainRecurrence)

  init(_ recipe: CellRecipe, _ weights: DirectionWeights) {
    let weights = weights.weights(recipe)
    guard let options = recipe.options else {
      self = .plain(PlainRecurrence(recipe, weights))
      return
    }
    switch recipe.cell {
    case .lstm: self = .lstm(LSTM(weights: weights, options: options))
    case .gru: self = .gru(GRU(weights: weights, reset: recipe.reset, options: options))
    case .rnn: self = .rnn(SimpleRNN(weights: weights, options: options))
    }
  }

  /// All outputs `[B, T, H]` and the state `[B, H]` after each row's last step; `cell` is the LSTM's.
  func callAsFunction(
    _ input: SequenceBatch, hidden: Tensor, cell: Tensor
  ) -> (outputs: Tensor, hidden: Tensor, cell: Tensor) {
    switch self {
    case .lstm(let layer):
      var state = LSTM.State(hidden: hidden, cell: cell)
      let outputs = layer.forward(input, state: &state, mode: .prediction)
      return (outputs.values, state.hidden, state.cell)
    case .gru(let layer):
      var state = HiddenState(hidden: hidden)
      let outputs = layer.forward(input, state: &state, mode: .prediction)
      return (outputs.values, state.hidden, cell)
    case .rnn(let layer):
      var state = HiddenState(hidden: hidden)
      let outputs = layer.forward(input, state: &state, mode: .prediction)
      return (outputs.values, state.hidden, cell)
    case .plain(let loop): return loop(input, hidden: hidden, cell: cell)
    }
  }
}
