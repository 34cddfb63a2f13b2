import Recurrent
import RecurrentFiles

/// A season that rows show.
public struct FoundSeason: Sendable, Equatable {
  /// Its rows.
  public var rows: Int
  /// How much of what is not trend returns after so many rows: the autocorrelation, 1 at most.
  public var strength: Double
}

/// Seasons by their autocorrelation, once a moving average over as many rows is taken away: a walk that
/// strays has none then, however slowly its own autocorrelation falls.
enum SeasonSearch {
  /// Of longer series, the last rows.
  private static let mostRows = 3000
  /// Of more series, some, evenly.
  private static let mostSeries = 20
  private static let leastStrength = 0.3
  /// What noise alone reaches in one of many tries, in its deviations.
  private static let noise = 3.5

  /// Seasons of some rows, the shortest first; none where nothing returns, or too few rows tell.
  static func seasons(of all: [ArraySlice<Double>], times: TimeAxis?) -> [FoundSeason] {
    let every = max(1, all.count / mostSeries)
    let series = stride(from: 0, to: all.count, by: every).map { Array(all[$0].suffix(mostRows)) }
    let longest = (series.map(\.count).max() ?? 0) / 3
    guard longest >= 3 else { return [] }
    var strengths = [Double](repeating: 0, count: longest + 1)
    for period in 2...longest {
      let known = series.filter { $0.count >= 3 * period }
      guard 2 * known.count >= series.count else { continue }
      let all = known.compactMap { strength(of: period, in: $0) }
      strengths[period] = all.reduce(0, +) / Double(max(1, known.count))
      let rows = known.reduce(0) { $0 + $1.count - 2 * period }
      let least = max(leastStrength, noise / Double(max(1, rows)).squareRoot())
      if strengths[period] < least { strengths[period] = 0 }
    }
    let peaks = (2...longest).filter { period in
      strengths[period] > 0 && strengths[period] >= strengths[period - 1]
        && (period == longest || strengths[period] >= strengths[period + 1])
    }
    guard let best = peaks.map({ strengths[$0] }).max() else { return [] }
    var found: [FoundSeason] = []
    for peak in peaks {
      let rows = calendarSeason(near: peak, times) { $0 <= longest && strengths[$0] > 0 }
      let strength = strengths[rows]
      // A longer one must say much of what the shorter leaves open; each multiple says the same.
      let isNew = found.last.map { strength > $0.strength + 0.3 * (1 - $0.strength) }
      if isNew ?? (strength >= 0.8 * best) { found.append(.init(rows: rows, strength: strength)) }
    }
    return found
  }

  /// The season of the calendar that a peak is next to: noise moves peaks of long seasons by some rows.
  private static func calendarSeason(
    near peak: Int, _ times: TimeAxis?, isKnown: (Int) -> Bool
  ) -> Int {
    guard let times, !times.isNumbers, times.count > 2 else { return peak }
    let positions = times.positions
    let steps = zip(positions.dropFirst(), positions).map { $0 - $1 }.sorted()
    let step = steps[steps.count / 2]
    let days: [Double] = [1, 7, 365.2425]
    let rows = days.map { Int(($0 * 86_400 / step).rounded()) }
    return rows.first { abs($0 - peak) * 30 <= peak && isKnown($0) } ?? peak
  }

  /// The autocorrelation after `period` rows of what a centred moving average over as many leaves; nil
  /// where that is nothing.
  private static func strength(of period: Int, in values: [Double]) -> Double? {
    let count = values.count - period
    let half = period / 2
    var rest = [Double](repeating: 0, count: count)
    // Of an even period the ends count half.
    let (first, last) = period % 2 == 0 ? (0.5, 0.5) : (1.0, 0.0)
    var sum = values[1..<period].reduce(0, +)
    for start in 0..<count {
      let mean = (first * values[start] + sum + last * values[start + period]) / Double(period)
      rest[start] = values[start + half] - mean
      sum += values[start + period] - values[start + 1]
    }
    let (products, squares) = (period..<count).reduce(into: (0.0, 0.0)) { sums, row in
      sums.0 += rest[row] * rest[row - period]
      sums.1 += (rest[row] * rest[row] + rest[row - period] * rest[row - period]) / 2
    }
    return squares > 0 ? products / squares : nil
  }
}
