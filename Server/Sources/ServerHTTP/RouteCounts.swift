import HTTPTypes
import Metrics

/// How often an address answered with each status, and in what time.
final class RouteCounts: Sendable {
  private let registry: PrometheusRegistry
  private let name: String
  private let goodStatus: HTTPResponse.Status
  private let good: Counter
  private let timer: Metrics.Timer

  init(_ route: Route, _ registry: PrometheusRegistry) {
    self.registry = registry
    name = "\(route.method.rawValue) \(route.path)"
    goodStatus = route.status
    good = Self.counter(name, route.status, registry)
    timer = Metrics.Timer(
      label: "recurrent_request_seconds", dimensions: [("route", name)], factory: registry)
  }

  func count(_ status: HTTPResponse.Status, since start: ContinuousClock.Instant) {
    (status == goodStatus ? good : Self.counter(name, status, registry)).increment()
    timer.record(duration: ContinuousClock.now - start)
  }

  private static func counter(
    _ name: String, _ status: HTTPResponse.Status, _ registry: PrometheusRegistry
  ) -> Counter {
    Counter(
      label: "recurrent_requests_total",
      dimensions: [("route", name), ("status", "\(status.code)")], factory: registry)
  }
}
