import RecurrentFiles

extension TimeAxis {
  /// The `length` times after the last one.
  ///
  /// Business days skip weekends, not holidays. Months keep their day of the month, or take the
  /// last day of shorter months. Irregular times continue in steps of their median.
  public func next(_ length: Int) -> TimeAxis {
    require((0...10_000_000).contains(length), "length is in 0...10000000, got \(length)")
    let last = values.last ?? 0
    let step = frequency == .irregular ? medianStep : 1
    let following = (0..<length).map { shifted(last, by: Int64($0) + 1, irregularStep: step) }
    return TimeAxis(
      ticks: following, checkedFormat: format, frequency: frequency, reading: reading)
  }

  /// The times with the `length` that come after the last one.
  package func followed(by length: Int) -> TimeAxis {
    TimeAxis(
      ticks: ticks + next(length).ticks, checkedFormat: format, frequency: frequency,
      reading: reading)
  }

  /// The times with `later` ones, written alike, behind them.
  package func joined(with later: TimeAxis) -> TimeAxis {
    TimeAxis(
      ticks: ticks + later.ticks, checkedFormat: format, frequency: frequency, reading: reading)
  }

  private var ticksPerSecond: Int64 { format?.ticksPerSecond ?? 1 }

  private func shifted(_ tick: Int64, by steps: Int64, irregularStep: Int64 = 1) -> Int64 {
    switch frequency {
    case .rows: return added(tick, steps, 1)
    case .irregular: return added(tick, steps, irregularStep)
    case .index(let step, _): return added(tick, steps, step)
    case .nanoseconds(let step):
      return added(tick, steps, Swift.max(1, step / (1_000_000_000 / ticksPerSecond)))
    case .seconds(let step):
      guard let format, step % CivilDate.secondsPerDay == 0, format.clock != nil else {
        return added(tick, steps, step.multipliedReportingOverflow(by: ticksPerSecond).partialValue)
      }
      return onClock(tick) { $0 + step / CivilDate.secondsPerDay * steps }
    case .businessDays:
      return onClock(tick) { day in
        let weekday = Swift.min(CivilDate.weekday(ofDayNumber: day), 4)
        let monday = day - CivilDate.weekday(ofDayNumber: day)
        let business = weekday + steps
        return monday + business / 5 * 7 + business % 5
      }
    case .months(let step, let day):
      return onClock(tick) {
        CivilDate(
          monthIndex: CivilDate(dayNumber: $0).monthIndex + Int64(step) * steps,
          clampedDay: Int64(day)
        ).dayNumber
      }
    case .weeks(let step, let weekday):
      return onClock(tick) {
        Frequency.day(weekday, ofWeek: Frequency.week($0) + Int64(step) * steps)
      }
    case .businessMonths(let step, let atEnd):
      return onClock(tick) {
        Frequency.businessDay(
          ofMonth: CivilDate(dayNumber: $0).monthIndex + Int64(step) * steps, atEnd: atEnd)
      }
    }
  }

  /// `tick + count · step`; far beyond any calendar it stays where it is.
  private func added(_ tick: Int64, _ count: Int64, _ step: Int64) -> Int64 {
    let product = count.multipliedReportingOverflow(by: step)
    let sum = tick.addingReportingOverflow(product.partialValue)
    let farthest = Int64.max / 2
    return product.overflow || sum.overflow ? farthest : Swift.min(sum.partialValue, farthest)
  }

  /// The tick of the same time of day on another day of the clock that the column shows.
  private func onClock(_ tick: Int64, _ day: (Int64) -> Int64) -> Int64 {
    guard let format else { return tick }
    let shown = format.shownSeconds(tick: tick)
    let dayNumber = floorDivide(shown, CivilDate.secondsPerDay)
    let local = shown + (day(dayNumber) - dayNumber) * CivilDate.secondsPerDay
    let moment = format.moment(showing: local)
    return moment.multipliedReportingOverflow(by: ticksPerSecond).partialValue
  }

