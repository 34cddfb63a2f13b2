import Hummingbird
import InferenceProtocol
import ModelServing

/// What can be done with streams between their steps.
extension InferenceServer {
  func streamRoutes() -> [Route] {
    let path = "/v2/models/{model}/sequences/{sequence}"
    func named(_ member: String) -> Route.Body {
      .json([
        "type": "object", "required": [.string(member)],
        "properties": .member(
          member, ["type": "string", "minLength": 1, "maxLength": 128]),
      ])
    }
    @Sendable func name(_ member: String, _ call: Call) async throws -> String {
      guard let name = try await call.json()[member]?.string, (1...128).contains(name.utf8.count)
      else {
        throw RequestError(.malformed, "Expected a member \(quoted(member)) of 1 to 128 bytes.")
      }
      return name
    }
    return [
      Route(.get, path, "A stream's steps, its snapshots, and for how long it had no step.") {
        call in
        let summary = try model(call).streams.summary(of: call.sequence)
        return Response(json: [
          "steps": .integer(Int64(summary.steps)),
          "snapshots": .array(summary.snapshots.map { .string($0) }),
          "idle_seconds": .integer(summary.idle.components.seconds),
        ])
      },
      Route(.delete, path, "Ends a stream.", status: .noContent) { call in
        try await model(call).streams.end(call.sequence)?.wait()
        return Response(status: .noContent)
      },
      Route(
        .post, path + "/snapshot", "Keeps a stream's state under a name.", body: named("name"),
        status: .noContent
      ) { call in
        try model(call).streams.snapshot(call.sequence, as: try await name("name", call))
        return Response(status: .noContent)
      },
      Route(
        .post, path + "/rollback", "Lets a stream go on from a snapshot.", body: named("name"),
        status: .noContent
      ) { call in
        let name = try await name("name", call)
        try await model(call).streams.rollBack(call.sequence, to: name)?.wait()
        return Response(status: .noContent)
      },
      Route(
        .post, path + "/fork", "Begins another stream from where a stream is.", body: named("to"),
        status: .noContent
      ) { call in
        let other = SequenceID(try await name("to", call))
        try await model(call).streams.fork(call.sequence, to: other)?.wait()
        return Response(status: .noContent)
      },
      Route(
        .get, path + "/state", "A stream's state, as a safetensors file.",
        mediaType: "application/octet-stream"
      ) { call in
        let model = try model(call)
        let state = try model.streams.export(call.sequence)
        return Response(
          bytes: StateArchive.encode(state, model: model.name),
          mediaType: "application/octet-stream")
      },
      Route(
        .put, path + "/state",
        "Begins a stream from a state that this or another server gave out, also in place of another.",
        body: .bytes("application/octet-stream"), status: .noContent
      ) { call in
        let model = try model(call)
        let state = try StateArchive.decode(try await call.body())
        try await model.streams.importing(state, as: call.sequence) { () throws(RequestError) in
          try model.model.makeStream()
        }?.wait()
        return Response(status: .noContent)
      },
    ]
  }
}
