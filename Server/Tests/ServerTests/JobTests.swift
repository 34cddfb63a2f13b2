import Foundation
import HTTPTypes
import HummingbirdTesting
import InferenceProtocol
import NIOCore
import Recurrent
import RecurrentTasks
import Testing

@testable import ServerHTTP

/// Each job in tensors and in its own words: the answers of the library.
@Suite struct JobTests {
  private func infer(
    _ client: some TestClientProtocol, _ model: String, _ input: JSONValue,
    parameters: JSONValue = [:]
  ) async throws -> [String: JSONValue] {
    let answer = try await client.json(
      .post, "/v2/models/\(model)/infer", ["inputs": [input], "parameters": parameters])
    #expect(answer.status == 200, "\(answer.json)")
    return Dictionary(
      (answer.json["outputs"]?.array ?? []).map {
        ($0["name"]?.string ?? "", $0["data"] ?? .null)
      }
    ) { $1 }
  }

  private func texts(_ texts: [String]) -> JSONValue {
    [
      "name": "text", "datatype": "BYTES", "shape": [.integer(Int64(texts.count))],
      "data": .array(texts.map { .string($0) }),
    ]
  }

  private func floats(_ value: JSONValue?) -> [Float] {
    (value?.array ?? []).compactMap { $0.double.map { Float($0) } }
  }

  @Test func classifier() async throws {
    let model = try TextClassifier(contentsOf: TestModels.folder.get() + "/classifier")
    let lines = ["a quiet delight", "", "loud"]
    let expected = model.classify(lines)
    try await testServer().application().test(.router) { client in
      let outputs = try await infer(client, "classifier", texts(lines))
      #expect(outputs["label"] == .array(expected.map { .string($0.label) }))
      #expect(floats(outputs["probabilities"]) == expected.flatMap(\.probabilities))
      let answer = try await client.json(
        .post, "/v1/classify", ["text": .array(lines.map { .string($0) })])
      #expect(answer.json.array?.count == 3)
      #expect(answer.json.array?[0]["label"]?.string == expected[0].label)
      let explained = try await client.json(
        .post, "/v1/classify", ["text": "a loud failure", "explain": "occlusion"])
      #expect(explained.json.array?[0]["occlusion"]?.array?.count == 3)
      // Pooling by the largest has no attention.
      let refused = try await client.json(
        .post, "/v1/classify", ["text": "a", "explain": "attention"])
      #expect(refused.status == 400)
    }
  }

