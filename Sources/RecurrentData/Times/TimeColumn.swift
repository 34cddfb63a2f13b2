import RecurrentFiles

/// Reads a column of times: finds the one way of reading that fits every row and makes the rows
/// regular.
struct TimeColumn {
  /// The times of every row, as the format counts them.
  let ticks: [Int64]
  /// The way in which the column writes its times.
  let format: TimeFormat
  /// Whether the newest row of each series comes first.
  let isDescending: Bool
  /// Which reading was taken where there were several, as a sentence.
  let reading: String?

  /// The cells of a column, wherever they come from.
  struct Source {
    let file: String
    let place: String?
    let count: Int
    /// The row before each row in the same series, -1 for a series' first row; `nil` when the rows
    /// are one series.
    var previousRow: [Int]?
    /// The columns that could be read together with this one: the time of day of a date.
    var clockColumns: String?
    let withBytes: (_ row: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Void) -> Void
    let line: (_ row: Int) -> Int?

    func previous(of row: Int) -> Int { previousRow?[row] ?? row - 1 }

    func bytes(_ row: Int) -> [UInt8] {
      var bytes: [UInt8] = []
      withBytes(row) { bytes = Array($0) }
      return bytes
    }

    func text(_ row: Int) -> String { String(decoding: bytes(row), as: UTF8.self) }

    /// The rows of each series.
    var series: [[Int]] {
      guard let previousRow else { return [Array(0..<count)] }
      var places = [Int](repeating: 0, count: count)
      var series: [[Int]] = []
      for (row, previous) in previousRow.enumerated() {
        if previous < 0 {
          places[row] = series.count
          series.append([row])
        } else {
          places[row] = places[previous]
          series[places[row]].append(row)
        }
      }
      return series
    }

    /// The first cell, and the longest one: it shows most of how times are written.
    var samples: [[UInt8]] {
      guard count > 0 else { return [] }
      var longest = (row: 0, count: -1)
      for row in 0..<count {
        withBytes(row) { if $0.count > longest.count { longest = (row, $0.count) } }
      }
      return longest.row == 0 ? [bytes(0)] : [bytes(longest.row), bytes(0)]
    }
  }

  /// Reads the column.
  ///
  /// Among the readings that fit every row and order the rows of each series, the most regular one is
  /// taken: the one with fewest series without a rule, then with fewest rows missing.
  ///
  /// - Parameters:
  ///   - options: what is known about the column; else the evidence decides.
  ///   - model: times that were written alike; their reading is preferred.
  /// - Throws: ``DataError`` about the first row that cannot be read, or whose time is not later
  ///   than the one before.
  init(
    _ source: Source, options: TimeOptions = TimeOptions(), like model: TimeFormat? = nil
  ) throws(DataError) {
    if let problem = options.problem { throw DataError(file: source.file, problem: problem) }
    let clock =
      options.zone.flatMap { LocalClock($0) } ?? (options == TimeOptions() ? model?.clock : nil)
    var attempts: [TimeAttempt] = []
    var choice: (TimeAttempt, String?)?
    // Few files name months in another language than English.
    for languages in [[.english], TimeLanguage.allCases.filter { $0 != .english }]
    where choice == nil {
      let writings = Self.writings(source, options, model, languages)
      attempts += writings.flatMap { TimeAttempt.reading(source, as: $0, clock: clock) }
      choice = TimeChoice.best(attempts, source, options, model)
    }
    try TimeErrors(source, options).checkDigits(choice?.0)
    guard let (best, sentence) = choice else {
      let failed = attempts.max {
        ($0.unreadableRow ?? .max, $0.unorderedRow ?? .max)
          < ($1.unreadableRow ?? .max, $1.unorderedRow ?? .max)
      }
      guard let failed else {
        guard source.count > 0 else {
          throw DataError(file: source.file, place: source.place, problem: "there are no times")
        }
        throw TimeErrors(source, options).unreadable(0)
      }
      throw TimeErrors(source, options).error(failed)
    }
    (ticks, format, isDescending, reading) = (
      best.ticks, best.format, best.isDescending, sentence
    )
  }

  /// The ways in which the column may be read, the preferred one first.
  private static func writings(
    _ source: Source, _ options: TimeOptions, _ model: TimeFormat?, _ languages: [TimeLanguage]
  ) -> [TimeFormat.Writing] {
    if let text = options.pattern, let pattern = try? TimePattern(text) {
      let other = languages.map { TimeFormat.Writing.pattern(pattern.named(in: $0)) }
      return languages == [.english] ? [.pattern(pattern)] : other
    }
    if let unit = options.unit {
      return [unit.pattern.map { .pattern($0) } ?? .number(unit, least: 0, most: 9)]
    }
    var writings: [TimeFormat.Writing] = []
    if let model, options.dateOrder == nil { writings.append(model.writing) }
    for sample in source.samples {
      for writing in TimeGuess.readings(of: sample, in: languages)
      where !writings.contains(where: { $0.isLike(writing) }) {
        writings.append(writing)
      }
    }
    if let order = options.dateOrder {
      writings.removeAll { !$0.has(order) }
    }
    return writings
  }

  /// The last second of year 9999; later and earlier times by as much are slips.
  static let latestSecond: Int64 = 253_402_300_799

  /// The largest time in ticks of a format.
  static func limit(_ format: TimeFormat?) -> Int64 {
    guard let format, !format.isIndex else { return format == nil ? latestSecond : Int64.max / 4 }
    let limit = latestSecond.multipliedReportingOverflow(by: format.ticksPerSecond)
    return limit.overflow ? Int64.max / 2 : limit.partialValue
  }
}

extension TimeFormat.Writing {
  /// Whether two readings differ in nothing but padding and decimals, which the column shows.
  func isLike(_ other: TimeFormat.Writing) -> Bool {
    switch (self, other) {
    case (.pattern(let a), .pattern(let b)): return a.readsLike(b)
    case (.number(let a, _, _), .number(let b, _, _)): return a == b
    default: return false
    }
  }

  fileprivate func has(_ order: TimeOptions.DateOrder) -> Bool {
    if case .pattern(let pattern) = self { pattern.order == order.rawValue } else { false }
  }
}

extension TimeFormat {
  /// Whether times are seconds since 1970, which no clock shows.
  var isMoment: Bool {
    if case .number(let unit, _, _) = writing { unit != .excel && unit != .index } else { false }
  }
}

extension TimeAxis {
  /// Reads times from `texts`, all written alike.
  ///
  /// Where they can be read in several ways, the one that fits every text, ascends and is most regular
  /// is taken; of day and month first, when both are as regular, slashes mean month/day and dots and
  /// dashes day/month. ``reading`` tells it.
  ///
  /// - Throws: ``DataError`` about the first text that cannot be read or is not later than the one
  ///   before it.
  public init(
    parsing texts: [String], options: TimeOptions = TimeOptions(), source: String = "times"
  ) throws(DataError) {
    let cells = texts.map { Array($0.utf8) }
    let cell = TimeColumn.Source(
      file: source, place: nil, count: cells.count,
      withBytes: { row, body in cells[row].withUnsafeBufferPointer(body) }, line: { $0 + 1 })
    let column = try TimeColumn(cell, options: options)
    if column.isDescending { throw TimeErrors(cell).descending(1, of: column.ticks) }
    self.init(checkedTicks: column.ticks, format: column.format, reading: column.reading)
  }
}
