import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import InferenceProtocol
import Logging
import Recurrent
import RecurrentTasks
import Testing

@testable import Playground
@testable import ServerHTTP

@Suite struct PageTests {
  private func server(trainings: Int = 2, keys: [String] = []) throws -> InferenceServer {
    let folder = NSTemporaryDirectory() + "recurrent-page-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var options = ServerOptions(models: folder)
    (options.port, options.keys) = (0, keys)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    var server = InferenceServer(options, logger: logger)
    server.routes += Playground(trainings: trainings, models: server.repository).routes
    return server
  }

  private func json(
    _ client: some TestClientProtocol, _ path: String, _ body: JSONValue
  ) async throws -> (status: Int, json: JSONValue) {
    let response = try await client.execute(
      uri: path, method: .post, body: ByteBuffer(bytes: body.text))
    return (
      response.status.code, try JSONValue(text: Array(response.body.readableBytesView))
    )
  }

  /// Every file that the page loads is there, and nothing comes from elsewhere.
  @Test func thePageIsWholeAndItsOwn() async throws {
    try await server(keys: ["secret"]).application().test(.router) { client in
      var (waiting, seen) = (["/"], Set<String>())
      while let path = waiting.popLast() {
        guard seen.insert(path).inserted else { continue }
        let response = try await client.execute(uri: path, method: .get)
        #expect(response.status == .ok, "\(path)")
        let policy = response.headers[.contentSecurityPolicy] ?? ""
        #expect(policy.hasPrefix("default-src 'none'") && !policy.contains("unsafe"))
        #expect(response.headers[.xContentTypeOptions] == "nosniff")
        let text = String(buffer: response.body)
        #expect(!text.isEmpty)
        for match in text.matches(of: /(?:src|href)="(\/page\/[^"]+)"/) {
          waiting.append(String(match.1))
        }
        for match in text.matches(of: /from "\.\/([^"]+)"/) { waiting.append("/page/\(match.1)") }
        for match in text.matches(of: /https?:\/\/[^" )]+/) {
          #expect(match.0.hasPrefix("http://www.w3.org/"), "\(path): \(match.0)")
        }
      }
      #expect(seen.count > 5)
      #expect(try await client.execute(uri: "/page/none.js", method: .get).status == .notFound)
      // What trains or reads wants the key.
      #expect(try await client.execute(uri: "/playground", method: .get).status == .unauthorized)
    }
  }

  @Test func aTrainingComesAsEvents() async throws {
    try await server().application().test(.router) { client in
      let asked: JSONValue = [
        "series": "sine", "cell": "gru", "units": 2, "window": 4, "epochs": 2,
      ]
      let response = try await client.execute(
        uri: "/playground/train", method: .post, body: ByteBuffer(bytes: asked.text))
      #expect(response.headers[.contentType] == "text/event-stream")
      let events = try String(buffer: response.body).split(separator: "\n\n").map {
        try JSONValue(text: Array($0.dropFirst(6).utf8))
      }
      #expect(events.first?["event"] == "start" && events.last?["event"] == "end")
      #expect(events.count { $0["event"] == "epoch" } == 2)
    }
  }

  @Test func whatCannotBeTrainedIsSaid() async throws {
    try await server(trainings: 0).application().test(.router) { client in
      for (request, status) in [
        (["series": "none"], 400), ([:], 400), (["values": [1, 2]], 400), (["values": ["a"]], 400),
        (["series": "sine", "units": 1000], 400), (["series": "sine"], 429),
      ] as [(JSONValue, Int)] {
        let answer = try await json(client, "/playground/train", request)
        #expect(answer.status == status && answer.json["error"] != nil, "\(answer)")
      }
      #expect(try await json(client, "/playground/table", [:]).status == 400)
      let table = try await json(client, "/playground/table", ["csv": "a,b\n1,2\n3,4\n"])
      #expect(table.json["column"] == "b" && table.json["values"] == [2, 4])
    }
  }

  @Test func theRowsThatAForecasterGoesOnFrom() async throws {
    let server = try server()
    let values = (0..<90).map { sin(Double($0) / 4) }
    var options = ForecasterOptions()
    (options.window, options.horizon, options.hiddenSize, options.epochs) = (8, 2, 2, 1)
    let model = try ForecastPlan([Series(values: values)], options: options).train()
    try model.save(to: server.options.models + "/wave")
    server.loadModels()
    try await server.application().test(.router) { client in
      let response = try await client.execute(uri: "/playground/recent/wave", method: .get)
      let series = try JSONValue(text: Array(response.body.readableBytesView)).array ?? []
      let rows = series.first?.array?.compactMap(\.double) ?? []
      #expect(series.count == 1 && rows.count >= 8 && rows == Array(values.suffix(rows.count)))
      let none = try await client.execute(uri: "/playground/recent/none", method: .get)
      #expect(none.status == .notFound)
    }
  }
}
