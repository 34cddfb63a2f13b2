import Recurrent
import RecurrentFiles
import TestSupport
import Testing

@testable import RecurrentTasks

struct ForecastEvaluationTests {
  // MARK: Naive forecasts

  @Test func naiveForecastsRepeatTheLastValueOrSeason() {
    let target = StoredValues<Double>([10, 20, 30, 11, 21, 31, 12])
    let last = (0..<5).map { NaiveForecast.last.value(target, origin: 6, step: $0, season: 3) }
    #expect(last == [31, 31, 31, 31, 31])
    let season = (0..<8).map { NaiveForecast.season.value(target, origin: 6, step: $0, season: 3) }
    #expect(season == [11, 21, 31, 11, 21, 31, 11, 21])
    let shifted = (0..<4).map { NaiveForecast.season.value(target, origin: 7, step: $0, season: 3) }
    #expect(shifted == [21, 31, 12, 21])
    #expect(NaiveForecast.season.value(target, origin: 4, step: 2, season: nil) == 11)
    #expect(NaiveForecast.season.value(target, origin: 4, step: 2, season: 1) == 11)
  }

  // MARK: Skill and verdict

  private func evaluation(
    model: Double, naive: Double, seasonal: Double? = nil, coverage: Double = 0.75
  ) -> ForecastEvaluation {
    func errors(_ size: Double) -> ForecastEvaluation.Errors {
      let errors = ForecastErrors(values: [size, -size], forecasts: [0, 0], scale: [2, 2])
      return .init(overall: errors, steps: [errors])
    }
    return ForecastEvaluation(
      windows: 2, model: errors(model), naive: errors(naive),
      seasonalNaive: seasonal.map(errors), coverage: coverage, nominalCoverage: 0.8)
  }

