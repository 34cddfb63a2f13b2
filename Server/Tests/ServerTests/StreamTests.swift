import Foundation
import HTTPTypes
import HummingbirdTesting
import InferenceProtocol
import ModelServing
import NIOCore
import Recurrent
import Testing

@testable import ServerHTTP

@Suite struct StreamTests {
  private static func server(
    _ change: (inout ServerOptions) -> Void = { _ in }
  ) throws -> InferenceServer { try testServer(TestModels.graphFolder(), change) }

  /// Two features of a step of a stream, different for each.
  private func input(_ stream: Int, _ step: Int) -> [Double] {
    [Double((stream * 31 + step * 17) % 23) / 8 - 1, Double((stream * 7 + step * 5) % 19) / 4 - 2]
  }

  /// 300 streams, each of 5 steps, in a random order from many tasks at once: each gives what it gives
  /// alone.
  @Test func interleavedStreamsAreKeptApart() async throws {
    let (streams, steps) = (300, 5)
    try await Self.server().application().test(.router) { client in
      var alone: [[Double]] = []
      for stream in 0..<streams {
        var values: [Double] = []
        for step in 0..<steps {
          let answer = try await client.step(
            "alone", input(stream, step), start: step == 0, end: step == steps - 1)
          values.append(try #require(answer.value))
        }
        alone.append(values)
      }
      #expect(Set(alone.map(\.description)).count > 200)
      // Lanes of streams, each lane a task; within a lane the order is random.
      let together = try await withThrowingTaskGroup(of: [(Int, Int, Double)].self) { group in
        for lane in 0..<8 {
          group.addTask {
            var random = SystemRandomNumberGenerator()
            var next = Dictionary(
              uniqueKeysWithValues: stride(from: lane, to: streams, by: 8).map { ($0, 0) })
            var values: [(Int, Int, Double)] = []
            while let (stream, step) = next.randomElement(using: &random) {
              let id: JSONValue =
                stream % 2 == 0 ? .integer(Int64(stream) + 1) : .string("s\(stream)")
              let answer = try await client.step(
                id, input(stream, step), start: step == 0, end: step == steps - 1)
              values.append((stream, step, try #require(answer.value, "\(answer)")))
              next[stream] = step + 1 < steps ? step + 1 : nil
            }
            return values
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      #expect(together.count == streams * steps)
      for (stream, step, value) in together where value != alone[stream][step] {
        Issue.record("stream \(stream), step \(step): \(value), alone \(alone[stream][step])")
      }
    }
  }

  @Test func streamsThatAreNotThere() async throws {
    try await Self.server().application().test(.router) { client in
      let never = try await client.step(1, [0, 0])
      #expect(never.status == 409 && never.error?.contains("sequence_start") ?? false)
      #expect(try await client.json(.get, "/v2/models/lstm/sequences/1").status == 404)
      _ = try await client.step(1, [0, 0], start: true, end: true)
      #expect(try await client.step(1, [0, 0]).status == 410)
      #expect(try await client.json(.get, "/v2/models/lstm/sequences/1").status == 410)
      // A step that does not fit begins nothing, and changes nothing.
      #expect(try await client.step(2, [0, 0, 0], start: true).status == 400)
      #expect(try await client.step(2, [0, 0]).status == 409)
      let first = try await client.step(3, [0.5, -1], start: true)
      #expect(try await client.step(3, [1, 2, 3]).status == 400)
      let second = try await client.step(3, [0.25, 2])
      #expect(abs((second.value ?? 0) - 0.0007491100113838911) < 2e-7)
      // A start on a live one begins anew.
      #expect(try await client.step(3, [0.5, -1], start: true).value == first.value)
      // Numbers and texts of digits are one name.
      #expect(try await client.step("3", [0.25, 2]).value == second.value)
    }
  }

  @Test func noMoreStreamsThanMayBe() async throws {
    try await Self.server { $0.streams.streams = 3 }.application().test(.router) { client in
      for id in 1...3 {
        #expect(try await client.step(.integer(Int64(id)), [0, 0], start: true).status == 200)
      }
      let response = try await client.execute(
        uri: "/v2/models/lstm/infer", method: .post,
        body: ByteBuffer(
          string:
            #"{"parameters":{"sequence_id":4,"sequence_start":true},"inputs":[{"name":"x","shape":[1,1,2],"datatype":"FP32","data":[0,0]}]}"#
        ))
      #expect(response.status == .tooManyRequests && response.headers[.retryAfter] == "1")
      // Beginning anew needs no place, and an end gives one back.
      #expect(try await client.step(2, [0, 0], start: true).status == 200)
      #expect(try await client.step(2, [0, 0], end: true).status == 200)
      #expect(try await client.step(4, [0, 0], start: true).status == 200)
      #expect(try await client.step(5, [0, 0], start: true).status == 429)
    }
  }

  @Test func idleStreamsEnd() async throws {
    let server = try Self.server { $0.streams.idle = .milliseconds(30) }
    try await server.application().test(.router) { client in
      _ = try await client.step(1, [0, 0], start: true)
      try await Task.sleep(for: .milliseconds(60))
      _ = server.repository.removeIdleStreams()
      #expect(server.repository.streamCount.now == 0)
      let answer = try await client.step(1, [0, 0])
      #expect(answer.status == 410 && answer.error?.contains("dropped") ?? false)
    }
  }

  @Test func snapshotsForksAndStates() async throws {
    try await Self.server().application().test(.router) { client in
      let path = "/v2/models/lstm/sequences/a"
      _ = try await client.step("a", [0.5, -1], start: true)
      #expect(try await client.json(.post, path + "/snapshot", ["name": "one"]).status == 204)
      #expect(try await client.json(.post, path + "/fork", ["to": "b"]).status == 204)
      let state = try await client.execute(uri: path + "/state", method: .get)
      #expect(state.status == .ok)

      let onward = try await client.step("a", [0.25, 2])
      #expect(try await client.step("b", [0.25, 2]).value == onward.value)
      #expect(try await client.step("a", [9, 9]).value != onward.value)
      #expect(try await client.json(.post, path + "/rollback", ["name": "one"]).status == 204)
      #expect(try await client.json(.get, path).json["steps"] == 1)
      #expect(try await client.step("a", [0.25, 2]).value == onward.value)

      // The same on another server.
      try await Self.server().application().test(.router) { other in
        let put = try await other.execute(
          uri: "/v2/models/lstm/sequences/c/state", method: .put, body: state.body)
        #expect(put.status == .noContent)
        #expect(try await other.step("c", [0.25, 2]).value == onward.value)
        for wrong in [
          [], [UInt8](repeating: 7, count: 100), Array(state.body.readableBytesView.dropLast()),
        ] {
          let refused = try await other.execute(
            uri: "/v2/models/lstm/sequences/d/state", method: .put, body: ByteBuffer(bytes: wrong))
          #expect(refused.status == .badRequest)
        }
        #expect(try await other.step("d", [0, 0]).status == 409)
      }

      #expect(try await client.json(.post, path + "/rollback", ["name": "two"]).status == 404)
      #expect(try await client.json(.post, path + "/fork", ["to": "b"]).status == 409)
      #expect(try await client.json(.post, path + "/fork", ["to": 7]).status == 400)
      #expect(try await client.json(.post, path + "/snapshot").status == 400)
      for index in 2...16 {
        #expect(
          try await client.json(.post, path + "/snapshot", ["name": .string("\(index)")]).status
            == 204)
      }
      #expect(try await client.json(.post, path + "/snapshot", ["name": "17"]).status == 409)
      #expect(try await client.json(.post, path + "/snapshot", ["name": "16"]).status == 204)
      #expect(try await client.json(.delete, path).status == 204)
      #expect(try await client.json(.delete, path).status == 410)
    }
  }

  /// A file of RTNeural: the outputs of the library, at once, step by step, and from a state.
  @Test func networksOfRTNeural() async throws {
    let folder = try TestModels.graphFolder()
    var generator = RandomGenerator(seed: 3)
    let layers = [
      AnyLayer(LSTM(inputSize: 2, hiddenSize: 5, using: &generator)),
      AnyLayer(EachStep(Dense(inputSize: 5, outputSize: 1, using: &generator))),
    ]
    try RTNeuralFile(layers, inputSize: 2).write(to: folder + "/amp.json")
    let model = try RTNeuralFile(path: folder + "/amp.json").model
    let x: [Float] = [0.5, -1, 0.25, 2, -3, 0.125]
    let whole = model(SequenceBatch(Tensor(x, shape: [1, 3, 2]))).values.elements
    @Sendable func input(_ range: Range<Int>) -> JSONValue {
      [
        "name": "input", "datatype": "FP32", "shape": [.integer(Int64(range.count)), 2],
        "data": .array(range.flatMap { x[2 * $0..<2 * $0 + 2] }.map { .number(Double($0)) }),
      ]
    }
    try await testServer(folder).application().test(.router) { client in
      func infer(_ range: Range<Int>, start: Bool? = nil) async throws -> [Float] {
        let sequence: JSONValue = ["sequence_id": 1, "sequence_start": .bool(start ?? false)]
        let body: JSONValue = [
          "inputs": [input(range)], "parameters": start == nil ? [:] : sequence,
        ]
        let answer = try await client.json(.post, "/v2/models/amp/infer", body).json
        return (answer["outputs"]?.array?[0]["data"]?.array ?? []).compactMap {
          $0.double.map { Float($0) }
        }
      }
      #expect(try await infer(0..<3) == whole)
      #expect(try await infer(0..<1, start: true) == [whole[0]])
      let path = "/v2/models/amp/sequences/1"
      #expect(try await client.json(.post, path + "/snapshot", ["name": "a"]).status == 204)
      let state = try await client.execute(uri: path + "/state", method: .get).body
      #expect(try await infer(1..<3, start: false) == Array(whole[1...]))
      #expect(try await client.json(.post, path + "/rollback", ["name": "a"]).status == 204)
      #expect(try await infer(1..<2, start: false) == [whole[1]])
      #expect(
        try await client.execute(uri: path + "/state", method: .put, body: state).status
          == .noContent)
      #expect(try await infer(1..<3, start: false) == Array(whole[1...]))
      #expect(try await client.json(.get, "/v2/models/amp").json["platform"] == "rtneural_stream")
    }
  }

  /// A text generator writes token by token what it writes at once.
  @Test func textsGoOnByToken() async throws {
    try await testServer().application().test(.router) { client in
      func step(_ text: String, tokens: Int, start: Bool = false) async throws -> String? {
        try await client.json(
          .post, "/v2/models/generator/infer",
          [
            "parameters": [
              "sequence_id": "t", "sequence_start": .bool(start),
              "tokens": .integer(Int64(tokens)), "seed": 4,
            ],
            "inputs": [
              ["name": "text", "datatype": "BYTES", "shape": [1], "data": [.string(text)]]
            ],
          ]
        ).json["outputs"]?.array?[0]["data"]?.array?[0].string
      }
      let whole = try #require(try await step("the ", tokens: 9, start: true))
      #expect(whole.count == 9)
      var pieces = try #require(try await step("the ", tokens: 2, start: true))
      let state = try await client.execute(
        uri: "/v2/models/generator/sequences/t/state", method: .get)
      for _ in 0..<7 { pieces += try await step("", tokens: 1) ?? "" }
      #expect(pieces == whole)
      let put = try await client.execute(
        uri: "/v2/models/generator/sequences/t/state", method: .put, body: state.body)
      #expect(put.status == .noContent)
      #expect(try await step("", tokens: 7) == String(whole.dropFirst(2)))
      // A state of another model.
      _ = try await client.step("x", [0, 0], start: true)
      let other = try await client.execute(uri: "/v2/models/lstm/sequences/x/state", method: .get)
      let refused = try await client.execute(
        uri: "/v2/models/generator/sequences/t/state", method: .put, body: other.body)
      #expect(refused.status == .badRequest)
    }
  }

  /// A model is loaded again and again while many ask it: none is refused, and no stream loses its place.
  @Test func reloadDropsNothing() async throws {
    let server = try Self.server()
    try await server.application().test(.router) { client in
      let expected = try await client.step("one", [0.5, -1], start: true, end: true).value
      try await withThrowingTaskGroup(of: Void.self) { group in
        for lane in 0..<6 {
          group.addTask {
            for round in 0..<40 {
              let id: JSONValue = .string("\(lane)")
              let answer = try await client.step(id, [0.5, -1], start: true)
              #expect(answer.status == 200 && answer.value == expected, "\(lane), \(round)")
              let next = try await client.step(id, [0.25, 2], end: true)
              #expect(next.status == 200, "\(lane), \(round)")
            }
          }
        }
        group.addTask {
          for _ in 0..<20 {
            let answer = try await client.json(.post, "/v2/repository/models/lstm/load")
            #expect(answer.status == 200)
          }
        }
        try await group.waitForAll()
      }
      #expect(server.repository.streamCount.now == 0)
    }
  }

  /// Streams go on with the weights with which they began; requests under way are answered.
  @Test func reloadAndUnload() async throws {
    let folder = try TestModels.graphFolder()
    let server = try testServer(folder)
    try await server.application().test(.router) { client in
      _ = try await client.step(1, [0.5, -1], start: true)
      #expect(try await client.json(.post, "/v2/repository/models/lstm/load").status == 200)
      let second = try await client.step(1, [0.25, 2])
      #expect(abs((second.value ?? 0) - 0.0007491100113838911) < 2e-7)
      // What cannot be read leaves the former in its place.
      try Data([1, 2, 3]).write(to: URL(filePath: folder + "/lstm.onnx"))
      #expect(try await client.json(.post, "/v2/repository/models/lstm/load").status == 400)
      #expect(try await client.step(1, [0, 0]).status == 200)

      #expect(try await client.json(.post, "/v2/repository/models/lstm/unload").status == 200)
      #expect(try await client.step(1, [0, 0]).status == 404)
      #expect(server.repository.streamCount.now == 0)
      #expect(try await client.json(.post, "/v2/repository/models/lstm/unload").status == 404)
      #expect(try await client.json(.post, "/v2/repository/models/..%2Fx/load").status == 404)
      #expect(try await client.json(.post, "/v2/repository/models/lstm/load").status == 400)
      let index = try await client.json(.post, "/v2/repository/index").json.array?[0]
      #expect(index?["state"] == "UNAVAILABLE" && index?["reason"] != "")
      #expect(try await client.json(.get, "/v2/health/ready").status == 503)
      #expect(try await client.json(.get, "/v2/models/lstm/ready").status == 503)

      // JSON that is no network leaves the server ready; a network that is broken does not.
      try FileManager.default.removeItem(atPath: folder + "/lstm.onnx")
      try Data(#"{"note":1}"#.utf8).write(to: URL(filePath: folder + "/notes.json"))
      _ = server.repository.loadAll()
      #expect(try await client.json(.post, "/v2/repository/models/notes/load").status == 400)
      #expect(try await client.json(.get, "/v2/models/notes/ready").status == 404)
      try Data(#"{"in_shape":1}"#.utf8).write(to: URL(filePath: folder + "/amp.json"))
      #expect(try await client.json(.post, "/v2/repository/models/amp/load").status == 400)
      #expect(try await client.json(.get, "/v2/models/amp/ready").status == 503)
    }
  }
}
