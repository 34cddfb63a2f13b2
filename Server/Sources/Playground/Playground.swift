import Dispatch
import Hummingbird
import InferenceProtocol
import ModelServing
import Recurrent
import RecurrentTasks
import ServerHTTP
import Synchronization

/// The page, and the trainings that it starts.
///
/// ```swift
/// server.routes += Playground(trainings: 3, models: server.repository).routes
/// ```
public struct Playground: Sendable {
  /// Trainings at once; 0: the page only talks to models.
  public let trainings: Int
  private let models: ModelRepository
  private let running = Places()

  /// A playground with so many trainings at once, beside these models.
  public init(trainings: Int, models: ModelRepository) {
    (self.trainings, self.models) = (trainings, models)
  }

  /// The addresses.
  public var routes: [Route] {
    PageFiles.routes + [
      Route(.get, "/playground", "The series of the playground, and what bounds its trainings.") {
        _ in
        Response(json: description)
      },
      Route(
        .get, "/playground/recent/{model}",
        "The rows that a forecaster goes on from where no values are given, series by series."
      ) { call in
        let model = try models.model(try call.parameter("model"))
        let recent = (model.model as? Forecaster)?.recent ?? []
        return Response(json: .array(recent.map { .numbers($0.target) }))
      },
      Route(
        .post, "/playground/table", "A column of numbers of a CSV file.",
        body: .json([
          "type": "object", "required": ["csv"],
          "properties": ["csv": ["type": "string"], "column": ["type": "string"]],
        ])
      ) { call in
        let request = try await call.json()
        guard let csv = try request.string("csv") else {
          throw RequestError(.malformed, "Member \"csv\" is missing.")
        }
        return Response(json: try SentTable(csv: csv, column: try request.string("column")).json)
      },
      Route(
        .post, "/playground/train",
        "Trains a network on a series: events start, progress, epoch and end. It ends when the connection does.",
        body: .json(Self.schema), mediaType: "text/event-stream"
      ) { call in
        try train(try await call.json())
      },
    ]
  }

  /// A training as events.
  private func train(_ request: JSONValue) throws(RequestError) -> Response {
    let session = try session(request)
    guard running.take(trainings) else {
      throw RequestError(
        .busy, "\(trainings) trainings run, which is all that may (--max-trainings of the server).",
        retryAfter: 10)
    }
    let (events, continuation) = AsyncStream.makeStream(of: JSONValue.self)
    // One thread each, so that models go on answering.
    DispatchQueue.global(qos: .utility).async {
      ExecutionContext(threads: 1).run {
        session.run { event in
          if case .terminated = continuation.yield(event) { return false }
          return true
        }
      }
      running.giveBack()
      continuation.finish()
    }
    return Response(events: events)
  }

  private func session(_ request: JSONValue) throws(RequestError) -> TrainingSession {
    let settings = try TrainingSettings(request)
    if let values = try request.numbers("values") {
      return try TrainingSession(settings, values: values)
    }
    let name = try request.string("series") ?? ""
    guard let series = PlaygroundSeries.bundled.first(where: { $0.name == name }) else {
      throw request.problem(
        "series",
        "one of \(PlaygroundSeries.names.joined(separator: ", ")), or left out where values are sent"
      )
    }
    return try TrainingSession(settings, values: series.values)
  }

  private var description: JSONValue {
    [
      "series": .array(PlaygroundSeries.bundled.map(\.json)),
      "trainings": .integer(Int64(trainings)),
      "rows": .integer(Int64(SeriesWindows.maximumRows)),
    ]
  }

  private static let schema: JSONValue = [
    "type": "object",
    "properties": [
      "series": [
        "type": "string", "enum": .array(PlaygroundSeries.names.map { .string($0) }),
      ],
      "values": [
        "type": "array", "items": ["type": "number"],
        "maxItems": .integer(Int64(SeriesWindows.maximumRows)),
      ],
      "cell": ["type": "string", "enum": .array(CellKind.allCases.map { .string($0.rawValue) })],
      "units": bounds(TrainingSettings.unitRange), "window": bounds(TrainingSettings.windowRange),
      "ahead": bounds(TrainingSettings.aheadRange),
      "learning_rate": [
        "type": "number", "minimum": .number(TrainingSettings.learningRateRange.lowerBound),
        "maximum": .number(TrainingSettings.learningRateRange.upperBound),
      ],
      "epochs": bounds(TrainingSettings.epochRange), "seed": bounds(0...1_000_000),
    ],
  ]

  private static func bounds(_ range: ClosedRange<Int>) -> JSONValue {
    [
      "type": "integer", "minimum": .integer(Int64(range.lowerBound)),
      "maximum": .integer(Int64(range.upperBound)),
    ]
  }
}

/// How many trainings run.
private final class Places: Sendable {
  private let count = Mutex(0)

  /// Whether there was a place among `limit`, which is then taken.
  func take(_ limit: Int) -> Bool {
    count.withLock { count in
      guard count < limit else { return false }
      count += 1
      return true
    }
  }

  func giveBack() { count.withLock { $0 -= 1 } }
}
