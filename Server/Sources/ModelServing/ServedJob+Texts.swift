import InferenceProtocol
import Recurrent
import RecurrentTasks

/// Jobs that answer line by line: all texts of all requests at once, and each as alone.
private func answers<Answer>(
  _ requests: [InferRequest], of ports: [TensorPort],
  by answer: ([String]) -> [Answer], as outputs: ([Answer]) -> [WireTensor]
) -> [Result<[WireTensor], RequestError>] {
  let read = requests.map { request in
    Result { () throws(RequestError) in try request.texts("text", among: ports) }
  }
  let all = answer(read.flatMap { (try? $0.get()) ?? [] })
  var next = 0
  return read.map { texts in
    texts.map { texts in
      defer { next += texts.count }
      return outputs(Array(all[next..<next + texts.count]))
    }
  }
}

private let textInput = [TensorPort("text", .bytes, [-1])]
private let textMember = RequestMember(
  name: "text", type: "string", "array", text: "A text, or an array of texts.")

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TextClassifier: ServedJob {
  public static let route = "classify"
  public static let members = [
    textMember,
    RequestMember(
      name: "explain", type: "string",
      text: "occlusion or attention: also which tokens carried each decision."),
  ]
  public var batchLimit: Int { 64 }
  public var inputs: [TensorPort] { textInput }
  public var outputs: [TensorPort] {
    [
      TensorPort("label", .bytes, [-1]),
      TensorPort("probabilities", .float32, [-1, labels.count]),
    ]
  }

  public func infer(_ requests: [InferRequest]) -> [Result<[WireTensor], RequestError>] {
    answers(
      requests, of: inputs, by: { classify($0) },
      as: { answers in
        [
          WireTensor("label", texts: answers.map(\.label)),
          WireTensor(
            "probabilities", floats: answers.flatMap(\.probabilities),
            shape: [answers.count, labels.count]),
        ]
      })
  }

  public func answer(_ request: JSONValue, name: String) throws(RequestError) -> [UInt8] {
    let texts = try request.texts("text")
    var method: ExplanationMethod?
    if let name = try request.string("explain") {
      method = ExplanationMethod(rawValue: name)
      if method == nil { throw request.problem("explain", "occlusion or attention") }
    }
    var lines: [String] = []
    for (text, answer) in zip(texts, classify(texts)) {
      var explanation: Explanation?
      if let method {
        explanation = try asked { () throws(DataError) in try explain(text, by: method) }
      }
      lines.append(answer.json(labels: labels, explanation: explanation))
    }
    return jsonArray(lines)
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SequenceTagger: ServedJob {
  public static let route = "tag"
  public static let members = [textMember]
  public var batchLimit: Int { 64 }
  public var inputs: [TensorPort] { textInput }
  public var outputs: [TensorPort] { [TensorPort("spans", .bytes, [-1])] }

  public func infer(_ requests: [InferRequest]) -> [Result<[WireTensor], RequestError>] {
    answers(
      requests, of: inputs, by: { lines($0) }, as: { [WireTensor("spans", texts: $0)] })
  }

  public func answer(_ request: JSONValue, name: String) throws(RequestError) -> [UInt8] {
    jsonArray(lines(try request.texts("text")))
  }

  private func lines(_ texts: [String]) -> [String] {
    zip(texts, entities(in: texts)).map { Self.json(text: $0, entities: $1) }
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Translator: ServedJob {
  public static let route = "translate"
  public static let members = [
    textMember,
    RequestMember(
      name: "beam", type: "integer", text: "Translations that are pursued at once, 1 to 100."),
    RequestMember(
      name: "length_penalty", type: "number",
      text: "How much longer translations are favoured, 0 to 10."),
    RequestMember(
      name: "coverage_penalty", type: "number",
      text: "How much a translation loses that leaves out words of the text, 0 to 10."),
    RequestMember(
      name: "n_best", type: "integer", text: "So many translations of each text, at most the beam."),
    RequestMember(
      name: "attention", type: "boolean",
      text: "Also the tokens, and how much each of the text counted for each of the translation."),
  ]
  public var batchLimit: Int { 32 }
  public var inputs: [TensorPort] { textInput }
  public var outputs: [TensorPort] {
    [TensorPort("translation", .bytes, [-1]), TensorPort("score", .float32, [-1])]
  }

  public func infer(_ requests: [InferRequest]) -> [Result<[WireTensor], RequestError>] {
    // Those that say how they are searched for are searched for one by one.
    guard requests.allSatisfy(\.parameters.isEmpty) else {
      return requests.map { request in
        Result { () throws(RequestError) in
          let texts = try request.texts("text", among: inputs)
          return outputs(try translations(of: texts, request.parameterObject).map(\.first))
        }
      }
    }
    return answers(
      requests, of: inputs,
      by: { texts in
        ((try? translations(of: texts)) ?? texts.map { _ in [] }).map(\.first)
      }, as: outputs)
  }

  private func outputs(_ best: [Translation?]) -> [WireTensor] {
    [
      WireTensor("translation", texts: best.map { $0?.text ?? "" }),
      WireTensor("score", floats: best.map { $0?.score ?? 0 }, shape: [best.count]),
    ]
  }

  private func translations(
    of texts: [String], _ request: JSONValue
  ) throws(RequestError) -> [[Translation]] {
    let beam = try request.integer("beam", in: 1...100)
    let penalty = try request.number("length_penalty", in: 0...10).map { Float($0) }
    let coverage = try request.number("coverage_penalty", in: 0...10).map { Float($0) }
    let count = try request.integer("n_best", in: 1...100) ?? 1
    let keepsAttention = request["attention"]?.bool ?? false
    return try asked { () throws(DataError) in
      try self.translations(
        of: texts, beam: max(beam ?? options.beam, count), lengthPenalty: penalty,
        coveragePenalty: coverage, keepsAttention: keepsAttention)
    }.map { Array($0.prefix(count)) }
  }

  public func answer(_ request: JSONValue, name: String) throws(RequestError) -> [UInt8] {
    let all = try translations(of: try request.texts("text"), request)
    return jsonArray(
      all.map { translations in
        "[" + translations.map(Self.text).joined(separator: ",") + "]"
      })
  }

  private static func text(_ translation: Translation) -> String {
    guard !translation.attention.isEmpty else { return translation.json }
    let members: JSONValue = [
      "source_tokens": .array(translation.sourceTokens.map { .string($0) }),
      "tokens": .array(translation.tokens.map { .string($0) }),
      "attention": .array(translation.attention.map { .array($0.map { .number(Double($0)) }) }),
    ]
    return String(translation.json.dropLast()) + ","
      + String(decoding: members.text.dropFirst(), as: UTF8.self)
  }
}
