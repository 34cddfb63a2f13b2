import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// One network for several series of different level and length.
struct ManySeriesTests {
  private func series() throws -> [Series] {
    [try wavySeries(70, name: "low"), try wavySeries(94, name: "high", seed: 5, level: 10_000)]
  }

  private func plan(_ scaling: ScalingMethod) throws -> ForecastPlan {
    try ForecastPlan(series(), options: tinyOptions { $0.scaling = scaling })
  }

  @Test func everySeriesHasItsSplitAndScale() throws {
    let plan = try plan(.minmax)
    #expect(plan.splits.map(\.count) == [70, 94])
    let counts = plan.windowCounts
    #expect(counts.training == plan.splits[0].training.count + plan.splits[1].training.count)
    #expect(plan.examples(\.training).count == counts.training)
    #expect(plan.examples(\.test).count == counts.test)
    let forecaster = try plan.train()
    #expect(Set(forecaster.configuration.scales.keys) == ["low", "high"])
    for (series, split) in paired(plan.series, plan.splits) {
      let scale = forecaster.configuration.scales[series.name ?? ""]?[0]
      #expect(scale?.offset == series.target[..<split.validationStart].min())
    }
    // The second series' windows follow the first's.
    let examples = plan.examples(\.validation)
    let last = try #require(examples.origins.last)
    #expect(last.series == 1)
    #expect(last.row == plan.splits[1].validation.upperBound - 1)
    #expect(examples.target(of: last).array == plan.series[1].target)
  }

  @Test(arguments: ScalingMethod.allCases)
  func everySeriesIsForecastOnItsLevel(scaling: ScalingMethod) throws {
    let plan = try plan(scaling)
    let forecaster = try plan.train()
    #expect(forecaster.recent.map(\.name) == ["low", "high"])
    #expect(forecaster.recent.map(\.count) == [8, 8])
    for series in plan.series {
      let forecast = try forecaster.forecast(after: series, steps: 4)
      #expect(forecast.series == series.name)
      #expect(forecast.times.labels.first == "\(series.count + 1)")
      if scaling != .none {
        for point in forecast.points {
          #expect(abs(point.value - series.target[series.count - 1]) < 60)
        }
      }
    }
    // Alike but for the level, a series gets the scale of its name.
    let renamed = try Series(values: plan.series[0].target, name: "high")
    let same = try forecaster.forecast(after: renamed).points
    let own = try forecaster.forecast(after: plan.series[0]).points
    #expect((same == own) == [.window, .mean, .magnitude, .none].contains(scaling))
  }

