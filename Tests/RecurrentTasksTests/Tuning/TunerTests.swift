import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Searches over the options of jobs.
@Suite struct TunerTests {
  /// A small search over the options of the smallest job.
  private func counting(
    trials: Int = 9, _ options: CountingOptions = CountingOptions()
  ) -> Tuner<CountingPlan> {
    var tuning = Tuning()
    tuning.trials = trials
    var options = options
    options.epochs = 9
    return Tuner(from: options, tuning: tuning, space: searched) { choice in
      var plan = CountingPlan()
      plan.options = choice.options
      return plan
    }
  }

  private var searched: [TunableOption<CountingOptions>] {
    CountingOptions.tunable.filter { ["hidden", "learning-rate"].contains($0.name) }
  }

  /// Records without their times.
  private func untimed(_ records: [TrialRecord]) -> [TrialRecord] {
    records.map { record in
      var record = record
      record.seconds = 0
      return record
    }
  }

  /// The score is that of a plain training of these options, the first trial has those given, and the best
  /// is the best.
  @Test(arguments: [1, 3]) func scoresAreThoseOfTraining(members: Int) throws {
    var options = CountingOptions()
    options.members = members
    let tuner = counting(options)
    let result = try tuner.run()
    #expect(result.records.map(\.trial).max() == 9 && result.records.map(\.rung).max() == 2)
    #expect(result.records[0].drawn.isEmpty && result.records[0].options["hidden"] == "8")
    let last = try #require(result.records.last { $0.rung == 2 })
    var plan = CountingPlan()
    plan.options = tuner.start
    for (name, value) in last.drawn {
      let option = try #require(searched.first { $0.name == name })
      #expect(option.apply(value, to: &plan.options))
    }
    #expect(last.epochs == 9)
    #expect(last.score == (try plan.train().history.best?.validationLoss))
    #expect(result.ranking[0].score == result.records.compactMap(\.score).min())
    #expect(result.best.trial == result.ranking[0].trial)
    #expect(result.table(3).hasPrefix("trial"))
  }

