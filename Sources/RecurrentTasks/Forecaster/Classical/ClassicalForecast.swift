import Foundation
import Recurrent
import RecurrentFiles

/// A forecast of the statistics books, of one series: its parameters come from the training rows
/// alone, and its state follows every row up to the one it forecasts from.
struct ClassicalForecast: Sendable {
  /// A method of forecasting without a network.
  enum Method: CaseIterable, Sendable {
    /// The last value, and the mean step from row to row since the first.
    case drift
    /// Exponential smoothing of the series without its season, and half of the slope of its line
    /// (Assimakopoulos and Nikolopoulos 2000, as smoothing with drift: Hyndman and Billah 2003).
    case theta
    /// Exponential smoothing of level and trend of the series without its season; the trend fades
    /// (Gardner and McKenzie 1985).
    case dampedTrend

    /// The method's name in reports.
    var name: String {
      switch self {
      case .drift: "drift"
      case .theta: "theta"
      case .dampedTrend: "damped trend"
      }
    }
  }

  private let method: Method
  private let shape: SeasonalShape
  private let smoothing: Smoothing
  /// The level after each row, without season.
  private var levels: StoredValues<Double>
  /// What a row adds to it: the trend, for the theta method the slope of the line through all rows.
  private var slopes: StoredValues<Double>

  /// Follows all of `values`, with parameters fitted on the first `trainingRows` of them, at least
  /// one.
  init(_ method: Method, _ values: [Double], trainingRows: Int, season: Int?) {
    let shape = SeasonalShape(values[..<trainingRows], season: method == .drift ? nil : season)
    let adjusted = values.indices.map { shape.removed(from: values[$0], row: $0) }
    let training = adjusted[..<trainingRows]
    let smoothing: Smoothing
    switch method {
    case .drift:
      smoothing = Smoothing(level: 1)
    case .theta:
      let best = lowest(from: [0.5], within: [0.0001...0.9999]) {
        Smoothing(level: $0[0]).squaredError(of: training)
      }
      smoothing = Smoothing(level: best[0])
    case .dampedTrend:
      let best = lowest(
        from: [0.5, 0.1, 0.9], within: [0.0001...0.9999, 0.0001...0.9999, 0.8...0.98]
      ) {
        Smoothing(level: $0[0], trend: $0[1], damping: $0[2]).squaredError(of: training)
      }
      smoothing = Smoothing(level: best[0], trend: best[1], damping: best[2])
    }
    self.init(method, shape, smoothing, following: values)
  }

  private init(
    _ method: Method, _ shape: SeasonalShape, _ smoothing: Smoothing, following values: [Double]
  ) {
    (self.method, self.shape, self.smoothing) = (method, shape, smoothing)
    let adjusted = values.indices.map { shape.removed(from: values[$0], row: $0) }
    let (levels, slopes): ([Double], [Double])
    switch method {
    case .drift:
      levels = adjusted
      slopes = values.indices.map { ($0 > 0 ? values[$0] - values[0] : 0) / Double(max(1, $0)) }
    case .theta:
      levels = smoothing.following(adjusted).levels
      slopes = Self.slopes(adjusted)
    case .dampedTrend: (levels, slopes) = smoothing.following(adjusted)
    }
    (self.levels, self.slopes) = (StoredValues(levels), StoredValues(slopes))
  }

  /// The same with its levels and slopes in a store.
  ///
  /// - Throws: ``DataError`` if there is no room for them.
  func stored(in store: ValueStore) throws(DataError) -> ClassicalForecast {
    var kept = self
    kept.levels = try store.keep(levels.array)
    kept.slopes = try store.keep(slopes.array)
    return kept
  }

  /// The same with what forecasts from a row need read at once, where it lies on the disk.
  func near(_ origin: Int) -> ClassicalForecast {
    guard isOnDisk else { return self }
    var near = self
    near.levels = levels.near(origin - 1..<origin)
    near.slopes = slopes.near(origin - 1..<origin)
    return near
  }

  /// Whether its levels and slopes lie on the disk.
  var isOnDisk: Bool { levels.isOnDisk || slopes.isOnDisk }

  /// The forecast with the same parameters, following other values from the same first row on.
  func following(_ values: [Double]) -> ClassicalForecast {
    ClassicalForecast(method, shape, smoothing, following: values)
  }