  @Test(arguments: ScalingMethod.allCases)
  func unknownSeriesAreForecast(scaling: ScalingMethod) throws {
    let unknown = try wavySeries(30, name: "new", seed: 3, level: 500)
    let forecaster = try plan(scaling).train()
    let (forecasts, remarks) = try forecaster.forecasts(after: [unknown, series()[0]])
    #expect(forecasts.map(\.series) == ["new", "low"])
    #expect(remarks == ["new: not trained on; forecast by the network of the others"])
    if scaling != .none {
      for point in forecasts[0].points { #expect(abs(point.value - unknown.target[29]) < 60) }
    }
    #expect(try forecaster.evaluate(on: [unknown]).windows == 20)
    // The scale of an evaluation is fitted on what the first window sees.
    let altered = try unknown.altered(20..<30) { value, _ in 9 * value }
    let examples = try [unknown, altered].map { try forecaster.examples(of: [$0]) }
    #expect(forecaster.points(examples[0])[0] == forecaster.points(examples[1])[0])
  }

  /// From the rows that the model keeps of it as from all of its rows.
  @Test(arguments: ScalingMethod.allCases, [nil, ValueTransform.log, .boxcox])
  func whatWasLeftOutIsForecastFromWhatIsKept(scaling: ScalingMethod, transform: ValueTransform?)
    throws
  {
    let short = try wavySeries(18, name: "short", seed: 9, level: 900)
    let options = tinyOptions { ($0.scaling, $0.transform) = (scaling, transform) }
    let forecaster = try ForecastPlan([short] + series(), options: options).train()
    #expect(forecaster.configuration.leftOut == ["short"])
    let kept = try #require(forecaster.recent.first { $0.name == "short" })
    #expect(kept.count == 8)
    let (mine, its) = (
      try forecaster.forecast(after: kept).points, try forecaster.forecast(after: short).points
    )
    for (point, other) in paired(mine, its) {
      for ends in [\Forecaster.Point.value, \.lower, \.upper] {
        #expect(abs(point[keyPath: ends] / other[keyPath: ends] - 1) < 1e-9)
      }
    }
  }

  /// One that cannot be used costs none of the others.
  @Test func uselessSeriesAreLeftOut() throws {
    let short = try wavySeries(9, name: "short")
    let shorter = try wavySeries(5, name: "shorter")
    let constant = try Series(values: [Double](repeating: 7, count: 60), name: "constant")
    let late = try Series(values: [Double](repeating: 7, count: 50) + [8, 9], name: "late")
    let all = [short] + (try series()) + [constant, shorter, late]
    for scaling in [ScalingMethod.window, .minmax] {
      let options = tinyOptions { $0.scaling = scaling }
      let plan = try ForecastPlan(all, options: options)
      #expect(plan.series.map(\.name) == ["low", "high"])
      #expect(plan.leftOut.map(\.series.name) == ["short", "constant", "shorter", "late"])
      #expect(plan.leftOut[0].problem == "9 rows, at least 22 are needed")
      #expect(plan.leftOut[1].problem.hasPrefix("all 60 values are 7.0"))
      #expect(plan.description.contains("left out    4 series of 6:"))
      #expect(plan.description.contains("shorter: 5 rows, at least 22 are needed\n"))
      let forecaster = try plan.train()
      let alone = try ForecastPlan(series(), options: options).train()
      #expect(forecaster.model.bits == alone.model.bits)
      #expect(forecaster.configuration.leftOut == ["short", "constant", "shorter", "late"])
      #expect(forecaster.recent.map(\.name) == ["low", "high", "short", "constant", "late"])
      let (forecasts, remarks) = try forecaster.forecasts(after: all)
      #expect(forecasts.map(\.series) == ["short", "low", "high", "constant", "late"])
      #expect(remarks.count == 4)
      #expect(
        remarks[2]
          == "shorter: not forecast: found 5 rows, expected at least 8: the model looks back 8 rows"
      )
      #expect(forecasts[3].points.allSatisfy { $0.value == 7 && $0.lower == 7 && $0.upper == 7 })
      #expect(forecasts[4].points.allSatisfy { abs($0.value - 9) < 20 && $0.value.isFinite })
      let (usable, part, left) = try forecaster.evaluable(all)
      #expect(usable.count == 4 && left.count == 3 && part == "newer")
      #expect(try forecaster.evaluate(on: all).windows == forecaster.evaluate(on: usable).windows)
      try withTemporaryFolder { folder in
        try forecaster.save(to: folder + "/m")
        let loaded = try Forecaster(contentsOf: folder + "/m")
        #expect(try loaded.forecasts(after: all).forecasts == forecasts)
      }
    }
    // Where no series can be used, the first says why.
    let error = try dataError { _ = try ForecastPlan([short, constant]) }
    #expect(error.place == "series \"short\"" && error.problem.hasPrefix("found 9 rows"))
  }

  @Test func backtestsLeaveThemOut() throws {
    let constant = try Series(values: [Double](repeating: 7, count: 60), name: "constant")
    var origins = ForecastBacktest.Origins()
    (origins.count, origins.refit) = (2, .every)
    let reports = try [[constant] + series(), series()].map {
      try ForecastBacktest($0, options: tinyOptions(), origins: origins).run()
    }
    #expect(reports[0].csv == reports[1].csv)
    #expect(reports[0].evaluation.windows == 4)
  }

