import RecurrentCore
import RecurrentFiles

/// A model of another system, from an ONNX file: a graph of layers and tensor operations that runs
/// forward.
///
/// ```swift
/// let model = try OnnxModel(file: "silero_vad.onnx")
/// for input in model.inputs { print(input) }
/// let outputs = try model(["input": OnnxTensor(samples), "state": OnnxTensor(.zeros([2, 1, 128]))])
/// print(outputs["output"]?.tensor ?? "")
/// ```
///
/// Recurrent nodes run by the fused kernels of this library, with everything that ONNX lets them
/// say. What does not depend on inputs is computed once, when the file is opened. A file is opened
/// whole or not at all: operators that are not supported are named before anything runs. A model is
/// a value and keeps no state: ``OnnxSession`` carries one from call to call.
///
/// IR versions 3 to 13, opsets 7 to 22; all floating-point numbers are computed with in 32 bits.
public struct OnnxModel: Sendable {
  /// An input or output.
  public struct Port: Sendable, CustomStringConvertible {
    /// The name.
    public let name: String
    /// What the elements are, if the file tells.
    public let elementType: OnnxTensor.ElementType?
    /// The dimensions, if the file tells: nil for one that may have any size.
    public let shape: [Int?]?
    private let text: String

    init(_ port: OnnxGraph.Port) {
      (name, elementType) = (port.name, port.elementType)
      shape = port.dimensions?.map {
        if case .fixed(let size) = $0 { return size }
        return nil
      }
      let sizes = port.dimensions?.map {
        switch $0 {
        case .fixed(let size): "\(size)"
        case .named(let name): name
        case .unknown: "?"
        }
      }
      text =
        (elementType.map { " \($0)" } ?? "")
        + (sizes.map { " [\($0.joined(separator: ", "))]" } ?? "")
    }

    /// Name, type and shape.
    public var description: String { name + text }

    /// Whether a value of this shape may stand here.
    func takes(_ shape: [Int]) -> Bool {
      guard let stated = self.shape else { return true }
      return stated.count == shape.count && zip(stated, shape).allSatisfy { $0 == nil || $0 == $1 }
    }
  }

  /// Where the model came from, as messages name it.
  public let source: String
  /// What must be given, in the order of the graph.
  public let inputs: [Port]
  /// What comes out, in the order of the graph.
  public let outputs: [Port]
  /// Notes of whoever wrote the file.
  public let metadata: [String: String]

  let block: Block
  private let constants: [Int: OnnxTensor]
  private let slotCount: Int
  private let inputSlots: [Int]
  private let room: Int
  private let programs = ProgramCache()

  /// Opens the file at `path`.
  ///
  /// - Throws: ``DataError`` if there is no such file, it is not a sound ONNX file, or it has an
  ///   operator that is not supported, which is named with its node and opset.
  public init(file path: String) throws(DataError) {
    try self.init(bytes: readFile(path), source: path)
  }

  /// Reads a model that is in memory; `source` is what messages call it.
  public init(bytes: [UInt8], source: String) throws(DataError) {
    try self.init(bytes: bytes, source: source, room: memorySize / 16)
  }

  /// - Parameter room: The most elements of a value.
  package init(bytes: [UInt8], source: String, room: Int) throws(DataError) {
    try self.init(OnnxFile(bytes: bytes, source: source), size: bytes.count, room: room)
  }

  init(_ file: OnnxFile, size: Int, room: Int) throws(DataError) {
    var planner = Planner(file, budget: max(size, 1 << 16))
    let (block, slots) = try planner.plan(file.graph)
    guard planner.refusals.isEmpty else {
      throw DataError(
        file: file.source,
        problem: "\(planner.refusals.count) nodes cannot be run here: \(listed(planner.refusals))",
        advice: "Operators of opsets 7 to 22 are supported as Documentation/onnx.md lists them; "
          + "another opset can be asked for where the model is exported")
    }
    source = file.source
    metadata = file.metadata
    let names = Set(file.graph.constants.map(\.name))
    inputs = file.graph.inputs.filter { !names.contains($0.name) }.map(Port.init)
    outputs = file.graph.outputs.map(Port.init)
    (self.block, constants, slotCount) = (block, planner.constants, planner.slotCount)
    (inputSlots, self.room) = (slots, room)
    guard Set(inputs.map(\.name)).count == inputSlots.count, inputs.count == inputSlots.count else {
      throw DataError(file: file.source, problem: "two inputs have one name")
    }
  }

  /// The outputs of a graph for inputs by name.
  ///
  /// - Throws: ``DataError`` that names the input that is missing or does not fit, or the node whose
  ///   inputs do not fit.
  public func callAsFunction(
    _ values: [String: OnnxTensor]
  ) throws(DataError) -> [String: OnnxTensor] {
    var given: [OnnxTensor] = []
    for port in inputs { given.append(try checked(values[port.name], for: port)) }
    try refuseUnknown(values.keys)
    var carried: CarriedStates?
    let results = try run(given, carried: &carried)
    return Dictionary(zip(outputs.map(\.name), results)) { $1 }
  }

  /// Refuses values that the graph has no input for.
  func refuseUnknown(_ names: some Sequence<String>) throws(DataError) {
    guard
      let unknown = names.sorted().first(where: { name in !inputs.contains { $0.name == name } })
    else { return }
    throw DataError(
      file: source, place: "input \(quoted(unknown))", problem: "the model has no such input",
      advice: "It has \(listed(inputs.map(\.description)))")
  }

  /// The outputs in the order of the graph for inputs in its order, which are checked; `carried` is what recurrent nodes
  /// begin with, and becomes what they end with.
  ///
  /// Inputs of shapes that came before run by a program for them.
  func run(
    _ given: [OnnxTensor], carried: inout CarriedStates?
  ) throws(DataError) -> [OnnxTensor] {
    let program = programs.program(for: given) { forms in
      ProgramBuilder.program(
        of: block, constants: constants, inputs: inputSlots, forms: forms, source: source,
        room: room)
    }
    if let program, let results = try program.run(given, carried: &carried) { return results }
    var runner = Runner(
      source: source, room: room, slots: Array(repeating: nil, count: slotCount), carried: carried)
    for (slot, tensor) in constants { runner.slots[slot] = tensor }
    for (slot, value) in zip(inputSlots, given) { runner.define(slot, value) }
    try runner.run(block)
    if program == nil { programs.keep(runner.forms, of: given) }
    carried = runner.carried
    var results: [OnnxTensor] = []
    for (port, slot) in zip(outputs, block.outputs) {
      guard let value = runner.slots[slot] else {
        throw DataError(
          file: source, place: "output \(quoted(port.name))",
          problem: "its node gives no such value")
      }
      results.append(value)
    }
    return results
  }

  func checked(_ value: OnnxTensor?, for port: Port) throws(DataError) -> OnnxTensor {
    func failure(_ problem: String) -> DataError {
      DataError(file: source, place: "input \(quoted(port.name))", problem: problem)
    }
    guard let value else { throw failure("is missing, expected \(port)") }
    guard port.takes(value.shape) else {
      throw failure("found shape \(described(value.shape)), expected \(port)")
    }
    guard let type = port.elementType, type != value.elementType else { return value }
    guard type.isFloat == (value.tensor != nil) else {
      throw failure("found elements of type \(value.elementType), expected \(port)")
    }
    return Operators.cast(value, to: type)
  }
}
