import HTTPTypes
import Hummingbird
import HummingbirdCore
import InferenceProtocol
import Logging
import Metrics
import ModelServing
import NIOCore

/// A server of models: what its addresses share, and the application of them.
///
/// ```swift
/// var server = InferenceServer(ServerOptions(models: "models"))
/// server.loadModels()
/// try await server.application().runService()
/// ```
///
/// More addresses, such as those of a page, come by ``routes``.
public struct InferenceServer: Sendable {
  /// The version, as metadata tells it.
  public static let version = "1.0.0"

  /// The options that the server was set up with.
  public let options: ServerOptions
  /// The models.
  public let repository: ModelRepository
  /// Work that waits for its turn.
  public let queue: WorkQueue
  /// The metrics that `/metrics` shows.
  public let metrics: PrometheusRegistry
  /// The log for whoever runs the server.
  public let logger: Logger
  /// Whether states of streams are written before a step is answered.
  let keepsStates: Bool
  private let bodies: BodyBudget
  /// Addresses beside those of the server itself.
  public var routes: [Route] = []

  /// A server in which no model is loaded yet.
  public init(
    _ options: ServerOptions, store: (any StateStore)? = nil,
    logger: Logger = Logger(label: "recurrent-server")
  ) {
    self.options = options
    self.logger = logger
    keepsStates = store != nil
    metrics = PrometheusRegistry()
    bodies = BodyBudget(options.limits.bodies)
    repository = ModelRepository(folder: options.models, limits: options.streams, store: store)
    queue = WorkQueue(
      limit: options.limits.waiting, width: options.workers, patience: options.limits.patience,
      metrics: ServingMetrics(factory: metrics))
  }

  /// Loads the models of the folder; what is wrong with one is told, and the others answer.
  public func loadModels() {
    for remark in repository.loadAll() { logger.warning("\(remark)") }
    for model in repository.models {
      logger.info(
        "loaded", metadata: ["model": "\(model.name)", "platform": "\(model.model.platform)"])
    }
  }

  /// The routes of all addresses that the server answers.
  var allRoutes: [Route] {
    let own = protocolRoutes() + streamRoutes() + jobRoutes() + [metricsRoute] + routes
    let document = OpenAPI(own + [Self.documentRoute([])])
    return own + [Self.documentRoute(document.json.text)]
  }

  private static func documentRoute(_ text: [UInt8]) -> Route {
    Route(.get, "/openapi.json", "This document.", isOpen: true) { _ in Response(bytes: text) }
  }

  private var metricsRoute: Route {
    Route(.get, "/metrics", "Counters as text of Prometheus.", mediaType: "text/plain") { _ in
      let gauges = [
        ("recurrent_queue_depth", queue.depth), ("recurrent_streams", repository.streamCount.now),
        ("recurrent_models", repository.models.count),
      ]
      for (name, value) in gauges {
        Recorder(label: name, aggregate: false, factory: metrics).record(value)
      }
      return Response(
        bytes: Array(metrics.text.utf8), mediaType: "text/plain; version=0.0.4; charset=utf-8")
    }
  }

  // MARK: The application

  var access: Guard { Guard(options) }

  /// The application: from a request of HTTP to its answer.
  public func responder() -> some HTTPResponder<BasicRequestContext> {
    let routes = allRoutes
    let access = access
    let router = Router()
    for route in routes {
      let counts = RouteCounts(route, metrics)
      router.on(RouterPath(route.path), method: route.method) { request, context in
        let start = ContinuousClock.now
        var response = await answer(route, request, context, access)
        counts.count(response.status, since: start)
        access.allow(&response.headers, for: request.head)
        return response
      }
    }
    let known = router.buildResponder()
    return CallbackResponder { request, context in
      if let response = access.preflight(request.head) { return response }
      let response = try await known.respond(to: request, context: context)
      // What the router itself does not know has no body.
      guard response.status == .notFound, response.headers[.contentType] == nil else {
        return response
      }
      return Self.unknown(request.uri.path, request.method, among: routes)
    }
  }

  private func answer(
    _ route: Route, _ request: Request, _ context: BasicRequestContext, _ access: Guard
  ) async -> Response {
    do {
      try access.check(request.head, isOpen: route.isOpen)
      return try await route.answer(
        Call(
          request: request, context: context, limits: options.limits,
          share: BodyBudget.Share(bodies)))
    } catch let error as RequestError {
      if error.kind == .failed {
        logger.error("\(error.message)", metadata: ["path": "\(request.uri.path)"])
      }
      return Response(error)
    } catch {
      // The connection broke: nobody reads this answer.
      logger.debug("\(error)", metadata: ["path": "\(request.uri.path)"])
      return Response(RequestError(.malformed, "The request did not come to its end."))
    }
  }

  private static func unknown(
    _ path: String, _ method: HTTPRequest.Method, among routes: [Route]
  ) -> Response {
    let methods = routes.filter { $0.matches(path) }.map(\.method.rawValue)
    guard !methods.isEmpty else {
      return Response(
        RequestError(.missing, "There is no \(quoted(path)); /openapi.json tells what there is."))
    }
    var response = Response(
      RequestError(.method, "\(quoted(path)) takes \(methods.joined(separator: ", "))."))
    response.headers[.allow] = Set(methods).sorted().joined(separator: ", ")
    return response
  }

  /// The application: a service that listens until it is told to stop, and then answers what it has
  /// begun.
  ///
  /// - Throws: if certificate or key cannot be read.
  public func application(
    onServerRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
  ) throws -> some ApplicationProtocol {
    var application = Application(
      responder: responder(), server: try httpServer(),
      configuration: ApplicationConfiguration(
        address: .hostname(options.host, port: options.port), serverName: "recurrent-server",
        availableConnectionsDelegate: MaximumAvailableConnections(options.limits.connections)),
      onServerRunning: onServerRunning, logger: logger)
    application.addServices(StreamSweeper(repository: repository, idle: options.streams.idle))
    return application
  }
}
