import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Newer rows for a trained forecaster.
@Suite struct ForecastUpdateTests {
  private func course(_ epochs: Int) -> ForecastUpdate.Course {
    var course = ForecastUpdate.Course()
    course.epochs = epochs
    return course
  }

  /// Days from 2020 on.
  private func days(_ rows: Range<Int>) -> TimeAxis {
    TimeAxis(seconds: rows.map { 1_577_836_800 + 86_400 * Int64($0) }, format: .isoDate)
  }

  private func daily(_ count: Int, name: String? = nil, covariates: Int = 0) throws -> Series {
    try wavySeries(count, name: name, covariates: covariates, times: days(0..<count))
  }

  /// Rows that are taken and not learned: the model then forecasts what it would after all rows.
  @Test(
    arguments: [ScalingMethod.window, .mean, .standard, .level],
    [ForecastBase.last, .smoothing, .drift, .learned])
  func rowsAreTakenWithoutALoss(scaling: ScalingMethod, base: ForecastBase) throws {
    let all = try daily(120, covariates: 1)
    let options = tinyOptions { ($0.scaling, $0.base) = (scaling, base) }
    let forecaster = try ForecastPlan([all.prefix(96)], options: options).train()
    let update = try ForecastUpdate(
      of: forecaster, with: [all.slice(90..<120)], course: course(0))
    #expect(update.plan == nil && update.added == 24 && update.found[0].known == 6)
    let updated = update.updated(nil)
    let count = base.followsRows ? 120 : 8
    #expect(updated.recent[0].target == all.suffix(count).target)
    #expect(updated.recent[0].times == all.suffix(count).times)
    #expect(updated.model.bits == forecaster.model.bits)
    let (mine, its) = (
      try updated.forecast(after: updated.recent[0]), try forecaster.forecast(after: all)
    )
    #expect(mine.times == its.times)
    for (point, other) in paired(mine.points, its.points) {
      // Smoothings are fitted on what is held.
      let tolerance = base == .smoothing ? 0.2 : 1e-9
      #expect(abs(point.value - other.value) < tolerance * 50)
    }
    // In two parts it is the same, and twice the same rows are nothing new.
    let half = try ForecastUpdate(
      of: forecaster, with: [all.slice(94..<106)], course: course(0)
    ).updated(nil)
    let whole = try ForecastUpdate(
      of: half, with: [all.slice(100..<120)], course: course(0)
    ).updated(nil)
    #expect(whole.recent == updated.recent && whole.extras.before == updated.extras.before)
    let again = try ForecastUpdate(
      of: updated, with: [all.slice(115..<120)], course: course(3))
    #expect(!again.changesRows && again.plan == nil && again.added == 0)
  }

  /// The new windows are learned, each scaled as if the model had never stopped reading; scales, bases and
  /// the interval stay; the report is of the rows before they were learned.
  @Test(arguments: [ScalingMethod.window, .standard]) func newRowsAreLearned(
    scaling: ScalingMethod
  ) throws {
    let all = try daily(120)
    let forecaster = try ForecastPlan(
      [all.prefix(96)], options: tinyOptions { ($0.scaling, $0.epochs) = (scaling, 8) }
    ).train()
    let update = try ForecastUpdate(
      of: forecaster, with: [all.slice(96..<120)], course: course(4))
    let plan = try #require(update.plan)
    // Windows that forecast rows 96 to 119, three at a time.
    #expect(plan.windowCounts == (22, 0, 0) && update.evaluation?.windows == 22)
    #expect(
      plan.options.learningRate == forecaster.options.learningRate / 10 && plan.options.epochs == 4)
    let full = forecaster.channels(all).with(forecaster.configuration.known, of: all, ahead: 3)
    for origin in [8, 20] {
      let mine = plan.channels[0].scale(of: 0, for: origin - 8..<origin)
      let its = full.scale(of: 0, for: origin + 80..<origin + 88)
      #expect(abs(mine.scale - its.scale) < 1e-12 * its.scale && mine.offset == its.offset)
    }
    let windows = ForecastExamples(
      [full], origins: [96..<118], options: forecaster.options, places: [nil])
    let points = forecaster.points(windows)
    let errors = (0..<22).flatMap { window in
      (0..<3).map { all.target[96 + window + $0] - points[window][$0].value }
    }
    let mean = errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)
    #expect(abs((update.evaluation?.model.overall.rmse ?? 0) - mean.squareRoot()) < 1e-9)
    let updated = update.updated(try plan.train())
    #expect(updated.model.bits != forecaster.model.bits)
    #expect(updated.configuration.calibration == forecaster.configuration.calibration)
    #expect(updated.configuration.scales == forecaster.configuration.scales)
    #expect(updated.options == forecaster.options)
    #expect(updated.recent[0].target == all.suffix(8).target)
    #expect(updated.configuration.evaluation == update.evaluation)
    #expect(
      updated.configuration.trainedOn.hasSuffix("and 24 newer rows, series"),
      "\(updated.configuration.trainedOn)")
    try withTemporaryFolder { folder in
      try updated.save(to: folder + "/m")
      #expect(try Forecaster(contentsOf: folder + "/m").recent[0].target == all.suffix(8).target)
    }
  }

  /// One bad series costs the others nothing, new ones come in, and those that the file lacks stay.
  @Test func manySeries() throws {
    let (a, b) = (try daily(120, name: "a"), try daily(110, name: "b"))
    let forecaster = try ForecastPlan(
      [a.prefix(96), b.prefix(96)], options: tinyOptions { $0.scaling = .standard }
    ).train()
    let new = try daily(40, name: "c")
    let update = try ForecastUpdate(
      of: forecaster, with: [a.slice(90..<120), new, try daily(5, name: "d")], course: course(1))
    #expect(update.series.map(\.name) == ["a", "b", "c"] && update.added == 24 + 40)
    #expect(
      update.remarks == ["c: new, 40 rows", "d: new, but left out: 5 rows, a window has 8"])
    let updated = update.updated(try update.plan?.train())
    #expect(updated.recent.map(\.target) == [a, b.prefix(96), new].map { $0.suffix(8).target })
    #expect(Set(updated.configuration.scales.keys) == ["a", "b", "c"])
    #expect(updated.configuration.scales["a"] == forecaster.configuration.scales["a"])
    #expect(updated.configuration.leftOut == nil)
    #expect(try updated.forecasts(after: updated.recent).forecasts.count == 3)
  }

  @Test func contradictionsAreErrors() throws {
    let all = try daily(120)
    let forecaster = try ForecastPlan([all.prefix(96)], options: tinyOptions()).train()
    let altered = try all.altered(94..<95) { value, _ in value + 1 }
    #expect(
      try dataError { _ = try ForecastUpdate(of: forecaster, with: [altered.slice(92..<120)]) }
        .problem.hasPrefix("1 of 4 rows that are known differ"))
    #expect(throws: DataError.self) {
      _ = try ForecastUpdate(of: forecaster, with: [daily(120, covariates: 1)])
    }
    let rounded = try forecaster.rounded(to: .int8, evaluatedOn: nil)
    #expect(throws: DataError.self) {
      _ = try ForecastUpdate(of: rounded, with: [all.slice(96..<120)])
    }
  }
}
