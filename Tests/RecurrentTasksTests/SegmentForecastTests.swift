import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Networks whose steps are segments, the line beside a network, transforms, bases and refits.
struct SegmentForecastTests {
  private func options(_ change: (inout ForecasterOptions) -> Void = { _ in }) -> ForecasterOptions
  {
    tinyOptions {
      ($0.steps, $0.segment, $0.layers, $0.cell) = (.segments, 3, 1, .gru)
      change(&$0)
    }
  }

  private func series() throws -> [Series] {
    [try wavySeries(90, name: "a"), try wavySeries(80, name: "b", seed: 2, level: 100)]
  }

  /// What the network says, step by step as the paper has it, with plain loops.
  @Test(arguments: [1, 2], [3, 4, 7])
  func networkIsThatOfThePaper(seriesCount: Int, horizon: Int) throws {
    let options = options {
      $0.horizon = horizon
      $0.seriesVectors = true
      $0.scaling = .standard  // the head is not zero
    }
    var plan = try ForecastPlan(Array(series().prefix(seriesCount)), options: options)
    plan.options.epochs = 1
    let model = try plan.train().model
    let batch = plan.trainingExamples.batch([0, plan.trainingExamples.count - 1])
    let said = model(batch)
    #expect(said.shape == [2, horizon, 1])
    let weights = Dictionary(uniqueKeysWithValues: model.parameters.map { ($0.name, $0.tensor) })
    let embedding = try #require(weights["segments.embedding.weights"])
    let bias = try #require(weights["segments.embedding.bias"])
    let positions = try #require(weights["segments.positions"])
    let head = Dense(
      weights: try #require(weights["head.weights"]), bias: weights["head.bias"])
    for row in 0..<2 {
      let window = batch.inputs.values.rows([row]).elements
      var state = model.recurrent.initialState(batchSize: 1)
      // 8 rows: two segments of 3, the two oldest rows are left out.
      for segment in [window[2..<5], window[5..<8]] {
        let values = Tensor(Array(segment), shape: [1, 3]).matrixProduct(embedding, bias: bias)
        let embedded = values.elements.map { max(0, $0) }
        _ = model.recurrent.forward(
          SequenceBatch(Tensor(embedded, shape: [1, 1, 5])), state: &state, mode: .prediction)
      }
      var forecasts: [Float] = []
      for segment in 0..<(horizon + 2) / 3 {
        var query = positions.rows([segment])
        if let vectors = weights["segments.series"] { query = query + vectors.rows([row]) }
        var ahead = state
        let hidden = model.recurrent.forward(
          SequenceBatch(query.reshaped(to: [1, 1, 5])), state: &ahead, mode: .prediction)
        forecasts += head(hidden.values.reshaped(to: [1, 5])).elements
      }
      expectClose(
        said.rows([row]).elements, shape: [horizon], to: Array(forecasts.prefix(horizon)),
        shape: [horizon], within: 1e-5)
    }
  }

  @Test func aLineBeginsAtTheRidgeRegression() throws {
    let plan = try ForecastPlan(series(), options: options { $0.line = true })
    let test = plan.examples(\.test)
    let ridge = try #require(
      RidgeForecast(training: plan.trainingExamples, validation: plan.validationExamples))
    let forecaster = Forecaster.untrained(plan)
    let said = forecaster.points(test).map { $0.map(\.value) }
    for (network, line) in zip(said.joined(), ridge.values(test).joined()) {
      #expect(abs(network - line) < 1e-3, "\(network) \(line)")
    }
  }

