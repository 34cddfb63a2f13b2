import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import InferenceProtocol
import ModelServing
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import ServerHTTP

/// What only a real connection shows.
@Suite struct SocketTests {
  private static func server(
    store: (any StateStore)? = nil, _ change: (inout ServerOptions) -> Void = { _ in }
  ) throws -> InferenceServer { try testServer(TestModels.graphFolder(), store: store, change) }

  private func step(_ id: Int, _ x: String, start: Bool = false) -> String {
    let body =
      #"{"parameters":{"sequence_id":\#(id),"sequence_start":\#(start)},"#
      + #""inputs":[{"name":"x","shape":[1,1,2],"datatype":"FP32","data":[\#(x)]}]}"#
    return
      "POST /v2/models/lstm/infer HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
      + body
  }

  /// What a connection answers to bytes that are sent in pieces, up to its end or the pause.
  private func exchange(
    _ port: Int, _ pieces: [String], pause: Duration = .milliseconds(20), until end: String
  ) async throws -> String {
    let (stream, pieceSender) = AsyncStream.makeStream(of: String.self)
    async let sending: Void = {
      for piece in pieces {
        pieceSender.yield(piece)
        try? await Task.sleep(for: pause)
      }
      pieceSender.finish()
    }()
    return try await exchange(port, stream, until: end)
  }

