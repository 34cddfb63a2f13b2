import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

struct ForecastTests {
  private func trained(
    _ series: Series, _ change: (inout ForecasterOptions) -> Void = { _ in }
  ) throws -> Forecaster {
    try ForecastPlan([series], options: tinyOptions(change)).train()
  }

  // MARK: Scaling by window

  /// Powers of two change no rounding: training on 8·y gives the same bits.
  @Test(arguments: [nil, 4])
  func scaledSeriesGiveScaledForecasts(season: Int?) throws {
    let series = try wavySeries(80, covariates: 1)
    let larger = try series.altered(0..<80) { value, _ in 8 * value }
    let (small, large) = (
      try trained(series) { $0.season = season }, try trained(larger) { $0.season = season }
    )
    #expect(small.model.bits == large.model.bits)
    let points = try small.forecast(after: series).points
    let largePoints = try large.forecast(after: larger).points
    #expect(points.map { $0.value * 8 } == largePoints.map(\.value))
    #expect(points.map { $0.lower * 8 } == largePoints.map(\.lower))
    #expect(points.map { $0.upper * 8 } == largePoints.map(\.upper))
  }

  @Test(arguments: [(0.37, 1234.5), (55, -900), (1e-6, 0), (1e9, 1e10)])
  func forecastsFollowLevelAndUnit(a: Double, b: Double) throws {
    let series = try wavySeries(80)
    let other = try series.altered(0..<80) { value, _ in a * value + b }
    let forecaster = try trained(series) { $0.season = 4 }
    let points = try forecaster.forecast(after: series, steps: 7).points
    let others = try forecaster.forecast(after: other, steps: 7).points
    for (point, other) in paired(points, others) {
      for part in [\Forecaster.Point.value, \.lower, \.upper] {
        let expected = a * point[keyPath: part] + b
        #expect(abs(other[keyPath: part] - expected) <= 1e-5 * a * 10, "a \(a), b \(b)")
      }
    }
    #expect(points[0].value != points[1].value)
  }

