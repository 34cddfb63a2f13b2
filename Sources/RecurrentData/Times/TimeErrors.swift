import RecurrentFiles

/// What is wrong with a column of times, in words.
struct TimeErrors {
  private let source: TimeColumn.Source
  private let options: TimeOptions

  init(_ source: TimeColumn.Source, _ options: TimeOptions = TimeOptions()) {
    self.source = source
    self.options = options
  }

  /// The forms that are read, for messages.
  static let understoodForms =
    "Times are read as 2012-01-31, 31.1.2012, 1/31/2012, 31-Jan-2012, Jan 31, 2012, 31. Januar 2012, "
    + "2012-01, Jan-12, 2012, 2012/13, 2012Q1, 2012-W05 or 20120131, each day also with 16:30, 16:30:05, 4:30 PM or "
    + "T163005Z, or as numbers; --time-format names any other"

  /// The error about the first row of an attempt that does not fit.
  func error(_ attempt: TimeAttempt) -> DataError {
    guard let row = attempt.unreadableRow else { return unordered(attempt) }
    if attempt.isSkipped, let clock = attempt.format.clock {
      return DataError(
        file: source.file, line: source.line(row), place: source.place,
        problem: "found \(source.text(row).shown), which clocks of \(clock.name) skip: they go "
          + "forward over it",
        advice:
          "Name the zone that the clocks are of with --time-zone, or leave it out if they never change"
      )
    }
    return unreadable(row)
  }

  /// The error about a cell that is no time, or none as the options want it.
  func unreadable(_ row: Int) -> DataError {
    let text = source.text(row)
    let expected =
      options.dateOrder.map { "a date in the order \($0.rawValue)" }
      ?? options.pattern.map { "a time as \($0)" } ?? options.unit?.words
    var problem =
      "found \(text.isEmpty ? "an empty cell" : text.shown), expected \(expected ?? "a time")"
    if row > 0, expected == nil { problem += " like \(source.text(row - 1).shown)" }
    return DataError(
      file: source.file, line: source.line(row), place: source.place, problem: problem,
      advice: text.isEmpty
        ? "Fill in the time, or remove the row" : mixedAdvice(row) ?? Self.understoodForms)
  }

  /// What can be done about a time that is written otherwise than those before.
  private func mixedAdvice(_ row: Int) -> String? {
    func formats(_ row: Int) -> [TimeFormat] {
      TimeGuess.readings(of: source.bytes(row), in: TimeLanguage.allCases).map(TimeFormat.init)
    }
    guard row > 0, options == TimeOptions(), formats(row).contains(where: { !$0.isIndex }) else {
      return nil
    }
    let isSpoilt = [row - 1, row].allSatisfy {
      formats($0).contains { $0.unit == .excel || ["dmy", "mdy"].contains($0.order) }
    }
    return "Write all times of the column in one way. "
      + (isSpoilt
        ? "A spreadsheet turns dates of another country whose day is at most 12 into other days, and "
          + "leaves the others as text: then load the original file again, with this column as text"
        : Self.understoodForms)
  }

  /// Throws where a spreadsheet left no more of large numbers than a few digits, `1.57784E+12`.
  func checkDigits(_ best: TimeAttempt?) throws(DataError) {
    guard source.count > 1, source.bytes(0).contains(where: { $0 | 0x20 == 0x65 }),
      source.bytes(0).allSatisfy({ isDigit($0) || "+-.,eE".utf8.contains($0) }),
      best.map({ $0.irregularity(source).series > 0 }) ?? true
    else { return }
    throw DataError(
      file: source.file, line: source.line(0), place: source.place,
      problem:
        "found \(source.text(0).shown), a number of which a spreadsheet has left a few digits",
      advice:
        "Load the original file again with this column as text, or give the column a format with "
        + "all digits before saving")
  }

  private func unordered(_ attempt: TimeAttempt) -> DataError {
    let row = attempt.unorderedRow ?? 0
    let previous = source.previous(of: row)
    let (time, before) = (attempt.ticks[row], attempt.ticks[previous])
    let step = before - time
    let isClockChange =
      attempt.format.zoneMinutes == nil && attempt.format.clock == nil && !attempt.format.isIndex
      && step <= 3600 * attempt.format.ticksPerSecond
      && ClockChange.mayBegin(floorDivide(time, attempt.format.ticksPerSecond))
    guard isClockChange || step == 0 else {
      return attempt.isDescending
        ? later(row, than: previous) : descending(row, of: attempt.ticks)
    }
    let verb = step == 0 ? "repeats" : "comes after"
    var problem =
      "the time \(source.text(row).shown) \(verb) \(source.text(previous).shown) of \(place(previous))"
    if step > 0 { problem += ", but is earlier" }
    var advice: String
    if isClockChange, attempt.format.showsTimeOfDay {
      problem += ": an hour repeats where clocks go back"
      advice = "Name the zone of the clocks, as --time-zone Europe/Berlin"
    } else if let columns = source.clockColumns {
      advice = "Read the time of day with it: train with --time \(columns)"
    } else {
      advice =
        source.previousRow == nil
        ? "If the file holds many series, name the column that tells them apart with --series when "
          + "training; else keep one of the rows" : "Keep one of the rows"
    }
    return DataError(
      file: source.file, line: source.line(row), place: source.place, problem: problem,
      advice: advice)
  }

  /// The error about a row that is earlier than the one before it.
  func descending(_ row: Int, of ticks: [Int64]) -> DataError {
    let previous = source.previous(of: row)
    return DataError(
      file: source.file, line: source.line(row), place: source.place,
      problem: "the time \(source.text(row).shown) comes after \(source.text(previous).shown) of "
        + "\(place(previous)), but is earlier",
      advice:
        "Sort the rows by time, earliest first; if the file holds many series, name the column "
        + "that tells them apart with --series when training")
  }

  /// The error about a row that is later than the one before it, where most are earlier.
  private func later(_ row: Int, than previous: Int) -> DataError {
    DataError(
      file: source.file, line: source.line(row), place: source.place,
      problem: "the time \(source.text(row).shown) comes after \(source.text(previous).shown) of "
        + "\(place(previous)), but is later, while other rows stand newest first",
      advice:
        "Sort the rows by time; if the file holds many series, name the column that tells them "
        + "apart with --series when training")
  }

  private func place(_ row: Int) -> String {
    source.line(row).map { "line \($0)" } ?? "row \(row + 1)"
  }
}

extension TimeFormat {
  /// Whether times say the hour.
  var showsTimeOfDay: Bool {
    if case .pattern(let pattern) = writing {
      pattern.parts.contains { $0 == .hour || $0 == .hour12 }
    } else {
      false
    }
  }
}