  /// The forecast of row `origin + step` by what is known before `origin`, which is at least 1.
  func value(origin: Int, step: Int) -> Double {
    let (level, slope, ahead) = (levels[origin - 1], slopes[origin - 1], Double(step + 1))
    let value: Double
    switch method {
    case .drift: value = level + slope * ahead
    case .theta:
      // Smoothing lags behind a line by so many rows.
      let lag = (1 - pow(1 - smoothing.level, Double(origin))) / smoothing.level
      value = level + slope / 2 * (ahead - 1 + lag)
    case .dampedTrend:
      let damping = smoothing.damping
      value = level + slope * damping * (1 - pow(damping, ahead)) / (1 - damping)
    }
    return shape.restored(value, row: origin + step)
  }

  /// The slope of the straight line through the rows up to each row.
  private static func slopes(_ values: [Double]) -> [Double] {
    // Centered at the first value: sums of large levels would lose their small differences.
    var (sum, moment) = (0.0, 0.0)
    return values.enumerated().map { row, value in
      let count = Double(row + 1)
      sum += value - values[0]
      moment += Double(row) * (value - values[0])
      let spread = count * (count * count - 1) / 12
      return row > 0 ? (moment - (count - 1) / 2 * sum) / spread : 0
    }
  }
}

/// Exponential smoothing of a level and of a trend that fades.
private struct Smoothing: Sendable {
  /// What a row says of the level, in 0...1.
  var level: Double
  /// What a change of level says of the trend; nil: there is no trend.
  var trend: Double?
  /// The share of the trend that a row keeps.
  var damping = 1.0

  /// Level and trend after each row.
  func following(_ values: some RandomAccessCollection<Double>) -> (
    levels: [Double], trends: [Double]
  ) {
    var result: (levels: [Double], trends: [Double]) = ([], [])
    _ = errors(of: values) { level, trend in
      result.levels.append(level)
      result.trends.append(trend)
    }
    return result
  }

  /// The errors of forecasts of each row by the rows before it, squared and added up.
  func squaredError(of values: some RandomAccessCollection<Double>) -> Double {
    errors(of: values) { _, _ in }
  }

  private func errors(
    of values: some RandomAccessCollection<Double>, hear: (_ level: Double, _ trend: Double) -> Void
  ) -> Double {
    guard let first = values.first else { return 0 }
    // The first trend is the mean step of the first rows.
    let start = values.prefix(10)
    var state = (level: first, trend: 0.0)
    if trend != nil, let last = start.last, start.count > 1 {
      state.trend = (last - first) / Double(start.count - 1)
    }
    hear(state.level, state.trend)
    var sum = 0.0
    for value in values.dropFirst() {
      let expected = state.level + damping * state.trend
      let next = expected + level * (value - expected)
      if let trend {
        state.trend = damping * state.trend + trend * (next - state.level - damping * state.trend)
      }
      state.level = next
      sum += (value - expected) * (value - expected)
      hear(state.level, state.trend)
    }
    return sum
  }
}

/// Where `cost` is lowest, found by a simplex that walks downhill (Nelder and Mead 1965).
private func lowest(
  from start: [Double], within bounds: [ClosedRange<Double>], _ cost: ([Double]) -> Double
) -> [Double] {
  func inside(_ point: [Double]) -> [Double] {
    zip(point, bounds).map { min(max($0, $1.lowerBound), $1.upperBound) }
  }
  func between(_ a: [Double], _ b: [Double], _ share: Double) -> [Double] {
    inside(zip(a, b).map { $0 + share * ($1 - $0) })
  }
  var corners =
    [start]
    + start.indices.map { place in
      var corner = start
      corner[place] += (bounds[place].upperBound - corner[place]) / 2
      return corner
    }
  var costs = corners.map(cost)
  for _ in 0..<100 * start.count {
    let order = costs.indices.sorted { costs[$0] < costs[$1] }
    (corners, costs) = (order.map { corners[$0] }, order.map { costs[$0] })
    let (worst, last) = (corners[start.count], start.count)
    let spread = zip(corners[0], worst).map { abs($0 - $1) }.max() ?? 0
    if spread < 1e-6 { break }
    let center = start.indices.map { place in
      corners[..<last].reduce(0) { $0 + $1[place] } / Double(last)
    }
    func tried(_ share: Double) -> (point: [Double], cost: Double) {
      let point = between(center, worst, share)
      return (point, cost(point))
    }
    var next = tried(-1)
    if next.cost < costs[0] {
      let further = tried(-2)
      if further.cost < next.cost { next = further }
    } else if next.cost >= costs[last - 1] {
      next = tried(next.cost < costs[last] ? -0.5 : 0.5)
    }
    if next.cost < costs[last] {
      (corners[last], costs[last]) = (next.point, next.cost)
    } else {
      for place in 1...last {
        corners[place] = between(corners[0], corners[place], 0.5)
        costs[place] = cost(corners[place])
      }
    }
  }
  let best = costs.indices.min { costs[$0] < costs[$1] } ?? 0
  return corners[best]
}
