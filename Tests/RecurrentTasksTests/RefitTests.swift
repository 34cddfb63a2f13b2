import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// What is learned after the report, and that nothing is judged on rows that were learned.
@Suite struct RefitTests {
  private func days(_ count: Int) -> TimeAxis {
    TimeAxis(seconds: (0..<count).map { 1_577_836_800 + 86_400 * Int64($0) }, format: .isoDate)
  }

  private func plan(
    _ series: [Series], _ refit: ForecastRefit?,
    _ change: (inout ForecasterOptions) -> Void = { _ in }
  ) throws -> ForecastPlan {
    try ForecastPlan(
      series,
      options: tinyOptions {
        $0.refit = refit
        change(&$0)
      })
  }

  @Test func allRowsAreLearnedAfterTheReport() throws {
    #expect(ForecasterOptions().refit == .after)
    let series = try wavySeries(96, times: days(96))
    let (none, after) = (try plan([series], nil).train(), try plan([series], .after).train())
    // The report, the history and the interval are those of the network that validation chose.
    #expect(after.configuration.evaluation == none.configuration.evaluation)
    #expect(after.configuration.calibration == none.configuration.calibration)
    #expect(after.configuration.oneStepErrors == none.configuration.oneStepErrors)
    #expect(
      after.histories.map { $0.epochs.map(\.loss) } == none.histories.map { $0.epochs.map(\.loss) })
    #expect(after.model.bits != none.model.bits)
    // The weights are those of a training on all rows for as many epochs.
    var shorter = none.options
    shorter.epochs = none.configuration.bestEpoch
    let whole = try ForecastPlan(
      [series], options: shorter,
      splits: [ForecastSplit(count: 96, validationStart: 96, testStart: 96, options: shorter)]
    ).train()
    #expect(after.model.bits == whole.model.bits)
    let words = "trained again on all 96 rows, for \(shorter.epochs) epoch"
    #expect(after.summary.contains(words))
    let report = ForecastReport(after, [try after.forecast(after: series)], model: "m").description
    #expect(report.contains(words) && report.contains("before it was trained again"))
    #expect(!none.summary.contains("trained again"))
    // What is drawn and written of the test part is of the network that did not see it.
    let (a, b) = (
      TestForecasts(none, plan: try plan([series], nil)),
      TestForecasts(after, plan: try plan([series], .after))
    )
    #expect(a.csv == b.csv)
  }

  /// The newest rows matter to what is written, and to nothing that is reported of validation.
  @Test func theNewestRowsReachTheWeightsAlone() throws {
    let series = try wavySeries(96, times: days(96))
    let altered = try series.altered(95..<96) { value, _ in value + 20 }
    let (mine, its) = (try plan([series], .after).train(), try plan([altered], .after).train())
    #expect(mine.model.bits != its.model.bits)
    #expect(mine.configuration.calibration == its.configuration.calibration)
    #expect(mine.configuration.bestEpoch == its.configuration.bestEpoch)
    #expect(mine.parts.judged[0].model.bits == its.parts.judged[0].model.bits)
  }

  @Test(arguments: [ForecastRefit.known, .all])
  func forecastsOfTheTestPartAreOfTheNetworkThatIsJudged(refit: ForecastRefit) throws {
    let series = try wavySeries(96, times: days(96))
    let plan = try plan([series], refit) { $0.scaling = .standard }
    let forecaster = try plan.train()
    let lines = TestForecasts(forecaster, plan: plan).csv.split(separator: "\n").dropFirst()
    let squares = lines.map { line in
      let cells = line.split(separator: ",").map { Double($0) ?? 0 }
      return (cells[2] - cells[3]) * (cells[2] - cells[3])
    }
    let rmse = (squares.reduce(0, +) / Double(squares.count)).squareRoot()
    let told = try #require(forecaster.configuration.evaluation).model.overall.rmse
    #expect(abs(rmse - told) < 1e-9 * told)
  }

  @Test func whatWasLearnedIsNoTest() throws {
    let all = try wavySeries(140, times: days(140))
    let series = all.prefix(96)
    let (none, after) = (try plan([series], nil).train(), try plan([series], .after).train())
    let split = ForecastSplit(count: 96, options: none.options)
    #expect(none.learnedRows(of: series) == split.testStart && after.learnedRows(of: series) == 96)
    // Rows that validation and training did not see are judged alone.
    let again = try none.evaluate(on: [series])
    #expect(again.windows == none.configuration.evaluation?.windows && again.rows == nil)
    #expect(
      abs(again.model.overall.rmse - (none.configuration.evaluation?.model.overall.rmse ?? 0))
        < 1e-9)
    let learned = try after.evaluate(on: [series])
    #expect(learned.rows == .learned && learned.windows == 96 - 8 - 2)
    #expect(learned.verdict.contains("has learned these rows"))
    #expect(try after.evaluable([series]).remarks[0].contains("has learned all of these rows"))
    let newer = try after.evaluate(on: [all])
    #expect(newer.windows == 140 - 96 - 2 && newer.rows == nil)
    #expect(
      try after.evaluable([all]).remarks == [
        "88 windows of rows that the model has learned are left out"
      ])
    // Another series of the same days is not known.
    let other = try wavySeries(96, seed: 5, times: days(96))
    #expect(after.learnedRows(of: other) == 0)
    #expect(try after.evaluate(on: [other]).windows == 96 - 8 - 2)
    // Row numbers say nothing by themselves; the rows that the model keeps do.
    let unnamed = try plan([try wavySeries(96)], .after).train()
    #expect(unnamed.learnedRows(of: try wavySeries(100)) == 96)
    #expect(unnamed.learnedRows(of: try wavySeries(40, seed: 3)) == 0)
    // Folders from before there were such times.
    var former = after
    former.configuration.learnedUntil = nil
    #expect(
      try former.evaluate(on: [series]).windows == 86 && former.evaluable([series]).remarks.isEmpty)
    // An update that learned them, and what is told of it.
    let update = try ForecastUpdate(of: after, with: [all])
    let updated = update.updated(try update.plan?.train())
    #expect(updated.learnedRows(of: all) == 140)
    let report = ForecastReport(updated, [try updated.forecast(after: all)], model: "m").description
    #expect(report.contains("On the newest rows, before they were learned, the model"))
    #expect(updated.summary.contains("On the newest rows, before they were learned:"))
    try withTemporaryFolder { folder in
      try updated.save(to: folder + "/m")
      #expect(try Forecaster(contentsOf: folder + "/m").configuration == updated.configuration)
    }
  }

  /// A test part that the model to go on from has learned is none.
  @Test func goingOnFromAModelThatKnowsTheTestPart() throws {
    let all = try wavySeries(140, times: days(140))
    let model = try plan([all.prefix(120)], .after).train()
    let same = try ForecastPlan([all.prefix(120)], options: model.options, from: model).train()
    #expect(same.configuration.evaluation?.rows == .learned)
    let more = try ForecastPlan([all], options: model.options, from: model).train()
    let evaluation = try #require(more.configuration.evaluation)
    #expect(evaluation.rows == nil && evaluation.windows == 140 - 120 - 2)
  }

  @Test func aRefitThatRunsAwayCostsNothingElse() throws {
    var values = (0..<96).map { 50 + Double($0 % 4) * 0.001 }
    values[90] = 1e18  // in units of what came before, its square is beyond all numbers
    let series = try Series(values: values, times: days(96))
    let (none, after) = (try plan([series], nil).train(), try plan([series], .after).train())
    #expect(after.model.bits == none.model.bits, "the weights that validation chose")
    #expect(after.configuration.refitted?.problem != nil)
    #expect(after.summary.contains("training again on all 96 rows ran away"))
    #expect(
      after.learnedRows(of: series) == ForecastSplit(count: 96, options: none.options).testStart)
  }

  @Test func severalNetworksAndNothingHeldOut() throws {
    let series = try wavySeries(96)
    let several = try plan([series], .after) { $0.members = 2 }.train()
    #expect(several.models.count == 2 && several.histories.count == 2)
    #expect(several.models[0].bits != several.models[1].bits)
    let nothing = try plan([series], .after) { ($0.testFraction, $0.validationFraction) = (0, 0) }
    #expect(nothing.stages == 1 && nothing.refitText == nil)
    #expect(try nothing.train().configuration.refitted == nil)
    let untested = try plan([series], .after) { $0.testFraction = 0 }.train()
    #expect(untested.configuration.refitted?.rows == 96 && untested.configuration.evaluation == nil)
  }

  @Test func itGoesOnFromCheckpoints() throws {
    let series = try wavySeries(96)
    let plan = try plan([series], .after) { $0.epochs = 4 }
    let whole = try plan.train()
    try withTemporaryFolder { folder in
      let checkpoints = Checkpoints(in: folder + "/c", digest: [:])
      // Killed in the second epoch of the second training.
      var heard = 0
      #expect(throws: TrainingPause.self) {
        _ = try plan.train(
          checkpoints: checkpoints,
          callbacks: [{ event, run in run.member == 2 && run.epoch == 1 ? .stop : .proceed }])
      }
      let resumed = try plan.train(
        checkpoints: checkpoints,
        callbacks: [
          { event, _ in
            if case .resumed = event { heard += 1 }
            return .proceed
          }
        ])
      #expect(resumed.model.bits == whole.model.bits && heard > 0)
      #expect(resumed.configuration == whole.configuration)
    }
  }
}
