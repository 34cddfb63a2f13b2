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
    #expect(examples.target(of: last) == plan.series[1].target)
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
    #expect((same == own) == (scaling == .window || scaling == .none))
  }

  @Test func unknownSeriesNeedScalingByWindow() throws {
    let unknown = try wavySeries(30, name: "new", seed: 3)
    let windowed = try plan(.window).train()
    #expect(try windowed.forecast(after: unknown).points.count == 3)
    #expect(try windowed.evaluate(on: [unknown]).windows == 20)
    let fixed = try plan(.minmax).train()
    for wrong in [unknown, try wavySeries(30)] {
      let error = try dataError { _ = try fixed.forecast(after: wrong) }
      #expect(error.problem == "the model has no scale for this series; it knows high, low")
      #expect(throws: DataError.self) { try fixed.evaluate(on: [wrong]) }
    }
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
