import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import InferenceProtocol
import Logging
import ModelServing
import NIOCore
import Recurrent
import RecurrentTasks
import Testing

@testable import ServerHTTP

/// Models of all kinds, each trained for an epoch on next to nothing.
enum TestModels {
  /// A folder with one of each job, by its task, and the graph of the fixture.
  static let folder = Result { try make() }

  /// A folder of its own with the graph of the fixture alone.
  static func graphFolder() throws -> String {
    let folder = NSTemporaryDirectory() + "recurrent-server-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: graph, toPath: folder + "/lstm.onnx")
    return folder
  }

  /// An LSTM of 3 units on 2 features, with its state as inputs and outputs.
  static let graph = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Fixtures/lstm.onnx").path

  private static func make() throws -> String {
    let folder = try graphFolder()
    func save(_ model: some Job, as name: String) throws { try model.save(to: folder + "/" + name) }

    var forecasting = ForecasterOptions()
    (forecasting.window, forecasting.horizon, forecasting.hiddenSize) = (8, 3, 4)
    forecasting.epochs = 1
    let wave = try Series(values: (0..<120).map { sin(Double($0) / 4) })
    try save(try ForecastPlan([wave], options: forecasting).train(), as: "forecaster")

    var classifying = TextClassifierOptions()
    (classifying.embeddingSize, classifying.hiddenSize, classifying.epochs) = (4, 4, 1)
    let texts = LabeledTexts(
      (0..<20).flatMap {
        [
          .init(text: "a quiet delight \($0 % 5)", label: "good"),
          .init(text: "a loud failure \($0 % 5)", label: "bad"),
        ]
      })
    try save(try TextClassifierPlan(texts, options: classifying).train(), as: "classifier")

    var tagging = SequenceTaggerOptions()
    (tagging.embeddingSize, tagging.hiddenSize, tagging.characters) = (4, 4, .none)
    tagging.epochs = 30
    let sentences = TaggedSentences(
      (0..<20).map { _ in .init(tokens: ["Anna", "sleeps"], tags: ["B-PER", "O"]) })
    try save(try SequenceTaggerPlan(sentences, options: tagging).train(), as: "tagger")

    var translating = TranslatorOptions()
    (translating.embeddingSize, translating.hiddenSize, translating.partCount) = (4, 4, 30)
    (translating.epochs, translating.maximumLength) = (1, 8)
    let pairs = SentencePairs(
      (0..<20).map { .init("Hund \($0)", targets: ["dog \($0)"]) }, origin: "pairs")
    try save(try TranslatorPlan(pairs, options: translating).train(), as: "translator")

    var writing = TextGeneratorOptions()
    (writing.hiddenSize, writing.embeddingSize, writing.epochs) = (8, 4, 1)
    let file = folder + "-text"
    try String(repeating: "the quick brown fox\n", count: 60).write(
      toFile: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: file) }
    try save(try TextGeneratorPlan([TextFile(file)], options: writing).train(), as: "generator")

    var composing = ComposerOptions()
    (composing.hiddenSize, composing.epochs, composing.window) = (4, 1, 16)
    let tunes = MusicCollection(
      (0..<12).map { index in
        Tune(
          name: "\(index)",
          notes: (0..<8).map { .init(pitch: 60 + ($0 + index) % 5, start: $0, end: $0 + 1) })
      }, source: "tunes")
    try save(try ComposerPlan(tunes, options: composing).train(), as: "composer")

    var seeing = ImageClassifierOptions()
    (seeing.epochs, seeing.hiddenSize) = (1, 4)
    let pixels = (0..<40 * 12).map { (place: Int) -> Float in
      Float(place / 12 % 2 * 200 + place % 12)
    }
    let images = ImageSet(
      source: "images", height: 4, width: 3, pixels: pixels,
      labels: (0..<40).map { $0 % 2 == 0 ? "dark" : "light" })
    try save(try ImagePlan(images, options: seeing).train(), as: "images")
    return folder
  }
}

/// A server over the models of a folder, all of them loaded.
func testServer(
  _ folder: String? = nil, store: (any StateStore)? = nil,
  _ change: (inout ServerOptions) -> Void = { _ in }
) throws -> InferenceServer {
  var options = ServerOptions(models: try folder ?? TestModels.folder.get())
  options.port = 0
  change(&options)
  var logger = Logger(label: "test")
  logger.logLevel = .critical
  let server = InferenceServer(options, store: store, logger: logger)
  server.loadModels()
  return server
}

extension TestClientProtocol {
  /// The status and the JSON of an answer.
  func json(
    _ method: HTTPRequest.Method = .post, _ path: String, _ body: JSONValue? = nil,
    headers: HTTPFields = [:]
  ) async throws -> (status: Int, json: JSONValue) {
    let response = try await execute(
      uri: path, method: method, headers: headers,
      body: body.map { ByteBuffer(bytes: $0.text) })
    let bytes = Array(response.body.readableBytesView)
    return (response.status.code, bytes.isEmpty ? .null : try JSONValue(text: bytes))
  }

  /// A step of a stream of the fixture; its output or the error.
  func step(
    _ id: JSONValue, _ x: [Double], start: Bool = false, end: Bool = false, model: String = "lstm"
  ) async throws -> (status: Int, value: Double?, error: String?) {
    let answer = try await json(
      .post, "/v2/models/\(model)/infer",
      [
        "parameters": [
          "sequence_id": id, "sequence_start": .bool(start), "sequence_end": .bool(end),
        ],
        "inputs": [
          [
            "name": "x", "shape": [1, 1, 2], "datatype": "FP32",
            "data": .array(x.map { .number($0) }),
          ]
        ],
      ])
    return (
      answer.status, answer.json["outputs"]?.array?.first?["data"]?.array?.first?.double,
      answer.json["error"]?.string
    )
  }
}
