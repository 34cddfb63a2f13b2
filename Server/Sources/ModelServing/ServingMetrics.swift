import Metrics

/// The counters and timers of a server's work.
public struct ServingMetrics: Sendable {
  /// Requests that were refused because too many waited.
  public let refused: Counter
  /// Requests that were answered together.
  public let batchSize: Recorder

  /// Counters of `factory`; nil: of nobody.
  public init(factory: any MetricsFactory = NOOPMetricsHandler.instance) {
    refused = Counter(label: "recurrent_refused_total", factory: factory)
    batchSize = Recorder(label: "recurrent_batch_size", factory: factory)
  }
}
