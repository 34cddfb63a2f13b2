import RecurrentCore
import RecurrentFiles

extension OnnxFile {
  /// A model of this library.
  init(_ graph: OnnxGraph, opset: Int, metadata: [String: String] = [:]) {
    source = graph.name
    self.graph = graph
    opsets = ["": opset]
    producer = "recurrent"
    self.metadata = metadata
  }

  /// The bytes of the file: the same for the same model. IR version 8.
  func encode() -> [UInt8] {
    var model = ProtobufWriter()
    model.put(1, Int64(8))
    model.put(2, producer)
    model.put(7, graph.encode())
    for (domain, version) in opsets.sorted(by: { $0.key < $1.key }) {
      var opset = ProtobufWriter()
      opset.put(1, domain)
      opset.put(2, Int64(version))
      model.put(8, opset)
    }
    for (key, text) in metadata.sorted(by: { $0.key < $1.key }) {
      var entry = ProtobufWriter()
      entry.put(1, key)
      entry.put(2, text)
      model.put(14, entry)
    }
    return model.bytes
  }
}

extension OnnxGraph {
  fileprivate func encode() -> ProtobufWriter {
    var graph = ProtobufWriter()
    for node in nodes { graph.put(1, node.encode()) }
    graph.put(2, name.isEmpty ? "graph" : name)
    for (name, tensor) in constants { graph.put(5, tensor.encode(name)) }
    for port in inputs { graph.put(11, port.encode()) }
    for port in outputs { graph.put(12, port.encode()) }
    return graph
  }
}

extension OnnxGraph.Node {
  fileprivate func encode() -> ProtobufWriter {
    var node = ProtobufWriter()
    for input in inputs { node.put(1, input) }
    for output in outputs { node.put(2, output) }
    if !name.isEmpty { node.put(3, name) }
    node.put(4, operation)
    for (name, attribute) in attributes.sorted(by: { $0.key < $1.key }) {
      node.put(5, attribute.encode(name))
    }
    if !domain.isEmpty { node.put(7, domain) }
    return node
  }
}

extension OnnxGraph.Attribute {
  fileprivate func encode(_ name: String) -> ProtobufWriter {
    var attribute = ProtobufWriter()
    attribute.put(1, name)
    let kind: Int64
    switch self {
    case .float(let value):
      kind = 1
      attribute.put(2, value)
    case .integer(let value):
      kind = 2
      attribute.put(3, value)
    case .text(let value):
      kind = 3
      attribute.put(4, value)
    case .tensor(let value):
      kind = 4
      attribute.put(5, value.encode(""))
    case .graph(let value):
      kind = 5
      attribute.put(6, value.encode())
    case .floats(let values):
      kind = 6
      for value in values { attribute.put(7, value) }
    case .integers(let values):
      kind = 7
      for value in values { attribute.put(8, value) }
    case .texts(let values):
      kind = 8
      for value in values { attribute.put(9, value) }
    case .other: kind = 0
    }
    attribute.put(20, kind)
    return attribute
  }
}

extension OnnxGraph.Port {
  fileprivate func encode() -> ProtobufWriter {
    var tensor = ProtobufWriter()
    if let elementType { tensor.put(1, Int64(elementType.rawValue)) }
    if let dimensions {
      var shape = ProtobufWriter()
      for dimension in dimensions {
        var entry = ProtobufWriter()
        switch dimension {
        case .fixed(let size): entry.put(1, Int64(size))
        case .named(let name): entry.put(2, name)
        case .unknown: break
        }
        shape.put(1, entry)
      }
      tensor.put(2, shape)
    }
    var (type, port) = (ProtobufWriter(), ProtobufWriter())
    type.put(1, tensor)
    port.put(1, name)
    port.put(2, type)
    return port
  }
}

extension OnnxTensor {
  fileprivate func encode(_ name: String) -> ProtobufWriter {
    var tensor = ProtobufWriter()
    for size in shape { tensor.put(1, Int64(size)) }
    // What is computed with in 32 bits is written so.
    let type = elementType.isFloat ? ElementType.float32 : elementType
    tensor.put(2, Int64(type.rawValue))
    if !name.isEmpty { tensor.put(8, name) }
    var raw: [UInt8] = []
    raw.reserveCapacity(count * type.size)
    switch elements {
    case .floats(let floats):
      floats.withUnsafeElements {
        for value in $0 { raw.append(littleEndian: UInt64(value.bitPattern), size: 4) }
      }
    case .integers(let values):
      for value in values { raw.append(littleEndian: UInt64(bitPattern: value), size: type.size) }
    }
    tensor.put(9, raw)
    return tensor
  }
}
