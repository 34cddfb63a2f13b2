import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// A smoothing in front of the network whose coefficients are learned with it.
@Suite struct LearnedSmoothingTests {
  private func options(_ change: (inout ForecasterOptions) -> Void = { _ in }) -> ForecasterOptions
  {
    tinyOptions {
      ($0.base, $0.season, $0.layers) = (.learned, 4, 1)
      change(&$0)
    }
  }

  private func series() throws -> [Series] {
    [try wavySeries(90, name: "a"), try wavySeries(80, name: "b", seed: 2, level: 100)]
  }

  /// The level behind a window by its formulas, with coefficients of a half, and the season of each of its rows
  /// and of those that follow. The window is one of two seasons.
  private func plainSmoothing(
    _ window: [Double], season: Int?
  ) -> (level: Double, seasons: [Double]) {
    guard let m = season else {
      return (window.reduce(window[0]) { 0.5 * $1 + 0.5 * $0 }, [])
    }
    let means: [Double] = [window[..<m], window[m...]].map { $0.reduce(0, +) / Double(m) }
    let climb = (means[1] - means[0]) / Double(m)
    var level = means[0] - climb * Double(m + 1) / 2
    var seasons: [Double] = []
    for step in 0..<m {
      let above: Double = (window[step] - means[0] + window[step + m] - means[1]) / 2
      seasons.append(above - climb * (Double(step) - Double(m - 1) / 2))
    }
    for (row, y) in window.enumerated() {
      level = 0.5 * (y - seasons[row]) + 0.5 * level
      seasons.append(0.5 * (y - level) + 0.5 * seasons[row])
    }
    return (level, seasons)
  }

  private func plainForecast(_ window: [Double], season: Int?, steps: Int) -> [Double] {
    let (level, seasons) = plainSmoothing(window, season: season)
    let next = seasons.dropFirst(window.count)
    return (0..<steps).map { level + (season == nil ? 0 : next[window.count + $0 % next.count]) }
  }

  /// Before it is trained, a network forecasts what the smoothing says, in any unit.
  @Test(
    arguments: [ScalingMethod.window, .level, .mean, .minmax, .standard], [nil, 4] as [Int?])
  func trainingBeginsAtTheSmoothing(scaling: ScalingMethod, season: Int?) throws {
    let series = try series()
    for loss in [ForecastLoss.mse, .normal, .quantile] {
      let options = options {
        ($0.scaling, $0.season, $0.loss, $0.horizon) = (scaling, season, loss, 6)
        ($0.steps, $0.quantiles) = (loss == .mse ? .segments : nil, [0.5])
      }
      let forecaster = Forecaster.untrained(try ForecastPlan(series, options: options))
      for one in series + [try wavySeries(50, name: "new", level: -60)] {
        let model = forecaster.model
        let end = one.count
        let channels = [forecaster.channels(one)]
        let examples = ForecastExamples(
          channels, origins: [end..<end + 1], options: options,
          places: [forecaster.place(of: one)])
        let said = model(examples.batch([0])).elements
        let values = stride(from: 0, to: said.count, by: options.outputs).map {
          examples.targetScale(0).restored(said[$0])
        }
        let expected = plainForecast(
          Array(one.target.suffix(8)), season: season, steps: options.horizon)
        expectClose(
          values, shape: [options.horizon], to: expected, shape: [options.horizon], within: 1e-4)
      }
    }
  }

  /// What the network sees is the window without its season, from the last level on; covariates stay.
  @Test func whatTheNetworkSees() throws {
    let series = [try wavySeries(80, covariates: 2)]
    let plan = try ForecastPlan(series, options: options { $0.scaling = .standard })
    let batch = plan.trainingExamples.batch([3, 9])
    let seen = plan.model().smoothed(batch)
    #expect(batch.base.elements.allSatisfy { $0 == 0 })
    for row in 0..<2 {
      let values = batch.inputs.values.rows([row]).elements
      let window = stride(from: 0, to: values.count, by: 3).map { Double(values[$0]) }
      let ends = plainForecast(window, season: 4, steps: 4)
      let base = Array(seen.base.elements[row * 3..<row * 3 + 3]).map(Double.init)
      expectClose(base, shape: [3], to: Array(ends.prefix(3)), shape: [3], within: 1e-5)
      let others = seen.inputs.values.slice(1..<3, along: 2).rows([row])
      #expect(others == batch.inputs.values.slice(1..<3, along: 2).rows([row]))
      let (level, seasons) = plainSmoothing(window, season: 4)
      let target = seen.inputs.values.slice(0..<1, along: 2).rows([row]).elements.map(Double.init)
      expectClose(
        target, shape: [8], to: window.indices.map { window[$0] - seasons[$0] - level }, shape: [8],
        within: 1e-5)
    }
  }

