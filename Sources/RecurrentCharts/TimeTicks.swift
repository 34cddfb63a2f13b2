import Foundation

/// Ticks of a time axis, at the boundaries people think in: years, quarters, months, Mondays, days,
/// hours.
struct TimeTicks {
  /// The distance between two ticks.
  enum Step: Equatable {
    case seconds(Double)
    case days(Int)
    /// Weeks begin on Monday.
    case weeks(Int)
    case months(Int)

    /// The length of a step; of a month, the mean.
    var approximateSeconds: Double {
      switch self {
      case .seconds(let count): count
      case .days(let count): Double(count) * CivilTime.secondsPerDay
      case .weeks(let count): Double(count) * 7 * CivilTime.secondsPerDay
      case .months(let count): Double(count) * 365.2425 / 12 * CivilTime.secondsPerDay
      }
    }
  }

  /// From fine to coarse; every step is at most three times the one before.
  static let steps: [Step] = {
    let seconds = [
      0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600,
      900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
    ]
    var steps = seconds.map(Step.seconds)
    steps += [.days(1), .days(2), .weeks(1), .weeks(2), .months(1), .months(3), .months(6)]
    for power in [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000] {
      steps += [1, 2, 5].map { .months(12 * $0 * power) }
    }
    return steps
  }()

  /// The finest step that puts at most `maximum` ticks into `range` (seconds since 1970, within
  /// ±`CivilTime.limit`).
  static func step(for range: ClosedRange<Double>, maximum: Int) -> Step {
    let span = range.upperBound - range.lowerBound
    for step in steps where span / step.approximateSeconds < Double(max(1, maximum)) + 0.5 {
      if values(in: range, step: step).count <= max(1, maximum) { return step }
    }
    return steps[steps.count - 1]
  }

  /// The times of the ticks within `range`.
  static func values(in range: ClosedRange<Double>, step: Step) -> [Double] {
    switch step {
    case .seconds(let length):
      return multiples(of: length, offset: 0, in: range)
    case .days(let count):
      return multiples(of: Double(count) * CivilTime.secondsPerDay, offset: 0, in: range)
    case .weeks(let count):
      // 1970-01-05 was a Monday.
      let length = Double(count) * 7 * CivilTime.secondsPerDay
      return multiples(of: length, offset: 4 * CivilTime.secondsPerDay, in: range)
    case .months(let count):
      let first = CivilTime(secondsSince1970: range.lowerBound).monthIndex
      let last = CivilTime(secondsSince1970: range.upperBound).monthIndex
      var index = first - ((first % count) + count) % count
      var values: [Double] = []
      while index <= last {
        let seconds = CivilTime.seconds(monthIndex: index)
        if range.contains(seconds) { values.append(seconds) }
        index += count
      }
      return values
    }
  }

  /// Each tick's label, and below it the larger unit where that changes.
  ///
  /// `Jan` over `2005`, `06:00` over `4 Mar 2020`. No label repeats what the one before it says.
  static func ticks(in range: ClosedRange<Double>, step: Step) -> [Tick] {
    var before: String?
    return values(in: range, step: step).map { seconds in
      let (label, context) = text(of: seconds, step: step)
      defer { before = context }
      return Tick(value: seconds, label: label, context: context == before ? nil : context)
    }
  }

  private static func text(of seconds: Double, step: Step) -> (label: String, context: String?) {
    // A tick at 0.3 s is a hair below its boundary in binary.
    let time = CivilTime(secondsSince1970: seconds + 1e-6)
    let month = CivilTime.monthNames[time.month - 1]
    switch step {
    case .seconds(let length):
      return (time.clock(step: length), "\(time.day) \(month) \(time.yearText)")
    case .days, .weeks:
      return ("\(time.day) \(month)", time.yearText)
    case .months(let count):
      return count.isMultiple(of: 12) ? (time.yearText, nil) : (month, time.yearText)
    }
  }

  private static func multiples(
    of length: Double, offset: Double, in range: ClosedRange<Double>
  ) -> [Double] {
    let first = ((range.lowerBound - offset) / length - 1e-9).rounded(.up)
    let last = ((range.upperBound - offset) / length + 1e-9).rounded(.down)
    guard first <= last else { return [] }
    return stride(from: first, through: last, by: 1).map { $0 * length + offset }
  }
}