  @Test func untrainedNetworksGiveTheNaiveForecast() throws {
    let series = try wavySeries(80)
    let plan = try ForecastPlan([series], options: tinyOptions())
    #expect(plan.base == .last)
    let untrained = Forecaster.untrained(plan)
    let evaluation = try #require(untrained.configuration.evaluation)
    #expect(evaluation.model == evaluation.naive)
    #expect(evaluation.skill == 0)
    #expect(
      try untrained.forecast(after: series, steps: 5).points.map(\.value)
        == Array(repeating: series.target[79], count: 5))
  }

  @Test func untrainedNetworksGiveTheBetterNaiveForecast() throws {
    let series = try wavySeries(80)
    let plan = try ForecastPlan([series], options: tinyOptions { $0.season = 4 })
    #expect(plan.base == .season)
    let points = try Forecaster.untrained(plan).forecast(after: series, steps: 6).points
    // Beyond the horizon of 3 the fourth row of the season comes, then the forecasts themselves.
    let expected = [76, 77, 78, 79, 76, 77].map { series.target[$0] }
    for (point, value) in paired(points, expected) { #expect(abs(point.value - value) < 1e-5) }
    // Where the season says nothing, the last value is the better base.
    let walk = try Series(values: wavyValues(80).reduce(into: [0]) { $0.append($0.last! + $1) })
    #expect(try ForecastPlan([walk], options: tinyOptions { $0.season = 7 }).base == .last)
  }

  @Test func fixedScalesForecastTheValueItself() throws {
    let plan = try ForecastPlan([wavySeries(80)], options: tinyOptions { $0.scaling = .minmax })
    let batch = plan.examples(\.training).batch([0, 3])
    #expect(batch.base == Tensor.zeros([2, 3, 1]))
    #expect(plan.model().head.weights != Tensor.zeros(plan.model().head.weights.shape))
  }

  // MARK: Steps

  @Test(arguments: [ScalingMethod.window, .standard])
  func forecastsAreFedBack(scaling: ScalingMethod) throws {
    let series = try wavySeries(80)
    let forecaster = try trained(series) { $0.scaling = scaling }
    let all = try forecaster.forecast(after: series, steps: 8).points
    #expect(all.count == 8)
    #expect(try forecaster.forecast(after: series).points == Array(all[..<3]))
    #expect(try forecaster.forecast(after: series, steps: 2).points == Array(all[..<2]))
    // By hand: append three forecasts and forecast again.
    var values = series.target
    for block in 0..<3 {
      let points = try forecaster.forecast(after: Series(values: values)).points
      let shown = all[(3 * block)..<min(8, 3 * block + 3)]
      for (step, (point, expected)) in zip(shown, points).enumerated() {
        #expect(point.value == expected.value)
        // The squares of errors add up: of each horizon before, and the step's own.
        for (end, sign) in [(\Forecaster.Point.upper, 1.0), (\.lower, -1)] {
          func size(_ point: Forecaster.Point) -> Double {
            sign * (point[keyPath: end] - point.value)
          }
          let (own, last) = (size(all[step]), size(all[2]))
          let wanted = (own * own + Double(block) * last * last).squareRoot()
          #expect(abs(size(point) - wanted) < 1e-9)
        }
      }
      values += points.map(\.value)
    }
  }

  @Test func manyStepsTakeLinearTime() throws {
    let series = try wavySeries(80)
    let forecaster = try trained(series) {
      $0.window = 4
      $0.hiddenSize = 2
      $0.layers = 1
      $0.epochs = 1
    }
    #expect(try forecaster.forecast(after: series, steps: 3001).points.count == 3001)
  }

  @Test func forecastsContinueTheTimes() throws {
    // Fridays and month ends: 1 January 2021 was a Friday.
    let days = try TimeAxis(
      parsing: (0..<80).map { row in
        let day = CalendarDay(row / 5 * 7 + row % 5)
        return "\(day)"
      })
    #expect(days.frequency == .businessDays)
    let forecaster = try trained(wavySeries(80, times: days))
    let forecast = try forecaster.forecast(after: wavySeries(80, times: days), steps: 6)
    // Row 79 is the Friday of the sixteenth week.
    #expect(days.labels[79] == "2021-04-23")
    #expect(
      forecast.times.labels == [
        "2021-04-26", "2021-04-27", "2021-04-28", "2021-04-29", "2021-04-30", "2021-05-03",
      ])
    let months = try TimeAxis(
      parsing: (0..<80).map { row in
        "\(2000 + row / 12)-" + (row % 12 < 9 ? "0" : "") + "\(row % 12 + 1)"
      })
    let monthly = try trained(wavySeries(80, times: months))
    #expect(months.labels[79] == "2006-08")
    #expect(
      try monthly.forecast(after: monthly.recent[0], steps: 5).times.labels
        == ["2006-09", "2006-10", "2006-11", "2006-12", "2007-01"])
    let numbered = try trained(wavySeries(80))
    #expect(try numbered.forecast(after: numbered.recent[0]).times.labels == ["81", "82", "83"])
  }

  @Test func recentRowsAreEnough() throws {
    let series = try wavySeries(80, covariates: 1)
    let forecaster = try trained(series)
    #expect(forecaster.recent.count == 1)
    #expect(forecaster.recent[0] == series.suffix(8))
    #expect(
      try forecaster.forecast(after: forecaster.recent[0]) == forecaster.forecast(after: series))
  }

  // MARK: Quantiles and intervals

  /// Networks of models that know no order of quantiles may let them cross: they are put in order.
  @Test func quantilesComeInOrder() throws {
    let series = try wavySeries(80)
    let plan = try ForecastPlan(
      [series],
      options: tinyOptions {
        $0.loss = .quantile
        $0.quantiles = [0.05, 0.3, 0.6, 0.75]
        $0.scaling = .minmax
        $0.ordersQuantiles = nil
        $0.validationFraction = 0
      })
    #expect(plan.options.outputs == 4)
    let untrained = Forecaster.untrained(plan)
    #expect(abs(untrained.nominalCoverage - 0.7) < 1e-6)
    #expect(untrained.configuration.intervalSource == .quantiles)
    #expect(untrained.configuration.calibration == nil)
    let examples = plan.examples(\.test)
    let batch = examples.batch(Array(0..<examples.count))
    let raw = plan.model()(batch).elements
    let points = untrained.points(examples).flatMap { $0 }
    var crossing = 0
    for (place, point) in points.enumerated() {
      let outputs = raw[(place * 4)..<(place * 4 + 4)].map { examples.targetScale(0).restored($0) }
      crossing += outputs == outputs.sorted() ? 0 : 1
      let sorted = outputs.sorted()
      for (found, expected) in [
        (point.value, sorted[2]), (point.lower, sorted[0]), (point.upper, sorted[3]),
      ] { #expect(abs(found - expected) < 1e-5) }
    }
    #expect(crossing > 0)
    for point in try plan.train().points(examples).flatMap({ $0 }) {
      #expect(point.lower <= point.value && point.value <= point.upper)
    }
  }

  @Test func intervalsSayWhereTheyComeFrom() throws {
    let series = try wavySeries(80)
    let validated = try trained(series)
    #expect(validated.configuration.intervalSource == .validationResiduals)
    #expect(validated.nominalCoverage == 0.8)
    let unvalidated = try trained(series) { $0.validationFraction = 0 }
    #expect(unvalidated.configuration.intervalSource == .trainingResiduals)
    #expect(unvalidated.configuration.bestEpoch == 2)
    #expect(unvalidated.configuration.calibration?.scores.count == 3)
  }

  /// The ends are the 10 % and 90 % quantiles of the errors on the validation part, in scaled
  /// units.
  @Test func intervalsHoldTheErrorsOfTheValidationPart() throws {
    let series = try wavySeries(200)
    let plan = try ForecastPlan([series], options: tinyOptions { $0.validationFraction = 0.3 })
    let forecaster = try plan.train()
    let examples = plan.examples(\.validation)
    let points = forecaster.points(examples)
    for step in 0..<3 {
      var scaled: [Double] = []
      var inside = 0
      for (window, origin) in plan.splits[0].validation.enumerated() {
        let actual = series.target[origin + step]
        let point = points[window][step]
        scaled.append((actual - point.value) / examples.targetScale(window).scale)
        inside += point.lower <= actual && actual <= point.upper ? 1 : 0
      }
      // 45 rows hold 15 horizons that do not overlap: Student's 10 % and 90 % quantiles with 15 degrees of
      // freedom are 1.04608 times those of the normal distribution (scipy 1.16).
      let calibration = try #require(forecaster.configuration.calibration)
      #expect(plan.splits[0].validation.count + 2 == 45)
      let sorted = scaled.sorted()
      for (level, factor) in [(0.1, 1.046080), (0.5, 1), (0.9, 1.046080)] {
        let expected = factor * ForecastCalibration.quantile(sorted, level)
        #expect(abs(calibration.score(level, step: step) - expected) < 1e-5)
      }
      #expect(Double(inside) / Double(points.count) > 0.75)
    }
    // By hand: of n errors, places (n + 1)/10 and 9(n + 1)/10, counted from 1.
    let eleven = (0...10).map(Double.init)
    #expect(abs(ForecastCalibration.quantile(eleven, 0.1) - 0.2) < 1e-12)
    #expect(abs(ForecastCalibration.quantile(eleven, 0.9) - 9.8) < 1e-12)
    #expect(abs(ForecastCalibration.quantile(Array(eleven[..<10]), 0.9) - 8.9) < 1e-12)
    #expect(ForecastCalibration.quantile([4], 0.1) == 4)
    #expect(ForecastCalibration.quantile([], 0.9) == 0)
  }

  // MARK: What does not fit

  @Test func shortSeriesAreRefused() throws {
    let series = try wavySeries(80)
    let forecaster = try trained(series)
    _ = try forecaster.forecast(after: series.suffix(8))
    let error = try dataError { _ = try forecaster.forecast(after: series.suffix(7)) }
    #expect(error.problem == "found 7 rows, expected at least 8: the model looks back 8 rows")
    let evaluation = try dataError { _ = try forecaster.evaluate(on: [series.suffix(10)]) }
    #expect(evaluation.problem.hasPrefix("found 10 rows, expected at least 11"))
    #expect(try forecaster.evaluate(on: [series.suffix(11)]).windows == 1)
  }

  @Test func covariatesMatterAndMustFit() throws {
    let series = try wavySeries(80, covariates: 2)
    let forecaster = try trained(series)
    let points = try forecaster.forecast(after: series).points
    let other = try Series(
      values: series.target,
      covariates: [
        series.covariates[0],
        Covariate(
          name: "covariate 1",
          values: series.covariates[1].values.enumerated().map { $0 == 75 ? $1 + 9 : $1 }),
      ])
    #expect(try forecaster.forecast(after: other).points != points)
    let tooMany = try dataError { _ = try forecaster.forecast(after: series, steps: 4) }
    #expect(tooMany.problem.contains("the future of covariate 0, covariate 1"))
    let swapped = try Series(values: series.target, covariates: series.covariates.reversed())
    for wrong in [swapped, try Series(values: series.target)] {
      let error = try dataError { _ = try forecaster.forecast(after: wrong) }
      #expect(error.problem.hasSuffix("expected value, covariate 0, covariate 1"))
    }
  }
}

