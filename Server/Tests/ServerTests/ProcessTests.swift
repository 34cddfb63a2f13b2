import Foundation
import InferenceProtocol
import Testing

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// The command itself: killed, stopped, started again.
@Suite struct ProcessTests {
  /// A server of its own process.
  private struct Running: @unchecked Sendable {
    let process = Process()
    let address: URL

    /// - Throws: if it does not listen within ten seconds.
    init(_ models: String, _ flags: [String] = []) async throws {
      let folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      let log = NSTemporaryDirectory() + "recurrent-server-\(UUID().uuidString).log"
      _ = FileManager.default.createFile(atPath: log, contents: nil)
      defer { try? FileManager.default.removeItem(atPath: log) }
      process.executableURL = folder.appending(path: "recurrent-server")
      process.arguments = ["--models", models, "--port", "0"] + flags
      process.standardError = try FileHandle(forWritingTo: URL(filePath: log))
      try process.run()
      for _ in 0..<400 {
        try await Task.sleep(for: .milliseconds(25))
        let hasEnded = !process.isRunning
        let told = try String(contentsOfFile: log, encoding: .utf8)
        if let port = told.split(separator: "listening on 127.0.0.1:").dropFirst().first?
          .prefix(while: \.isNumber), let address = URL(string: "http://127.0.0.1:\(port)")
        {
          self.address = address
          return
        }
        if hasEnded { break }
      }
      process.terminate()
      throw RequestError(
        .failed, "it did not listen: \(try String(contentsOfFile: log, encoding: .utf8))")
    }

    func json(_ path: String, _ body: JSONValue? = nil) async throws -> (Int, JSONValue) {
      var request = URLRequest(url: address.appending(path: path))
      if let body { (request.httpMethod, request.httpBody) = ("POST", Data(body.text)) }
      let (data, response) = try await URLSession.shared.data(for: request)
      let status = (response as? HTTPURLResponse)?.statusCode ?? 0
      return (status, data.isEmpty ? .null : try JSONValue(text: Array(data)))
    }

    func step(_ id: Int, _ place: Int) async throws -> Double? {
      let x: JSONValue = .array([.number(Double(place % 7) / 4 - 1), .number(Double(id % 5))])
      let body: JSONValue = [
        "parameters": ["sequence_id": .integer(Int64(id)), "sequence_start": .bool(place == 0)],
        "inputs": [["name": "x", "shape": [1, 1, 2], "datatype": "FP32", "data": x]],
      ]
      return try await json("/v2/models/lstm/infer", body).1["outputs"]?.array?[0]["data"]?
        .array?[0].double
    }

    func kill() {
      Foundation.kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
  }

  #if StateFile
    /// Killed in the midst of steps of many streams: every step that was acknowledged is there, and each
    /// stream goes on as if nothing had been.
    @Test(.timeLimit(.minutes(2))) func acknowledgedStepsSurviveAKill() async throws {
      let folder = try TestModels.graphFolder()
      let flags = ["--state", folder + "/states.sqlite"]
      let (streams, steps) = (12, 40)
      // What the steps give without a break.
      var expected: [[Double]] = []
      let calm = try await Running(folder)
      for stream in 1...streams {
        var values: [Double] = []
        for place in 0..<steps { values.append(try #require(try await calm.step(stream, place))) }
        expected.append(values)
      }
      calm.kill()

      var reached = [Int](repeating: 0, count: streams + 1)
      for round in 0..<3 {
        let server = try await Running(folder, flags)
        for stream in 1...streams where reached[stream] > 0 {
          let told = try await server.json("/v2/models/lstm/sequences/\(stream)").1["steps"]?
            .integer
          let kept = try #require(told, "stream \(stream) is there after the kill")
          // The last step may have been written and its answer lost.
          #expect((reached[stream]...reached[stream] + 1).contains(kept), "stream \(stream)")
          reached[stream] = kept
        }
        let (from, whole) = (reached, expected)
        let until = round == 2 ? steps : 12 * (round + 1)
        let acknowledged = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
          for stream in 1...streams {
            group.addTask {
              var place = from[stream]
              while place < until, let value = try? await server.step(stream, place) {
                #expect(value == whole[stream - 1][place], "stream \(stream), step \(place)")
                place += 1
              }
              return (stream, place)
            }
          }
          if round < 2 {
            group.addTask {
              try await Task.sleep(for: .milliseconds(120))
              server.kill()
              return (0, 0)
            }
          }
          return try await group.reduce(into: from) { $0[$1.0] = max($0[$1.0], $1.1) }
        }
        reached = acknowledged
        if round == 2 {
          #expect(reached.dropFirst().allSatisfy { $0 == steps })
          server.kill()
        }
      }
    }

    @Test func oneServerHasTheFile() async throws {
      let folder = try TestModels.graphFolder()
      let flags = ["--state", folder + "/states.sqlite"]
      let server = try await Running(folder, flags)
      defer { server.kill() }
      let error = await #expect(throws: (any Error).self) { try await Running(folder, flags) }
      #expect("\(error.map { "\($0)" } ?? "")".contains("--state"))
    }
  #endif

  /// A request that is being answered when the server is told to stop is answered.
  @Test(.timeLimit(.minutes(1))) func stopsGracefully() async throws {
    let server = try await Running(TestModels.folder.get())
    async let long = server.json("/v1/generate", ["length": 2000, "prompt": "the", "seed": 2])
    try await Task.sleep(for: .milliseconds(150))
    server.process.terminate()
    let (status, json) = try await long
    #expect(status == 200 && json["text"] != nil)
    server.process.waitUntilExit()
    #expect(server.process.terminationStatus == 0)
    #expect(server.process.terminationReason == .exit)
  }
}
