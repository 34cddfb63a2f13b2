import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Which inputs a forecast hangs on.
@Suite struct ForecastExplanationTests {
  private static func noise(_ count: Int, seed: UInt64) -> [Double] {
    var generator = RandomGenerator(seed: seed)
    return (0..<count).map { _ in 2 * Double(generator.uniform()) - 1 }
  }

  /// A target that is what column b was three rows before.
  @Test func theColumnAndLagThatMatterAreNamed() throws {
    let (a, b, c) = (
      Self.noise(700, seed: 1), Self.noise(700, seed: 2), Self.noise(700, seed: 3)
    )
    let target = (0..<700).map { $0 < 3 ? 0 : 3 * b[$0 - 3] }
    let series = try Series(
      values: target,
      covariates: [
        Covariate(name: "a", values: a), Covariate(name: "b", values: b),
        Covariate(name: "c", values: c),
      ])
    let forecaster = try ForecastPlan(
      [series],
      options: tinyOptions {
        ($0.horizon, $0.window, $0.scaling, $0.hiddenSize) = (1, 8, .standard, 16)
        ($0.layers, $0.epochs, $0.line) = (1, 12, true)
      }
    ).train()
    // A moment at which it is far from its mean.
    let end = try #require((600..<700).last { abs(b[$0 - 3]) > 0.9 })
    let explanation = try forecaster.explain(after: series.prefix(end))
    let most = try #require(explanation.parts.max { $0.size < $1.size })
    #expect(most.column == "b" && most.lags == 3...3, "\(explanation)")
    #expect(explanation.columns.map(\.column) == ["value", "a", "b", "c"])
    #expect(explanation.columns.max { $0.size < $1.size }?.column == "b")
    #expect(
      explanation.parts.count == 4 * 8 && explanation.parts.allSatisfy { $0.changes.count == 1 })
    // Without it the forecast goes to that of its mean: by nearly three times what it was.
    #expect(abs(most.mean + 3 * b[end - 3]) < 0.9)
    let rest = explanation.parts.filter { $0.column != "b" }.map(\.size).max() ?? 0
    #expect(most.size > 4 * rest)
    let forecast = try forecaster.forecast(after: series.prefix(end)).points[0].value
    #expect(explanation.forecast == [forecast])
    #expect(explanation.svg.contains("hangs on") && explanation.description.contains("rows back"))
    let csv = ForecastExplanations([explanation]).csv
    #expect(csv.hasPrefix("column,first_lag,last_lag,size,change\nvalue,,,"))
    #expect(csv.split(separator: "\n").count == 1 + 4 + 32)
  }

  /// By its definition: the forecast after a series with the mean in the place of some rows, in every scale
  /// and from every base; of a long window several rows are taken at a time.
  @Test(arguments: [ScalingMethod.window, .level], [ForecastBase.last, .smoothing, .learned])
  func changesAreThoseOfTheAlteredSeries(scaling: ScalingMethod, base: ForecastBase) throws {
    let series = try wavySeries(220, name: "s", covariates: 1)
    let forecaster = try ForecastPlan(
      [series], options: tinyOptions { ($0.scaling, $0.base, $0.window) = (scaling, base, 60) }
    ).train()
    let explanation = try forecaster.explain(after: series)
    let mine = explanation.parts.filter { $0.column == "value" }
    #expect(mine.count == 30 && mine[0].lags == 59...60 && mine[29].lags == 1...2)
    let own = try forecaster.forecast(after: series).points.map(\.value)
    for (value, other) in paired(explanation.forecast, own) {
      #expect(abs(value - other) < 1e-6 * abs(other))
    }
    let mean = series.target.suffix(60).reduce(0, +) / 60
    for part in [mine[0], mine[15], mine[29]] {
      let lags = try #require(part.lags)
      var values = series.target
      for lag in lags { values[220 - lag] = mean }
      let altered = try Series(values: values, name: "s", covariates: series.covariates)
      let its = try forecaster.forecast(after: altered).points.map(\.value)
      // A least scale, of which a forecast of other rows looks at all steps, hardly differs.
      for (change, (value, other)) in paired(part.changes, Array(zip(its, own))) {
        #expect(abs(change - (value - other)) < 0.05 * max(1, abs(value - other)))
      }
    }
  }

  /// What is known of rows before they come is taken away as a whole.
  @Test func knownColumnsAreColumns() throws {
    let promotion = (0..<303).map { $0 % 7 == 0 || $0 % 5 == 0 ? 1.0 : 0 }
    let values = (0..<300).map { (row: Int) -> Double in
      10 + 8 * promotion[row] + Double(row % 3) / 10
    }
    let series = try Series(
      values: values,
      future: TimeAxis(rowCount: 3, startingAt: 301),
      known: [KnownColumn(name: "promotion", values: .numbers(promotion))])
    let forecaster = try ForecastPlan(
      [series],
      options: tinyOptions { ($0.epochs, $0.hiddenSize, $0.scaling) = (12, 12, .standard) }
    ).train()
    let explanation = try forecaster.explain(after: series)
    #expect(explanation.columns.map(\.column) == ["value", "promotion"])
    #expect(explanation.columns[1].lags == nil)
    #expect(explanation.columns[1].size > explanation.columns[0].size, "\(explanation)")
  }
}
