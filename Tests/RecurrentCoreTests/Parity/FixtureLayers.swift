import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

extension FixtureCase {
  /// The largest error allowed, relative to the largest element of a tensor.
  var tolerance: Double { config["time"]?.int ?? 0 >= 300 ? 1e-4 : 1e-5 }

  func tensor(_ name: String) throws -> Tensor { Tensor(try floats(name)) }

  /// The tensor of that name; nil if the case has none.
  func optional(_ name: String) throws -> Tensor? {
    file.names.contains(name) ? try tensor(name) : nil
  }

  /// The input `[B, T, I]` with the case's lengths or mask.
  func batch(_ input: Tensor) throws -> SequenceBatch {
    func integers(_ name: String) throws -> [Int]? {
      file.names.contains(name) ? try file.integers(name).values.map { Int($0) } : nil
    }
    guard let mask = try integers("mask") else {
      return SequenceBatch(input, lengths: try integers("lengths"))
    }
    let time = input.shape[1]
    return SequenceBatch(
      input, mask: (0..<input.shape[0]).map { b in (0..<time).map { mask[b * time + $0] != 0 } })
  }

  // MARK: PyTorch

  /// Which of PyTorch's layers it is, with the activation that it has.
  func pyTorchCell() throws -> (kind: CellKind, options: RecurrentOptions) {
    let name = config["activation"]?.string ?? "tanh"
    let activation: Activation = try #require(Activation(rawValue: name))
    let kind: CellKind = try #require(CellKind(rawValue: config["cell"]?.string ?? ""))
    return (kind, RecurrentOptions(activation: kind == .rnn ? activation : nil))
  }

  /// The states "`kind`.h" and "`kind`.c" `[L, B, H]` in the order of a stack's own: h and c of each
  /// layer and direction.
  func pyTorchStates(_ kind: String) throws -> [Tensor] {
    let parts = try ["h", "c"].compactMap { try optional("\(kind).\($0)") }
    return (0..<(parts.first?.shape[0] ?? 0)).flatMap { index in
      parts.map { $0.rows([index]).reshaped(to: Array($0.shape.dropFirst())) }
    }
  }

  // MARK: Keras

  /// The layer as the configuration declares it, read from `weights`.
  func kerasLayer(
    from weights: inout KerasWeights
  ) throws -> any Layer<SequenceBatch, SequenceBatch> {
    let options = config["options"]
    func activation(_ name: String) throws -> Activation? {
      guard let value = options?[name] else { return nil }
      // Keras's None is the identity.
      let text = value == .null ? "linear" : value.string ?? ""
      return try #require(Activation(kerasName: text), "\(text)") as Activation
    }
    let settings = RecurrentOptions(
      activation: try activation("activation"),
      gateActivation: try activation("recurrent_activation"))
    let bias = options?["use_bias"]?.bool ?? true
    let reset: GRU.Reset =
      options?["reset_after"]?.bool ?? true ? .afterProduct : .beforeProduct
    func read<L: Layer<SequenceBatch, SequenceBatch>>(
      _ one: (inout KerasWeights) throws -> L
    ) throws -> any Layer<SequenceBatch, SequenceBatch> {
      guard let name = config["merge"]?.string else { return try one(&weights) }
      let merge = try #require(Merge.allCases.first { $0.kerasName == name })
      return try weights.bidirectional(merge: merge, one)
    }
    return switch try #require(config["cell"]?.string) {
    case "lstm": try read { try $0.lstm(options: settings, bias: bias) }
    case "gru": try read { try $0.gru(reset: reset, options: settings, bias: bias) }
    case "simple_rnn": try read { try $0.simpleRNN(options: settings, bias: bias) }
    case let cell: throw FixtureProblem("unknown cell \(cell)")
    }
  }

  /// Expects every tensor of the case whose name begins with `prefix` among ours.
  func expect(_ ours: [String: Tensor], _ prefix: String, within tolerance: Double) throws {
    let names = file.names.filter { $0.hasPrefix(prefix) }
    #expect(!names.isEmpty)
    for name in names {
      expectClose(
        try #require(ours[name], "\(name)"), to: try floats(name), within: tolerance, name)
    }
  }
}

/// A layer with its input and its state before as parameters, so that all get gradients.
struct DifferentiatedLayer<L: Layer<SequenceBatch, SequenceBatch>>: Module {
  var layer: L
  var input: Tensor
  var states: [Tensor]

  /// `states` are zeros if none are given.
  init(_ layer: L, input: Tensor, states: [Tensor] = []) {
    (self.layer, self.input) = (layer, input)
    self.states =
      states.isEmpty ? layer.initialState(batchSize: input.shape[0]).tensors : states
  }

  /// The outputs, and the states after.
  func run(_ reference: FixtureCase) throws -> (output: SequenceBatch, states: [Tensor]) {
    let batch = try reference.batch(input)
    var state = layer.initialState(batchSize: batch.batchSize)
    state.tensors = states
    let output = layer(batch, state: &state)
    return (output, state.tensors)
  }

  /// Itself with the gradient of `loss` in the place of each parameter.
  func gradients(of loss: (Self) throws -> Tensor) rethrows -> Self {
    let (_, gradients) = try valueAndGradients(of: self, loss)
    var result = self
    result.updateParameters { name, parameter in
      parameter = gradients[name] ?? .zeros(parameter.shape)
    }
    return result
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("layer", &layer)
    visitor.visit("input", &input)
    for index in states.indices { visitor.visit("states.\(index)", &states[index]) }
  }
}

extension TensorBag {
  /// All tensors, by name.
  func tensors() throws -> [String: Tensor] {
    Dictionary(uniqueKeysWithValues: try all().map { ($0.name, Tensor($0.tensor)) })
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
