import RecurrentFiles

/// Values that are known beside the target of a series.
public struct Covariate: Sendable, Equatable {
  /// The column's name.
  public var name: String
  /// The values, of which some can be asked for.
  package private(set) var numbers: StoredValues<Double>

  /// One value per row, finite. Of a large table they are read from the disk, all of them.
  public var values: [Double] {
    get { numbers.array }
    set { numbers = StoredValues(newValue) }
  }

  /// Creates a covariate.
  public init(name: String, values: [Double]) {
    self.init(name: name, numbers: StoredValues(values))
  }

  init(name: String, numbers: StoredValues<Double>) { (self.name, self.numbers) = (name, numbers) }
}

/// A target that changes with time, and what is known beside it.
///
/// ```swift
/// let prices = try Series(csv: "prices.csv", value: "Close", time: "Date")
/// prices.count               // rows
/// prices.times.frequency     // business days
/// ```
public struct Series: Sendable, Equatable {
  /// The series' value in the column that tells series apart, if the table holds many.
  public let name: String?
  /// The name of the target column.
  public let targetName: String
  /// The times of the rows.
  public let times: TimeAxis
  /// The target, of which some values can be asked for.
  package let numbers: StoredValues<Double>
  /// The target, one finite value per row. Of a large table it is read from the disk, all of it.
  public var target: [Double] { numbers.array }
  /// What is known beside the target; each has as many values as the target.
  public let covariates: [Covariate]
  /// Where the series comes from, as errors name it.
  public let source: String
  /// The times of rows behind the last value of the target, which are to be forecast; nil if there are
  /// none.
  public let future: TimeAxis?
  /// What is known of rows before they come, and of the whole series.
  public let known: [KnownColumn]

  /// The number of rows.
  public var count: Int { numbers.count }

  /// A series of values that a program has.
  ///
  /// - Parameters:
  ///   - values: The target, oldest first.
  ///   - times: As many times; `nil` numbers the rows.
  ///   - covariates: Each with as many values.
  ///   - source: Where the values come from, as errors name it.
  ///   - future: The times of the rows that are to be forecast; `nil` goes on from `times`.
  ///   - known: What is known of rows before they come: as many values as there are rows, and as many
  ///     more as those of the future.
  /// - Throws: ``DataError`` when a value is not finite or over 1e18 in magnitude, or a known column has
  ///   another number of values.
  public init(
    values: [Double], name: String? = nil, targetName: String = "value", times: TimeAxis? = nil,
    covariates: [Covariate] = [], source: String = "series", future: TimeAxis? = nil,
    known: [KnownColumn] = []
  ) throws(DataError) {
    let times = times ?? TimeAxis(rowCount: values.count)
    require(
      times.count == values.count,
      "times has as many elements as values, \(values.count), got \(times.count)")
    for column in [Covariate(name: targetName, values: values)] + covariates {
      require(
        column.values.count == values.count,
        "covariate \(column.name) has as many values as the target, \(values.count), got \(column.values.count)"
      )
      let bad = column.values.firstIndex { !($0.magnitude <= Table.largestMagnitude) }
      if let bad {
        throw DataError(
          file: source, line: bad + 1, place: column.name,
          problem: "found \(column.values[bad]), expected a finite number up to 1e18",
          advice: "Fill or remove missing values first")
      }
    }
    for column in known {
      if let problem = column.problem(rows: values.count, future: future?.count ?? 0) {
        throw DataError(file: source, problem: problem)
      }
    }
    self.init(
      checkedName: name, targetName: targetName, times: times, target: values,
      covariates: covariates, source: source, future: future, known: known)
  }

  init(
    checkedName name: String?, targetName: String, times: TimeAxis, target: [Double],
    covariates: [Covariate], source: String, future: TimeAxis?, known: [KnownColumn]
  ) {
    self.init(
      checkedName: name, targetName: targetName, times: times, numbers: StoredValues(target),
      covariates: covariates, source: source, future: future, known: known)
  }

  init(
    checkedName name: String?, targetName: String, times: TimeAxis, numbers: StoredValues<Double>,
    covariates: [Covariate], source: String, future: TimeAxis?, known: [KnownColumn]
  ) {
    self.name = name
    self.targetName = targetName
    self.times = times
    self.numbers = numbers
    self.covariates = covariates
    self.source = source
    self.future = future
    self.known = known
  }
}

// MARK: - Parts and checks

extension Series {
  /// The rows in `range`; the future is that of the last row.
  public func slice(_ range: Range<Int>) -> Series {
    require(
      range.lowerBound >= 0 && range.upperBound <= count,
      "range is within 0..<\(count), got \(range)")
    return Series(
      checkedName: name, targetName: targetName, times: times.slice(range),
      numbers: numbers.part(range),
      covariates: covariates.map { Covariate(name: $0.name, numbers: $0.numbers.part(range)) },
      source: source, future: range.upperBound == count ? future : nil,
      known: known.map { column in
        column.slice(
          range
            .lowerBound..<(range.upperBound == count
            ? count + (future?.count ?? 0) : range.upperBound))
      })
  }

  /// The same series with its times and numbers in a store; what is known of rows before they come stays in
  /// memory.
  ///
  /// - Throws: ``DataError`` if there is no room for them.
  package func stored(in store: ValueStore) throws(DataError) -> Series {
    var kept: [Covariate] = []
    for covariate in covariates {
      kept.append(
        Covariate(name: covariate.name, numbers: try store.keep(covariate.numbers.array)))
    }
    return Series(
      checkedName: name, targetName: targetName, times: try times.stored(in: store),
      numbers: try store.keep(numbers.array), covariates: kept, source: source, future: future,
      known: known)
  }

  /// The first `length` rows, or all.
  public func prefix(_ length: Int) -> Series { slice(0..<Swift.min(length, count)) }

  /// The last `length` rows, or all.
  public func suffix(_ length: Int) -> Series { slice(Swift.max(0, count - length)..<count) }

  /// Throws when the target never changes: there is nothing to learn, and nothing to scale by.
  public func checkVaries() throws(DataError) {
    guard let first = target.first else {
      throw DataError(file: source, place: place, problem: "the series has no rows")
    }
    guard target.allSatisfy({ $0 == first }) else { return }
    throw DataError(
      file: source, place: place,
      problem: "all \(count) values are \(first), expected values that change",
      advice: "Choose another column; a constant needs no model")
  }

  private var place: String {
    "column \(targetName.shown)" + (name.map { " of series \($0.shown)" } ?? "")
  }
}
