import InferenceProtocol

/// A model as the server sees it: tensors in, tensors out, and perhaps streams.
///
/// Whatever the model is, the server knows no more of it than this. A job adds how it is asked in its
/// own words (``ServedJob``).
public protocol ServedModel: Sendable {
  /// The kind of model, as its metadata tells under `platform`.
  var platform: String { get }
  /// The tensors that a request must give.
  var inputs: [TensorPort] { get }
  /// The tensors that an answer holds.
  var outputs: [TensorPort] { get }
  /// Requests that ``infer(_:)`` may get at once.
  var batchLimit: Int { get }

  /// The outputs for each request: the same, to the bit, whatever comes with it.
  func infer(_ requests: [InferRequest]) -> [Result<[WireTensor], RequestError>]

  /// A stream in zero state.
  ///
  /// - Throws: ``RequestError`` if the model is none that goes step by step.
  func makeStream() throws(RequestError) -> any ServedStream
}

/// A model that goes on where it was. A value: a copy is a fork.
///
/// What goes step by step becomes a stream of the server by this protocol alone.
public protocol ServedStream: Sendable {
  /// The outputs of a step.
  ///
  /// - Throws: ``RequestError`` if the inputs do not fit; the state is then as it was.
  mutating func step(_ request: InferRequest) throws(RequestError) -> [WireTensor]

  /// The state by name: enough to go on elsewhere.
  var state: [(name: String, tensor: WireTensor)] { get }

  /// Goes on from a state of another stream of the same model.
  ///
  /// - Throws: ``RequestError`` if it is of another model; the state is then as it was.
  mutating func restore(_ state: [(name: String, tensor: WireTensor)]) throws(RequestError)
}

/// An input or output, as metadata tells it.
public struct TensorPort: Sendable, Equatable {
  /// The name.
  public var name: String
  /// The type of the elements.
  public var datatype: DataType
  /// The sizes; -1 for one that may be any.
  public var shape: [Int]

  /// An input or output.
  public init(_ name: String, _ datatype: DataType, _ shape: [Int]) {
    (self.name, self.datatype, self.shape) = (name, datatype, shape)
  }
}

extension ServedModel {
  /// 1: requests are not put together, as batches are the model's own.
  public var batchLimit: Int { 1 }

  /// Always throws: this kind of model has no streams.
  public func makeStream() throws(RequestError) -> any ServedStream {
    throw RequestError(
      .malformed, "A \(platform) has no streams: leave sequence_id out, or ask another model.")
  }
}

extension InferRequest {
  /// An input that must be there.
  func required(_ name: String, among ports: [TensorPort]) throws(RequestError) -> WireTensor {
    if let unknown = inputs.first(where: { input in !ports.contains { $0.name == input.name } }) {
      throw RequestError(
        .malformed,
        "The model has no input \(quoted(unknown.name)); it has "
          + ports.map { quoted($0.name) }.joined(separator: ", ") + ".")
    }
    guard let input = input(name) else {
      throw RequestError(.malformed, "Input \(quoted(name)) is missing.")
    }
    return input
  }

  /// The texts of an input of type `BYTES`.
  func texts(_ name: String, among ports: [TensorPort]) throws(RequestError) -> [String] {
    try required(name, among: ports).texts
  }
}

extension WireTensor {
  /// The elements as texts.
  var texts: [String] {
    get throws(RequestError) {
      guard case .bytes(let values) = elements else {
        throw RequestError(
          .malformed, "Input \(quoted(name)) is \(datatype.rawValue), expected BYTES.")
      }
      var texts: [String] = []
      for bytes in values {
        guard let text = String(validating: bytes, as: UTF8.self) else {
          throw RequestError(
            .malformed, "Input \(quoted(name)): element \(texts.count) is not UTF-8.")
        }
        texts.append(text)
      }
      return texts
    }
  }

  /// The elements as numbers of 64 bits.
  var numbers: [Double] {
    get throws(RequestError) {
      switch elements {
      case .floats(let values): return values.map { Double($0) }
      case .doubles(let values): return values
      case .integers(let values): return values.map { Double($0) }
      case .bytes:
        throw RequestError(.malformed, "Input \(quoted(name)) is BYTES, expected numbers.")
      }
    }
  }
}
