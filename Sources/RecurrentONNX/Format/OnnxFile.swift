import RecurrentFiles

/// What an ONNX file says, checked but not yet planned.
///
/// IR versions 3 to 13; data in other files is refused. Reading never takes more memory than a
/// small multiple of the file's size.
struct OnnxFile: Sendable {
  /// Where the bytes came from, as messages name it.
  let source: String
  var graph = OnnxGraph()
  /// The version of each domain's operators; "" is ONNX's own.
  var opsets: [String: Int] = [:]
  var producer = ""
  /// Notes of whoever wrote the file.
  var metadata: [String: String] = [:]

  /// Graphs within graphs.
  private static let deepest = 16

  /// Reads a file that is in memory.
  ///
  /// - Throws: ``DataError`` if `bytes` are not a sound ONNX file.
  init(bytes: [UInt8], source: String) throws(DataError) {
    self.source = source
    do throws(ProtobufReader.Failure) {
      try read(ProtobufReader(bytes, bytes.indices))
    } catch {
      throw DataError(
        file: source, place: "byte \(error.offset)", problem: error.problem,
        advice: "The file is damaged or not an ONNX model")
    }
    guard opsets[""] != nil || !graph.nodes.contains(where: { $0.domain.isEmpty }) else {
      throw DataError(
        file: source, problem: "does not say which opset it is of",
        advice: "The file is damaged or not an ONNX model")
    }
  }

  private mutating func read(_ reader: ProtobufReader) throws(ProtobufReader.Failure) {
    var reader = reader
    var version: Int64 = 0
    var hasGraph = false
    while let (field, value) = try reader.next() {
      switch field {
      case 1: version = try reader.integer(value)
      case 2: producer = try reader.text(value)
      case 7:
        graph = try Self.graph(try reader.message(value), depth: 0)
        hasGraph = true
      case 8:
        var opset = try reader.message(value)
        var (domain, number) = ("", Int64(0))
        while let (field, value) = try opset.next() {
          if field == 1 { domain = try opset.text(value) }
          if field == 2 { number = try opset.integer(value) }
        }
        opsets[domain == "ai.onnx" ? "" : domain] = Int(clamping: number)
      case 14:
        let entry = try Self.entry(try reader.message(value))
        metadata[entry.key] = entry.value
      default: break
      }
    }
    guard hasGraph else {
      throw ProtobufReader.Failure(offset: reader.end, problem: "found no graph")
    }
    guard (3...13).contains(version) else {
      throw ProtobufReader.Failure(
        offset: 0, problem: "found version \(version) of the format, expected 3 to 13")
    }
  }

  private static func entry(
    _ reader: ProtobufReader
  ) throws(ProtobufReader.Failure) -> (key: String, value: String) {
    var reader = reader
    var (key, text) = ("", "")
    while let (field, value) = try reader.next() {
      if field == 1 { key = try reader.text(value) }
      if field == 2 { text = try reader.text(value) }
    }
    return (key, text)
  }

  // MARK: Graphs

  private static func graph(
    _ reader: ProtobufReader, depth: Int
  ) throws(ProtobufReader.Failure) -> OnnxGraph {
    var reader = reader
    guard depth <= deepest else {
      throw ProtobufReader.Failure(
        offset: reader.position, problem: "found graphs within graphs, more than \(deepest) deep")
    }
    var graph = OnnxGraph()
    while let (field, value) = try reader.next() {
      switch field {
      case 1: graph.nodes.append(try node(try reader.message(value), depth: depth))
      case 2: graph.name = try reader.text(value)
      case 5:
        let named = try OnnxTensor.read(try reader.message(value))
        graph.constants.append(named)
      case 11: graph.inputs.append(try port(try reader.message(value)))
      case 12: graph.outputs.append(try port(try reader.message(value)))
      case 15:
        throw ProtobufReader.Failure(
          offset: reader.position, problem: "found a sparse tensor, expected dense ones")
      default: break
      }
    }
    return graph
  }

