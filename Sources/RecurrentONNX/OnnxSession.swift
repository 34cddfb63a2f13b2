import RecurrentCore
import RecurrentFiles

/// A model that goes on where it was: a stream, piece after piece.
///
/// Where a graph has inputs and outputs for its state, as `state` and `stateN` or `h` and `hn`, each
/// call's outputs are the next call's inputs, and only the others are given and come back. Where it has
/// none, its recurrent nodes carry their own state; that is right for graphs whose other nodes look
/// at each step alone, which is the caller's to know. ``carrying`` tells which was taken.
///
/// ```swift
/// var session = try OnnxSession(try OnnxModel(file: "silero_vad.onnx"))
/// for frame in frames {
///   let outputs = try session.step(["input": OnnxTensor(frame)])
/// }
/// ```
///
/// A copy is a fork.
public struct OnnxSession: Sendable {
  /// What goes from one call to the next.
  public enum Carrying: Sendable, Equatable {
    /// From each output to the input it becomes in the next call, in the order of the inputs.
    case ports([(output: String, input: String)])
    /// The state of this many recurrent nodes.
    case nodes(Int)

    /// Whether both say the same.
    public static func == (a: Carrying, b: Carrying) -> Bool {
      switch (a, b) {
      case (.nodes(let a), .nodes(let b)): a == b
      case (.ports(let a), .ports(let b)):
        a.map(\.output) == b.map(\.output) && a.map(\.input) == b.map(\.input)
      default: false
      }
    }
  }

  /// The model.
  public let model: OnnxModel
  /// What a call carries on to the next one.
  public let carrying: Carrying
  /// Of inputs, by name.
  private var values: [String: OnnxTensor] = [:]
  private var carried: CarriedStates?
  /// Outputs that become inputs.
  private var carriedOn: [String: String] = [:]

  /// A stream at its beginning: all states are zeros, with one entry along dimensions of any size.
  ///
  /// - Parameter pairs: Which outputs become which inputs; nil: those whose names and shapes
  ///   belong together.
  /// - Throws: ``DataError`` if there is no such output or input, or nothing to carry on.
  public init(
    _ model: OnnxModel, carrying pairs: [(output: String, input: String)]? = nil
  ) throws(DataError) {
    self.model = model
    let pairs = pairs ?? Self.pairs(of: model)
    for (output, input) in pairs {
      guard model.outputs.contains(where: { $0.name == output }) else {
        throw Self.unknown(output, "output", among: model.outputs, model)
      }
      guard let port = model.inputs.first(where: { $0.name == input }) else {
        throw Self.unknown(input, "input", among: model.inputs, model)
      }
      // Without a shape there are no zeros: the first step must be given it.
      values[input] = port.shape.map { OnnxTensor(.zeros($0.map { $0 ?? 1 })) }
    }
    if !pairs.isEmpty {
      carrying = .ports(pairs)
      carriedOn = Dictionary(pairs.map { ($0.output, $0.input) }) { $1 }
      return
    }
    let nodes = model.block.steps.compactMap { step -> RecurrentNode? in
      if case .recurrent(let node) = step.body { return node }
      return nil
    }
    guard !nodes.isEmpty, nodes.allSatisfy(\.runsForward) else {
      throw DataError(
        file: model.source,
        problem: nodes.isEmpty
          ? "has no state: neither an output that becomes an input nor a recurrent node"
          : "has a recurrent node that runs from the end, which no stream can",
        advice: "Run it over whole inputs")
    }
    carrying = .nodes(nodes.count)
    carried = [:]
  }

  /// Outputs for the next piece: all but those that are carried on.
  ///
  /// - Throws: ``DataError`` as the model does; the state is then as it was.
  public mutating func step(
    _ inputs: [String: OnnxTensor]
  ) throws(DataError) -> [String: OnnxTensor] {
    var given: [OnnxTensor] = []
    for port in model.inputs {
      given.append(try model.checked(inputs[port.name] ?? values[port.name], for: port))
    }
    if inputs.contains(where: { name, _ in !model.inputs.contains { $0.name == name } }) {
      try model.refuseUnknown(inputs.keys)
    }
    var next = carried
    let results = try model.run(given, carried: &next)
    var outputs: [String: OnnxTensor] = [:]
    for (port, result) in zip(model.outputs, results) {
      if let input = carriedOn[port.name] {
        values[input] = result
      } else {
        outputs[port.name] = result
      }
    }
    carried = next
    return outputs
  }