  /// Texts that wait together are read together, and each is answered as alone: to the bit.
  @Test func textsOfManyRequests() async throws {
    let model = try TextClassifier(contentsOf: TestModels.folder.get() + "/classifier")
    let server = try testServer { $0.workers = 1 }
    try await server.application().test(.router) { client in
      let lines = (0..<30).map { index in
        (0...index % 9).map { ["a", "loud", "quiet", "delight", "failure"][($0 * index) % 5] }
          .joined(separator: " ")
      }
      // The only worker is held until all of them wait.
      let gate = DispatchSemaphore(value: 0)
      async let held: Void = server.queue.run { () throws(RequestError) in gate.wait() }
      let answers = try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
        for (index, line) in lines.enumerated() {
          group.addTask {
            (index, floats(try await infer(client, "classifier", texts([line]))["probabilities"]))
          }
        }
        // One that does not fit spoils none of the others.
        group.addTask {
          let wrong: JSONValue = [
            "inputs": [["name": "text", "datatype": "FP32", "shape": [1], "data": [1]]]
          ]
          let answer = try await client.json(.post, "/v2/models/classifier/infer", wrong)
          #expect(answer.status == 400)
          return (-1, [])
        }
        for _ in 0..<2000 where server.queue.depth < 31 {
          try await Task.sleep(for: .milliseconds(5))
        }
        gate.signal()
        return try await group.reduce(into: [Int: [Float]]()) { $0[$1.0] = $1.1 }
      }
      try await held
      for (index, line) in lines.enumerated() {
        #expect(answers[index] == model.classify(line).probabilities, "\(line)")
      }
      func metric(_ name: String) -> Double? {
        server.metrics.text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
          .flatMap { Double($0.split(separator: " ").last ?? "") }
      }
      let batches = try #require(metric("recurrent_batch_size_count"))
      #expect(metric("recurrent_batch_size_sum") == 31 && batches == 1, "\(batches) batches")
    }
  }

  @Test func tagger() async throws {
    let model = try SequenceTagger(contentsOf: TestModels.folder.get() + "/tagger")
    let text = "Anna sleeps"
    let line = SequenceTagger.json(text: text, entities: model.entities(in: text))
    try await testServer().application().test(.router) { client in
      #expect(try await infer(client, "tagger", texts([text]))["spans"] == [.string(line)])
      let answer = try await client.json(.post, "/v1/tag", ["text": .string(text)])
      #expect(answer.json == .array([try JSONValue(text: Array(line.utf8))]))
    }
  }

  @Test func translator() async throws {
    let model = try Translator(contentsOf: TestModels.folder.get() + "/translator")
    let lines = ["Hund 3", "Hund 4"]
    try await testServer().application().test(.router) { client in
      let outputs = try await infer(client, "translator", texts(lines))
      #expect(outputs["translation"] == .array(model.translate(lines).map { .string($0) }))
      let two = try await client.json(
        .post, "/v1/translate", ["text": "Hund 3", "beam": 3, "n_best": 2, "attention": true])
      #expect(two.json.array?[0].array?.count == 2)
      #expect(two.json.array?[0].array?[0]["attention"]?.array?.isEmpty == false)
      let covering = try await client.json(
        .post, "/v1/translate", ["text": "Hund 3", "coverage_penalty": 2])
      let own = try model.translations(of: ["Hund 3"], coveragePenalty: 2)[0][0].json
      #expect(covering.json == [[try JSONValue(text: Array(own.utf8))]])
      for wrong: JSONValue in [
        ["text": "Hund", "beam": 0], ["text": "Hund", "coverage_penalty": -1],
      ] {
        #expect(try await client.json(.post, "/v1/translate", wrong).status == 400)
      }
    }
  }

  @Test func generator() async throws {
    let model = try TextGenerator(contentsOf: TestModels.folder.get() + "/generator")
    let expected = try model.generate(prompt: "the ", length: 20, seed: 5)
    let asked: JSONValue = ["prompt": "the ", "length": 20, "seed": 5]
    try await testServer().application().test(.router) { client in
      let outputs = try await infer(
        client, "generator", texts(["the "]), parameters: ["length": 20, "seed": 5])
      #expect(outputs["continuation"] == [.string(expected)])
      let answer = try await client.json(.post, "/v1/generate", asked)
      #expect(answer.json["text"]?.string == expected)
      guard case .object(let members) = asked else { return }
      let streaming = JSONValue.object(members + [(name: "stream", value: true)])
      let response = try await client.execute(
        uri: "/v1/generate", method: .post, body: ByteBuffer(bytes: streaming.text))
      let events = String(buffer: response.body).split(separator: "\n\n")
      #expect(response.headers[.contentType] == "text/event-stream")
      #expect(events.last == "data: {\"done\":true}")
      let pieces = try events.dropLast().map {
        try JSONValue(text: Array($0.dropFirst(6).utf8))["text"]?.string ?? ""
      }
      #expect(pieces.joined() == expected && pieces.count > 1)
      #expect(
        try await client.json(.post, "/v1/generate", ["top_p": 2, "stream": true]).status == 400)
    }
  }

  @Test func forecaster() async throws {
    let model = try Forecaster(contentsOf: TestModels.folder.get() + "/forecaster")
    let values = (0..<10).map { cos(Double($0) / 4) }
    let expected = try model.forecast(after: Series(values: values), steps: 5).points
    try await testServer().application().test(.router) { client in
      let outputs = try await infer(
        client, "forecaster",
        [
          "name": "values", "datatype": "FP64", "shape": [1, 10],
          "data": .array(values.map { .number($0) }),
        ], parameters: ["steps": 5])
      #expect(outputs["forecast"]?.array?.compactMap(\.double) == expected.map(\.value))
      #expect(outputs["upper"]?.array?.compactMap(\.double) == expected.map(\.upper))
      let answer = try await client.json(
        .post, "/v1/forecast",
        ["values": .array(values.map { .number($0) }), "steps": 5, "quantiles": [0.5]])
      let series = answer.json["series"]?.array?[0]
      #expect(series?["forecast"]?.array?.map { $0["value"]?.double } == expected.map(\.value))
      #expect(answer.json["model"] == "forecaster")
      let table = "value\n" + values.map { "\($0)\n" }.joined()
      let csv = try await client.json(.post, "/v1/forecast", ["csv": .string(table), "steps": 5])
      #expect(
        csv.json["series"]?.array?[0]["forecast"]?.array?.map { $0["lower"]?.double }
          == expected.map(\.lower), "\(csv.json)")
      #expect(try await client.json(.post, "/v1/forecast", [:]).status == 200)
      let short = try await client.json(.post, "/v1/forecast", ["values": [1, 2]])
      #expect(short.status == 400 && short.json["error"]?.string?.contains("8") ?? false)
    }
  }

  @Test func composer() async throws {
    let model = try Composer(contentsOf: TestModels.folder.get() + "/composer")
    var drawing = Composer.Drawing()
    (drawing.steps, drawing.seed) = (12, 3)
    let tune = try model.compose(from: try #require(Pitch("C4")), drawing: drawing)
    try await testServer().application().test(.router) { client in
      let answer = try await client.json(
        .post, "/v1/compose", ["note": "C4", "steps": 12, "seed": 3])
      #expect(answer.json["notes"]?.array?.count == tune.notes.count)
      let midi = Data(base64Encoded: answer.json["midi"]?.string ?? "").map { Array($0) }
      #expect(midi == tune.midi(stepsPerBeat: 4).bytes)
      // And on from there.
      let next = try await client.json(
        .post, "/v1/compose", ["midi": answer.json["midi"] ?? .null, "steps": 4])
      #expect(next.status == 200 && next.json["notes"]?.array?.count ?? 0 >= tune.notes.count)
      #expect(try await client.json(.post, "/v1/compose", ["note": "H9"]).status == 400)
    }
  }

  @Test func imageClassifier() async throws {
    let model = try ImageClassifier(contentsOf: TestModels.folder.get() + "/images")
    let images = ImageSet(source: "x", height: 4, width: 3, pixels: (0..<24).map { Float($0 * 9) })
    let expected = try model.classify(images)
    try await testServer().application().test(.router) { client in
      let outputs = try await infer(
        client, "images",
        [
          "name": "pixels", "datatype": "FP32", "shape": [2, 4, 3],
          "data": .array(images.pixels.map { .number(Double($0)) }),
        ])
      #expect(outputs["label"] == .array(expected.map { .string($0.label) }))
      #expect(floats(outputs["probabilities"]) == expected.flatMap(\.probabilities))
      // The first of the images, written by Pillow.
      let png =
        "iVBORw0KGgoAAAANSUhEUgAAAAMAAAAECAAAAABuRtrbAAAAEklEQVR4nGNk4ORklObkZIFiAASvAKQ+rUeBAAAAAElFTkSuQmCC"
      let seen = try await client.json(.post, "/v1/classify-image", ["png": .string(png)])
      #expect(seen.json.array?[0]["label"]?.string == expected[0].label)
      let chances = seen.json.array?[0]["probabilities"]
      #expect(chances?["dark"]?.double == Double(expected[0].probabilities[0]))
      let wrong = try await client.json(.post, "/v1/classify-image", ["png": "AAAA"])
      #expect(wrong.status == 400)
    }
  }

  @Test func onlyOneOfAKindNeedsNoName() async throws {
    try await testServer().application().test(.router) { client in
      let named = try await client.json(
        .post, "/v1/classify", ["text": "a", "model": "classifier"])
      #expect(named.status == 200)
      #expect(
        try await client.json(.post, "/v1/classify", ["text": "a", "model": "tagger"]).status == 400
      )
      #expect(
        try await client.json(.post, "/v1/classify", ["text": "a", "model": "none"]).status == 404)
      let unknown = try await client.json(.post, "/v1/classify", ["text": "a", "txt": "b"])
      #expect(unknown.json["error"]?.string?.contains("\"txt\"") ?? false)
    }
  }
}