  /// Rows to come are what is forecast.
  @Test func theFutureIsForecast() throws {
    let known = try wavySeries(80)
    let future = TimeAxis(rowCount: 2, startingAt: 90)
    let series = try Series(values: known.target, future: future)
    let forecaster = try ForecastPlan([series], options: tinyOptions()).train()
    let forecast = try forecaster.forecast(after: series)
    #expect(forecast.times.labels == ["90", "91"])
    #expect(try forecast.points == Array(forecaster.forecast(after: known).points.prefix(2)))
    #expect(
      try forecaster.forecast(after: series, steps: 4).times.labels == ["90", "91", "92", "93"])
    try withTemporaryFolder { folder in
      try forecaster.save(to: folder + "/m")
      let loaded = try Forecaster(contentsOf: folder + "/m")
      #expect(try loaded.forecast(after: loaded.recent[0]) == forecast)
    }
    // With covariates, whose future the network does not know, no more than the horizon.
    let more = try Series(
      values: known.target, covariates: [Covariate(name: "c", values: known.target)],
      future: TimeAxis(rowCount: 7, startingAt: 81))
    let other = try ForecastPlan([more], options: tinyOptions()).train()
    let (forecasts, remarks) = try other.forecasts(after: [more])
    #expect(forecasts[0].times.labels == ["81", "82", "83"])
    #expect(
      remarks == [
        "7 rows are to be forecast, but the model forecasts 3; for more, train with "
          + "--horizon 7"
      ])
  }

  /// A row of one series touches no window of another.
  @Test func seriesDoNotMixInWindows() throws {
    let all = try series()
    let plan = try ForecastPlan(all, options: tinyOptions { $0.scaling = .standard })
    let other = try ForecastPlan(
      [all[0], all[1].altered(0..<94) { value, _ in -3 * value }], options: plan.options)
    #expect(other.channels[0].scales == plan.channels[0].scales)
    let first = Array(0..<plan.splits[0].training.count)
    let (mine, its) = (plan.examples(\.training), other.examples(\.training))
    #expect(mine.batch(first).inputs.values.isIdentical(to: its.batch(first).inputs.values))
    #expect(mine.batch(first).targets.isIdentical(to: its.batch(first).targets))
  }

  @Test func errorsAreScaledSeriesBySeries() throws {
    let plan = try plan(.window)
    let evaluation = try #require(Forecaster.untrained(plan).configuration.evaluation)
    var (sum, count) = (0.0, 0.0)
    for (series, split) in paired(plan.series, plan.splits) {
      let scale = ForecastErrors.naiveScale(series.target[..<split.validationStart])
      for origin in split.test {
        for step in 0..<3 {
          sum += abs(series.target[origin + step] - series.target[origin - 1]) / scale
          count += 1
        }
      }
    }
    #expect(abs((evaluation.model.overall.mase ?? 0) - sum / count) < 1e-12)
  }

  @Test func seriesOfOneFileAreToldApart() throws {
    var text = "Day,Shop,Sold\n"
    let (a, b) = (wavyValues(60), wavyValues(50, seed: 4))
    for row in 0..<60 {
      text += "\(row),a,\(a[row])\n"
      if row < 50 { text += "\(row),b,\(b[row])\n" }
    }
    let columns = ForecastColumns(target: "Sold", time: nil, series: "Shop")
    let read = try columns.read(Table(csvText: text, source: "shops.csv"))
    #expect(read.map(\.name) == ["a", "b"])
    #expect(read.map(\.target) == [a, b])
    let forecaster = try ForecastPlan(read, options: tinyOptions(), columns: columns).train()
    #expect(forecaster.configuration.columns == columns)
    #expect(forecaster.configuration.trainedOn == "shops.csv, 110 rows of 2 series")
    #expect(forecaster.configuration.channels == ["Sold"])
  }
}