  /// Sends pieces as they come and reads meanwhile, since the server may answer or close before the
  /// last.
  private func exchange(
    _ port: Int, _ pieces: AsyncStream<String>, until end: String
  ) async throws -> String {
    let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      async let writing: Void = {
        for await piece in pieces { try? await outbound.write(ByteBuffer(string: piece)) }
      }()
      var text = ""
      do {
        for try await part in inbound {
          text += String(buffer: part)
          if !end.isEmpty, text.contains(end) { break }
        }
      } catch is IOError {}
      return text
    }
  }

  /// The numbers that answers hold, in their order.
  private func values(_ text: String) -> [String] {
    text.split(separator: "\"data\":[").dropFirst().map { String($0.prefix { $0 != "]" }) }
  }

  /// Steps, and requests of the application between them, come back in the order in which they went,
  /// however they are cut.
  @Test func pipelinedRequestsKeepTheirOrder() async throws {
    try await Self.server().application().test(.live) { client in
      let port = try #require(client.port)
      let (a, b) = ("0.5,-1", "0.25,2")
      // The first step is not known to be short; the application takes it.
      let whole =
        step(1, a, start: true) + step(1, b) + "GET /v2 HTTP/1.1\r\nHost: x\r\n\r\n"
        + step(2, a, start: true) + step(2, b) + step(3, b) + step(1, a)
        + "GET /v2/models/lstm/sequences/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
      let text = try await exchange(port, [whole], until: "idle_seconds")
      let found = values(text)
      #expect(found.count == 5, "\(text)")
      #expect(found[0] == found[2] && found[1] == found[3])
      let order = ["recurrent-server\",\"version", "has not begun", "\"steps\":3"]
      let places = order.map { text.range(of: $0)?.lowerBound }
      #expect(
        places.allSatisfy { $0 != nil }
          && places.compactMap(\.self) == places.compactMap(\.self).sorted())
      // Cut into pieces of 37 bytes.
      var pieces: [String] = []
      var rest = Substring(whole)
      while !rest.isEmpty {
        pieces.append(String(rest.prefix(37)))
        rest = rest.dropFirst(37)
      }
      let cut = try await exchange(port, pieces, pause: .milliseconds(1), until: "idle_seconds")
      #expect(values(cut) == found)
    }
  }

  /// Where steps are known to be short they are answered from the bytes: alone, several in one piece, among other
  /// requests, cut in pieces, and wrong ones.
  @Test func stepsAreAnsweredFromTheBytes() async throws {
    try await Self.server().application().test(.live) { client in
      let port = try #require(client.port)
      for _ in 0..<3 { _ = try await client.step(9, [0, 0], start: true) }
      let (a, b) = ("0.5,-1", "0.25,2")
      let end = "GET /v2/models/lstm/sequences/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
      let steps = [step(1, a, start: true), step(1, b), step(1, a)]
      var found: [[String]] = []
      for pieces in [
        steps + [end], [steps.joined() + end], [steps[0] + steps[1], steps[2] + end],
        [steps[0], "GET /v2 HTTP/1.1\r\nHost: x\r\n\r\n" + steps[1], steps[2], end],
        [String(steps[0].prefix(30)), String(steps[0].dropFirst(30)) + steps[1], steps[2] + end],
      ] {
        let text = try await exchange(port, pieces, until: "idle_seconds")
        #expect(text.contains("\"steps\":3"), "\(text)")
        #expect(text.components(separatedBy: "HTTP/1.1 200 OK\r\n").count - 1 >= 4, "\(text)")
        found.append(values(text))
      }
      #expect(found[0].count == 3 && found.allSatisfy { $0 == found[0] }, "\(found)")
      // What goes wrong leaves the stream as it was.
      let wrong = step(1, "1").replacing("[1,1,2]", with: "[1,1,1]")
      let text = try await exchange(
        port, [steps[0], wrong, step(7, a), steps[1], steps[2] + end], until: "idle_seconds")
      #expect(values(text) == found[0] && text.contains("HTTP/1.1 400"), "\(text)")
      #expect(text.contains("HTTP/1.1 409") && text.contains("\"steps\":3"), "\(text)")
    }
  }

  /// Requests that are no steps, with bodies that are too long for the short way, or none at all.
  @Test func whatIsNoStepGoesOn() async throws {
    try await Self.server().application().test(.live) { client in
      for _ in 0..<3 { _ = try await client.step(1, [0, 0], start: true) }
      let plain = try await client.json(.post, "/v2/models/lstm/infer", ["inputs": []])
      #expect(plain.status == 400 && plain.json["error"]?.string?.contains("missing") ?? false)
      #expect(try await client.json(.post, "/v2/models/lstm/infer").status == 400)
      let long = try await client.json(
        .post, "/v2/models/lstm/infer",
        [
          "id": .string(String(repeating: "x", count: 100_000)),
          "parameters": ["sequence_id": 1],
          "inputs": [["name": "x", "shape": [1, 1, 2], "datatype": "FP32", "data": [0, 0]]],
        ])
      #expect(long.status == 200)
      #expect(try await client.step(1, [1, 2, 3]).status == 400)
      #expect(try await client.step(9, [0, 0]).status == 409)
      let response = try await client.execute(uri: "/metrics", method: .get)
      let text = String(buffer: response.body)
      #expect(
        text.contains(
          #"recurrent_requests_total{route="POST /v2/models/{model}/infer",status="409"} 1"#),
        "\(text)")
      #expect(text.contains("recurrent_streams 1.0"))
    }
  }

  @Test func longBodies() async throws {
    try await Self.server { $0.limits.body = 1000 }.application().test(.live) { client in
      let port = try #require(client.port)
      let long = try await client.json(
        .post, "/v1/tag", ["text": .string(String(repeating: "x", count: 2000))])
      #expect(long.status == 413 && long.json["error"]?.string?.contains("--max-body") ?? false)
      // Told beforehand, before a byte of it came.
      let told = try await exchange(
        port, ["POST /v1/tag HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"],
        until: "max-body")
      #expect(told.hasPrefix("HTTP/1.1 413"))
      let chunks =
        "POST /v1/tag HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + String(repeating: "64\r\n" + String(repeating: "x", count: 100) + "\r\n", count: 20)
      #expect(try await exchange(port, [chunks], until: "max-body").hasPrefix("HTTP/1.1 413"))
    }
  }

  /// Too long a body is refused when it is announced, also where steps take the short way.
  @Test(.timeLimit(.minutes(1))) func longBodiesOfSteps() async throws {
    let server = try Self.server { ($0.limits.body, $0.limits.idleTime) = (1000, .seconds(2)) }
    try await server.application().test(.live) { client in
      let port = try #require(client.port)
      let model = try server.repository.model("lstm")
      for _ in 0..<200 where !model.hasShortSteps {
        _ = try await client.step(1, [0, 0], start: true)
      }
      let head =
        "POST /v2/models/lstm/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n{"
      let told = try await exchange(port, [head], until: "max-body")
      #expect(told.hasPrefix("HTTP/1.1 413"), "\(told)")
    }
  }

  /// A client that asks before it sends the body is told to go on, unless the body is too long.
  @Test func bodiesThatAreAskedFor() async throws {
    try await Self.server { $0.limits.body = 1000 }.application().test(.live) { client in
      let port = try #require(client.port)
      func head(_ length: Int) -> String {
        "POST /v1/tag HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: \(length)\r\n\r\n"
      }
      let asked = try await exchange(port, [head(2), "{}"], until: "error")
      #expect(asked.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404"), "\(asked)")
      let refused = try await exchange(port, [head(2000)], until: "error")
      #expect(refused.hasPrefix("HTTP/1.1 413"), "\(refused)")
    }
  }

  /// Bodies of all requests together are bounded, and what was held is given back.
  @Test func bodiesTogether() async throws {
    try await Self.server { ($0.limits.bodies, $0.limits.body) = (1500, 1000) }.application()
      .test(.live) { client in
        let port = try #require(client.port)
        let body = String(repeating: " ", count: 900)
        func request(_ path: String) -> String {
          "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: 901\r\n\r\n\(body)"
        }
        for _ in 0..<3 {
          let (pieces, sender) = AsyncStream.makeStream(of: String.self)
          sender.yield(request("/v1/tag"))
          async let first = exchange(port, pieces, until: "error")
          try await Task.sleep(for: .milliseconds(300))
          let second = try await exchange(port, [request("/v1/tag")], until: "error")
          #expect(second.hasPrefix("HTTP/1.1 429") && second.contains("--max-bodies"), "\(second)")
          sender.yield("{")
          #expect(try await first.hasPrefix("HTTP/1.1 400"))
        }
      }
  }

  @Test func slowBodies() async throws {
    let server = try Self.server { $0.limits.bodyTime = .milliseconds(150) }
    try await server.application().test(.live) { client in
      let port = try #require(client.port)
      for path in ["/v1/tag", "/v2/models/lstm/infer"] {
        // As many pieces as there is room for: the time begins when the server gets to it.
        let slow = try await exchange(
          port,
          ["POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n"]
            + Array(repeating: " ", count: 499), pause: .milliseconds(40), until: "did not come")
        #expect(slow.hasPrefix("HTTP/1.1 408"), "\(slow)")
      }
    }
  }

  /// Half a request, half a head, and nothing at all: closed.
  @Test func silence() async throws {
    try await Self.server { $0.limits.idleTime = .milliseconds(400) }.application().test(.live) {
      client in
      let port = try #require(client.port)
      for piece in [
        "POST /v1/tag HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{", "GET / HT", "",
      ] {
        #expect(try await !exchange(port, [piece], until: "").contains("200 OK"))
      }
    }
  }

  @Test func keys() async throws {
    let key = "0123456789abcdef"
    try await Self.server { $0.keys = ["another key, longer", key] }.application().test(.live) {
      client in
      #expect(try await client.json(.get, "/v2/health/live").status == 200)
      #expect(try await client.json(.get, "/openapi.json").status == 200)
      let refused = try await client.execute(uri: "/v2", method: .get)
      #expect(refused.status == .unauthorized && refused.headers[.wwwAuthenticate] == "Bearer")
      for wrong in ["", "0123456789abcde", "0123456789abcdeF", key + "0"] {
        let answer = try await client.json(
          .get, "/v2", headers: [.authorization: "Bearer \(wrong)"])
        #expect(answer.status == 401)
      }
      let name = try #require(HTTPField.Name("X-API-Key"))
      for headers in [[.authorization: "Bearer \(key)"], [name: key]] as [HTTPFields] {
        #expect(try await client.json(.get, "/v2", headers: headers).status == 200)
      }
      #expect(try await client.step(1, [0, 0], start: true).status == 401)
    }
  }

  @Test func pagesOfOtherServers() async throws {
    func server(_ allowed: String?) throws -> InferenceServer {
      try Self.server { $0.allowedOrigin = allowed }
    }
    try await server(nil).application().test(.live) { client in
      let port = try #require(client.port)
      let other: HTTPFields = [.origin: "https://example.org"]
      #expect(try await client.json(.get, "/v2", headers: other).status == 403)
      #expect(
        try await client.execute(uri: "/v2", method: .options, headers: other)
          .headers[.accessControlAllowOrigin] == nil)
      let own = try await exchange(
        port,
        ["GET /v2 HTTP/1.1\r\nHost: a:8000\r\nOrigin: http://a:8000\r\nConnection: close\r\n\r\n"],
        until: "extensions")
      #expect(own.hasPrefix("HTTP/1.1 200"))
    }
    try await server("https://example.org").application().test(.live) { client in
      let headers: HTTPFields = [.origin: "https://example.org"]
      let answer = try await client.execute(uri: "/v2", method: .get, headers: headers)
      #expect(answer.headers[.accessControlAllowOrigin] == "https://example.org")
      let asked = try await client.execute(uri: "/v2", method: .options, headers: headers)
      #expect(asked.status == .noContent && asked.headers[.accessControlAllowMethods] != nil)
      #expect(
        try await client.json(.get, "/v2", headers: [.origin: "https://example.com"]).status == 403)
    }
  }

  /// A full queue says so, and for how long to wait.
  @Test func fullQueue() async throws {
    let server = try testServer { ($0.limits.waiting, $0.workers) = (2, 1) }
    try await server.application().test(.router) { client in
      // The only worker is held until most of the requests were told that there is no room.
      let gate = DispatchSemaphore(value: 0)
      let begun = Mutex(false)
      async let held: Void = server.queue.run { () throws(RequestError) in
        begun.withLock { $0 = true }
        gate.wait()
      }
      for _ in 0..<2000 where !begun.withLock({ $0 }) {
        try await Task.sleep(for: .milliseconds(5))
      }
      let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<12 {
          group.addTask {
            try await client.json(.post, "/v1/generate", ["length": 4]).status
          }
        }
        return try await group.reduce(into: [Int]()) {
          $0.append($1)
          if $0.count == 9 { gate.signal() }
        }
      }
      try await held
      #expect(statuses.contains(200) && statuses.filter { $0 == 429 }.count >= 9, "\(statuses)")
      #expect(statuses.allSatisfy { $0 == 429 || $0 == 200 })
      #expect(try await client.json(.get, "/v2/health/live").status == 200)
    }
  }
}
