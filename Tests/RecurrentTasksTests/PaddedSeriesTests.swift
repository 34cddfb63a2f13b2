import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Series shorter than a window, in the network of the others.
@Suite struct PaddedSeriesTests {
  private static let methods: [(ScalingMethod, ForecastBase?)] = [
    (.window, nil), (.window, .season), (.window, .smoothing), (.mean, nil), (.level, .drift),
    (.standard, nil), (.magnitude, nil), (.window, .learned), (.standard, .learned),
  ]

  private func options(
    _ method: (ScalingMethod, ForecastBase?) = (.window, nil),
    _ change: (inout ForecasterOptions) -> Void = { _ in }
  ) -> ForecasterOptions {
    tinyOptions {
      ($0.window, $0.pads, $0.season) = (12, true, 4)
      ($0.scaling, $0.base) = method
      change(&$0)
    }
  }

  private func short(_ name: String = "short", from first: Int = 0) throws -> Series {
    try Series(values: Array(wavyValues(19 + first, seed: 3)[first...]), name: name)
  }

  @Test(arguments: 0..<methods.count)
  func theOthersHaveTheWindowsThatTheyHad(place: Int) throws {
    let long = try wavySeries(70, name: "long")
    let options = options(Self.methods[place])
    let (both, alone) = (
      try ForecastPlan([long, short()], options: options),
      try ForecastPlan([long], options: options)
    )
    #expect(both.series.map(\.name) == ["long", "short"] && both.paddedCount == 1)
    #expect(both.splits[0] == alone.splits[0])
    for part in [\ForecastSplit.training, \.validation, \.test] {
      let windows = Array(0..<alone.examples(part).count)
      let (a, b) = (both.examples(part).batch(windows), alone.examples(part).batch(windows))
      #expect(a.inputs.values.isIdentical(to: b.inputs.values))
      #expect(a.base.isIdentical(to: b.base) && a.targets.isIdentical(to: b.targets))
    }
    #expect(both.description.contains("padded      1 of 2 series, too short for a window"))
    let forecaster = try both.train()
    #expect(forecaster.configuration.trainedOn.hasSuffix("of 2 series, 1 of them padded"))
    let evaluation = try #require(forecaster.configuration.evaluation)
    #expect(evaluation.seriesCount == 2 && evaluation.model.overall.rmse.isFinite)
    // Without the option it is left out.
    var former = options
    former.pads = nil
    let without = try ForecastPlan([long, short()], options: former)
    #expect(without.leftOut.map(\.series.name) == ["short"] && without.paddedCount == 0)
    #expect(both.leftOut.isEmpty)
  }