  @Test func verdictsSayWhoIsBetter() {
    let better = evaluation(model: 6, naive: 8)
    #expect(better.skill == 0.25)
    #expect(better.verdict == "The model beats the naive forecast: its RMSE is 25.0 % lower.")
    let worse = evaluation(model: 10, naive: 8)
    #expect(worse.skill == -0.25)
    #expect(
      worse.verdict
        == "The model does NOT beat the naive forecast: its RMSE is 25.0 % higher. Use the naive forecast instead."
    )
    let equal = evaluation(model: 8, naive: 8)
    #expect(equal.skill == 0)
    #expect(
      equal.verdict
        == "The model does NOT beat the naive forecast: it is no better. Use the naive forecast instead."
    )
    #expect(evaluation(model: 7.997, naive: 8).verdict == equal.verdict)
    // A naive forecast without error cannot be beaten.
    #expect(evaluation(model: 1, naive: 0).skill == 0)
    #expect(evaluation(model: 1, naive: 0).verdict == equal.verdict)
  }

  /// Twelve series of two windows, each of two rows, and the naive and a seasonal forecast of them; the
  /// units are 1, 2, 3 … and none for the last.
  private static let ofSeries: [JudgedWindow] = (0..<12).flatMap { place in
    (0..<2).map { window in
      let number = Double(place * 2 + window)
      let actual = [10 + number, 12 + 3 * number.truncatingRemainder(dividingBy: 5)]
      let said = [
        actual[0] + (number * 7).truncatingRemainder(dividingBy: 11) - 5, actual[1] - 1.03,
      ]
      let naive = [actual[0] - (number * 5).truncatingRemainder(dividingBy: 7), actual[1] + 2]
      let seasonal = [actual[0] + 3, actual[1] - (number * 3).truncatingRemainder(dividingBy: 8)]
      return JudgedWindow(
        series: place, name: "s\(place)", origin: 20 + window, actual: actual,
        points: said.map { .init(value: $0, lower: $0 - 1, upper: $0 + 1) },
        levels: [0.1, 0.5, 0.9],
        quantiles: said.map { value in
          [value, value, value] + PinballLosses.grid.map { _ in value }
        },
        others: [
          .init(name: "naive", values: naive), .init(name: "seasonal naive", values: seasonal),
        ],
        naiveScale: place == 11 ? 0 : Double(place + 1), deviation: 1)
    }
  }

  /// Shares and errors by numpy 2.3.
  @Test func manySeriesAreComparedOneByOne() throws {
    let evaluation = ForecastEvaluation(Self.ofSeries, nominalCoverage: 0.8)
    let found = try #require(evaluation.bySeries)
    #expect(found.count == 12 && found.rivals.map(\.name) == ["naive", "seasonal naive"])
    let (byMASE, bySMAPE): ([Double], [Double]) = ([6 / 11, 8 / 11], [10 / 12, 10 / 12])
    #expect(found.rivals.map(\.beatenByMASE) == byMASE)
    #expect(found.rivals.map(\.beatenBySMAPE) == bySMAPE)
    #expect(found.best.map(\.name) == ["s10", "s9", "s6", "s8", "s7"])
    #expect(found.worst.map(\.name) == ["s0", "s1", "s2", "s4", "s3"])
    #expect(found.best.map(\.rival) == ["naive", "seasonal naive", "naive", "naive", "naive"])
    let wanted: [(SeriesComparison.One, [Double])] = [
      (
        found.best[1], [0.15150000000000005, 6.057165572524674, 0.325, 14.398552395365932]
      ),
      (found.worst[1], [1.1325000000000003, 15.339678882135624, 1, 14.047163362952837]),
    ]
    for (one, numbers) in wanted {
      let found: [Double] = [one.mase ?? .nan, one.smape, one.rivalMASE ?? .nan, one.rivalSMAPE]
      for (mine, its) in paired(found, numbers) {
        #expect(abs(mine - its) < 1e-12 * its)
      }
    }
    let words = "The model is better on 55 % of the series by MASE, 83 % by sMAPE."
    #expect(evaluation.verdict.contains(words) && evaluation.description.contains("worst series"))
    // All of few.
    let few = try #require(
      ForecastEvaluation(Array(Self.ofSeries.prefix(8)), nominalCoverage: 0.8).bySeries)
    #expect(few.best.map(\.name) == ["s3", "s2", "s1", "s0"] && few.worst.isEmpty)
    // Of one there is nothing to compare.
    let one = ForecastEvaluation(Array(Self.ofSeries.prefix(2)), nominalCoverage: 0.8)
    #expect(one.bySeries == nil && !one.verdict.contains("of the series"))
  }

  /// A lower RMSE is not all: where other measures say the contrary, the verdict does.
  @Test func measuresThatDisagreeAreTold() {
    func errors(_ forecasts: [Double]) -> ForecastEvaluation.Errors {
      let errors = ForecastErrors(values: [100, 1], forecasts: forecasts, scale: [2, 2])
      return .init(overall: errors, steps: [errors])
    }
    // RMSE 6.671 and 7.071, MASE 3.25 and 2.5, sMAPE 82.564 and 5.263, by hand.
    let evaluation = ForecastEvaluation(
      windows: 1, model: errors([95, 9]), naive: errors([90, 1]), seasonalNaive: nil, coverage: 0.8,
      nominalCoverage: 0.8)
    #expect(
      evaluation.verdict
        == "The model beats the naive forecast: its RMSE is 5.7 % lower. But its sMAPE is "
        + "1468.7 % higher, and its MASE is 30.0 % higher.")
  }

  @Test func theBetterNaiveForecastIsTheMeasure() {
    let seasonal = evaluation(model: 6, naive: 12, seasonal: 8)
    #expect(seasonal.bestNaive.name == "seasonal naive forecast")
    #expect(seasonal.skill == 0.25)
    #expect(
      seasonal.verdict == "The model beats the seasonal naive forecast: its RMSE is 25.0 % lower.")
    let last = evaluation(model: 9, naive: 8, seasonal: 12)
    #expect(last.bestNaive.name == "naive forecast")
    #expect(last.skill == -0.125)
  }

  @Test func tablesShowEveryForecast() {
    let text = evaluation(model: 6, naive: 8, seasonal: 12).description
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines[0].split(separator: " ") == ["RMSE", "MAE", "MAPE", "%", "sMAPE", "%", "MASE"])
    #expect(
      lines[1].split(separator: " ") == ["model", "6.000", "6.000", "100.00", "200.00", "3.000"])
    #expect(lines[2].hasPrefix("naive (last value)  8.000"))
    #expect(lines[3].hasPrefix("seasonal naive      12.00"))
    #expect(text.contains("The 80 % interval held 75 % of the values."))
    #expect(text.hasSuffix("its RMSE is 25.0 % lower."))
    #expect(!text.contains("By step"))
  }

  // MARK: On windows

  /// An untrained network with season 4 over the test part, number by number.
  @Test func errorsAreThoseOfEveryWindowAndStep() throws {
    let series = try wavySeries(60)
    let plan = try ForecastPlan([series], options: tinyOptions { $0.season = 4 })
    let forecaster = try plan.train()
    let evaluation = try #require(forecaster.configuration.evaluation)
    let split = plan.splits[0]
    let origins = Array(split.test)
    #expect(evaluation.windows == origins.count)
    let points = forecaster.points(plan.examples(\.test))
    let differences = (4..<split.validationStart).map {
      abs(series.target[$0] - series.target[$0 - 4])
    }
    let scale = differences.reduce(0, +) / Double(differences.count)
    let training = series.target[..<split.validationStart]
    let mean = training.reduce(0, +) / Double(training.count)
    let squares = training.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let deviation = ChannelScale(.standard, fittedOn: training).scale
    #expect(abs(deviation - (squares / Double(training.count)).squareRoot()) < 1e-9)
    func errors(_ steps: [Int], _ forecast: (Int, Int) -> Double) -> ForecastErrors {
      let places = origins.indices.flatMap { window in steps.map { (window, $0) } }
      return ForecastErrors(
        values: places.map { series.target[origins[$0.0] + $0.1] },
        forecasts: places.map { forecast($0.0, $0.1) },
        scale: places.map { _ in scale }, deviation: places.map { _ in deviation })
    }
    // Added up in another order.
    let overall = errors([0, 1, 2]) { points[$0][$1].value }
    #expect(abs(evaluation.model.overall.rmse / overall.rmse - 1) < 1e-12)
    #expect(abs(evaluation.model.overall.smape / overall.smape - 1) < 1e-12)
    let (mase, expected) = (evaluation.model.overall.mase, overall.mase)
    #expect(try abs(#require(mase) / #require(expected) - 1) < 1e-12)
    #expect(evaluation.model.steps.count == 3)
    for step in 0..<3 {
      #expect(evaluation.model.steps[step] == errors([step]) { points[$0][$1].value })
      #expect(
        evaluation.naive.steps[step] == errors([step]) { w, _ in series.target[origins[w] - 1] })
      #expect(
        evaluation.seasonalNaive?.steps[step]
          == errors([step]) { series.target[origins[$0] + $1 - 4] })
    }
    var inside = 0
    for (window, origin) in origins.enumerated() {
      for step in 0..<3 {
        let (point, actual) = (points[window][step], series.target[origin + step])
        inside += (point.lower...point.upper).contains(actual) ? 1 : 0
      }
    }
    #expect(evaluation.coverage == Double(inside) / Double(3 * origins.count))
    #expect(evaluation.coverage > 0)
    #expect(forecaster.report == evaluation.description)
    #expect(forecaster.report.contains("By step of the horizon:"))
  }

  @Test func evaluationOfOtherSeriesTakesAllTheirWindows() throws {
    let plan = try ForecastPlan([wavySeries(60)], options: tinyOptions())
    let forecaster = Forecaster.untrained(plan)
    let other = try wavySeries(40, seed: 9, level: 500)
    let evaluation = try forecaster.evaluate(on: [other])
    #expect(evaluation.windows == 40 - 8 - 3 + 1)
    #expect(evaluation.model == evaluation.naive)
    var squares = 0.0
    for origin in 8...37 {
      for step in 0..<3 {
        let error = other.target[origin + step] - other.target[origin - 1]
        squares += error * error
      }
    }
    #expect(abs(evaluation.naive.overall.rmse - (squares / 90).squareRoot()) < 1e-12)
    let two = try forecaster.evaluate(on: [other, wavySeries(11)])
    #expect(two.windows == 31)
  }

  @Test func withoutTestPartThereIsNoEvaluation() throws {
    let forecaster = try ForecastPlan(
      [wavySeries(60)], options: tinyOptions { $0.testFraction = 0 }
    ).train()
    #expect(forecaster.configuration.evaluation == nil)
    #expect(forecaster.report == "There was no test part.")
  }

  /// The table of the test part says the same as the errors.
  @Test func forecastTableHoldsEveryWindowAndStep() throws {
    let series = try wavySeries(60, name: "a,b")
    let plan = try ForecastPlan([series], options: tinyOptions { $0.season = 4 })
    let forecaster = try plan.train()
    let lines = TestForecasts(forecaster, plan: plan).csv.split(separator: "\n")
    #expect(lines[0] == "series,time,step,actual,forecast,lower,upper,naive,seasonal_naive")
    #expect(lines.count == 1 + 3 * plan.splits[0].test.count)
    let points = forecaster.points(plan.examples(\.test))
    let origin = plan.splits[0].test.lowerBound + 1
    let point = points[1][2]
    #expect(
      lines[1 + 3 + 2]
        == "\"a,b\",\(origin + 3),3,\(series.target[origin + 2]),\(point.value),\(point.lower),\(point.upper),\(series.target[origin - 1]),\(series.target[origin - 2])"
    )
  }
}

struct NumberFormatTests {
  @Test func numbersForPeople() {
    #expect(NumberFormat.significant(0) == "0")
    #expect(NumberFormat.significant(1234.56) == "1235")
    #expect(NumberFormat.significant(-12.3456) == "-12.35")
    #expect(NumberFormat.significant(0.00123456) == "0.001235")
    #expect(NumberFormat.significant(123_456_789) == "1.235e+08")
    #expect(NumberFormat.significant(.nan) == "nan")
    #expect(NumberFormat.significant(-.infinity) == "-inf")
    #expect(NumberFormat.grouped(31051) == "31,051")
    #expect(NumberFormat.grouped(-1_000_000) == "-1,000,000")
    #expect(NumberFormat.grouped(.min) == "-9,223,372,036,854,775,808")
    #expect(NumberFormat.bytes(999) == "999 bytes")
    #expect(NumberFormat.bytes(1500) == "1.5 kB")
    #expect(NumberFormat.bytes(25_000_000) == "25 MB")
  }
}
