import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

struct ForecastSplitTests {
  private func options(
    _ window: Int, _ horizon: Int, test: Double = 0.25, validation: Double = 0.1
  ) -> ForecasterOptions {
    var options = ForecasterOptions()
    (options.window, options.horizon) = (window, horizon)
    (options.testFraction, options.validationFraction) = (test, validation)
    return options
  }

  @Test func stockPrices() {
    let split = ForecastSplit(count: 1259, options: options(100, 1))
    #expect(split.testStart == 944)
    #expect(split.validationStart == 850)
    #expect(split.training == 100..<850)
    #expect(split.validation == 850..<944)
    // 844 windows whose targets lie before the test part: 750 to train, 94 to validate.
    #expect(split.training.count + split.validation.count == 844)
    // Each row of the test part is forecast; what the first windows see lies before it.
    #expect(split.test == 944..<1259)
  }

  @Test func airlinePassengersReachBack() {
    let split = ForecastSplit(count: 144, options: options(36, 12))
    #expect(split.testStart == 108)
    // A tenth would be 10 rows, too few for one window of 12: 2 · 12 - 1 rows, 12 windows.
    #expect(split.validationStart == 85)
    #expect(split.training == 36..<74)
    #expect(split.validation == 85..<97)
    #expect(split.test == 108..<133)
  }

  @Test func splitsAreHandedIn() throws {
    var options = tinyOptions()
    options.epochs = 1
    let series = try wavySeries(120)
    let seconds = series.times.seconds
    let dates = ForecastSplit(
      series, validationFrom: seconds[70], testFrom: seconds[90], options: options)
    #expect(dates.validationStart == 70 && dates.testStart == 90 && dates.count == 120)
    let rolling = ForecastSplit.rolling([80, 100], testRows: 20, options: options)
    #expect(rolling.map(\.count) == [100, 120] && rolling.map(\.testStart) == [80, 100])
    #expect(rolling.map(\.validationStart) == [72, 90])
    let plans = try rolling.map { try ForecastPlan([series], options: options, splits: [$0]) }
    #expect(plans.map { $0.series[0].count } == [100, 120])
    let forecasters = try plans.map { try $0.train() }
    // Each is that of the rows it knows, cut by hand.
    let cut = try ForecastPlan(
      [series.prefix(100)], options: options,
      splits: [.init(count: 100, validationStart: 72, testStart: 80, options: options)]
    ).train()
    #expect(cut.model.bits == forecasters[0].model.bits)
    #expect(cut.configuration == forecasters[0].configuration)
    #expect(forecasters[0].recent[0].target.last == series.target[99])
    let error = try dataError {
      _ = try ForecastPlan([series.prefix(90)], options: options, splits: [rolling[0]])
    }
    #expect(error.problem == "90 rows, but the split is of 100")
  }

  /// In binary, 0.07 · 100 is a little over 7 and 0.29 · 100 a little under 29.
  @Test func fractionsAreTakenAsWritten() {
    #expect(ForecastSplit(count: 100, options: options(3, 1, test: 0.07)).testStart == 93)
    let split = ForecastSplit(count: 100, options: options(3, 1, test: 0, validation: 0.29))
    #expect(split.testStart == 100)
    #expect(split.validationStart == 71)
    // What is not whole is rounded towards more test rows and more training rows.
    #expect(ForecastSplit(count: 101, options: options(3, 1, test: 0.07)).testStart == 93)
    #expect(
      ForecastSplit(count: 103, options: options(3, 1, test: 0, validation: 0.29)).validationStart
        == 103 - 29)
  }

  @Test func withoutFractionsAllRowsAreForTraining() {
    let split = ForecastSplit(count: 30, options: options(4, 2, test: 0, validation: 0))
    #expect(split.training == 4..<29)
    #expect(split.validation.isEmpty && split.test.isEmpty)
    #expect(split.isUsable(options(4, 2, test: 0, validation: 0)))
  }

  static let fractions = [(0.25, 0.1), (0, 0.2), (0.3, 0), (0, 0), (0.5, 0.5), (0.01, 0.01)]

  @Test(arguments: [1, 2, 5, 9], [1, 2, 4, 7])
  func partsAreDisjointAndFewestIsFewest(window: Int, horizon: Int) {
    for (test, validation) in Self.fractions {
      let options = options(window, horizon, test: test, validation: validation)
      var firstUsable: Int?
      for count in 0...150 {
        let split = ForecastSplit(count: count, options: options)
        #expect(0 <= split.validationStart && split.validationStart <= split.testStart)
        #expect(split.testStart <= count)
        for origin in split.training {
          #expect(origin - window >= 0 && origin + horizon <= split.validationStart)
        }
        for origin in split.validation {
          #expect(origin - window >= 0)
          #expect(origin >= split.validationStart && origin + horizon <= split.testStart)
        }
        for origin in split.test {
          #expect(origin >= split.testStart)
          #expect(origin - window >= 0 && origin + horizon <= count)
        }
        // Every window that fits in a part is used.
        #expect(split.training.count == max(0, split.validationStart - window - horizon + 1))
        let usable =
          !split.training.isEmpty && (validation == 0 || split.validation.count >= horizon)
          && (test == 0 || !split.test.isEmpty)
        #expect(split.isUsable(options) == usable)
        if usable, firstUsable == nil { firstUsable = count }
        if firstUsable != nil { #expect(usable, "usable with fewer rows, but not with \(count)") }
      }
      if let firstUsable {
        #expect(ForecastSplit.fewestRows(options) == firstUsable)
      } else {
        #expect(ForecastSplit.fewestRows(options) > 150)
      }
    }
  }

  @Test func tooShortSeriesAreRefusedWithTheNumberNeeded() throws {
    let options = tinyOptions()
    let fewest = ForecastSplit.fewestRows(options)
    _ = try ForecastPlan([wavySeries(fewest)], options: options)
    let error = try dataError {
      _ = try ForecastPlan([wavySeries(fewest - 1, name: "north")], options: options)
    }
    #expect(error.place == "series \"north\"")
    #expect(error.problem.hasPrefix("found \(fewest - 1) rows, expected at least \(fewest) for"))
  }

  @Test func constantTargetsAreRefused() throws {
    let flat = try Series(values: Array(repeating: 3, count: 60))
    #expect(try dataError { _ = try ForecastPlan([flat], options: tinyOptions()) }.problem != "")
    // Constant over the training rows is as bad.
    let late = try wavySeries(60).altered(
      0..<ForecastSplit(count: 60, options: tinyOptions())
        .validationStart
    ) { _, _ in 3 }
    #expect(try dataError { _ = try ForecastPlan([late], options: tinyOptions()) }.problem != "")
  }
}
