import Recurrent
import RecurrentFiles

/// Which rows of a series are for training, validation and test, and which windows lie where.
///
/// A window is named by its origin: the first row it forecasts. It sees the rows before. All rows
/// it forecasts lie in one part, and training windows see training rows only.
public struct ForecastSplit: Sendable, Equatable {
  /// The first row of the validation part.
  public let validationStart: Int
  /// The first row of the test part.
  public let testStart: Int
  /// The number of rows.
  public let count: Int
  /// Origins of training windows.
  public let training: Range<Int>
  /// Origins of validation windows; what these see may reach back into the training rows.
  public let validation: Range<Int>
  /// Origins of test windows; what these see may reach back likewise.
  public let test: Range<Int>

  /// The split of `count` rows by the shares that the options say.
  public init(count: Int, options: ForecasterOptions) {
    let testStart = count - Self.share(options.testFraction, of: count, .up)
    self.init(count: count, testStart: testStart, options: options)
  }

  /// The split whose test part begins at a row; the validation part before it is the share that the
  /// options say.
  private init(count: Int, testStart: Int, options: ForecasterOptions) {
    let share = Self.share(options.validationFraction, of: testStart, .down)
    // One window would be too few to judge by: at least as many as the horizon has rows.
    let fewest = options.validationFraction > 0 ? 2 * options.horizon - 1 : 0
    self.init(
      count: count, validationStart: max(0, testStart - max(share, fewest)), testStart: testStart,
      options: options)
  }

  /// The split of a series at two moments, in seconds since 1970 as ``TimeAxis/seconds``: the rows
  /// from the first on are validation, from the second on test.
  public init(
    _ series: Series, validationFrom: Int64, testFrom: Int64, options: ForecasterOptions
  ) {
    func row(_ moment: Int64) -> Int {
      series.times.seconds.firstIndex { $0 >= moment } ?? series.count
    }
    self.init(
      count: series.count, validationStart: row(validationFrom), testStart: row(testFrom),
      options: options)
  }

  /// A backtest: a split for each origin, the first of `testRows` rows that are forecast with all
  /// rows before known. Rows behind those are in no part.
  ///
  /// ```swift
  /// for split in ForecastSplit.rolling([600, 700, 800], testRows: 100, options: options) {
  ///   print(try ForecastPlan([prices], options: options, splits: [split]).train().report)
  /// }
  /// ```
  public static func rolling(
    _ origins: [Int], testRows: Int, options: ForecasterOptions
  ) -> [ForecastSplit] {
    origins.map {
      ForecastSplit(count: $0 + testRows, testStart: $0, options: options)
    }
  }

  /// The split of the first `count` rows at two of them.
  public init(count: Int, validationStart: Int, testStart: Int, options: ForecasterOptions) {
    self.init(
      count: count, validationStart: validationStart, testStart: testStart, seen: options.window,
      options: options)
  }

  /// - Parameter seen: rows before the first origin.
  private init(
    count: Int, validationStart: Int, testStart: Int, seen window: Int, options: ForecasterOptions
  ) {
    require(
      0 <= validationStart && validationStart <= testStart && testStart <= count,
      "parts follow one another: 0, \(validationStart), \(testStart), \(count)")
    let horizon = options.horizon
    (self.count, self.validationStart, self.testStart) = (count, validationStart, testStart)
    training = Self.origins(from: window, to: validationStart, horizon)
    validation = Self.origins(from: max(window, validationStart), to: testStart, horizon)
    test = Self.origins(from: max(window, testStart), to: count, horizon)
  }

  /// A share of `count` rows. Fractions such as 0.07 lie a little beside what they say; what that
  /// makes of whole numbers is taken back before rounding.
  private static func share(
    _ fraction: Double, of count: Int, _ rule: FloatingPointRoundingRule
  ) -> Int {
    let exact = Double(count) * fraction
    let whole = exact.rounded()
    return Int(abs(exact - whole) <= 1e-12 * whole ? whole : exact.rounded(rule))
  }

  private static func origins(from first: Int, to end: Int, _ horizon: Int) -> Range<Int> {
    first..<max(first, end - horizon + 1)
  }

  /// The same parts with windows that begin before the first row, if some are needed and the options allow
  /// them.
  func padded(_ options: ForecasterOptions) -> ForecastSplit {
    guard options.pads == true, !isUsable(options) else { return self }
    return ForecastSplit(
      count: count, validationStart: validationStart, testStart: testStart,
      seen: options.fewestSeen, options: options)
  }

  /// Whether each part that the options ask for has a window.
  func isUsable(_ options: ForecasterOptions) -> Bool {
    !training.isEmpty && (validationStart == testStart || !validation.isEmpty)
      && (testStart == count || !test.isEmpty)
  }

  /// The fewest rows with which each part has a window.
  static func fewestRows(_ options: ForecasterOptions) -> Int {
    var low = 1
    var high = 1
    func isUsable(_ count: Int) -> Bool {
      ForecastSplit(count: count, options: options).padded(options).isUsable(options)
    }
    while !isUsable(high), high < 1 << 40 {
      (low, high) = (high, high * 2)
    }
    while low < high {
      let middle = (low + high) / 2
      if isUsable(middle) {
        high = middle
      } else {
        low = middle + 1
      }
    }
    return high
  }
}