  /// What stands before the first row is its value; scale, size and base forecast are of rows that are there.
  @Test(arguments: 0..<methods.count)
  func nothingIsMadeUp(place: Int) throws {
    let series = try short()
    let options = options(Self.methods[place])
    let plan = try ForecastPlan([wavySeries(70, name: "long"), series], options: options)
    let channels = plan.channels[1]
    let origin = plan.splits[1].training.lowerBound
    #expect(origin == 4)
    #expect(channels.scale(of: 0, for: -8..<4) == channels.scale(of: 0, for: 0..<4))
    #expect(
      channels.values(0, -8..<4) == [Double](repeating: series.target[0], count: 8)
        + series.target[..<4])
    let examples = ForecastExamples(
      [channels], origins: [4..<5], options: options, places: [nil])
    #expect(abs(examples.size(0) - series.target[..<4].reduce(0, +) / 4) < 1e-12)
    let (batch, scale) = (examples.batch([0]), channels.scale(of: 0, for: 0..<4))
    #expect(
      batch.inputs.values.elements
        == (0..<12).map { scale.scaled(series.target[max(0, $0 - 8)]) })
    for step in 0..<3 where Self.methods[place].1 == .season {
      // A season before row 4 there is one.
      #expect(batch.base.elements[step] == scale.scaled(series.target[step]))
    }
    let longer = BaseForecast(.season, series.target, fittedRows: 19, seasons: [6])
    #expect(longer.value(channels.target, origin: 4, step: 0) == series.target[3])
    #expect(longer.value(channels.target, origin: 4, step: 2) == series.target[0])
    #expect(
      NaiveForecast.season.value(channels.target, origin: 4, step: 0, season: 6) == series.target[3]
    )
  }

  /// New ones, of which fewer rows than a window are known, and no row behind the last counts.
  @Test(arguments: 0..<methods.count)
  func newSeriesAreForecast(place: Int) throws {
    let forecaster = try ForecastPlan(
      [wavySeries(70, name: "long"), short()], options: options(Self.methods[place])
    ).train()
    let new = try Series(values: wavyValues(6, seed: 9), name: "new")
    let forecast = try forecaster.forecast(after: new, steps: 7)
    #expect(forecast.points.count == 7 && forecast.points.allSatisfy { $0.value.isFinite })
    let (forecasts, _) = try forecaster.forecasts(after: [new, short()])
    #expect(forecasts.map(\.series) == ["new", "short"])
    let evaluation = try forecaster.evaluate(on: [
      Series(values: wavyValues(11, seed: 9), name: "x")
    ])
    #expect(evaluation.windows == 11 - 4 - 3 + 1)
    // From origin 4 it sees four rows: what comes behind them changes nothing.
    let channels = forecaster.channels(goingOn: new, knownRows: 4)
    let changed = try new.altered(4..<6) { value, _ in -50 * value }
    let other = forecaster.channels(goingOn: changed, knownRows: 4)
    let points = [channels, other].map {
      forecaster.points(
        ForecastExamples([$0], origins: [4..<5], options: forecaster.options, places: [nil]))
    }
    #expect(points[0] == points[1])
    try withTemporaryFolder { folder in
      try forecaster.save(to: folder + "/m")
      let loaded = try Forecaster(contentsOf: folder + "/m")
      #expect(
        try loaded.forecast(after: loaded.recent[1])
          == forecaster.forecast(after: forecaster.recent[1]))
    }
    let error = try dataError {
      _ = try forecaster.forecast(after: Series(values: [1, 2, 3], name: "tiny"))
    }
    #expect(error.problem == "found 3 rows, expected at least 4: the model looks back 12 rows")
    #expect(
      try dataError { _ = try forecaster.explain(after: new) }.problem.hasPrefix(
        "found 6 rows, expected a whole window of 12"))
  }

  @Test func knownInputsBacktestsFoldsAndNewerRows() throws {
    func days(_ count: Int) -> TimeAxis {
      TimeAxis(seconds: (0..<count).map { 1_577_836_800 + 86_400 * Int64($0) }, format: .isoDate)
    }
    func short(_ count: Int) throws -> Series {
      try wavySeries(count, name: "short", covariates: 1, seed: 3, times: days(count))
    }
    let long = try wavySeries(70, name: "long", covariates: 1, times: days(70))
    let newer = try short(24)
    let short = try short(19)
    let plan = try ForecastPlan(
      [long, short],
      options: options { ($0.refit, $0.calibration, $0.transform) = (.after, .folds, .log) })
    #expect(plan.paddedCount == 1 && plan.folds.contains { !$0.held[1].isEmpty })
    let forecaster = try plan.train()
    #expect(try forecaster.forecast(after: short).points.allSatisfy { $0.value.isFinite })
    var origins = ForecastBacktest.Origins()
    origins.count = 2
    let backtest = try ForecastBacktest(
      [long, short], options: options { $0.validationFraction = 0 }, origins: origins)
    #expect(backtest.series.count == 2)
    #expect(try backtest.run().evaluation.windows == 4)
    let update = try ForecastUpdate(of: forecaster, with: [newer])
    #expect(update.added == 5)
    let updated = update.updated(try update.plan?.train())
    #expect(try updated.forecast(after: newer).points.allSatisfy { $0.value.isFinite })
  }
}
