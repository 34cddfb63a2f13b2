import InferenceProtocol
import Recurrent
import RecurrentTasks

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ImageClassifier: ServedJob {
  public static let route = "classify-image"
  public static let members = [
    RequestMember(
      name: "png", type: "string", "array", text: "A PNG file in base 64, or an array of them.")
  ]
  private var size: (height: Int, width: Int, channels: Int) {
    let reading = reading
    return (
      reading.resize?.height ?? reading.height ?? 1, reading.resize?.width ?? reading.width ?? 1,
      reading.channels ?? 1
    )
  }
  public var inputs: [TensorPort] {
    [TensorPort("pixels", .float32, [-1, size.height, size.width, size.channels])]
  }
  public var outputs: [TensorPort] {
    [
      TensorPort("label", .bytes, [-1]),
      TensorPort("probabilities", .float32, [-1, configuration.classes.count]),
    ]
  }

  public func infer(_ requests: [InferRequest]) -> [Result<[WireTensor], RequestError>] {
    requests.map { request in
      Result { () throws(RequestError) in
        let input = try request.required("pixels", among: inputs)
        var shape = input.shape
        let size = size
        if size.channels == 1, shape.last != 1 || shape.count < 3 { shape.append(1) }
        if shape.count == 3 { shape.insert(1, at: 0) }
        guard shape.count == 4,
          Array(shape.dropFirst()) == [size.height, size.width, size.channels]
        else {
          throw RequestError(
            .malformed,
            "Input \"pixels\" has shape \(input.shape), expected [images, \(size.height), \(size.width), \(size.channels)]."
          )
        }
        let images = ImageSet(
          source: "pixels", height: size.height, width: size.width, channels: size.channels,
          pixels: try input.numbers.map { Float($0) })
        let guesses = try asked { () throws(DataError) in try classify(images) }
        return [
          WireTensor("label", texts: guesses.map(\.label)),
          WireTensor(
            "probabilities", floats: guesses.flatMap(\.probabilities),
            shape: [guesses.count, configuration.classes.count]),
        ]
      }
    }
  }

  public func answer(_ request: JSONValue, name: String) throws(RequestError) -> [UInt8] {
    var answers: [JSONValue] = []
    for (index, text) in try request.texts("png").enumerated() {
      guard let bytes = bytes(base64: text) else {
        throw request.problem("png", "a PNG file in base 64, or an array of them")
      }
      let guesses = try asked { () throws(DataError) in
        try classify(try ImageSet.read(png: bytes, source: "image \(index)", reading))
      }
      for guess in guesses {
        answers.append([
          "label": .string(guess.label),
          "probabilities": .object(
            zip(configuration.classes, guess.probabilities).map { ($0, .number(Double($1))) }),
        ])
      }
    }
    return JSONValue.array(answers).text
  }
}
