import Recurrent
import TestSupport
import Testing

/// Stacked recurrent layers of one direction, with PyTorch's weights.
///
/// PyTorch keeps `weight_ih_l0` as `[G·H, I]` and two biases, with the gates in our order; ours are
/// the transposes.
struct PyTorchStack: Module {
  enum Cell {
    case lstm
    case gru
    case rnn(SimpleRNN.Nonlinearity)
  }

  let cell: Cell
  var layers: [RecurrentWeights]

  /// `tensors` by PyTorch's names, without a prefix.
  init(cell: Cell, tensors: [String: StoredTensor], layerCount: Int) throws {
    self.cell = cell
    layers = try (0..<layerCount).map { layer in
      func tensor(_ name: String) throws -> Tensor {
        guard let stored = tensors["\(name)_l\(layer)"] else {
          throw FixtureProblem("there is no weight \(name)_l\(layer)")
        }
        return Tensor(stored.values, shape: stored.shape)
      }
      let hasBias = tensors["bias_ih_l\(layer)"] != nil
      return RecurrentWeights(
        input: try tensor("weight_ih").transposed(),
        recurrent: try tensor("weight_hh").transposed(),
        bias: hasBias ? try tensor("bias_ih") : nil,
        recurrentBias: hasBias ? try tensor("bias_hh") : nil)
    }
  }

  /// The last layer's outputs and the final states `[L, B, H]`; `states` are the initial ones, or
  /// nil for none.
  func callAsFunction(
    _ input: SequenceBatch, hidden: Tensor?, cellState: Tensor?
  ) -> (output: SequenceBatch, hidden: Tensor, cellState: Tensor?) {
    func layerState(_ states: Tensor, _ layer: Int) -> Tensor {
      states.slice(layer..<layer + 1, along: 0).reshaped(to: Array(states.shape.dropFirst()))
    }
    var values = input
    var finalHidden: [Tensor] = []
    var finalCell: [Tensor] = []
    for (index, weights) in layers.enumerated() {
      switch cell {
      case .lstm:
        let layer = LSTM(weights: weights)
        var state = layer.initialState(batchSize: input.batchSize)
        if let hidden { state.hidden = layerState(hidden, index) }
        if let cellState { state.cell = layerState(cellState, index) }
        values = layer(values, state: &state)
        finalHidden.append(state.hidden)
        finalCell.append(state.cell)
      case .gru:
        let layer = GRU(weights: weights)
        var state = layer.initialState(batchSize: input.batchSize)
        if let hidden { state.hidden = layerState(hidden, index) }
        values = layer(values, state: &state)
        finalHidden.append(state.hidden)
      case .rnn(let nonlinearity):
        let layer = SimpleRNN(weights: weights, nonlinearity: nonlinearity)
        var state = layer.initialState(batchSize: input.batchSize)
        if let hidden { state.hidden = layerState(hidden, index) }
        values = layer(values, state: &state)
        finalHidden.append(state.hidden)
      }
    }
    return (
      values, .stacked(finalHidden, along: 0),
      finalCell.isEmpty ? nil : .stacked(finalCell, along: 0)
    )
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    for index in layers.indices { visitor.visit("l\(index)", &layers[index]) }
  }

  /// PyTorch's name of one of our parameters, and the parameter (or its gradient) as PyTorch keeps
  /// it.
  static func asPyTorch(_ name: String, _ tensor: Tensor) throws -> (name: String, tensor: Tensor) {
    let parts = name.split(separator: ".")
    switch parts.last {
    case "input_weights": return ("weight_ih_\(parts[0])", tensor.transposed())
    case "recurrent_weights": return ("weight_hh_\(parts[0])", tensor.transposed())
    case "bias": return ("bias_ih_\(parts[0])", tensor)
    case "recurrent_bias": return ("bias_hh_\(parts[0])", tensor)
    default: throw FixtureProblem("PyTorch has no parameter like \(name)")
    }
  }
}

/// What a case asks that no test knows.
struct FixtureProblem: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

extension Tensor {
  init(_ stored: StoredTensor) { self.init(stored.values, shape: stored.shape) }
}

/// ``expectClose(_:shape:to:shape:within:_:sourceLocation:)`` of a tensor and a reference.
@discardableResult
func expectClose(
  _ found: Tensor, to expected: StoredTensor, within tolerance: Double, _ name: String
) -> Bool {
  expectClose(
    found.elements, shape: found.shape, to: expected.values, shape: expected.shape,
    within: tolerance, name)
}
