import Recurrent
import RecurrentCore
import RecurrentFiles
import RecurrentONNX
import RecurrentTasks

/// What is in a file of another system: a graph, or weights.
struct InspectedFile: Encodable {
  struct Entry: Encodable {
    var name: String
    var operation: String?
    var elementType: String?
    var shapes: [[Int]]
    var parameters: Int
    /// False for a node that cannot be run here.
    var runs: Bool?
  }

  let file: String
  let kind: String
  /// What was taken of a checkpoint, and what was left.
  var part: String?
  var others: Int?
  var inputs: [String]?
  var outputs: [String]?
  var entries: [Entry]
  var parameters: Int
  /// Why a graph cannot be run.
  var problem: String?

  /// - Parameter part: the part of a checkpoint that is meant.
  init(_ path: String, part: String?) throws(DataError) {
    file = path
    let bytes = try readFile(path)
    if WeightContainer.isONNX(bytes) {
      let found = try OnnxInspection(bytes: bytes, source: path)
      let opset = found.opsets[""].map { ", opset \($0)" } ?? ""
      kind = "ONNX" + opset + (found.producer.isEmpty ? "" : ", written by \(found.producer)")
      inputs = found.inputs.map(\.description)
      outputs = found.outputs.map(\.description)
      entries = found.nodes.map {
        Entry(
          name: $0.name, operation: $0.operation, shapes: $0.weights,
          parameters: $0.parameterCount, runs: $0.isSupported)
      }
      parameters = found.parameterCount
      problem = found.problem?.description
      return
    }
    func entry(_ name: String, _ shape: [Int]?, _ type: String?) -> Entry {
      let shape = shape ?? []
      return Entry(
        name: name, elementType: type, shapes: [shape], parameters: Self.product(of: shape))
    }
    switch WeightContainer.kind(bytes) {
    case .pytorch:
      let found = try PyTorchFile(bytes: bytes, source: path, part: part)
      kind = "PyTorch"
      self.part = found.part
      others = found.otherNames.count
      entries = found.names.map { entry($0, found.shape(of: $0), found.elementType(of: $0)) }
    case .numpy:
      let found = try NumPyFile(bytes: bytes, source: path)
      kind = "NumPy"
      entries = found.names.map { entry($0, found.shape(of: $0), found.elementType(of: $0)) }
    case nil:
      // A header is JSON behind its length; anything else that no reader knows is no model.
      guard bytes.count > 8, bytes[8] == UInt8(ascii: "{") || WeightContainer.known(bytes) != nil
      else {
        throw DataError(
          file: path,
          problem: "found a file, expected a model folder, or a file of ONNX, PyTorch, "
            + "safetensors or NumPy", advice: "Name the folder that training wrote")
      }
      let found = try SafetensorsFile(bytes: bytes, source: path)
      kind = "safetensors"
      entries = found.names.map {
        entry($0, found.shape(of: $0), found.elementType(of: $0)?.rawValue)
      }
    }
    parameters = entries.reduce(0) { sum, entry in
      let (next, overflow) = sum.addingReportingOverflow(entry.parameters)
      return overflow ? .max : next
    }
  }

  /// The product of numbers that a file says; `Int.max` if it is larger.
  private static func product(of shape: [Int]) -> Int {
    shape.reduce(1) { product, size in
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      return overflow ? .max : next
    }
  }

  /// The table.
  var text: String {
    var lines = ["\(file): \(kind)"]
    if let part { lines.append("part     \(part) (--part takes another)") }
    if let others, others > 0 { lines.append("others   \(others) tensors outside of it") }
    for (name, ports) in [("input", inputs), ("output", outputs)] {
      for port in ports ?? [] {
        lines.append(name.padding(toLength: 9, withPad: " ", startingAt: 0) + port)
      }
    }
    let isGraph = inputs != nil
    var rows = [
      isGraph
        ? ["node", "operator", "weights", "numbers", ""] : ["tensor", "type", "shape", "numbers"]
    ]
    for entry in entries {
      let shapes = entry.shapes.map { $0.map(String.init).joined(separator: " × ") }
        .joined(separator: ", ")
      rows.append(
        [
          entry.name, entry.operation ?? entry.elementType ?? "", shapes,
          entry.parameters > 0 ? NumberFormat.grouped(entry.parameters) : "",
        ] + (entry.runs == false ? ["does not run here"] : []))
    }
    rows.append(["total", "", "", NumberFormat.grouped(parameters)])
    lines += ["", "\(TextTable(rows))"]
    if let problem { lines += ["", "It cannot be run here:", problem] }
    return lines.joined(separator: "\n")
  }
}