  private static func node(
    _ reader: ProtobufReader, depth: Int
  ) throws(ProtobufReader.Failure) -> OnnxGraph.Node {
    var reader = reader
    let start = reader.position
    var node = OnnxGraph.Node()
    while let (field, value) = try reader.next() {
      switch field {
      case 1: node.inputs.append(try reader.text(value))
      case 2: node.outputs.append(try reader.text(value))
      case 3: node.name = try reader.text(value)
      case 4: node.operation = try reader.text(value)
      case 5:
        let (name, attribute) = try attribute(try reader.message(value), depth: depth)
        node.attributes[name] = attribute
      case 7:
        let domain = try reader.text(value)
        node.domain = domain == "ai.onnx" ? "" : domain
      default: break
      }
    }
    guard !node.operation.isEmpty else {
      throw ProtobufReader.Failure(offset: start, problem: "found a node without an operator")
    }
    return node
  }

  private static func attribute(
    _ reader: ProtobufReader, depth: Int
  ) throws(ProtobufReader.Failure) -> (String, OnnxGraph.Attribute) {
    var reader = reader
    var (name, kind) = ("", Int64(0))
    var (float, integer, text) = ([Float](), Int64(0), "")
    var (tensor, graph): (OnnxTensor?, OnnxGraph?)
    var (floats, integers, texts) = ([Float](), [Int64](), [String]())
    var seen = 0
    while let (field, value) = try reader.next() {
      switch field {
      case 1: name = try reader.text(value)
      case 2: try reader.append(value, to: &float)
      case 3: integer = try reader.integer(value)
      case 4: text = try reader.text(value)
      case 5: tensor = try OnnxTensor.read(try reader.message(value)).tensor
      case 6: graph = try Self.graph(try reader.message(value), depth: depth + 1)
      case 7: try reader.append(value, to: &floats)
      case 8: try reader.append(value, to: &integers)
      case 9: texts.append(try reader.text(value))
      case 20: kind = try reader.integer(value)
      default: break
      }
      if (2...9).contains(field) { seen = field }
    }
    // Files before IR version 2 do not say the kind; the field that is there tells. An empty list has no field.
    let kinds = [0, 2, 3, 4, 5, 6, 7, 8, 9]
    let isStated = kind > 0 && kind < Int64(kinds.count)
    switch isStated ? kinds[Int(kind)] : seen {
    case 2: return (name, .float(float.last ?? 0))
    case 3: return (name, .integer(integer))
    case 4: return (name, .text(text))
    case 5: return (name, tensor.map { .tensor($0) } ?? .other)
    case 6: return (name, graph.map { .graph($0) } ?? .other)
    case 7: return (name, .floats(floats))
    case 8: return (name, .integers(integers))
    case 9: return (name, .texts(texts))
    default: return (name, .other)
    }
  }

  private static func port(
    _ reader: ProtobufReader
  ) throws(ProtobufReader.Failure) -> OnnxGraph.Port {
    var reader = reader
    var port = OnnxGraph.Port(name: "")
    while let (field, value) = try reader.next() {
      if field == 1 { port.name = try reader.text(value) }
      guard field == 2 else { continue }
      var type = try reader.message(value)
      while let (field, value) = try type.next() {
        guard field == 1 else { continue }
        var tensor = try type.message(value)
        while let (field, value) = try tensor.next() {
          if field == 1 {
            port.elementType = OnnxTensor.ElementType(
              rawValue: Int(clamping: try tensor.integer(value)))
          }
          if field == 2 { port.dimensions = try dimensions(try tensor.message(value)) }
        }
      }
    }
    return port
  }

  private static func dimensions(
    _ reader: ProtobufReader
  ) throws(ProtobufReader.Failure) -> [OnnxGraph.Dimension] {
    var reader = reader
    var dimensions: [OnnxGraph.Dimension] = []
    while let (field, value) = try reader.next() {
      guard field == 1 else { continue }
      var entry = try reader.message(value)
      var dimension = OnnxGraph.Dimension.unknown
      while let (field, value) = try entry.next() {
        if field == 1 {
          let size = try entry.integer(value)
          // Some writers put 0 or -1 where they do not know.
          dimension = size > 0 ? .fixed(Int(clamping: size)) : .unknown
        }
        if field == 2 { dimension = .named(try entry.text(value)) }
      }
      dimensions.append(dimension)
    }
    return dimensions
  }
}