/// A day, counted from Monday 4 January 2021, in a year without a leap day.
private struct CalendarDay: CustomStringConvertible {
  let number: Int
  init(_ number: Int) { self.number = number }

  var description: String {
    var (month, day) = (1, number + 4)
    for length in [31, 28, 31, 30, 31, 30, 31] {
      guard day > length else { break }
      day -= length
      month += 1
    }
    return "2021-0\(month)-" + (day < 10 ? "0" : "") + "\(day)"
  }
}

/// Values that a model was not made for.
@Suite struct ForecastOfOtherValuesTests {
  private func model(
    _ values: [Double], _ change: (inout ForecasterOptions) -> Void = { _ in }
  ) throws -> Forecaster {
    try ForecastPlan([Series(values: values)], options: tinyOptions(change)).train()
  }

  @Test func whatLogarithmsCannotTakeIsTold() throws {
    let forecaster = try model((0..<90).map { 100 + Double($0 * 7 % 11) }) { $0.transform = .log }
    var values = (0..<30).map { 100 + Double($0 * 7 % 11) }
    values[20] = -3
    let series = try Series(values: values)
    let remarks = try forecaster.forecasts(after: [series]).remarks
    #expect(
      remarks.contains { $0.hasPrefix("1 value is below 10") && $0.contains("first is -3") })
    #expect(try forecaster.evaluable([series]).remarks.contains { $0.contains("below 10") })
    #expect(try forecaster.forecasts(after: [series.prefix(19)]).remarks.isEmpty)
  }

  @Test func countsAreAskedOfEveryTable() throws {
    let counts = (0..<90).map { Double($0 * 7 % 11) }
    let forecaster = try model(counts) {
      ($0.loss, $0.scaling) = (.negativeBinomial, .magnitude)
    }
    let other = try Series(values: counts.map { $0 + 0.5 })
    for attempt in [
      { _ = try forecaster.forecast(after: other) }, { _ = try forecaster.evaluate(on: [other]) },
    ] {
      #expect(try dataError(attempt).problem.contains("expected counts"))
    }
  }

  /// In the unit of the rows that the model kept, in forecasts and in their judgement.
  @Test func whatNeverVariesIsJudgedAsItIsForecast() throws {
    let forecaster = try model((0..<90).map { 100 + Double($0 * 7 % 11) })
    let constant = try Series(values: [Double](repeating: 5, count: 30))
    let points = try forecaster.forecast(after: constant).points
    let mean = points.reduce(0) { $0 + abs($1.value - 5) } / Double(points.count)
    let error = try forecaster.evaluate(on: [constant]).model.overall.mae
    #expect(mean > 0 && abs(error - mean) < 1e-6 * mean)
  }
}
