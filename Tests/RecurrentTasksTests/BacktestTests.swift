import Foundation
import Recurrent
import Testing

@testable import RecurrentTasks

struct BacktestTests {
  private func options(epochs: Int = 2) -> ForecasterOptions {
    var options = ForecasterOptions()
    (options.window, options.horizon, options.season) = (12, 3, 6)
    (options.hiddenSize, options.layers, options.epochs) = (4, 1, epochs)
    options.refit = nil
    return options
  }

  /// Rows of a wave; those from `changed` on are others.
  private func series(_ name: String? = nil, changed: Int = .max) throws -> Series {
    let values = (0..<120).map { row -> Double in
      guard row < changed else { return Double(row % 3) - 400 }
      let noise = Double(row * 7 % 5)
      return 20 + 5 * sin(Double(row)) + noise
    }
    return try Series(values: values, name: name)
  }

  private func origins(
    _ count: Int, stride: Int? = nil, gap: Int = 0, _ refit: ForecastBacktest.Refit
  ) -> ForecastBacktest.Origins {
    var origins = ForecastBacktest.Origins()
    (origins.count, origins.stride, origins.gap, origins.refit) = (count, stride, gap, refit)
    return origins
  }

  @Test(arguments: ForecastBacktest.Refit.allCases)
  func theLastForecastCoversTheLastRows(_ refit: ForecastBacktest.Refit) throws {
    let series = try series()
    let report = try ForecastBacktest(
      [series], options: options(), origins: origins(4, stride: 5, refit)
    ).run()
    #expect(report.windows.map { $0[0].origin } == [102, 107, 112, 117])
    #expect(report.windows[3][0].actual == Array(series.target[117...]))
    #expect(report.evaluation.windows == 4)
    #expect(report.csv.split(separator: "\n").count == 1 + 4 * 3)
    #expect(
      report.csv.hasPrefix(
        "origin,time,step,actual,forecast,lower,upper,naive,seasonal_naive,drift,theta,damped_trend,"
      ))
  }

  /// Each origin's forecasts are those of a forecaster that knows the rows before it alone.
  @Test func trainedAtEachOrigin() throws {
    let whole = try ForecastBacktest(
      [series()], options: options(), origins: origins(3, .every)
    ).run()
    let own = try ForecastPlan(
      [series().prefix(114)], options: options(),
      splits: ForecastSplit.rolling([111], testRows: 3, options: options())
    ).train()
    let direct = try own.forecast(after: series().prefix(111))
    #expect(whole.windows[0][0].points.map(\.value) == direct.points.map(\.value))
    for changed in [111, 114, 117] {
      let report = try ForecastBacktest(
        [series(changed: changed)], options: options(), origins: origins(3, .every)
      ).run()
      for (before, after) in zip(whole.windows, report.windows) where after[0].origin <= changed {
        #expect(before[0].points.map(\.value) == after[0].points.map(\.value))
        #expect(before[0].others.map(\.values) == after[0].others.map(\.values))
      }
      #expect(whole.windows[2][0].actual != report.windows[2][0].actual)
    }
  }

  /// Where a network is trained once, what comes from the first origin on is not learned from; rows in
  /// the gap neither.
  @Test func trainedOnce() throws {
    let plain = try ForecastBacktest(
      [series()], options: options(), origins: origins(3, gap: 6, .never)
    ).run()
    let later = try ForecastBacktest(
      [series(changed: 111)], options: options(), origins: origins(3, gap: 6, .never)
    ).run()
    #expect(plain.windows[0][0].points.map(\.value) == later.windows[0][0].points.map(\.value))
    #expect(plain.windows[1][0].points.map(\.value) != later.windows[1][0].points.map(\.value))
    let none = try ForecastBacktest(
      [series()], options: options(), origins: origins(3, .never)
    ).run()
    #expect(plain.windows[0][0].points.map(\.value) != none.windows[0][0].points.map(\.value))
  }

  @Test func severalSeries() throws {
    let report = try ForecastBacktest(
      [series("a"), series("b, c")], options: options(), origins: origins(12, .never)
    ).run()
    #expect(report.evaluation.windows == 24)
    let text = report.description
    #expect(text.contains("By series:") && text.contains("Diebold"))
    #expect(report.csv.contains("\n\"b, c\","))
    #expect(report.test(against: "naive") != nil)
  }

  @Test func tooFewRowsAreToldBeforeTraining() throws {
    for (count, refit) in [(40, ForecastBacktest.Refit.never), (Int.max / 2, .every)] {
      let error = #expect(throws: DataError.self) {
        try ForecastBacktest([series()], options: options(), origins: origins(count, refit))
      }
      #expect(error != nil)
    }
  }
}
