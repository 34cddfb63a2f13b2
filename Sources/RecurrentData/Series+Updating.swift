import RecurrentFiles

/// What becomes of rows that are known already and say something else.
public enum RowConflicts: String, Sendable, CaseIterable {
  /// A row that contradicts one that is known is an error.
  case error
  /// Known rows stay, and those that contradict them are left out.
  case keep
  /// The newer ones take their place.
  case replace
}

/// A series with newer rows behind its own.
public struct SeriesUpdate: Sendable {
  /// The series with all rows, known and new.
  public fileprivate(set) var series: Series
  /// Rows behind those that were known, those of a gap included.
  public fileprivate(set) var added = 0
  /// Rows that were known and say the same.
  public fileprivate(set) var known = 0
  /// Rows before the first that is known.
  public fileprivate(set) var earlier = 0
  /// Rows among those that are known that say something else.
  public fileprivate(set) var differing = 0
  /// Rows put into the gap between the known and the new.
  public fileprivate(set) var filled = 0
}

extension Series {
  /// This series with those rows of `other` behind its own that come after them. Rows without times are
  /// all new.
  ///
  /// - Parameters:
  ///   - conflicts: what becomes of rows that are here and say something else, or lie between those here.
  ///   - missing: what becomes of a gap between the last row here and the first new one.
  /// - Throws: ``DataError`` if rows differ or are missing and that is an error, if only one of the series
  ///   has times, or the covariates are others.
  public func updated(
    by other: Series, onConflict conflicts: RowConflicts = .error, missing: MissingValues = .error
  ) throws(DataError) -> SeriesUpdate {
    try checkKnown(of: other)
    // In one unit: files may write fractions of seconds where others do not.
    let isAlike = times.format?.ticksPerSecond == other.times.format?.ticksPerSecond
    let (own, theirs) =
      isAlike ? (times.ticks, other.times.ticks) : (times.seconds, other.times.seconds)
    guard !times.isRowNumbers, !other.times.isRowNumbers, let first = own.first,
      let last = own.last,
      covariates.map(\.name) == other.covariates.map(\.name)
    else {
      return SeriesUpdate(series: try followed(by: other), added: other.count)
    }
    var update = SeriesUpdate(series: self)
    let places = Dictionary(zip(own, own.indices)) { $1 }
    let start = theirs.firstIndex { $0 > last } ?? other.count
    var changed: [(row: Int, place: Int?)] = []
    for row in 0..<start {
      guard theirs[row] >= first else {
        update.earlier += 1
        continue
      }
      let place = places[theirs[row]]
      if let place, isSame(place, as: other, row) {
        update.known += 1
      } else {
        changed.append((row, place))
      }
    }
    update.differing = changed.count
    if let (row, place) = changed.first, conflicts == .error {
      throw DataError(
        file: other.source, place: name.map { "series \($0.shown)" },
        problem:
          "\(changed.count) of \(update.known + changed.count) rows that are known differ; the "
          + "first, \(other.times.label(row)), " + difference(place, other, row),
        advice: "Take those of the file with --on-conflict replace, or leave them out with "
          + "--on-conflict keep")
    }
    if conflicts == .replace { update.series = replacing(changed, own, from: other, theirs) }
    guard start < other.count else {
      if let next = other.future { update.series = update.series.expecting(next, of: other) }
      return update
    }
    let new = other.slice(start..<other.count)
    let filling = try update.series.filling(upTo: new, missing)
    update.filled = filling?.count ?? 0
    if let filling { update.series = try update.series.followed(by: filling) }
    update.series = try update.series.followed(by: new)
    update.added = new.count + update.filled
    return update
  }

  private func isSame(_ row: Int, as other: Series, _ place: Int) -> Bool {
    numbers[row] == other.numbers[place]
      && zip(known, other.known).allSatisfy {
        $0.slice(row..<row + 1) == $1.slice(place..<place + 1)
      }
      && zip(covariates, other.covariates).allSatisfy { $0.numbers[row] == $1.numbers[place] }
  }

  private func difference(_ place: Int?, _ other: Series, _ row: Int) -> String {
    guard let place else { return "lies between rows that are known" }
    let columns =
      [(targetName, numbers, other.numbers)]
      + zip(covariates, other.covariates).map { ($0.name, $0.numbers, $1.numbers) }
    guard let (name, mine, its) = columns.first(where: { $0.1[place] != $0.2[row] }) else {
      return "is another"
    }
    return "has \(its[row]) for \(name), known is \(mine[place])"
  }

  /// With rows of another series in the place of those here, or between them.
  private func replacing(
    _ rows: [(row: Int, place: Int?)], _ own: [Int64], from other: Series, _ theirs: [Int64]
  ) -> Series {
    var order = (0..<count).map { (series: 0, row: $0, time: own[$0]) }
    for (row, place) in rows {
      let entry = (series: 1, row: row, time: theirs[row])
      if let place { order[place] = entry } else { order.append(entry) }
    }
    order.sort { $0.time < $1.time }
    func merged(_ mine: [Double], _ its: [Double]) -> [Double] {
      order.map { $0.series == 0 ? mine[$0.row] : its[$0.row] }
    }
    let (mine, its) = (times.ticks, other.times.ticks)
    return Series(
      checkedName: name, targetName: targetName,
      times: TimeAxis(
        ticks: order.map { $0.series == 0 ? mine[$0.row] : its[$0.row] },
        checkedFormat: times.format, frequency: times.frequency, reading: times.reading),
      target: merged(target, other.target),
      covariates: zip(covariates, other.covariates).map {
        Covariate(name: $0.name, values: merged($0.values, $1.values))
      }, source: source, future: future,
      known: zip(known, other.known).map { mine, its in
        // Row by row, and then what is known of those behind the last.
        let rows = order.map { entry in
          (entry.series == 0 ? mine : its).slice(entry.row..<entry.row + 1)
        }
        let behind = mine.slice(count..<count + (future?.count ?? 0))
        return rows.dropFirst().reduce(rows[0]) { $0.prefix($0.count, followedBy: $1) }
          .prefix(rows.count, followedBy: behind)
      })
  }

