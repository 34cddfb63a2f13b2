import InferenceProtocol
import Metrics
import Synchronization

/// Metrics as text of Prometheus (text format 0.0.4).
///
/// Counters become counters, meters and recorders that do not aggregate become gauges, timers become
/// histograms in seconds, and recorders histograms of sizes.
public final class PrometheusRegistry: MetricsFactory {
  private struct Key: Hashable {
    var label: String
    var dimensions: String
  }
  private let series = Mutex<[Key: any Shown]>([:])

  /// No metrics.
  public init() {}

  /// All metrics in Prometheus's text format, sorted by name.
  public var text: String {
    let all = series.withLock { $0 }.sorted {
      ($0.key.label, $0.key.dimensions) < ($1.key.label, $1.key.dimensions)
    }
    var (text, former) = ("", "")
    for (key, metric) in all {
      if key.label != former { text += "# TYPE \(key.label) \(metric.kind)\n" }
      former = key.label
      metric.show(key.label, key.dimensions, in: &text)
    }
    return text
  }

  private func metric<Metric: Shown>(
    _ label: String, _ dimensions: [(String, String)], _ make: () -> Metric
  ) -> Metric {
    let labels = dimensions.map { name, value in
      "\(name)=\"\(value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n"))\""
    }
    return series.withLock { series in
      let key = Key(label: label, dimensions: labels.joined(separator: ","))
      if let metric = series[key] as? Metric { return metric }
      let metric = make()
      series[key] = metric
      return metric
    }
  }

  /// A counter.
  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    metric(label, dimensions) { CounterMetric() }
  }

  /// A gauge, or a histogram of sizes.
  public func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    guard aggregate else { return metric(label, dimensions) { Gauge() } }
    return metric(label, dimensions) {
      Histogram(bounds: (0...10).map { Double(1 << $0) }, unit: 1)
    }
  }

  /// A histogram in seconds.
  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    metric(label, dimensions) {
      Histogram(
        bounds: [
          5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1, 2.5,
          10,
        ], unit: 1e-9)
    }
  }

  /// Metrics stay as long as the server.
  public func destroyCounter(_ handler: any CounterHandler) {}
  /// Metrics stay as long as the server.
  public func destroyRecorder(_ handler: any RecorderHandler) {}
  /// Metrics stay as long as the server.
  public func destroyTimer(_ handler: any TimerHandler) {}
}

private protocol Shown: AnyObject, Sendable {
  var kind: String { get }
  func show(_ label: String, _ dimensions: String, in text: inout String)
}

extension Shown {
  func line(_ label: String, _ dimensions: String, _ value: String) -> String {
    label + (dimensions.isEmpty ? "" : "{\(dimensions)}") + " \(value)\n"
  }
}

private final class CounterMetric: CounterHandler, Shown {
  let value = Atomic<Int64>(0)
  var kind: String { "counter" }

  func increment(by amount: Int64) { value.wrappingAdd(amount, ordering: .relaxed) }
  func reset() { value.store(0, ordering: .relaxed) }
  func show(_ label: String, _ dimensions: String, in text: inout String) {
    text += line(label, dimensions, "\(value.load(ordering: .relaxed))")
  }
}

private final class Gauge: RecorderHandler, Shown {
  let value = Mutex(0.0)
  var kind: String { "gauge" }

  func record(_ value: Int64) { record(Double(value)) }
  func record(_ value: Double) { self.value.withLock { $0 = value } }
  func show(_ label: String, _ dimensions: String, in text: inout String) {
    text += line(label, dimensions, "\(value.withLock { $0 })")
  }
}

private final class Histogram: RecorderHandler, TimerHandler, Shown {
  private struct State {
    var counts: [Int]
    var sum = 0.0
  }
  private let bounds: [Double]
  private let unit: Double
  private let state: Mutex<State>
  var kind: String { "histogram" }

  init(bounds: [Double], unit: Double) {
    (self.bounds, self.unit) = (bounds, unit)
    state = Mutex(State(counts: [Int](repeating: 0, count: bounds.count + 1)))
  }

  func record(_ value: Int64) { record(Double(value)) }
  func record(_ value: Double) {
    let place = bounds.firstIndex { value <= $0 } ?? bounds.count
    state.withLock { state in
      state.counts[place] += 1
      state.sum += value
    }
  }
  func recordNanoseconds(_ duration: Int64) { record(Double(duration) * unit) }

  func show(_ label: String, _ dimensions: String, in text: inout String) {
    let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
    var total = 0
    for (place, count) in counts.enumerated() {
      total += count
      let bound = place < bounds.count ? "\(bounds[place])" : "+Inf"
      text += line(
        label + "_bucket", dimensions + (dimensions.isEmpty ? "" : ",") + "le=\"\(bound)\"",
        "\(total)")
    }
    text +=
      line(label + "_sum", dimensions, "\(sum)") + line(label + "_count", dimensions, "\(total)")
  }
}
