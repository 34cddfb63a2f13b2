import RecurrentCore
import RecurrentFiles

/// What is in an ONNX file, whether or not it can be run here.
public struct OnnxInspection: Sendable {
  /// A node of the graph.
  public struct Node: Sendable {
    /// The name; empty where the file has none.
    public let name: String
    /// The operator, behind its domain where that is not ONNX's own.
    public let operation: String
    /// The shapes of its constant inputs of floating-point numbers.
    public let weights: [[Int]]
    /// The numbers in them.
    public let parameterCount: Int
    /// Whether the operator is supported.
    public let isSupported: Bool
  }

  /// The program that wrote the file, as it says.
  public let producer: String
  /// The version of each domain's operators; "" is ONNX's own.
  public let opsets: [String: Int]
  /// The inputs that a run must be given.
  public let inputs: [OnnxModel.Port]
  /// The outputs that a run gives.
  public let outputs: [OnnxModel.Port]
  /// The nodes of the graph, those that only name a constant left out.
  public let nodes: [Node]
  /// Numbers in constants.
  public let parameterCount: Int
  /// Notes of whoever wrote the file.
  public let metadata: [String: String]
  /// Why the graph cannot be run; nil if it can.
  public let problem: DataError?

  /// Looks at the file at `path`.
  ///
  /// - Throws: ``DataError`` if there is no such file or it is not a sound ONNX file.
  public init(file path: String) throws(DataError) {
    try self.init(bytes: readFile(path), source: path)
  }

  /// Looks at a file that is in memory; `source` is what messages call it.
  public init(bytes: [UInt8], source: String) throws(DataError) {
    let file = try OnnxFile(bytes: bytes, source: source)
    (producer, opsets, metadata) = (file.producer, file.opsets, file.metadata)
    let graph = file.graph
    // Whole numbers are shapes and axes.
    var constants: [String: [Int]] = [:]
    for (name, tensor) in graph.constants where tensor.tensor != nil {
      constants[name] = tensor.shape
    }
    let given = Set(graph.constants.map(\.name))
    inputs = graph.inputs.filter { !given.contains($0.name) }.map(OnnxModel.Port.init)
    outputs = graph.outputs.map(OnnxModel.Port.init)
    for node in graph.nodes where node.operation == "Constant" {
      if case .tensor(let tensor)? = node.attributes["value"], tensor.tensor != nil,
        let name = node.outputs.first
      {
        constants[name] = tensor.shape
      }
    }
    let opset = file.opsets[""] ?? 0
    nodes = graph.nodes.filter { $0.operation != "Constant" }.map { node in
      let weights = node.inputs.compactMap { constants[$0] }
      let isKnown =
        Operators.makers[Operators.key(node)] != nil || ["If", "Scan"].contains(node.operation)
      return Node(
        name: node.name, operation: Operators.key(node), weights: weights,
        parameterCount: weights.reduce(0) { $0 + $1.reduce(1, *) },
        isSupported: isKnown && (!node.domain.isEmpty || (7...22).contains(opset)))
    }
    parameterCount = constants.values.reduce(0) { $0 + $1.reduce(1, *) }
    do throws(DataError) {
      _ = try OnnxModel(file, size: bytes.count, room: memorySize / 16)
      problem = nil
    } catch {
      problem = error
    }
  }
}
