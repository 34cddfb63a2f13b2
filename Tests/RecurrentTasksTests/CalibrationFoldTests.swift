import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// How sure a forecaster is, told by rows that were held out from trainings of their own.
@Suite struct CalibrationFoldTests {
  private func plan(
    _ series: [Series], _ calibration: CalibrationRows?,
    _ change: (inout ForecasterOptions) -> Void = { _ in }
  ) throws -> ForecastPlan {
    try ForecastPlan(
      series,
      options: tinyOptions {
        $0.calibration = calibration
        change(&$0)
      })
  }

  private func rows(_ origins: [Range<Int>], _ series: Int, horizon: Int) -> Set<Int> {
    Set(origins[series].flatMap { $0..<$0 + horizon })
  }

  @Test(arguments: [0, 0.25, 0.6])
  func noFoldIsLearnedAndNoTestRow(testFraction: Double) throws {
    let all = [
      try wavySeries(96, name: "a"), try wavySeries(40, name: "b"), try wavySeries(61, name: "c"),
    ]
    let plan = try plan(all, .folds) { ($0.testFraction, $0.horizon) = (testFraction, 4) }
    let folds = plan.folds
    #expect(!folds.isEmpty)
    for (place, split) in plan.splits.enumerated() {
      var times: [Int: Int] = [:]
      for fold in folds {
        let held = rows(fold.held, place, horizon: 4)
        let learned = rows(fold.before, place, horizon: 4).union(
          rows(fold.behind, place, horizon: 4))
        #expect(held.isDisjoint(with: learned))
        #expect(held.union(learned).allSatisfy { $0 >= 8 && $0 < split.testStart })
        // Nothing of training or validation is left out beyond a horizon on both sides of it.
        #expect(learned.count + held.count + 2 * 3 >= split.testStart - 8)
        for row in held { times[row, default: 0] += 1 }
      }
      // Each row that training windows forecast is held out once, but for what is no whole horizon.
      #expect(times.values.allSatisfy { $0 == 1 })
      #expect(times.count >= split.validationStart - 8 - 3 * folds.count)
    }
    for fold in folds {
      let examples = plan.trainingExamples(without: fold)
      #expect(examples.count == (fold.before + fold.behind).reduce(0) { $0 + $1.count })
      let last = try #require(examples.origins.last)
      #expect(
        examples.target(of: last).array == plan.series[last.series % plan.series.count].target)
    }
  }

  /// The networks are those of a training without folds; what is said of their errors is not.
  @Test(arguments: [ForecastRefit?.none, .after, .known, .all])
  func theNetworksStayAsTheyAre(refit: ForecastRefit?) throws {
    let series = try wavySeries(120)
    let (own, folds) = (
      try plan([series], .validation) { $0.refit = refit },
      try plan([series], .folds) { $0.refit = refit }
    )
    let (mine, its) = (try own.train(), try folds.train())
    #expect(folds.folds.count == 5 && folds.stages == own.stages + 5)
    #expect(its.model.bits == mine.model.bits)
    #expect(
      its.histories.map { $0.epochs.map(\.loss) } == mine.histories.map { $0.epochs.map(\.loss) })
    #expect(its.configuration.bestEpoch == mine.configuration.bestEpoch)
    #expect(its.configuration.options.epochs == mine.configuration.options.epochs)
    #expect(its.configuration.refitted == mine.configuration.refitted)
    #expect(its.configuration.calibration != mine.configuration.calibration)
    #expect(its.configuration.evaluation?.model == mine.configuration.evaluation?.model)
    #expect(its.configuration.evaluation?.rivals == mine.configuration.evaluation?.rivals)
    // 12 rows of validation and 70 of training, in parts of 14, hold 10 and 12 windows each.
    let known = try #require(its.configuration.calibrationFolds)
    #expect(known.count == 5 && known.hasValidation)
    #expect(
      known.windows == folds.windowCounts.validation
        + folds.folds.reduce(0) { $0 + $1.held[0].count })
    #expect(its.configuration.oneStepErrors?.count == known.windows)
    #expect(mine.configuration.calibrationFolds == nil)
    let words =
      "the validation part and 5 parts of the training rows, left out in turn"
    #expect(its.summary.contains("from the errors on " + words))
    #expect(its.report.contains("It was calibrated on \(words)."))
    #expect(folds.description.contains("interval    from \(words):\n            5 more trainings"))
    let report = ForecastReport(its, [try its.forecast(after: series)], model: "m").description
    #expect(report.contains("it comes from the errors on " + words))
    try withTemporaryFolder { folder in
      try its.save(to: folder + "/m")
      #expect(try Forecaster(contentsOf: folder + "/m").configuration == its.configuration)
    }
  }

  /// Rows of the test part reach nothing of it.
  @Test func testRowsDoNotCalibrate() throws {
    let series = try wavySeries(120)
    let plan = try plan([series], .folds)
    let altered = try series.altered(plan.splits[0].testStart..<120) { value, row in
      row % 2 == 0 ? 1e9 : -value
    }
    let other = try self.plan([altered], .folds)
    let (mine, its) = (try plan.train().configuration, try other.train().configuration)
    #expect(mine.calibration == its.calibration && mine.oneStepErrors == its.oneStepErrors)
    let inner = try series.altered(30..<31) { value, _ in value + 40 }
    #expect(
      try self.plan([inner], .folds).train().configuration.calibration != mine.calibration)
  }

  /// Waves of noise: the validation part is quiet, most of the year is not.
  private func noisy(_ count: Int, seed: UInt64) throws -> Series {
    var generator = RandomGenerator(seed: seed)
    return try Series(
      values: (0..<count).map { row in
        let loud = row % 60 < 45 ? 1.0 : 0.1
        return 100 + loud * StandardNormal.quantile(Double(generator.uniform()) * 0.9998 + 1e-4)
      })
  }

  @Test func intervalsHoldWhatTheySayWhereValidationIsQuiet() throws {
    var held: [CalibrationRows: Double] = [:]
    for calibration in [CalibrationRows.validation, .folds] {
      var sum = 0.0
      for seed in 1...3 {
        let series = try noisy(600, seed: UInt64(seed))
        let options = tinyOptions {
          ($0.scaling, $0.calibration, $0.layers, $0.hiddenSize) = (.standard, calibration, 1, 2)
        }
        let split = ForecastSplit(
          count: 600, validationStart: 285, testStart: 300, options: options)
        let evaluation = try #require(
          ForecastPlan([series], options: options, splits: [split]).train().configuration.evaluation
        )
        sum += evaluation.coverage / 3
      }
      held[calibration] = sum
    }
    #expect((held[.validation] ?? 1) < 0.5, "\(held)")
    #expect((0.72...0.88).contains(held[.folds] ?? 0), "\(held)")
  }

  @Test func whichRowsCalibrateByThemselves() throws {
    func folds(_ count: Int, _ change: (inout ForecasterOptions) -> Void = { _ in }) throws -> Int {
      try plan([wavySeries(count)], .auto, change).folds.count
    }
    #expect(ForecasterOptions().calibration == .auto)
    // A validation part of 7 and of 75 rows, horizons of 3.
    #expect(try folds(100) == 5)
    #expect(try folds(1000) == 0)
    #expect(try folds(1000) { $0.validationFraction = 0 } == 5)
    #expect(try folds(36) { $0.validationFraction = 0 } == 3)
    #expect(try plan([wavySeries(100)], nil).folds.isEmpty)
    // One part is no part to hold out.
    #expect(try folds(24) == 0)
    let few = try ForecastPlan(
      [wavySeries(24, name: "a"), wavySeries(24, name: "b")],
      options: tinyOptions { $0.calibration = .folds })
    #expect(few.folds.count == 2)
    #expect(few.folds.map { $0.held.map(\.isEmpty) } == [[false, true], [true, false]])
  }

  /// All errors of a short validation part may lie to one side of the forecasts.
  @Test func fewErrorsDoNotTellTheSide() throws {
    // A rise that the last value does not foretell.
    let values = (0..<60).map { row -> Double in
      let rise = 3 * Double(row)
      return rise + Double(row % 4)
    }
    let series = try Series(values: values)
    func calibration(_ count: Int, _ start: Int) throws -> ForecastCalibration? {
      let options = tinyOptions { ($0.scaling, $0.epochs, $0.learningRate) = (.level, 1, 1e-9) }
      let split = ForecastSplit(
        count: count, validationStart: start, testStart: count, options: options)
      let plan = try ForecastPlan([series.prefix(count)], options: options, splits: [split])
      return try plan.train().configuration.calibration
    }
    let few = try #require(try calibration(50, 40))
    for step in 0..<3 {
      #expect(abs(few.score(0.1, step: step) + few.score(0.9, step: step)) < 1e-5)
      #expect(few.score(0.9, step: step) > 0 && abs(few.score(0.5, step: step)) < 1e-5)
    }
    let many = try #require(try calibration(58, 24))
    #expect(many.score(0.5, step: 2) > 0)
  }

  @Test func distributionsAndNetworksWithoutValidation() throws {
    let series = try wavySeries(150)
    let normal = try plan([series], .folds) { $0.loss = .normal }.train().configuration
    #expect(normal.intervalSource == .calibrated && normal.calibrationFolds?.count == 5)
    #expect(
      normal.intervalWords.hasPrefix(
        "what the network forecasts, calibrated on the validation part and 5"))
    let blind = try plan([series], .folds) { $0.validationFraction = 0 }.train().configuration
    #expect(
      blind.intervalSource == .heldOutResiduals && blind.calibrationFolds?.hasValidation == false)
    #expect(blind.intervalWords.hasPrefix("the errors on 5 parts of the training rows"))
    #expect((blind.oneStepErrors?.count ?? 0) > 50)
    let several = try plan([series], .folds) { ($0.members, $0.refit) = (2, .after) }.train()
    #expect(several.models.count == 2 && several.configuration.calibrationFolds?.count == 5)
  }

  @Test func itGoesOnFromCheckpoints() throws {
    let plan = try plan([wavySeries(96)], .folds) { ($0.epochs, $0.refit) = (4, .after) }
    let whole = try plan.train()
    try withTemporaryFolder { folder in
      let checkpoints = Checkpoints(in: folder + "/c", digest: [:])
      // Killed in the third of its trainings.
      #expect(throws: TrainingPause.self) {
        _ = try plan.train(
          checkpoints: checkpoints,
          callbacks: [{ _, run in run.member == 3 ? .stop : .proceed }])
      }
      let resumed = try plan.train(checkpoints: checkpoints)
      #expect(resumed.model.bits == whole.model.bits)
      #expect(resumed.configuration == whole.configuration)
    }
  }
}
