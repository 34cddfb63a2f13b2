import Recurrent
import RecurrentFiles

/// The forecast that the network corrects.
public enum ForecastBase: String, Sendable, Codable, CaseIterable {
  /// The last value stays.
  case last
  /// The last season returns, the shortest if there are several.
  case season
  /// The mean of what returns after each season, where there are several.
  case seasons
  /// A straight line through the first and the last training row goes on from the last value.
  case drift
  /// The mean of theta and of a damped trend, which follow all rows of a series with a smoothing fitted
  /// on its training rows.
  case smoothing
  /// For each series the one with the smallest mean error over its training rows; of one series alone, over
  /// the last third of them, fitted on those before, without what it misses alike from every origin.
  case auto
  /// A smoothing over the window, whose coefficients are learned with the network (``ExponentialSmoothing``):
  /// of all series together, and what each differs from them.
  case learned

  /// Whether it is fitted on all rows of a series that are at hand: the more are kept, the more like the one
  /// of training it is.
  var followsRows: Bool { self == .smoothing || self == .drift }
}

/// The base forecast of one series, in the unit of the transformed target.
struct BaseForecast: Sendable {
  let kind: ForecastBase
  /// Rows of seasons that return.
  private let seasons: [Int]
  /// The rise of the base from row to row.
  private let slope: Double
  /// The forecasts that follow the rows; empty but for smoothing.
  private var smoothing: [ClassicalForecast]
  /// Rows before the first one of the channels that it stands in.
  private let before: Int

  /// - Parameters:
  ///   - kind: which one, not ``ForecastBase/auto``.
  ///   - values: all rows, which it follows.
  ///   - fittedRows: how many of them it is fitted on.
  ///   - seasons: rows of seasons, the shortest first.
  init(
    _ kind: ForecastBase = .last, _ values: [Double] = [], fittedRows: Int = 0,
    seasons: [Int] = []
  ) {
    self.kind = kind
    self.seasons = kind == .seasons ? seasons : Array(seasons.prefix(1))
    smoothing =
      kind == .smoothing
      ? [ClassicalForecast.Method.theta, .dampedTrend].map {
        ClassicalForecast($0, values, trainingRows: max(1, fittedRows), season: seasons.first)
      } : []
    slope =
      kind == .drift && fittedRows > 1
      ? (values[fittedRows - 1] - values[0]) / Double(fittedRows - 1) : 0
    before = 0
  }

  private init(_ other: BaseForecast, _ smoothing: [ClassicalForecast], before: Int) {
    (kind, seasons, slope) = (other.kind, other.seasons, other.slope)
    (self.smoothing, self.before) = (smoothing, before)
  }

  /// The one with the smallest mean absolute error over forecasts within the training rows.
  ///
  /// - Parameter alone: whether no other series has the same network. Forecasts are then from the last
  ///   third of the origins and fitted on the rows before these, and what a forecast misses alike from
  ///   each of them, such as a year's rise, does not count: a network learns it at once. Of many
  ///   short series a third says less than all rows, even where a forecast was fitted on them.
  static func best(
    _ stored: StoredValues<Double>, fittedRows: Int, origins: Range<Int>,
    options: ForecasterOptions, alone: Bool
  ) -> BaseForecast {
    let values = stored.array
    let target = StoredValues(values)
    let kinds: [ForecastBase] =
      [.last, .drift, .smoothing] + (options.season == nil ? [] : [.season])
      + (options.seasons.count > 1 ? [.seasons] : [])
    let first = origins.lowerBound + (alone ? 2 * origins.count / 3 : 0)
    // Evenly spread ones tell as much as all.
    let chosen = stride(
      from: first, to: origins.upperBound, by: max(1, (origins.upperBound - first) / 100))
    func error(_ kind: ForecastBase) -> Double {
      let base = BaseForecast(
        kind, values, fittedRows: alone ? first : fittedRows, seasons: options.seasons)
      return (0..<options.horizon).reduce(0) { sum, step in
        let errors = chosen.map {
          values[$0 + step] - base.value(target, origin: $0, step: step)
        }
        let alike = alone ? errors.reduce(0, +) / Double(max(1, errors.count)) : 0
        return errors.reduce(sum) { $0 + abs($1 - alike) }
      }
    }
    let errors = kinds.map(error)
    let best = errors.indices.min { errors[$0] < errors[$1] } ?? 0
    return BaseForecast(kinds[best], values, fittedRows: fittedRows, seasons: options.seasons)
  }

  /// The forecast of row `origin + step`.
  func value(_ target: StoredValues<Double>, origin: Int, step: Int) -> Double {
    switch kind {
    case .season, .seasons:
      guard !seasons.isEmpty else { return target[origin - 1] }
      return seasons.reduce(0) { sum, season in
        let row = origin + step - season * (step / season + 1)
        return sum + target[row < 0 ? origin - 1 : row]
      } / Double(seasons.count)
    case .smoothing:
      return smoothing.reduce(0) { $0 + $1.value(origin: origin + before, step: step) }
        / Double(smoothing.count)
    case .drift: return target[origin - 1] + Double(step + 1) * slope
    // A smoothing that is learned is part of the network.
    case .last, .auto, .learned: return target[origin - 1]
    }
  }

  /// The same with what follows the rows in a store.
  ///
  /// - Throws: ``DataError`` if there is no room for it.
  func stored(in store: ValueStore) throws(DataError) -> BaseForecast {
    var kept = self
    for place in smoothing.indices {
      kept.smoothing[place] = try smoothing[place].stored(in: store)
    }
    return kept
  }

  /// Whether what it follows lies on the disk.
  var isOnDisk: Bool { smoothing.contains(where: \.isOnDisk) }

  /// The same with what forecasts from a row need read at once, where it lies on the disk.
  func near(_ origin: Int) -> BaseForecast {
    guard isOnDisk else { return self }
    return BaseForecast(self, smoothing.map { $0.near(origin + before) }, before: before)
  }

  /// The row whose value it takes for row `origin + step`, or is the last that it knows.
  func row(origin: Int, step: Int) -> Int {
    guard [.season, .seasons, .learned].contains(kind), let season = seasons.last else {
      return origin - 1
    }
    return origin + step - season * (step / season + 1)
  }

  /// The same for `values`, those that it follows with more behind them, of which its channels hold those
  /// from `start` on.
  func following(_ values: [Double], from start: Int) -> BaseForecast {
    BaseForecast(self, smoothing.map { $0.following(values) }, before: start)
  }
}
