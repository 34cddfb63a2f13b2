import InferenceProtocol
import Recurrent
import RecurrentONNX

/// An ONNX graph that is served; of one whose state goes in and out, or is in its recurrent nodes, also
/// streams.
struct OnnxServing: ServedModel {
  let model: OnnxModel
  /// A stream at its beginning; nil: the graph has no state.
  private let beginning: OnnxSession?

  init(file path: String) throws(DataError) {
    model = try OnnxModel(file: path)
    beginning = try? OnnxSession(model)
  }

  var platform: String { beginning == nil ? "onnx" : "onnx_stream" }
  var inputs: [TensorPort] { model.inputs.map(TensorPort.init) }
  var outputs: [TensorPort] { model.outputs.map(TensorPort.init) }

  func infer(_ requests: [InferRequest]) -> [Result<[WireTensor], RequestError>] {
    requests.map { request in
      Result { () throws(RequestError) in
        let values = try OnnxServing.values(request.inputs)
        let outputs = try asked { () throws(DataError) in try model(values) }
        return OnnxServing.tensors(outputs, in: model.outputs)
      }
    }
  }

  func makeStream() throws(RequestError) -> any ServedStream {
    guard let beginning else {
      throw RequestError(
        .malformed,
        "The model has no state, neither an output that becomes an input nor a recurrent node: leave sequence_id out."
      )
    }
    return OnnxStream(session: beginning)
  }

  // MARK: Tensors

  fileprivate static func values(
    _ tensors: [WireTensor]
  ) throws(RequestError) -> [String: OnnxTensor] {
    var values: [String: OnnxTensor] = [:]
    for tensor in tensors {
      switch tensor.elements {
      case .floats(let elements):
        values[tensor.name] = OnnxTensor(Tensor(elements, shape: tensor.shape))
      case .doubles(let elements):
        values[tensor.name] = OnnxTensor(Tensor(elements.map { Float($0) }, shape: tensor.shape))
      case .integers(let elements):
        values[tensor.name] = OnnxTensor(integers: elements, shape: tensor.shape)
      case .bytes:
        throw RequestError(
          .malformed, "Input \(quoted(tensor.name)) is BYTES, which no ONNX model here takes.")
      }
    }
    return values
  }

  fileprivate static func tensors(
    _ values: [String: OnnxTensor], in ports: [OnnxModel.Port]
  ) -> [WireTensor] {
    ports.compactMap { port in
      values[port.name].map { WireTensor(port.name, $0) }
    }
  }
}

/// A stream of an ONNX graph.
private struct OnnxStream: ServedStream {
  var session: OnnxSession

  mutating func step(_ request: InferRequest) throws(RequestError) -> [WireTensor] {
    let values = try OnnxServing.values(request.inputs)
    do {
      return OnnxServing.tensors(try session.step(values), in: session.model.outputs)
    } catch {
      throw RequestError(error)
    }
  }

  var state: [(name: String, tensor: WireTensor)] {
    session.state.sorted { $0.key < $1.key }.map {
      ($0.key, WireTensor($0.key, floats: $0.value.elements, shape: $0.value.shape))
    }
  }

  mutating func restore(_ state: [(name: String, tensor: WireTensor)]) throws(RequestError) {
    var tensors: [String: Tensor] = [:]
    for (name, tensor) in state {
      guard case .floats(let elements) = tensor.elements else { continue }
      tensors[name] = Tensor(elements, shape: tensor.shape)
    }
    do {
      try session.restore(tensors, source: "state")
    } catch {
      throw RequestError(error)
    }
  }
}

extension WireTensor {
  fileprivate init(_ name: String, _ tensor: OnnxTensor) {
    let type = DataType(tensor.elementType)
    switch (tensor.integers, type) {
    case (let integers?, _): self.init(name, type, tensor.shape, .integers(integers))
    case (nil, .float64):
      self.init(name, type, tensor.shape, .doubles(tensor.floats.map { Double($0) }))
    case (nil, _): self.init(name, type, tensor.shape, .floats(tensor.floats))
    }
  }
}

extension TensorPort {
  fileprivate init(_ port: OnnxModel.Port) {
    self.init(
      port.name, port.elementType.map(DataType.init) ?? .float32,
      port.shape?.map { $0 ?? -1 } ?? [-1])
  }
}

extension DataType {
  fileprivate init(_ type: OnnxTensor.ElementType) {
    self =
      switch type {
      case .float32: .float32
      case .uint8: .uint8
      case .int8: .int8
      case .uint16: .uint16
      case .int16: .int16
      case .int32: .int32
      case .int64: .int64
      case .bool: .bool
      case .float16: .float16
      case .float64: .float64
      case .uint32: .uint32
      case .uint64: .uint64
      case .bfloat16: .bfloat16
      }
  }
}

// MARK: - Errors of the library in answers

extension RequestError {
  /// What the library says of a request, without the place of the model on the server's disk.
  init(_ error: DataError) {
    let place = error.place.map { "\($0.prefix(1).uppercased())\($0.dropFirst()): " } ?? ""
    let problem = place.isEmpty ? error.problem.capitalizedStart : error.problem
    self.init(.malformed, place + problem + "." + (error.advice.map { " \($0)." } ?? ""))
  }
}

extension String {
  fileprivate var capitalizedStart: String { prefix(1).uppercased() + dropFirst() }
}

/// Asks the library, and says what it refuses as an error of the request.
package func asked<Value>(_ body: () throws(DataError) -> Value) throws(RequestError) -> Value {
  do throws(DataError) {
    return try body()
  } catch {
    throw RequestError(error)
  }
}