  /// The inputs that are given at each step.
  public var inputs: [OnnxModel.Port] { model.inputs.filter { values[$0.name] == nil } }

  // MARK: The state as tensors

  /// The state by name: of an input its name, of a recurrent node `nodes.PLACE.0` and `.1`. Nothing
  /// before the first step of recurrent nodes.
  public var state: [String: Tensor] {
    var state = values.compactMapValues(\.tensor)
    for (place, tensors) in carried ?? [:] {
      for (index, tensor) in tensors.enumerated() { state["nodes.\(place).\(index)"] = tensor }
    }
    return state
  }

  /// Goes on from a state that another session of the same model had.
  ///
  /// - Throws: ``DataError`` if it is of another model.
  public mutating func restore(
    _ state: [String: Tensor], source: String
  ) throws(DataError) {
    var (newValues, newCarried) = (values, carried)
    if newCarried != nil { newCarried = [:] }
    for (name, tensor) in state.sorted(by: { $0.key < $1.key }) {
      let parts = name.split(separator: ".").map(String.init)
      if let port = model.inputs.first(where: { $0.name == name }), values[name] != nil,
        port.takes(tensor.shape)
      {
        newValues[name] = OnnxTensor(tensor)
      } else if carried != nil, parts.count == 3, parts[0] == "nodes", let place = Int(parts[1]),
        let index = Int(parts[2]), index == newCarried?[place]?.count ?? 0
      {
        newCarried?[place, default: []].append(tensor)
      } else {
        throw DataError(
          file: source, place: "tensor \(quoted(name))",
          problem: "of shape \(described(tensor.shape)) belongs to no state of \(model.source)")
      }
    }
    (values, carried) = (newValues, newCarried)
  }

  // MARK: Which outputs become which inputs

  /// Outputs and inputs that belong together. The first of each is what the model is for.
  private static func pairs(of model: OnnxModel) -> [(output: String, input: String)] {
    let (inputs, outputs) = (model.inputs.dropFirst(), model.outputs.dropFirst())
    func fits(_ output: OnnxModel.Port, _ input: OnnxModel.Port) -> Bool {
      guard input.elementType?.isFloat ?? true, let a = output.shape, let b = input.shape else {
        return output.shape == nil
      }
      return a.count == b.count && zip(a, b).allSatisfy { $0 == nil || $1 == nil || $0 == $1 }
    }
    var pairs: [(output: String, input: String)] = []
    for input in inputs {
      let fitting = outputs.filter { output in
        fits(output, input) && !pairs.contains { $0.output == output.name }
      }
      let named = fitting.filter { core($0.name) == core(input.name) }
      // Without a name that tells, only one of a shape can be meant.
      let alike = inputs.filter { other in fitting.contains { fits($0, other) } }
      let chosen =
        named.count == 1
        ? named.first : fitting.count == 1 && alike.count == 1 ? fitting.first : nil
      if let chosen { pairs.append((chosen.name, input.name)) }
    }
    return pairs
  }

  /// A name without what tells before from after: `state` of `stateN`, `h` of `hn`, `h_out`, `new_h`.
  private static func core(_ name: String) -> String {
    var parts = name.lowercased().split { "._-/:".contains($0) }.map(String.init)
    parts.removeAll {
      ["out", "output", "in", "input", "new", "next", "prev", "n", "0", "1"].contains($0)
    }
    var core = parts.joined()
    for ending in ["out", "next", "new", "n", "in", "0"]
    where core.count > ending.count && core.hasSuffix(ending) {
      core.removeLast(ending.count)
      break
    }
    return core
  }

  private static func unknown(
    _ name: String, _ kind: String, among ports: [OnnxModel.Port], _ model: OnnxModel
  ) -> DataError {
    DataError(
      file: model.source, place: "\(kind) \(quoted(name))",
      problem: "the model has no such \(kind)",
      advice: "It has \(listed(ports.map(\.description)))")
  }
}
