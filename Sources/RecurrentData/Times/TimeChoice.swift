import RecurrentFiles

/// The choice among readings of a column of times.
enum TimeChoice {
  /// The most regular of the attempts in which all rows fit and follow one another, and a sentence
  /// about the choice; `nil` if there is none.
  ///
  /// Rows that ascend go before rows that descend; of attempts that are as good the first is taken, and
  /// one that reads as a model does if it has as few series without a rule.
  static func best(
    _ attempts: [TimeAttempt], _ source: TimeColumn.Source, _ options: TimeOptions,
    _ model: TimeFormat?
  ) -> (TimeAttempt, String?)? {
    let usable = attempts.filter(\.isUsable)
    guard let first = usable.first else { return nil }
    guard usable.count > 1 else { return (first, sentence(first, others: [], source, options)) }
    let scores = usable.map { attempt in
      let irregularity = attempt.irregularity(source)
      return (attempt.isDescending ? 1 : 0, irregularity.series, irregularity.missing)
    }
    var best = 0
    for index in usable.indices where scores[index] < scores[best] { best = index }
    let models = usable.firstIndex { attempt in
      model.map { attempt.format.writing.isLike($0.writing) } ?? false
    }
    if let models, scores[models].0 == scores[best].0, scores[models].1 <= scores[best].1 {
      best = models
    }
    let others = usable.indices.filter {
      !usable[$0].format.writing.isLike(usable[best].format.writing)
        && !usable[$0].dropsFractions && !usable[best].dropsFractions
    }.map { (usable[$0], missing: scores[$0].2) }
    return (usable[best], sentence(usable[best], others: others, source, options))
  }

  /// `read as %d/%m/%Y (as %m/%d/%Y: daily, 3886 rows missing); --date-order decides`.
  private static func sentence(
    _ best: TimeAttempt, others: [(TimeAttempt, missing: Double)], _ source: TimeColumn.Source,
    _ options: TimeOptions
  ) -> String? {
    var clauses: [String] = []
    if options.dateOrder == nil, options.pattern == nil, options.unit == nil {
      clauses = reading(best, others, source)
    }
    if let note = best.format.restNote { clauses.append(note) }
    if best.dropsFractions { clauses.append("parts of a second are left out") }
    if best.hasSeveralZones, best.format.clock == nil {
      clauses.append(
        "the distances from UTC differ, so times are shown in UTC; --time-zone names the zone")
    }
    if let note = springNote(best, source) { clauses.append(note) }
    return clauses.isEmpty ? nil : clauses.joined(separator: "; ")
  }

  private static func reading(
    _ best: TimeAttempt, _ others: [(TimeAttempt, missing: Double)], _ source: TimeColumn.Source
  ) -> [String] {
    let centuries = others.filter { $0.0.format.words == best.format.words }
    // Weeks that look like months are no doubt of months.
    let others = others.filter { $0.0.format.words != best.format.words && !$0.0.format.hasWeeks }
    var years: [String] = []
    if centuries.contains(where: { $0.0.ticks != best.ticks }),
      let first = best.format.firstShortYear
    {
      years = ["two-digit years are those from \(1900 + first) to \(1999 + first)"]
    }
    guard !others.isEmpty || best.format.isAmbiguous else { return years }
    // Plain numbers could always be meant, and one example is enough.
    let listed = others.filter { !$0.0.format.isIndex }.prefix(1).map { other, missing in
      let frequency = source.series.first.map { other.axis(of: $0).frequency.description } ?? ""
      let gaps = missing > 0 ? ", \(Int(missing)) rows missing" : ""
      return "as \(other.format.words): \(frequency)\(gaps)"
    }
    let alternatives = listed.isEmpty ? "" : " (\(listed[0]))"
    let first = ["dmy": " day first,", "mdy": " month first,"][best.format.order ?? ""] ?? ""
    var clauses = ["read\(first) as \(best.format.words)\(alternatives)"]
    if !others.isEmpty || best.format.isNumber { clauses.append("\(flag(best, others)) decides") }
    return clauses + years
  }

  private static func flag(
    _ best: TimeAttempt, _ others: [(TimeAttempt, missing: Double)]
  ) -> String {
    let formats = [best.format] + others.map { $0.0.format }
    if formats.contains(where: { $0.unit != nil }) { return "--time-unit" }
    let orders = formats.map(\.order)
    return orders.allSatisfy { ["dmy", "mdy", "ymd"].contains($0) }
      ? "--date-order" : "--time-format"
  }

  /// Of times on clocks that change in spring, an hour is missing.
  private static func springNote(_ best: TimeAttempt, _ source: TimeColumn.Source) -> String? {
    guard let rows = source.series.first else { return nil }
    let axis = best.axis(of: rows)
    return axis.springGap.map {
      "an hour is missing after \(axis.label($0.afterRow)), as where clocks go forward: "
        + "--time-zone names the zone, as Europe/Berlin"
    }
  }
}

extension TimeAxis {
  /// The first hour that is missing where clocks may go forward, of times without a zone.
  var springGap: Gap? {
    guard let format, format.clock == nil, format.zoneMinutes == nil, !format.isMoment,
      !format.isIndex, case .seconds(let step) = frequency, step <= 3600, 3600 % step == 0
    else { return nil }
    return missingRows.first { gap in
      Int64(gap.missing) * step == 3600 && ClockChange.mayBegin(seconds[gap.afterRow] + step)
    }
  }
}

/// When clocks change between winter and summer, in most places: on Sunday mornings.
enum ClockChange {
  /// Whether clocks may go forward or back at a time of local clocks.
  static func mayBegin(_ local: Int64) -> Bool {
    let day = floorDivide(local, CivilDate.secondsPerDay)
    let month = CivilDate(dayNumber: day).month
    return CivilDate.weekday(ofDayNumber: day) == 6 && [3, 4, 9, 10, 11].contains(month)
      && local - day * CivilDate.secondsPerDay < 4 * 3600
  }
}

extension TimeFormat {
  /// What is to be said of cells that hold more than a time.
  fileprivate var restNote: String? {
    guard case .pattern(let pattern) = writing, pattern.restStart != nil else { return nil }
    return "of each range of times the beginning is taken"
  }

  /// Whether times are numbers, or dates in which day and month are numbers with the year last.
  fileprivate var isAmbiguous: Bool {
    guard case .pattern(let pattern) = writing else { return true }
    return isNumber || (["dmy", "mdy"].contains(order) && pattern.parts.contains(.month))
  }

  /// Whether times are weeks.
  fileprivate var hasWeeks: Bool {
    if case .pattern(let pattern) = writing { pattern.parts.contains(.week) } else { false }
  }

  /// The first two-digit year that is of the 1900s, if there are such years.
  fileprivate var firstShortYear: Int? {
    guard case .pattern(let pattern) = writing, pattern.parts.contains(.shortYear) else {
      return nil
    }
    return pattern.firstShortYear
  }

  fileprivate var isNumber: Bool {
    switch writing {
    case .number: true
    case .pattern(let pattern): pattern.isDigits
    }
  }

  /// The order of the numbers of a date.
  var order: String? {
    if case .pattern(let pattern) = writing { pattern.order } else { nil }
  }
}
