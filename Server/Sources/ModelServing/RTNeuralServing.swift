import Foundation
import InferenceProtocol
import Recurrent
import Synchronization

/// A network from a file of RTNeural or GuitarML: steps `[T, I]` in, `[T, O]` out, from zero state or
/// as a stream, laid out beforehand (`Recurrent.ModelStream`).
struct RTNeuralServing: ServedModel {
  private let beginning: LaidOut

  init(file path: String) throws(DataError) {
    let file = try RTNeuralFile(path: path)
    let model = file.model
    beginning = LaidOut(ModelStream(model, inputSize: file.inputSize))
  }

  /// Whether a file says that it is one, whether or not it can be read.
  static func isNetwork(_ path: String) -> Bool {
    guard let bytes = FileManager.default.contents(atPath: path) else { return true }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.contains("\"in_shape\"") || text.contains("\"model_data\"")
  }

  var platform: String { "rtneural_stream" }
  var inputs: [TensorPort] { [TensorPort("input", .float32, [-1, beginning.inputSize])] }
  var outputs: [TensorPort] { [TensorPort("output", .float32, [-1, beginning.outputSize])] }

  func infer(_ requests: [InferRequest]) -> [Result<[WireTensor], RequestError>] {
    requests.map { request in
      Result { () throws(RequestError) in
        var stream = LaidOutStream(beginning, inputs: inputs)
        return try stream.step(request)
      }
    }
  }

  func makeStream() -> any ServedStream { LaidOutStream(beginning, inputs: inputs) }
}

/// A stream of the library that several may hold: whoever changes it while another holds it too
/// changes a fork.
private final class LaidOut: Sendable {
  let inputSize, outputSize: Int
  private let stream: Mutex<ModelStream<RecurrentStack>>

  init(_ stream: sending ModelStream<RecurrentStack>) {
    (inputSize, outputSize) = (stream.inputSize, stream.outputSize)
    self.stream = Mutex(stream)
  }

  func fork() -> LaidOut { LaidOut(stream.withLock { $0.fork() }) }

  func process(_ input: [Float]) -> [Float] {
    stream.withLock { stream in
      [Float](unsafeUninitializedCapacity: input.count / inputSize * outputSize) { output, count in
        count = input.count / inputSize * outputSize
        output.initialize(repeating: 0)
        input.withUnsafeBufferPointer {
          stream.process($0, into: UnsafeMutableBufferPointer(rebasing: output[..<count]))
        }
      }
    }
  }

  var tensors: [Tensor] {
    get { stream.withLock { $0.state.tensors } }
    set {
      stream.withLock { stream in
        var state = stream.state
        state.tensors = newValue
        stream.state = state
      }
    }
  }
}

private struct LaidOutStream: ServedStream {
  private var laidOut: LaidOut
  private let inputs: [TensorPort]

  init(_ laidOut: LaidOut, inputs: [TensorPort]) { (self.laidOut, self.inputs) = (laidOut, inputs) }

  private mutating func makeOwn() {
    if !isKnownUniquelyReferenced(&laidOut) { laidOut = laidOut.fork() }
  }

  mutating func step(_ request: InferRequest) throws(RequestError) -> [WireTensor] {
    let input = try request.required("input", among: inputs)
    guard case .floats(let elements) = input.elements, input.shape.last == laidOut.inputSize else {
      throw RequestError(
        .malformed,
        "Input \"input\" is \(input.datatype.rawValue) \(input.shape), expected FP32 [steps, \(laidOut.inputSize)]."
      )
    }
    makeOwn()
    let output = laidOut.process(elements)
    let shape = Array(input.shape.dropLast()) + [laidOut.outputSize]
    return [WireTensor("output", floats: output, shape: shape)]
  }

  var state: [(name: String, tensor: WireTensor)] {
    laidOut.tensors.enumerated().map { index, tensor in
      ("\(index)", WireTensor("\(index)", floats: tensor.elements, shape: tensor.shape))
    }
  }

  mutating func restore(_ state: [(name: String, tensor: WireTensor)]) throws(RequestError) {
    let given = Dictionary(state.map { ($0.name, $0.tensor) }) { $1 }
    let own = laidOut.tensors
    var tensors: [Tensor] = []
    for (index, expected) in own.enumerated() {
      guard case .floats(let elements)? = given["\(index)"]?.elements,
        given["\(index)"]?.shape == expected.shape
      else { break }
      tensors.append(Tensor(elements, shape: expected.shape))
    }
    guard tensors.count == own.count, given.count == own.count else {
      throw RequestError(.malformed, "The state is not one of a stream of this network.")
    }
    makeOwn()
    laidOut.tensors = tensors
  }
}