  @Test func everythingIsReadAsItWasWritten() throws {
    let options = options {
      ($0.line, $0.seriesVectors, $0.transform) = (true, true, .log)
      ($0.base, $0.season, $0.windowsPerEpoch) = (.auto, 4, 20)
      ($0.members, $0.refit, $0.scaling) = (2, .all, .level)
    }
    let series = try series()
    let plan = try ForecastPlan(series, options: options)
    #expect(plan.stages == 3)
    let forecaster = try plan.train()
    try withTemporaryFolder { folder in
      try forecaster.save(to: folder + "/model")
      let read = try Forecaster(contentsOf: folder + "/model")
      #expect(read.configuration == forecaster.configuration)
      for one in series + [try wavySeries(40, name: "new", level: 7)] {
        let (a, b) = (
          try forecaster.forecast(after: one, steps: 9), try read.forecast(after: one, steps: 9)
        )
        #expect(a == b)
        #expect(a.points.allSatisfy { 0 < $0.lower && $0.lower <= $0.value })
      }
      // From the rows that it kept as from the table.
      #expect(
        try read.forecast(after: read.recent[0]).points == read.forecast(after: series[0]).points)
    }
  }

  @Test func refitsLearnTheRowsThatWereHeldOut() throws {
    let series = try wavySeries(90)
    func trained(_ refit: ForecastRefit?) throws -> Forecaster {
      try ForecastPlan([series], options: options { $0.refit = refit }).train()
    }
    let (none, known, all) = (try trained(nil), try trained(.known), try trained(.all))
    #expect(known.history.epochs.map(\.loss) == none.history.epochs.map(\.loss))
    // The interval comes from errors on rows that were not learned.
    #expect(known.configuration.calibration == none.configuration.calibration)
    #expect(known.model.bits != none.model.bits && all.model.bits != known.model.bits)
    #expect(known.configuration.evaluation != none.configuration.evaluation)
    #expect(all.configuration.evaluation == known.configuration.evaluation)
    // As one that has no validation part, for as many epochs.
    let split = ForecastSplit(count: 90, options: none.options)
    var shorter = none.options
    shorter.epochs = none.configuration.bestEpoch
    var plan = try ForecastPlan(
      [series], options: shorter,
      splits: [
        ForecastSplit(
          count: 90, validationStart: split.testStart, testStart: split.testStart,
          options: shorter)
      ])
    if none.configuration.bestEpoch == none.options.epochs {
      #expect(try plan.train().model.bits == known.model.bits)
    }
    plan.options.seed = 8
    #expect(try plan.train().model.bits != known.model.bits)
  }

  @Test func membersAreAveraged() throws {
    let series = try series()
    let forecaster = try ForecastPlan(series, options: options { $0.members = 3 }).train()
    #expect(forecaster.models.count == 3)
    let examples = try forecaster.examples(of: series)
    let batch = examples.batch(Array(0..<examples.count))
    let each = forecaster.models.map { $0(batch).elements }
    let points = forecaster.points(examples)
    for window in stride(from: 0, to: examples.count, by: 7) {
      let mean = (each[0][window * 3] + each[1][window * 3] + each[2][window * 3]) / 3
      let expected = examples.targetScale(window).restored(mean)
      #expect(abs(points[window][0].value - expected) < 1e-3)
    }
  }

  /// Guerrero's rule on series whose spread is told beforehand.
  @Test func powersFollowTheSpread() {
    let rows = (0..<60).map { row -> (level: Double, sign: Double) in
      (level: pow(1.1, Double(row / 2)), sign: row % 2 == 0 ? 1.0 : -1)
    }
    let growing = rows.map { $0.level * (1 + 0.1 * $0.sign) }
    let even = rows.map { $0.level + 0.1 * $0.sign }
    let roots = rows.map { $0.level + 0.1 * $0.sign * $0.level.squareRoot() }
    func power(_ transform: ValueTransform, _ values: [Double]) -> Double {
      transform.power(of: values[...], season: 2).power
    }
    #expect(power(.auto, growing) == 0)
    #expect(power(.auto, Array(repeating: even[0...3], count: 9).flatMap { $0 }) == 1)
    #expect(power(.log, even) == 0 && power(.none, growing) == 1)
    #expect(abs(power(.boxcox, roots) - 0.5) <= 0.25)
    // Not above zero: as it is.
    #expect(power(.log, growing + [0]) == 1)
    // Units do not matter.
    for unit in [1e-6, 1e9] {
      #expect(power(.boxcox, roots.map { $0 * unit }) == power(.boxcox, roots))
    }
    for power in [0, 0.25, 0.5, 1] {
      let transform = PowerTransform(power: power, least: 1e-3)
      for value in [0.01, 1, 7, 1e6] {
        #expect(abs(transform.inverse(transform(value)) / value - 1) < 1e-9)
      }
    }
  }

  @Test func nothingOfTheTestPartReachesTraining() throws {
    let options = options {
      ($0.line, $0.transform, $0.base, $0.season) = (true, .auto, .auto, 4)
      ($0.windowsPerEpoch, $0.refit) = (20, .known)
    }
    let series = try wavySeries(100)
    let start = ForecastSplit(count: 100, options: options).testStart
    let other = try series.altered(start..<100) { value, row in value * 3 + Double(row) }
    let (a, b) = (
      try ForecastPlan([series], options: options).train(),
      try ForecastPlan([other], options: options).train()
    )
    #expect(a.model.bits == b.model.bits)
    #expect(a.configuration.calibration == b.configuration.calibration)
    #expect(a.configuration.evaluation != b.configuration.evaluation)
  }

  @Test func epochsDrawSoManyWindows() throws {
    var steps = 0
    let plan = try ForecastPlan(series(), options: options { $0.windowsPerEpoch = 40 })
    #expect(plan.updatesPerEpoch == 3)
    _ = try plan.train(callbacks: [
      { event, _ in
        if case .step = event { steps += 1 }
        return .proceed
      }
    ])
    #expect(steps == 6)
  }
}