  @Test func coefficientsAreLearned() throws {
    let series = try series()
    let forecaster = try ForecastPlan(series, options: options()).train()
    let weights = Dictionary(
      uniqueKeysWithValues: forecaster.model.parameters.map { ($0.name, $0.tensor) })
    #expect(weights["smoothing.coefficients"]?.elements.contains(0) == false)
    let own = try #require(weights["smoothing.series"])
    #expect(own.shape == [2, 2] && !own.elements.contains(0))
    #expect(own.rows([0]) != own.rows([1]))
    // A new series has those of all, and each of them its own.
    let values = series[0].target
    func forecast(_ name: String) throws -> [Double] {
      try forecaster.forecast(after: Series(values: values, name: name)).points.map(\.value)
    }
    let (a, b, new) = (try forecast("a"), try forecast("b"), try forecast("new"))
    #expect(a != b && a != new && b != new)
    #expect(forecaster.configuration.bases == ["a": .learned, "b": .learned])
    let alone = try ForecastPlan([series[0]], options: options()).train()
    #expect(!alone.model.parameters.contains { $0.name == "smoothing.series" })
  }

  /// The line begins at the ridge regression on what is left of the window.
  @Test func aLineStandsBehindIt() throws {
    let plan = try ForecastPlan(series(), options: options { $0.line = true })
    let begun = plan.model()
    var without = begun
    without.line = nil
    let batch = plan.trainingExamples.batch(Array(0..<plan.trainingExamples.count))
    func error(_ said: Tensor) -> Float { (said - batch.targets).squared().mean().value }
    #expect(error(begun(batch)) < 0.5 * error(without(batch)))
  }

  @Test(arguments: [nil, .segments] as [ForecastSteps?])
  func everythingIsReadAsItWasWritten(steps: ForecastSteps?) throws {
    let options = options {
      ($0.steps, $0.line, $0.transform, $0.members) = (steps, true, .log, 2)
      ($0.scaling, $0.refit, $0.pads) = (.level, .all, true)
      $0.seriesVectors = steps == .segments ? true : nil
    }
    let series = try series()
    let plan = try ForecastPlan(series, options: options)
    #expect(
      plan.description.contains("smoothing of the window, with coefficients that are learned"))
    let forecaster = try plan.train()
    try withTemporaryFolder { folder in
      try forecaster.save(to: folder + "/model")
      let read = try Forecaster(contentsOf: folder + "/model")
      #expect(read.configuration == forecaster.configuration)
      for one in series + [try wavySeries(40, name: "new", level: 7)] {
        #expect(
          try forecaster.forecast(after: one, steps: 9) == read.forecast(after: one, steps: 9))
      }
      // From the rows that it kept, those of a window, as from the table.
      #expect(read.recent[0].count == 8)
      #expect(
        try read.forecast(after: read.recent[0]).points == read.forecast(after: series[0]).points)
    }
  }

  @Test func nothingOfTheTestPartReachesTraining() throws {
    let options = options { ($0.line, $0.refit) = (true, .known) }
    let series = try wavySeries(100)
    let start = ForecastSplit(count: 100, options: options).testStart
    let other = try series.altered(start..<100) { value, row in value * 3 + Double(row) }
    let (a, b) = (
      try ForecastPlan([series], options: options).train(),
      try ForecastPlan([other], options: options).train()
    )
    #expect(a.model.bits == b.model.bits)
    #expect(a.configuration.evaluation != b.configuration.evaluation)
  }

  /// A backtest, held-out folds, and a training that goes on.
  @Test func goesWithTheOthers() throws {
    let series = try series()
    var origins = ForecastBacktest.Origins()
    (origins.count, origins.refit) = (2, .every)
    let report = try ForecastBacktest(series, options: options(), origins: origins).run()
    #expect(report.evaluation.model.overall.rmse.isFinite)
    let folded = try ForecastPlan(series, options: options { $0.calibration = .folds }).train()
    #expect(folded.configuration.calibrationFolds != nil)
    let further = try ForecastPlan(series, options: options { $0.epochs = 1 }, from: folded).train()
    #expect(further.model.bits != folded.model.bits)
    #expect(further.configuration.ownVectors == ["a", "b"])
    let evaluation = try further.evaluate(on: series)
    #expect(evaluation.model.overall.rmse.isFinite)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let counts = try dataError {
      let options = options { ($0.loss, $0.scaling) = (.negativeBinomial, .magnitude) }
      _ = try ForecastPlan(series(), options: options)
    }
    #expect(counts.problem.contains("--base learned does not fit counts"))
    let other = try dataError {
      let forecaster = try ForecastPlan(series(), options: options()).train()
      _ = try ForecastPlan(series(), options: options { $0.base = .drift }, from: forecaster)
    }
    #expect(other.problem.contains("base is drift, but learned in the model"))
    let onnx = try dataError {
      _ = try ForecastPlan(series(), options: options()).train().onnx()
    }
    #expect(onnx.problem.contains("a smoothing that is learned"))
  }
}
