/// An answer to a request for inference.
public struct InferAnswer: Sendable {
  /// The model's name.
  public var model: String
  /// The model's version.
  public var version: String
  /// The request's id, if it had one.
  public var id: String?
  /// The outputs.
  public var outputs: [WireTensor]

  /// An answer.
  public init(model: String, version: String, id: String? = nil, outputs: [WireTensor]) {
    (self.model, self.version, self.id, self.outputs) = (model, version, id, outputs)
  }

  /// The body, as `request` asks for it.
  ///
  /// - Returns: the bytes, and where the JSON ends if bytes of tensors come behind it.
  public func body(
    for request: InferRequest
  ) throws(RequestError) -> (bytes: [UInt8], headerLength: Int?) {
    var writer = JSONWriter()
    writer.raw("{\"model_name\":")
    writer.string(model)
    writer.raw(",\"model_version\":")
    writer.string(version)
    if let id {
      writer.raw(",\"id\":")
      writer.string(id)
    }
    writer.raw(",\"outputs\":[")
    var binary: [UInt8] = []
    var hasBinary = false
    for (index, output) in try chosen(request).enumerated() {
      if index > 0 { writer.raw(",") }
      let tensor = output.tensor
      writer.raw("{\"name\":")
      writer.string(tensor.name)
      writer.raw(",\"datatype\":")
      writer.string(tensor.datatype.rawValue)
      writer.raw(",\"shape\":[")
      for (axis, size) in tensor.shape.enumerated() {
        if axis > 0 { writer.raw(",") }
        writer.number(size)
      }
      if output.isBinary {
        let bytes = tensor.binary
        binary += bytes
        hasBinary = true
        writer.raw("],\"parameters\":{\"binary_data_size\":")
        writer.number(bytes.count)
        writer.raw("}}")
      } else {
        writer.raw("],\"data\":")
        do throws(RequestError) {
          try tensor.writeData(to: &writer)
        } catch {
          throw RequestError(error.kind, "Output \(quoted(tensor.name)): \(error.message)")
        }
        writer.raw("}")
      }
    }
    writer.raw("]}")
    guard hasBinary else { return (writer.bytes, nil) }
    return (writer.bytes + binary, writer.bytes.count)
  }

  private func chosen(
    _ request: InferRequest
  ) throws(RequestError) -> [(tensor: WireTensor, isBinary: Bool)] {
    guard !request.outputs.isEmpty else { return outputs.map { ($0, request.isBinary) } }
    var chosen: [(WireTensor, Bool)] = []
    for asked in request.outputs {
      guard let tensor = outputs.first(where: { $0.name == asked.name }) else {
        throw RequestError(
          .malformed,
          "The model has no output \(quoted(asked.name)); it gives "
            + outputs.map { quoted($0.name) }.joined(separator: ", ") + ".")
      }
      chosen.append((tensor, asked.isBinary ?? request.isBinary))
    }
    return chosen
  }
}
