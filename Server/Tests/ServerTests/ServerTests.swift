import HTTPTypes
import Hummingbird
import HummingbirdTesting
import InferenceProtocol
import Testing

@testable import ServerHTTP

@Suite struct ServerTests {
  /// Every address of the document answers, and none that the router knows is missing in it.
  @Test func everyAddressIsDocumentedAndAnswers() async throws {
    let server = try testServer()
    try await server.application().test(.router) { client in
      let document = try await client.json(.get, "/openapi.json").json
      guard case .object(let paths)? = document["paths"] else {
        Issue.record("the document has no paths")
        return
      }
      var told: Set<String> = []
      for (path, operations) in paths {
        guard case .object(let operations) = operations else { continue }
        for (method, operation) in operations {
          told.insert(method.uppercased() + " " + path)
          #expect(operation["responses"] != nil)
          let address = path.replacing("{model}", with: "lstm")
            .replacing("{sequence}", with: "never").replacing("{version}", with: "1")
          let name = try #require(HTTPRequest.Method(rawValue: method.uppercased()))
          let response = try await client.execute(uri: address, method: name)
          #expect(response.status != .methodNotAllowed && response.status.code < 500, "\(address)")
          #expect(
            response.headers[.contentType] != nil || response.status == .noContent, "\(address)")
        }
      }
      #expect(told == Set(server.allRoutes.map { "\($0.method.rawValue) \($0.path)" }))
      #expect(told.count == server.allRoutes.count)
    }
  }

  @Test func unknownAddressesAndMethods() async throws {
    try await testServer().application().test(.router) { client in
      let unknown = try await client.json(.get, "/v3")
      #expect(unknown.status == 404 && unknown.json["error"] != nil)
      let response = try await client.execute(uri: "/v2/models/lstm/infer", method: .get)
      #expect(response.status == .methodNotAllowed && response.headers[.allow] == "POST")
      #expect(try await client.json(.get, "/v2/models/none").status == 404)
      #expect(try await client.json(.get, "/v2/models/lstm/versions/2").status == 404)
      #expect(try await client.json(.get, "/v2/models/lstm/versions/1").status == 200)
    }
  }

  /// Outputs computed by the reference evaluator of the Python package onnx.
  @Test func graphAnswersAndCarriesItsState() async throws {
    try await testServer().application().test(.router) { client in
      let metadata = try await client.json(.get, "/v2/models/lstm").json
      #expect(metadata["platform"] == "onnx_stream")
      #expect(metadata["inputs"]?.array?.first?["shape"] == [-1, 1, 2])
      var values: [Double] = []
      let inputs: [[Double]] = [[0.5, -1], [0.25, 2], [-3, 0.125]]
      for (index, x) in inputs.enumerated() {
        let step = try await client.step(7, x, start: index == 0, end: index == 2)
        #expect(step.status == 200)
        values.append(step.value ?? .nan)
      }
      let expected = [-0.008882978931069374, 0.0007491100113838911, 0.02364683523774147]
      for (value, expected) in zip(values, expected) { #expect(abs(value - expected) < 2e-7) }

      // Without a stream, the state is an input like others.
      let zeros: JSONValue = ["shape": [1, 1, 3], "datatype": "FP32", "data": [0, 0, 0]]
      func input(_ name: String) -> JSONValue {
        guard case .object(let members) = zeros else { return .null }
        return .object([("name", .string(name))] + members)
      }
      let alone = try await client.json(
        .post, "/v2/models/lstm/infer",
        [
          "outputs": [["name": "output"]],
          "inputs": [
            ["name": "x", "shape": [1, 1, 2], "datatype": "FP32", "data": [0.5, -1]], input("h"),
            input("c"),
          ],
        ])
      #expect(alone.json["outputs"]?.array?.count == 1)
      #expect(alone.json["outputs"]?.array?[0]["data"]?.array?[0].double == values[0])
    }
  }

  @Test func binaryOutputs() async throws {
    try await testServer().application().test(.router) { client in
      let body =
        #"{"parameters":{"sequence_id":3,"sequence_start":true,"sequence_end":true,"binary_data_output":true},"#
        + #""inputs":[{"name":"x","shape":[1,1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}]}"#
      var buffer = ByteBuffer(string: body)
      buffer.writeBytes([0, 0, 0, 0x3F, 0, 0, 0x80, 0xBF])
      let header = try #require(HTTPField.Name("Inference-Header-Content-Length"))
      let response = try await client.execute(
        uri: "/v2/models/lstm/infer", method: .post,
        headers: [header: "\(body.utf8.count)"], body: buffer)
      #expect(response.status == .ok)
      let length = try #require(response.headers[header].flatMap { Int($0) })
      let bytes = Array(response.body.readableBytesView)
      #expect(bytes.count == length + 4)
      let bits = bytes[length...].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      #expect(abs(Float(bitPattern: bits) - -0.008882979) < 2e-7)
      // A header that is no number, or beyond the body.
      for wrong in ["x", "99999", "-1"] {
        let response = try await client.execute(
          uri: "/v2/models/lstm/infer", method: .post, headers: [header: wrong], body: buffer)
        #expect(response.status == .badRequest)
      }
    }
  }

  @Test func inputsThatDoNotFit() async throws {
    try await testServer().application().test(.router) { client in
      for (x, words) in [
        (["name": "x", "shape": [1, 1, 3], "datatype": "FP32", "data": [1, 2, 3]], "shape"),
        (["name": "x", "shape": [1, 1, 2], "datatype": "INT32", "data": [1, 2]], "type"),
        (["name": "z", "shape": [1, 1, 2], "datatype": "FP32", "data": [1, 2]], "\"x\""),
        (["name": "x", "shape": [1, 1, 2], "datatype": "BYTES", "data": ["a", "b"]], "BYTES"),
      ] as [(JSONValue, String)] {
        let answer = try await client.json(
          .post, "/v2/models/lstm/infer",
          ["parameters": ["sequence_id": 1, "sequence_start": true], "inputs": [x]])
        let message = answer.json["error"]?.string ?? ""
        #expect(answer.status == 400 && message.contains(words), "\(message)")
        #expect(!message.contains("/"), "no paths of the server: \(message)")
      }
    }
  }
}
