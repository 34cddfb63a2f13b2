import Hummingbird
import InferenceProtocol
import ModelServing
import RecurrentTasks
import Synchronization

/// What jobs answer in their own words, at `/v1/ROUTE`.
extension InferenceServer {
  func jobRoutes() -> [Route] { ServedJobs.all.map { route($0) } }

  private func route<Served: ServedJob>(_ job: Served.Type) -> Route {
    let members = [
      RequestMember(
        name: "model", type: "string",
        text: "The model's name; not needed where one model of this kind is loaded.")
    ]
    let properties = (members + job.members).map { member -> (name: String, value: JSONValue) in
      (
        member.name,
        ["type": .array(member.types.map { .string($0) }), "description": .string(member.text)]
      )
    }
    return Route(
      .post, "/v1/\(job.route)", "What a model of the kind \(job.task) answers.",
      body: .json(["type": "object", "properties": .object(properties)])
    ) { call in
      let request = try await call.json()
      guard case .object(let given) = request else {
        throw RequestError(.malformed, "The body is no JSON object.")
      }
      if let unknown = given.first(where: { member in
        !properties.contains { $0.name == member.name }
      }) {
        throw RequestError(
          .malformed,
          "Member \(quoted(unknown.name)) is not known here; there are "
            + properties.map(\.name).joined(separator: ", ") + ".")
      }
      let (name, model) = try served(job, request)
      if let generator = model as? TextGenerator, request["stream"]?.bool ?? false {
        return try await events(generator, request)
      }
      let bytes = try await queue.run { () throws(RequestError) in
        try model.answer(request, name: name)
      }
      return Response(bytes: bytes)
    }
  }

  /// The model that a request names, or the only one of its kind.
  private func served<Served: ServedJob>(
    _ job: Served.Type, _ request: JSONValue
  ) throws(RequestError) -> (name: String, model: Served) {
    if let value = request["model"] {
      guard let name = value.string else {
        throw RequestError(.malformed, "Member \"model\" is a string.")
      }
      guard let model = try repository.model(name).model as? Served else {
        throw RequestError(.malformed, "Model \(quoted(name)) is no \(job.task).")
      }
      return (name, model)
    }
    let all = repository.models.compactMap { model in
      (model.model as? Served).map { (model.name, $0) }
    }
    guard let only = all.first else {
      throw RequestError(.missing, "No \(job.task) is loaded.")
    }
    guard all.count == 1 else {
      throw RequestError(
        .malformed,
        "Say which model: there are " + all.map { quoted($0.0) }.joined(separator: ", ") + ".")
    }
    return only
  }

  /// A text as server-sent events: pieces as they are drawn, then one that says that it is done.
  private func events(
    _ generator: TextGenerator, _ request: JSONValue
  ) async throws(RequestError) -> Response {
    // What breaks a rule is said before the answer begins.
    let text = try await queue.run { () throws(RequestError) in try generator.pieces(request) }
    let isOver = Atomic.Box(false)
    let (pieces, continuation) = AsyncStream.makeStream(of: JSONValue.self)
    continuation.onTermination = { _ in isOver.value.store(true, ordering: .relaxed) }
    Task {
      do throws(RequestError) {
        try await queue.run { () throws(RequestError) in
          for piece in text {
            if isOver.value.load(ordering: .relaxed) { return }
            continuation.yield(["text": .string(piece)])
          }
          continuation.yield(["done": true])
        }
      } catch {
        continuation.yield(["error": .string(error.message)])
      }
      continuation.finish()
    }
    return Response(events: pieces)
  }
}

extension Atomic where Value: Sendable {
  /// An atomic value that several hold.
  final class Box: Sendable {
    let value: Atomic<Value>
    init(_ value: consuming Value) { self.value = Atomic(value) }
  }
}
