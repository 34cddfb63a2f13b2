import RecurrentCore
import RecurrentFiles

/// A node as operators are made from it: its settings, and those inputs that are constant.
struct NodeSettings {
  let node: OnnxGraph.Node
  /// The version of the node's domain.
  let opset: Int
  /// Nil for an input that is left out or not known yet.
  let constants: [OnnxTensor?]

  func has(_ name: String) -> Bool { node.attributes[name] != nil }

  /// Whether an input is given at all.
  func hasInput(_ index: Int) -> Bool {
    node.inputs.indices.contains(index) && !node.inputs[index].isEmpty
  }

  /// The value of an input that is constant.
  func constant(_ index: Int) -> OnnxTensor? {
    constants.indices.contains(index) ? constants[index] : nil
  }

  func integer(_ name: String, default value: Int) throws(Problem) -> Int {
    switch node.attributes[name] {
    case nil: return value
    case .integer(let found): return Int(found)
    default: throw unfit(name, "a whole number")
    }
  }

  func float(_ name: String, default value: Float) throws(Problem) -> Float {
    switch node.attributes[name] {
    case nil: return value
    case .float(let found): return found
    default: throw unfit(name, "a number")
    }
  }

  func text(_ name: String, default value: String) throws(Problem) -> String {
    switch node.attributes[name] {
    case nil: return value
    case .text(let found): return found
    default: throw unfit(name, "a text")
    }
  }

  func integers(_ name: String) throws(Problem) -> [Int]? {
    switch node.attributes[name] {
    case nil: return nil
    case .integers(let found): return found.map { Int($0) }
    default: throw unfit(name, "whole numbers")
    }
  }

  func floats(_ name: String) throws(Problem) -> [Float] {
    switch node.attributes[name] {
    case nil: return []
    case .floats(let found): return found
    default: throw unfit(name, "numbers")
    }
  }

  func texts(_ name: String) throws(Problem) -> [String] {
    switch node.attributes[name] {
    case nil: return []
    case .texts(let found): return found
    default: throw unfit(name, "texts")
    }
  }

  func tensor(_ name: String) throws(Problem) -> OnnxTensor? {
    switch node.attributes[name] {
    case nil: return nil
    case .tensor(let found): return found
    default: throw unfit(name, "a tensor")
    }
  }

  private func unfit(_ name: String, _ expected: String) -> Problem {
    Problem("the setting \(quoted(name)) is of another kind, expected \(expected)")
  }

  /// Sizes or axes that are a setting before some opset and an input from then on.
  func list(
    _ name: String, input index: Int, since opset: Int
  ) throws(Problem) -> @Sendable (Call) throws(Problem) -> [Int]? {
    if self.opset < opset {
      let values = try integers(name)
      return { _ in values }
    }
    if let values = constant(index)?.integers {
      let values = values.map { Int($0) }
      return { _ in values }
    }
    return { (call) throws(Problem) in try call.optionalIntegers(index) }
  }
}

/// The operators that graphs may have, each with what makes it.
enum Operators {
  typealias Maker = @Sendable (NodeSettings) throws(Problem) -> Kernel

  /// By name; those of another domain behind it and a colon.
  static let makers: [String: Maker] = [
    elementwise, products, shaping, picking, reductions, quantized,
  ]
  .reduce(into: [:]) { all, table in all.merge(table) { first, _ in first } }

  /// The name under which a node's operator is looked up.
  static func key(_ node: OnnxGraph.Node) -> String {
    node.domain.isEmpty ? node.operation : node.domain + ":" + node.operation
  }
}
