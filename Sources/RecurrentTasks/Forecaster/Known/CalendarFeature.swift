import Foundation
import Recurrent

/// Whether the network sees where on the calendar a row stands.
public enum CalendarFeatures: String, Sendable, Codable, CaseIterable {
  /// Where times are dates: the hour, the weekday and the day of the year, as far as rows come more often
  /// and the training part tells of several.
  case auto
  /// No.
  case none
}

/// A place on a circle of the calendar: its sine and cosine.
enum CalendarFeature: String, Sendable, Codable, CaseIterable {
  case hour
  case weekday
  case dayOfYear = "day of the year"

  private static let day = 86_400.0

  /// Seconds from one turn to the next.
  private var period: Double {
    switch self {
    case .hour: Self.day
    case .weekday: 7 * Self.day
    case .dayOfYear: 365.2425 * Self.day
    }
  }

  /// Rows come at least so often: months and quarters are told by their season, of which few years tell
  /// more than a circle does.
  private var longestStep: Double {
    switch self {
    case .hour: period / 3
    case .weekday: Self.day
    case .dayOfYear: 8 * Self.day
    }
  }

  /// At least as many turns within the training part tell what is of the calendar and what of one time.
  private static let fewestTurns = 3.0

  /// The features of which rows stand at more than one place, and of which the training part holds several turns.
  static func features(of times: TimeAxis, trainingRows: Int) -> [CalendarFeature] {
    guard !times.isNumbers, trainingRows > 2 else { return [] }
    let positions = times.prefix(trainingRows).positions
    let steps = zip(positions.dropFirst(), positions).map { $0 - $1 }.sorted()
    let (step, span) = (steps[steps.count / 2], positions[trainingRows - 1] - positions[0])
    return allCases.filter { feature in
      step <= feature.longestStep && span >= fewestTurns * feature.period
    }
  }

  /// Sine and cosine of a moment, in seconds since 1970 on the clock that the column shows.
  func place(_ seconds: Double) -> [Float] {
    // 1970 began on a Thursday.
    let turns = (self == .weekday ? seconds + 3 * Self.day : seconds) / period
    let angle = 2 * Double.pi * (turns - turns.rounded(.down))
    return [Float(sin(angle)), Float(cos(angle))]
  }
}
