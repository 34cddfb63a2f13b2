import ArgumentParser
import Recurrent
import RecurrentTasks

/// Which rows a forecaster is judged on, where that is not a share of them.
struct ForecastPartFlags: ParsableArguments {
  @Option(
    name: .customLong("test"),
    help: ArgumentHelp(
      "A table of the same form whose rows come behind those of the first: the test part.",
      valueName: "file.csv"), completion: .file())
  var testFile: String?

  @Option(
    help: ArgumentHelp("The last rows of each series that only the report sees.", valueName: "rows")
  )
  var testRows: Int?

  @Option(
    help: ArgumentHelp("Where the test part begins, as the table writes times.", valueName: "time"))
  var testFrom: String?

  @Option(
    help: ArgumentHelp("The rows before the test part that judge each epoch.", valueName: "rows"))
  var validationRows: Int?

  @Option(
    help: ArgumentHelp("Where the rows that judge each epoch begin.", valueName: "time"))
  var validationFrom: String?

  @Option(
    help: ArgumentHelp("The last time that is read; later rows are left out.", valueName: "time"))
  var until: String?

  func validate() throws {
    for flags in [testFlags, validationFlags] where flags.count > 1 {
      throw ValidationError("\(flags.joined(separator: " and ")) say the same; give one of them.")
    }
    for (flag, rows) in [("--test-rows", testRows), ("--validation-rows", validationRows)] {
      if let rows, rows < 0 { throw ValidationError("\(flag) is at least 0, not \(rows).") }
    }
  }

  /// Those that are given of the flags that say where the test part begins.
  var testFlags: [String] {
    [
      ("--test", testFile != nil), ("--test-rows", testRows != nil),
      ("--test-from", testFrom != nil),
    ].filter(\.1).map(\.0)
  }

  /// Those that are given of the flags that say where the validation part begins.
  var validationFlags: [String] {
    [("--validation-rows", validationRows != nil), ("--validation-from", validationFrom != nil)]
      .filter(\.1).map(\.0)
  }

  var isGiven: Bool { !testFlags.isEmpty || !validationFlags.isEmpty }

  /// The series without what comes after the last time that is read.
  func cut(_ series: [Series]) throws -> [Series] {
    guard let until else { return series }
    return try series.map { series in
      let end = try series.firstRow(at: until, flag: "--until", orBehind: true)
      guard end > 0 else {
        throw DataError(
          file: series.source, place: series.name.map { "series \"\($0)\"" },
          problem: "has no row up to \(until)", advice: "Use a later --until")
      }
      return end == series.count ? series : series.prefix(end)
    }
  }

  /// The series with the rows of the test file behind them, how many stand before these, and what is to be
  /// said of gaps in between and of series that only one of the files has.
  func followed(
    _ series: [Series], missing: MissingValues, reading: (String) throws -> [Series]
  ) throws -> (series: [Series], known: [Int], remarks: [String]) {
    var known = series.map(\.count)
    guard let testFile else { return (series, known, []) }
    let others = try reading(testFile)
    let isOne = series.count == 1 && others.count == 1
    let byName = Dictionary(others.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var (remarks, untested) = ([String](), 0)
    let result = try series.indices.map { place in
      let one = series[place]
      guard let rows = isOne ? others[0] : byName[one.name] else {
        untested += 1
        return one
      }
      let filled = try one.filled(upTo: rows, missing: missing)
      if filled.count > one.count {
        known[place] = filled.count
        remarks.append(
          "\(testFile)\(one.name.map { ", \($0)" } ?? ""): rows that are absent before it "
            + "(\(filled.count - one.count)) were filled, by --missing \(missing.rawValue)")
      }
      return try filled.followed(by: rows)
    }
    guard untested < series.count else {
      throw DataError(
        file: testFile, problem: "has none of the series that are trained on",
        advice: "Give a table of the same form with the same names")
    }
    if untested > 0 {
      remarks.append(
        "\(untested) of \(series.count) series have no rows in \(testFile): not tested")
    }
    let names = Set(series.map(\.name))
    let unknown = isOne ? 0 : others.count { !names.contains($0.name) }
    if unknown > 0 {
      remarks.append("\(testFile): \(unknown) series that are not trained on are left out")
    }
    return (result, known, remarks)
  }

  /// The parts of each series; nil where shares say them.
  ///
  /// - Parameter known: rows of each series before those of the test file.
  func splits(
    of series: [Series], known: [Int], options: ForecasterOptions
  ) throws -> [ForecastSplit]? {
    guard isGiven else { return nil }
    return try zip(series, known).map { series, known in
      var testStart = ForecastSplit(count: series.count, options: options).testStart
      if testFile != nil { testStart = known }
      if let testRows { testStart = max(0, series.count - testRows) }
      if let testFrom { testStart = try series.firstRow(at: testFrom, flag: "--test-from") }
      var validationStart = ForecastSplit.rolling(
        [testStart], testRows: series.count - testStart, options: options)[0].validationStart
      if let validationRows { validationStart = max(0, testStart - validationRows) }
      if let validationFrom {
        validationStart = try series.firstRow(at: validationFrom, flag: "--validation-from")
        guard validationStart <= testStart else {
          throw DataError(
            file: series.source,
            problem: "--validation-from \(validationFrom) lies behind the start of the test part",
            advice: "Name an earlier time, or a later --test-from")
        }
      }
      return ForecastSplit(
        count: series.count, validationStart: validationStart, testStart: testStart,
        options: options)
    }
  }
}

extension Series {
  /// The first row at a time or later; the number of rows if there is none.
  ///
  /// - Parameter orBehind: the first row later than it.
  fileprivate func firstRow(at text: String, flag: String, orBehind: Bool = false) throws -> Int {
    func error(_ problem: String, _ advice: String) -> DataError {
      DataError(
        file: source, place: name.map { "series \"\($0)\"" }, problem: "\(flag) \(text) \(problem)",
        advice: advice)
    }
    guard let moment = times.seconds(of: text) else {
      throw error("is no time", "Write it as the table does: \(times.label(0))")
    }
    let last = times.seconds.last ?? moment
    guard orBehind || moment <= last else {
      throw error(
        "lies behind the last row, \(times.label(count - 1))", "Name a time that the table has")
    }
    return times.seconds.firstIndex { orBehind ? $0 > moment : $0 >= moment } ?? count
  }
}
