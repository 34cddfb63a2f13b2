import RecurrentFiles

/// How the times of a table are to be read, where that is not left to the evidence.
public struct TimeOptions: Sendable, Codable, Equatable {
  /// The order of the numbers of a date.
  public enum DateOrder: String, Sendable, Codable, CaseIterable {
    /// Day, month, year.
    case dmy
    /// Month, day, year.
    case mdy
    /// Year, month, day.
    case ymd
  }

  /// The order of the numbers of dates; nil: the one that makes the series regular.
  public var dateOrder: DateOrder?
  /// How times are written, in the directives of `strptime`; nil: as their first cells show.
  public var pattern: String?
  /// What whole numbers mean; nil: what makes the series regular.
  public var unit: TimeUnit?
  /// The clocks that times without a zone were taken from, as `Europe/Berlin`; nil: clocks that never
  /// change.
  public var zone: String?

  /// Everything by the evidence.
  public init() {}

  /// These options, where `others` do not say otherwise.
  public func overridden(by others: TimeOptions?) -> TimeOptions {
    guard let others else { return self }
    var options = others
    if others.dateOrder == nil, others.pattern == nil, others.unit == nil {
      (options.dateOrder, options.pattern, options.unit) = (dateOrder, pattern, unit)
    }
    options.zone = others.zone ?? zone
    return options
  }

  /// Why the options cannot be followed, as a sentence; nil if they can.
  public var problem: String? {
    if let pattern {
      do throws(TimePattern.Problem) { _ = try TimePattern(pattern) } catch {
        return "the time format \(pattern.shown): \(error.text)"
      }
    }
    if let zone, LocalClock(zone) == nil {
      let guess = zone.nearest(in: LocalClock.names).map { "; did you mean \($0)?" } ?? ""
      return "there is no time zone \(zone.shown)" + guess
    }
    let choices = [dateOrder?.rawValue, pattern, unit?.rawValue].compactMap { $0 }
    return choices.count > 1
      ? "of date order, time format and time unit only one says how times are read" : nil
  }
}
