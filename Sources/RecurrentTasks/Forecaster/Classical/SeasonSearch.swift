import Foundation
import Recurrent
import RecurrentFiles

/// A season that rows show.
public struct FoundSeason: Sendable, Equatable {
  /// The season's length in rows.
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
  /// By how much a peak is above what lies on either side of it.
  private static let leastProminence = 0.15
  /// What walks and noise reach in one of many tries, by the root of the turns that tell; and where the
  /// calendar names the few that are tried. Found on random walks, noise and autoregressions.
  private static let (ofMany, ofCalendar) = (1.4, 1.0)
  /// A moving average over two rows leaves alternation whatever the rows are.
  private static let shortest = 3

  /// Seasons of some rows, the shortest first; none where nothing returns, or too few rows tell.
  static func seasons(of all: [ArraySlice<Double>], times: TimeAxis?) -> [FoundSeason] {
    let every = max(1, all.count / mostSeries)
    let series = stride(from: 0, to: all.count, by: every).map { evened(all[$0].suffix(mostRows)) }
    let longest = (series.map(\.count).max() ?? 0) / 3
    guard longest >= shortest else { return [] }
    var strengths = [Double](repeating: 0, count: longest + 2)
    var leasts = strengths
    for period in shortest...longest {
      let known = series.filter { $0.count >= 3 * period }
      guard 2 * known.count >= series.count else { continue }
      let all = known.compactMap { strength(of: period, in: $0) }
      strengths[period] = all.reduce(0, +) / Double(max(1, known.count))
      let turns =
        known.reduce(0) { $0 + Double($1.count - 2 * period) } / Double(max(period, 8))
      leasts[period] = 1 / max(1e-9, turns).squareRoot()
    }
    /// A season comes back after so many rows and not as much after fewer or more; growth, as a bend or by shares, does
    /// on both sides, or on one.
    func standsOut(_ period: Int) -> Bool {
      let near = [
        strengths[max(shortest, period / 2)..<period],
        strengths[period + 1..<max(period + 1, min(longest, period + period / 2) + 1)],
      ]
      return near.allSatisfy { side in
        side.min().map { strengths[period] - $0 >= leastProminence } ?? true
      }
    }
    func isStrong(_ period: Int, _ factor: Double) -> Bool {
      strengths[period] >= max(leastStrength, factor * leasts[period]) && standsOut(period)
    }
    let ofCalendar = calendarSeasons(times).filter {
      (shortest...longest).contains($0) && isStrong($0, Self.ofCalendar)
    }
    let peaks = (shortest...longest).filter { period in
      isStrong(period, ofMany) && strengths[period] >= strengths[period - 1]
        && strengths[period] >= strengths[period + 1]
    }.map { refined($0, strengths, longest) }.filter { peak in
      !ofCalendar.contains { abs($0 - peak) * 10 <= $0 }
    }
    let candidates = Set(ofCalendar + peaks).sorted()
    guard let best = candidates.map({ strengths[$0] }).max() else { return [] }
    var found: [FoundSeason] = []
    for rows in candidates {
      let strength = strengths[rows]
      // A longer one must say much of what the shorter leaves open; each multiple says the same.
      let isNew = found.last.map { strength > $0.strength + 0.3 * (1 - $0.strength) }
      if isNew ?? (strength >= 0.6 * best) { found.append(.init(rows: rows, strength: strength)) }
    }
    // Two rows in turn return after four as well.
    let inTurn = series.compactMap { strength(of: 4, after: 2, in: $0) }
    if let first = found.first, first.rows == 4,
      inTurn.reduce(0, +) >= Double(inTurn.count) * (first.strength - 0.05)
    {
      found[0].rows = 2
    }
    return found
  }

  /// The logarithms of values that lie nearer to a straight line so, and of which the largest is many times the
  /// smallest: what grows by shares would be its last rows alone.
  private static func evened(_ values: ArraySlice<Double>) -> [Double] {
    let values = Array(values)
    guard let least = values.min(), let most = values.max(), least > 0, most > 20 * least else {
      return values
    }
    let logarithms = values.map { log($0) }
    return straightness(logarithms) > straightness(values) ? logarithms : values
  }

  /// The square of the correlation with the row.
  private static func straightness(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    let middle = Double(values.count - 1) / 2
    var (products, squares, rows) = (0.0, 0.0, 0.0)
    for (row, value) in values.enumerated() {
      products += (Double(row) - middle) * (value - mean)
      squares += (value - mean) * (value - mean)
      rows += (Double(row) - middle) * (Double(row) - middle)
    }
    return squares > 0 ? products * products / squares / rows : 0
  }

  /// The rows next to a peak that are as strong at their multiples: noise moves peaks.
  private static func refined(_ peak: Int, _ strengths: [Double], _ longest: Int) -> Int {
    let reach = max(1, peak / 20)
    let near = max(shortest, peak - reach)...min(longest, peak + reach)
    let turns = min(3, max(1, longest / near.upperBound))
    func together(_ rows: Int) -> Double {
      (1...turns).reduce(0) { $0 + strengths[$1 * rows] }
    }
    return near.max { together($0) < together($1) } ?? peak
  }

  /// Rows of a day, a week and a year.
  private static func calendarSeasons(_ times: TimeAxis?) -> [Int] {
    guard let times, !times.isNumbers, times.count > 2 else { return [] }
    let positions = times.positions
    let steps = zip(positions.dropFirst(), positions).map { $0 - $1 }.sorted()
    let step = steps[steps.count / 2]
    return [1, 7, 365.2425].map { $0 * 86_400 / step }.filter { $0 < 1e6 }.map { Int($0.rounded()) }
  }

  /// The autocorrelation after `period` rows, or `lag`, of what a centred moving average over `period` rows
  /// leaves; nil where that is nothing.
  private static func strength(of period: Int, after lag: Int? = nil, in values: [Double])
    -> Double?
  {
    let lag = lag ?? period
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
    // What is left of a bend is the same everywhere.
    let bend = rest.reduce(0, +) / Double(count)
    for row in rest.indices { rest[row] -= bend }
    let (products, squares) = (lag..<count).reduce(into: (0.0, 0.0)) { sums, row in
      sums.0 += rest[row] * rest[row - lag]
      sums.1 += (rest[row] * rest[row] + rest[row - lag] * rest[row - lag]) / 2
    }
    // What is left of a straight line is rounding alone.
    let middle = values.reduce(0, +) / Double(values.count)
    let all = values.reduce(0) { $0 + ($1 - middle) * ($1 - middle) }
    return squares > 1e-16 * all ? products / squares : nil
  }
}