  private var medianStep: Int64 {
    let ticks = ticks
    let steps = zip(ticks.dropFirst(), ticks).map { $0 - $1 }.sorted()
    return steps.isEmpty
      ? (isNumbers ? 1 : CivilDate.secondsPerDay) * ticksPerSecond : steps[steps.count / 2]
  }
}

// MARK: - Gaps

extension TimeAxis {
  /// A place where rows are missing.
  public struct Gap: Sendable, Equatable {
    /// The row before the gap, from 0.
    public var afterRow: Int
    /// The number of rows that are missing.
    public var missing: Int
  }

  /// What is to be said where rows follow one another otherwise than those of a model's training.
  func remark(against model: TimeAxis) -> String? {
    guard count > 1, model.frequency != .rows, frequency.description != model.frequency.description
    else { return nil }
    return
      "rows are \(frequency), but those of the training were \(model.frequency): forecasts are of rows "
      + "as these"
  }

  /// Where rows are missing, by the frequency; none for irregular times.
  ///
  /// Among business days, up to five in a row that are missing are ``holidays`` and not listed.
  public var gaps: [Gap] {
    missingRows.filter { frequency != .businessDays || $0.missing > Self.longestHoliday }
  }

  /// Business days that are missing in runs of up to five: holidays, most likely.
  public var holidays: Int {
    guard frequency == .businessDays else { return 0 }
    return missingRows.reduce(0) { $0 + ($1.missing <= Self.longestHoliday ? $1.missing : 0) }
  }

  private static var longestHoliday: Int { 5 }

  /// The places where rows are missing, holidays among them.
  var missingRows: [Gap] {
    let ticks = ticks
    return ticks.indices.dropFirst().compactMap { row in
      let missing = steps(from: ticks[row - 1], to: ticks[row]) - 1
      return missing > 0 ? Gap(afterRow: row - 1, missing: Int(missing)) : nil
    }
  }

  /// Whether each row is some steps of the frequency behind the one before, at least half of them one.
  var followsFrequency: Bool {
    let ticks = ticks
    var single = 0
    for row in ticks.indices.dropFirst() {
      let steps = steps(from: ticks[row - 1], to: ticks[row])
      guard steps > 0, shifted(ticks[row - 1], by: steps) == ticks[row] else { return false }
      if steps == 1 { single += 1 }
    }
    return single * 2 >= count - 1
  }

  private func steps(from start: Int64, to end: Int64) -> Int64 {
    func day(_ tick: Int64) -> Int64 {
      floorDivide(format?.shownSeconds(tick: tick) ?? 0, CivilDate.secondsPerDay)
    }
    switch frequency {
    case .rows, .irregular: return 1
    case .index(let step, _): return (end - start) / step
    case .nanoseconds(let step):
      return (end - start) / Swift.max(1, step / (1_000_000_000 / ticksPerSecond))
    case .seconds(let step):
      guard step % CivilDate.secondsPerDay == 0, format?.clock != nil else {
        return floorDivide(end - start, ticksPerSecond) / step
      }
      return (day(end) - day(start)) / (step / CivilDate.secondsPerDay)
    case .businessDays:
      return Frequency.businessDayIndex(day(end)) - Frequency.businessDayIndex(day(start))
    case .weeks(let step, _):
      return (Frequency.week(day(end)) - Frequency.week(day(start))) / Int64(step)
    case .months(let step, _), .businessMonths(let step, _):
      let months =
        CivilDate(dayNumber: day(end)).monthIndex - CivilDate(dayNumber: day(start)).monthIndex
      return months / Int64(step)
    }
  }
}

extension TimeAxis {
  /// A time written as those of the rows, or as a calendar date alone, in ``seconds``; nil if it is
  /// neither.
  public func seconds(of text: String) -> Int64? {
    guard let format, !format.isIndex else { return Int64(text) }
    var own = TimeOptions()
    own.pattern = format.pattern
    for options in own.pattern == nil ? [TimeOptions()] : [own, TimeOptions()] {
      if let axis = try? TimeAxis(parsing: [text], options: options) { return axis.seconds[0] }
    }
    return nil
  }
}