  /// Stopped in any step, also within a trial, a search goes on to the same records, and trials that go on
  /// from checkpoints have the scores of those that are trained anew.
  @Test(arguments: [1, 40, 115]) func goesOnWhereItStopped(after steps: Int) throws {
    let whole = try counting().run()
    try withTemporaryFolder { folder in
      let checkpoints = Checkpoints(in: folder + "/run")
      let file = folder + "/trials.jsonl"
      var count = 0
      #expect(throws: TrainingPause.self) {
        _ = try counting().run(
          file: file, checkpoints: checkpoints,
          callbacks: [
            { event, _ in
              if case .step = event { count += 1 }
              return count >= steps ? .stop : .proceed
            }
          ])
      }
      let before = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
      var seen = 0
      let result = try counting().run(file: file, checkpoints: checkpoints) { _, _ in seen += 1 }
      #expect(untimed(result.records) == untimed(whole.records))
      #expect(result.best.trial == whole.best.trial)
      let lines = try String(contentsOfFile: file, encoding: .utf8)
      #expect(lines.hasPrefix(before))
      #expect(seen == whole.records.count - before.split(separator: "\n").count)
      #expect(try Array(lines.utf8) == result.jsonLines)
      // The training of the best goes on from its trial.
      var plan = CountingPlan()
      plan.options = result.best.options
      var isResumed = false
      let trained = try plan.train(
        checkpoints: checkpoints.trial(result.best.trial),
        callbacks: [
          { event, _ in
            if case .resumed = event { isResumed = true }
            return .proceed
          }
        ])
      #expect(isResumed)
      #expect(trained.models.bits == (try plan.train().models.bits))
      // Its own records are not those of another search.
      let other = try dataError { _ = try counting(trials: 3).run(file: file) }
      #expect(other.problem == "has trials that this search would not make")
    }
  }

  @Test func otherRecordsAreRefused() throws {
    try withTemporaryFolder { folder in
      let file = folder + "/trials.jsonl"
      _ = try counting().run(file: file)
      var text = try String(contentsOfFile: file, encoding: .utf8)
      text = text.replacing("\"hidden\":\"", with: "\"hidden\":\"1")
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      #expect(
        try dataError { _ = try counting().run(file: file) }.problem
          == "trial 2 is of another search")
      try "{\"trial\":1}\nx\n".write(toFile: file, atomically: true, encoding: .utf8)
      let damaged = try dataError { _ = try counting().run(file: file) }
      #expect(damaged.file == file && damaged.line == 1)
    }
  }

  @Test func aBudgetBeginsNothingNew() throws {
    var tuning = Tuning()
    tuning.budget = 1e-9
    let tuner = Tuner<CountingPlan>(from: CountingOptions(), tuning: tuning) { _ in CountingPlan() }
    let result = try tuner.run()
    #expect(result.isOutOfTime && result.records.count == 1 && result.best.trial == 1)
  }

  /// A search of few options ends when all are tried.
  @Test func nothingIsTriedTwice() throws {
    let option = try #require(searched.first { $0.name == "hidden" })
    var tuning = Tuning()
    tuning.trials = 20
    var start = CountingOptions()
    start.epochs = 1
    let tuner = Tuner<CountingPlan>(
      from: start, tuning: tuning,
      space: [try option.drawn(from: .choices(["4", "8", "6"]))]
    ) { choice in
      var plan = CountingPlan()
      plan.options = choice.options
      return plan
    }
    let result = try tuner.run()
    #expect(result.records.map { $0.options["hidden"] ?? "" }.sorted() == ["4", "6", "8"])
  }

  // MARK: Forecasters

  private func forecasting(
    _ series: Series, _ ranges: [String: SearchRange], trials: Int = 6,
    _ change: (inout ForecasterOptions) -> Void = { _ in }
  ) throws -> Tuner<ForecastPlan> {
    var tuning = Tuning()
    (tuning.trials, tuning.seed) = (trials, 5)
    let space = try ForecasterOptions.tunable.compactMap { option in
      try ranges[option.name].map { try option.drawn(from: $0) }
    }
    return Tuner(from: tinyOptions(change), tuning: tuning, space: space) { choice in
      try ForecastPlan([series], options: choice.options)
    }
  }

  /// Rows of the test part reach no score and no choice.
  @Test func testRowsReachNoTrial() throws {
    let ranges: [String: SearchRange] = [
      "window": .whole(6...12), "scaling": .choices(["window", "standard", "minmax"]),
      "transform": .choices(["none", "auto"]),
      "base": .choices(["last", "smoothing", "learned", "auto"]),
      "line": .choices(["off", "on"]), "hidden": .whole(3...6),
    ]
    let series = try wavySeries(96, covariates: 1)
    let testStart = ForecastSplit(count: 96, options: tinyOptions()).testStart
    let result = try forecasting(series, ranges) { $0.epochs = 3 }.run()
    #expect(result.records.count > 6 && result.records.allSatisfy { $0.score != nil })
    for change in [
      { @Sendable (_: Double, row: Int) in row % 2 == 0 ? 1e9 : -7e8 },
      { @Sendable (value: Double, _: Int) in -value },
    ] {
      let other = try forecasting(series.altered(testStart..<96, by: change), ranges) {
        $0.epochs = 3
      }.run()
      #expect(untimed(other.records) == untimed(result.records))
      #expect(other.best.options == result.best.options)
    }
    // The last validation row does matter.
    let altered = try series.altered(testStart - 1..<testStart) { value, _ in value + 5 }
    let other = try forecasting(altered, ranges) { $0.epochs = 3 }.run()
    #expect(other.records.map(\.score) != result.records.map(\.score))
  }

  /// MASE of a season of 1 over the validation windows, by its definition: what scaling and loss do not touch.
  @Test(arguments: [ScalingMethod.window, .standard]) func theScoreIsInNoUnitOfTheNetwork(
    scaling: ScalingMethod
  ) throws {
    let series = try wavySeries(96)
    let plan = try ForecastPlan(
      [series],
      options: tinyOptions {
        ($0.scaling, $0.season, $0.members) = (scaling, 4, 2)
        $0.loss = .mae
      })
    let trained = try plan.train()
    let score = try #require(plan.tuningScore(of: trained.models[0], after: trained.history))
    #expect(score.name == "validation_MASE" && !score.isHigherBetter)
    var single = trained
    single.parts.models = [trained.models[0]]
    single.parts.configuration.options.members = nil
    let split = plan.splits[0]
    let rows = series.target[..<split.validationStart]
    let step =
      zip(rows.dropFirst(), rows).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(rows.count - 1)
    let windows = WindowForecasts(plan.examples(\.validation), by: single)
    let errors = windows.rows.indices.flatMap { window in
      (0..<3).map { abs(windows.actual[window][$0] - windows.point(window, $0).value) }
    }
    let mase = errors.reduce(0, +) / Double(errors.count) / step
    #expect(abs(score.value - mase) < 1e-12 * mase)
  }

  /// What cannot be trained, runs away, or is judged on other rows is told, and the others go on.
  @Test func failingTrialsCostNoOther() throws {
    let series = try wavySeries(96)
    let windows = try forecasting(series, ["window": .choices(["8", "6", "90", "10"])]).run()
    let failed = windows.records.filter { $0.score == nil }
    #expect(failed.map { $0.drawn["window"] } == ["90"])
    #expect(failed[0].problem?.contains("window") == true, "\(failed)")
    #expect(windows.records.filter { $0.rung == 0 }.count == 4)
    #expect(windows.failures?.hasPrefix("1 trial was left out; trial ") == true)
    let rates = try forecasting(
      series, ["learning-rate": .choices(["0.01", "1e30", "0.02"])], trials: 3
    ) { $0.scaling = .none }.run()
    #expect(rates.records.first { $0.drawn["learning-rate"] == "1e30" }?.score == nil)
    #expect(rates.records.count { $0.rung == 0 && $0.score != nil } >= 2)
    var tuning = Tuning()
    tuning.trials = 4
    let tuner = Tuner<ForecastPlan>(
      from: tinyOptions(), tuning: tuning,
      space: ForecasterOptions.tunable.filter { $0.name == "hidden" }
    ) { choice in
      try ForecastPlan(
        [try wavySeries(choice.trial == 3 ? 140 : 96)], options: choice.options)
    }
    let unlike = try tuner.run().records.filter { $0.trial == 3 }
    #expect(unlike.count == 1 && unlike[0].problem?.contains("cannot be compared") == true)
  }

  @Test func withoutAValidationPartThereIsNoSearch() throws {
    let series = try wavySeries(96)
    let tuner = try forecasting(series, ["hidden": .whole(3...6)]) { $0.validationFraction = 0 }
    let error = try dataError { _ = try tuner.run() }
    #expect(error.problem == "no validation part judges the trials")
    // What is wrong with the options given is told before any work.
    let long = try forecasting(series, ["hidden": .whole(3...6)]) { $0.window = 200 }
    #expect(try dataError { _ = try long.run() }.file != "tuning")
  }

  // MARK: Charts

  /// Scores that follow one option name it, whether it is a number or a word.
  @Test(arguments: ["hidden", "cell"]) func theStrongestOptionIsNamed(name: String) throws {
    let records = (0..<12).map { place in
      let cell = place % 2 == 0 ? "lstm" : "gru"
      let hidden = (place * 5) % 12 + 4
      let other = Double((place * 7) % 5) / 100
      return TrialRecord(
        trial: place + 1, rung: 0, drawn: [:], options: ["hidden": "\(hidden)", "cell": cell],
        epochs: 1, measure: "validation_loss", isHigherBetter: false,
        score: (name == "hidden" ? Double(hidden) : cell == "gru" ? 1 : 2) + other)
    }
    let result = TuningResult(
      records: records,
      best: TuningChoice(trial: 1, values: [], options: CountingOptions()),
      names: ["cell", "hidden"], isOutOfTime: false)
    let strongest = try #require(result.strongest)
    // Ranks in two halves: 1 - (35 / 10) / (143 / 11), less what two groups have by chance.
    let share = name == "cell" ? 0.7308 : 1
    #expect(strongest.name == name && abs(strongest.share - share) < 0.01, "\(strongest)")
    #expect(result.svg.contains("by \(name), which the scores follow most"))
    #expect(result.svg.contains("Validation loss by trial"))
  }
}