  /// With the rows behind the last that another series, which ends there too, tells of.
  private func expecting(_ future: TimeAxis, of other: Series) -> Series {
    Series(
      checkedName: name, targetName: targetName, times: times, numbers: numbers,
      covariates: covariates, source: source, future: future,
      known: zip(known, other.known).map {
        $0.prefix(count, followedBy: $1.slice(other.count..<other.count + future.count))
      })
  }

  /// Whether another series begins right behind this one by its times, with no row absent in between.
  package func goesOn(with other: Series) -> Bool {
    guard !times.isRowNumbers, !other.times.isRowNumbers, let last = times.seconds.last,
      let first = other.times.seconds.first, first > last
    else { return false }
    do throws(DataError) {
      return try filling(upTo: other, .error) == nil
    } catch {
      return false
    }
  }

  /// With the rows of a plan, whose values are still to come, as those behind its last row. Rows of the plan
  /// that are not later than that are left out.
  ///
  /// - Throws: ``DataError`` if no row is later, rows are absent in between, or other columns are known.
  package func planned(by plan: Series) throws(DataError) -> Series {
    try checkKnown(of: plan)
    var start = 0
    if !times.isRowNumbers || !plan.times.isRowNumbers, let last = times.seconds.last {
      let first = plan.times.seconds.firstIndex { $0 > last }
      guard times.isRowNumbers == plan.times.isRowNumbers, let first else {
        throw DataError(
          file: plan.source, place: name.map { "series \($0.shown)" },
          problem: "ends at \(plan.times.label(plan.count - 1)), expected rows after "
            + "\(times.label(count - 1)), the last that is known")
      }
      start = first
      do throws(DataError) {
        _ = try filling(upTo: plan.slice(start..<plan.count), .error)
      } catch {
        var error = error
        error.advice = "Begin with the row behind \(times.label(count - 1)), the last that is known"
        throw error
      }
    }
    return Series(
      checkedName: name, targetName: targetName, times: times, numbers: numbers,
      covariates: covariates, source: plan.source, future: plan.times.slice(start..<plan.count),
      known: zip(known, plan.known).map {
        $0.prefix(count, followedBy: $1.slice(start..<plan.count))
      })
  }

  /// The series with the rows of a gap between its last row and the first of `other`, which is later.
  ///
  /// - Throws: ``DataError`` if a gap is an error.
  package func filled(
    upTo other: Series, missing: MissingValues
  ) throws(DataError) -> Series {
    guard !times.isRowNumbers, !other.times.isRowNumbers, let last = times.seconds.last,
      other.times.seconds.first ?? last > last,
      let filling = try filling(upTo: other, missing)
    else { return self }
    return try followed(by: filling)
  }

  /// The rows of a gap between the last row here and the first of `other`; nil if there is none, or it is
  /// passed over.
  func filling(upTo other: Series, _ missing: MissingValues) throws(DataError) -> Series? {
    let axis = TimeAxis(
      ticks: [times.values[count - 1], other.times.values[0]], checkedFormat: times.format,
      frequency: times.frequency, reading: times.reading)
    guard let absent = axis.gaps.first?.missing, missing != .drop else { return nil }
    // A slip in a date would ask for more rows than any memory holds.
    guard missing != .error, absent <= min(10 * (count + other.count) + 1000, 10_000_000) else {
      throw DataError(
        file: other.source, place: name.map { "series \($0.shown)" },
        problem:
          "begins at \(other.times.label(0)); the rows are \(times.frequency), and \(absent) after "
          + "\(times.label(count - 1)) \(absent == 1 ? "is" : "are") absent",
        advice: missing == .error
          ? MissingValues.ways : "Take the rows as if there were no gap with --missing drop")
    }
    func filled(_ mine: [Double], _ its: [Double]) -> [Double] {
      let (from, to) = (mine[count - 1], its[0])
      return (1...absent).map { row in
        missing == .forwardFill ? from : from + (to - from) * Double(row) / Double(absent + 1)
      }
    }
    return Series(
      checkedName: name, targetName: targetName, times: times.suffix(1).next(absent),
      target: filled(target, other.target),
      covariates: zip(covariates, other.covariates).map {
        Covariate(name: $0.name, values: filled($0.values, $1.values))
      }, source: other.source, future: nil,
      known: zip(known, other.known).map { mine, its in
        var column = mine
        guard !mine.isStatic else { return mine }
        switch (mine.values, its.values) {
        case (.numbers(let own), .numbers(let next)): column.values = .numbers(filled(own, next))
        case (.words(let own), _):
          column.values = .words([String](repeating: own[count - 1], count: absent))
        default: break
        }
        return column
      })
  }
}
