import Recurrent
import TestSupport
import Testing

/// Stacked recurrent layers with PyTorch's weights.
///
/// PyTorch keeps `weight_ih_l0` as `[G·H, I]` and two biases, with the gates in our order; ours are
/// the transposes.
struct PyTorchStack: Module {
  enum Cell {
    case lstm
    case gru
    case rnn(Activation)
  }

  var stack: RecurrentStack

  /// `tensors` by PyTorch's names, without a prefix.
  init(cell: Cell, tensors: [String: StoredTensor], layerCount: Int) throws {
    func layer(_ suffix: String) throws -> AnyLayer {
      func tensor(_ name: String) throws -> Tensor {
        guard let stored = tensors[name + suffix] else {
          throw FixtureProblem("there is no weight \(name)\(suffix)")
        }
        return Tensor(stored.values, shape: stored.shape)
      }
      let hasBias = tensors["bias_ih" + suffix] != nil
      let weights = RecurrentWeights(
        input: try tensor("weight_ih").transposed(),
        recurrent: try tensor("weight_hh").transposed(),
        bias: hasBias ? try tensor("bias_ih") : nil,
        recurrentBias: hasBias ? try tensor("bias_hh") : nil,
        projection: tensors["weight_hr" + suffix] == nil
          ? nil : try tensor("weight_hr").transposed())
      return switch cell {
      case .lstm: AnyLayer(LSTM(weights: weights))
      case .gru: AnyLayer(GRU(weights: weights))
      case .rnn(let activation):
        AnyLayer(SimpleRNN(weights: weights, options: RecurrentOptions(activation: activation)))
      }
    }
    stack = RecurrentStack(
      try (0..<layerCount).map { index in
        let forward = try layer("_l\(index)")
        guard tensors["weight_ih_l\(index)_reverse"] != nil else { return forward }
        return AnyLayer(Bidirectional(forward, try layer("_l\(index)_reverse")))
      })
  }

  /// The last layer's outputs and the final states `[L, B, H]`; `states` are the initial ones, or
  /// nil for none.
  func callAsFunction(
    _ input: SequenceBatch, hidden: Tensor?, cellState: Tensor?
  ) -> (output: SequenceBatch, hidden: Tensor, cellState: Tensor?) {
    var state = stack.initialState(batchSize: input.batchSize)
    // PyTorch: h of all layers and directions, then c; here h and c of one after the other.
    let each = cellState != nil || hasCellState ? 2 : 1
    func part(_ states: Tensor, _ index: Int) -> Tensor {
      states.slice(index..<index + 1, along: 0).reshaped(to: Array(states.shape.dropFirst()))
    }
    if let hidden {
      state.tensors = state.tensors.indices.map { index in
        let place = index / each
        return index % each == 0
          ? part(hidden, place) : cellState.map { part($0, place) } ?? state.tensors[index]
      }
    }
    let output = stack(input, state: &state)
    let tensors = state.tensors
    func collected(_ which: Int) -> Tensor {
      .stacked(stride(from: which, to: tensors.count, by: each).map { tensors[$0] }, along: 0)
    }
    return (output, collected(0), each == 2 ? collected(1) : nil)
  }

  private var hasCellState: Bool {
    let layer = stack.layers[0].base
    return layer is LSTM
      || (layer as? Bidirectional<AnyLayer, AnyLayer>)?.forward.base is LSTM
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    stack.visitParameters(&visitor)
  }

  /// PyTorch's name of one of our parameters, and the parameter (or its gradient) as PyTorch keeps
  /// it.
  static func asPyTorch(_ name: String, _ tensor: Tensor) throws -> (name: String, tensor: Tensor) {
    let parts = name.split(separator: ".")
    let suffix = "_l\(parts[0])" + (parts.contains("backward") ? "_reverse" : "")
    switch parts.last {
    case "input_weights": return ("weight_ih\(suffix)", tensor.transposed())
    case "recurrent_weights": return ("weight_hh\(suffix)", tensor.transposed())
    case "bias": return ("bias_ih\(suffix)", tensor)
    case "recurrent_bias": return ("bias_hh\(suffix)", tensor)
    case "projection": return ("weight_hr\(suffix)", tensor.transposed())
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
