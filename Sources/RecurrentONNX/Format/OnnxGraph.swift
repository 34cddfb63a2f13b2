/// A graph as a file holds it: nodes that follow one another, and what they start from.
struct OnnxGraph: Sendable {
  /// An input or output.
  struct Port: Sendable {
    var name: String
    /// Nil where the file does not tell.
    var elementType: OnnxTensor.ElementType?
    /// Nil where the file does not tell; a dimension is a number, a name or unknown.
    var dimensions: [Dimension]?
  }

  /// A dimension of a port.
  enum Dimension: Sendable, Equatable {
    case fixed(Int)
    case named(String)
    case unknown
  }

  /// A node: an operator over values by name.
  struct Node: Sendable {
    var name = ""
    var operation = ""
    var domain = ""
    /// Empty names stand for what is left out.
    var inputs: [String] = []
    var outputs: [String] = []
    var attributes: [String: Attribute] = [:]
  }

  /// A setting of a node.
  enum Attribute: Sendable {
    case float(Float)
    case integer(Int64)
    case text(String)
    case tensor(OnnxTensor)
    case graph(OnnxGraph)
    case floats([Float])
    case integers([Int64])
    case texts([String])
    /// Of a kind that no operator here has.
    case other
  }

  var name = ""
  var nodes: [Node] = []
  /// Weights and other constants by name.
  var constants: [(name: String, tensor: OnnxTensor)] = []
  var inputs: [Port] = []
  var outputs: [Port] = []
}
