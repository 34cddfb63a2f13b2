import InferenceProtocol
import Recurrent
import RecurrentTasks

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TextGenerator: ServedJob {
  public static let route = "generate"
  public static let members = [
    RequestMember(
      name: "prompt", type: "string", text: "What is given; the text goes on from its end."),
    RequestMember(
      name: "length", type: "integer", text: "Characters at most, 1 to 100000; 500 if not given."),
    RequestMember(
      name: "temperature", type: "number",
      text: "Below 1 what is likely becomes likelier; 0 takes the likeliest. 0 to 100."),
    RequestMember(
      name: "top_k", type: "integer", text: "Only so many of the likeliest may be drawn."),
    RequestMember(
      name: "top_p", type: "number",
      text: "Only the likeliest that have this probability together may be drawn."),
    RequestMember(
      name: "seed", type: "integer", text: "The start of all random numbers: same seed, same text."),
    RequestMember(name: "until", type: "string", text: "A text that ends it."),
    RequestMember(
      name: "stream", type: "boolean",
      text: "Whether pieces come as server-sent events as they are drawn."),
  ]
  public var inputs: [TensorPort] { [TensorPort("text", .bytes, [-1])] }
  public var outputs: [TensorPort] { [TensorPort("continuation", .bytes, [-1])] }

  public func infer(_ requests: [InferRequest]) -> [Result<[WireTensor], RequestError>] {
    requests.map { request in
      Result { () throws(RequestError) in
        let asked = request.parameterObject
        let prompts = try request.texts("text", among: inputs)
        let length = try asked.integer("length", in: 1...100_000) ?? 500
        guard prompts.count <= 1_000_000 / length else {
          throw RequestError(
            .malformed,
            "\(prompts.count) texts of \(length) characters, expected at most 1000000 characters in one request."
          )
        }
        var texts: [String] = []
        for prompt in prompts {
          texts.append(try pieces(asked, prompt: prompt).joined())
        }
        return [WireTensor("continuation", texts: texts)]
      }
    }
  }

  public func answer(_ request: JSONValue, name: String) throws(RequestError) -> [UInt8] {
    let answer: JSONValue = [
      "prompt": request["prompt"] ?? "", "text": .string(try pieces(request).joined()),
    ]
    return answer.text
  }

  /// The text that a request in the job's words asks for, piece by piece as it is drawn.
  public func pieces(_ request: JSONValue) throws(RequestError) -> TextStream {
    try pieces(request, prompt: request.string("prompt") ?? "")
  }

  private func pieces(_ request: JSONValue, prompt: String) throws(RequestError) -> TextStream {
    let length = try request.integer("length", in: 1...100_000) ?? 500
    let sampling = try self.sampling(request)
    let seed = try request.integer("seed", in: 0...Int.max) ?? 0
    let end = try request.string("until")
    return try asked { () throws(DataError) in
      try stream(
        prompt: prompt, length: length, sampling: sampling, seed: UInt64(seed), until: end)
    }
  }

  fileprivate func sampling(_ request: JSONValue) throws(RequestError) -> Sampling {
    let sampling = Sampling(
      temperature: try request.number("temperature", in: 0...100) ?? 1,
      topK: try request.integer("top_k", in: 1...Int.max),
      topP: try request.number("top_p", in: 0...1))
    if let problem = sampling.problem {
      throw RequestError(.malformed, "Sampling: \(problem).")
    }
    return sampling
  }

  public func makeStream() throws(RequestError) -> any ServedStream { GeneratorStream(self) }
}

/// A text that goes on request by request: each brings what is read next, and asks for so many tokens.
///
/// Parameters are those of a text, and `tokens`: how many are drawn, 0 to 10000, 1 if not given.
private struct GeneratorStream: ServedStream {
  private let generator: TextGenerator
  private var session: Session<TextGeneratorModel>
  /// Of the token that comes next; empty before the first step.
  private var logits: [Float] = []
  /// Tokens drawn so far: each is drawn by a random number of its own.
  private var place = 0

  init(_ generator: TextGenerator) {
    self.generator = generator
    session = Session(generator.model)
  }

  mutating func step(_ request: InferRequest) throws(RequestError) -> [WireTensor] {
    let texts = try request.texts("text", among: generator.inputs)
    guard texts.count == 1 else {
      throw RequestError(.malformed, "A step of a stream has one text, found \(texts.count).")
    }
    let asked = request.parameterObject
    let sampling = try generator.sampling(asked)
    let seed = try asked.integer("seed", in: 0...Int.max) ?? 0
    let count = try asked.integer("tokens", in: 0...10_000) ?? 1
    let code = generator.code
    var given = code.ids(of: texts[0])
    if logits.isEmpty { given.insert(code.start, at: 0) }
    for start in stride(from: 0, to: given.count, by: 1024) {
      feed(Array(given[start...].prefix(1024)))
    }
    let key = RandomKey(seed: UInt64(seed))
    var text = ""
    for _ in 0..<count {
      var numbers = logits.map { Double($0) }
      numbers[code.vocabulary.unknown] = -.infinity
      var random = RandomGenerator(key.child(place))
      guard let token = sampling.draw(from: numbers, using: &random) else { break }
      place += 1
      text += code.vocabulary.tokens[token]
      feed([token])
    }
    return [WireTensor("continuation", texts: [text])]
  }

  private mutating func feed(_ tokens: [Int]) {
    let next = session.feed(TokenBatch([tokens]))
    logits = next.head(next.hidden.lastValidSteps).elements
  }

  var state: [(name: String, tensor: WireTensor)] {
    guard !logits.isEmpty else { return [] }
    let layers = session.state.tensors.enumerated().map { index, tensor in
      WireTensor("layers.\(index)", floats: tensor.elements, shape: tensor.shape)
    }
    let others = [
      WireTensor("logits", floats: logits, shape: [logits.count]),
      WireTensor("place", .int64, [1], .integers([Int64(place)])),
    ]
    return (layers + others).map { ($0.name, $0) }
  }

  mutating func restore(_ state: [(name: String, tensor: WireTensor)]) throws(RequestError) {
    var fresh = GeneratorStream(generator)
    guard !state.isEmpty else {
      self = fresh
      return
    }
    let tensors = Dictionary(state.map { ($0.name, $0.tensor) }) { $1 }
    let expected = fresh.session.state.tensors
    var layers: [Tensor] = []
    for (index, own) in expected.enumerated() {
      guard let tensor = tensors["layers.\(index)"], tensor.shape == own.shape,
        case .floats(let elements) = tensor.elements
      else { break }
      layers.append(Tensor(elements, shape: own.shape))
    }
    guard layers.count == expected.count, tensors.count == expected.count + 2,
      case .floats(let logits)? = tensors["logits"]?.elements,
      logits.count == generator.code.vocabulary.count,
      case .integers(let place)? = tensors["place"]?.elements, let place = place.first,
      (0...1 << 48).contains(place)
    else {
      throw RequestError(.malformed, "The state is not one of a stream of this text generator.")
    }
    fresh.session.state.tensors = layers
    (fresh.logits, fresh.place) = (logits, Int(place))
    self = fresh
  }
}
