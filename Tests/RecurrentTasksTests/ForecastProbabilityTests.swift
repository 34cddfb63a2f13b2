import Foundation
import Recurrent
import RecurrentFiles
import TestSupport
import Testing

@testable import RecurrentTasks

struct ForecastProbabilityTests {
  // MARK: Distributions

  /// Expected values: scipy 1.16, `stats.t`, `stats.nbinom`.
  @Test func distributionsSayTheirQuantiles() {
    func close(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-6 * max(1, abs(b)) }
    let student = ForecastLoss.studentT.distribution([0.3, 0.2, -1], scores: [], scale: 1)
    #expect(close(student.value(at: -1.7), -1.9655285971065697))
    #expect(close(student.value(at: 3), 11.580997047390248))
    #expect(close(student.score(of: 1.1), 0.8243061183505725))
    let counts = ForecastLoss.negativeBinomial.distribution([0.4, -0.7], scores: [], scale: 5)
    #expect([-2, -0.5, 0, 1, 2.5].map { counts.value(at: $0) } == [0, 3, 5, 11, 23])
    let below = StandardNormal.share(below: counts.score(of: 7))
    let under = StandardNormal.share(below: counts.score(of: 6))
    // A count's score is in the middle of its own share: from one to the next it is half of both.
    #expect(under < below && below < 0.6714503222960703)
  }

  @Test(arguments: [
    (ForecastLoss.mse, [Float(0.7)]), (.quantile, [-1, 0.2, 0.5, 3]), (.normal, [0.3, -2]),
    (.studentT, [0.3, 0.2, 0.1]),
  ])
  func scoresAndValuesAreInverse(loss: ForecastLoss, raw: [Float]) {
    let scores = [0.1, 0.4, 0.5, 0.9].map { StandardNormal.quantile($0) }
    let said = loss.distribution(raw[...], scores: scores, scale: 1)
    var last = -Double.infinity
    for score in stride(from: -4.0, through: 4, by: 0.31) {
      let value = said.value(at: score)
      #expect(value > last)
      #expect(abs(said.score(of: value) - score) < 1e-9)
      last = value
    }
    if loss == .quantile {
      for (score, value) in zip(scores, raw) { #expect(said.value(at: score) == Double(value)) }
      #expect(said.centre == 0.5)
    }
  }

  @Test func quantilesCannotCross() {
    var generator = RandomGenerator(seed: 5)
    let order = QuantileOrder([0.05, 0.3, 0.6, 0.75, 0.95])
    #expect(order.middle == 2)
    let said = Tensor((0..<60).map { _ in generator.uniform() * 20 - 10 }, shape: [3, 4, 5])
    let ordered = order.ordered(said).elements
    for start in stride(from: 0, to: 60, by: 5) {
      #expect(ordered[start + 2] == said.elements[start + 2])
      for place in start..<start + 4 { #expect(ordered[place] <= ordered[place + 1]) }
    }
  }

  // MARK: Calibration

  /// A series that comes near zero has a wide spread on logarithms, and what others teach of errors in units of
  /// the spread lies far away there.
  @Test func intervalsOfTransformedSeriesStayWhereTheirErrorsWere() throws {
    let jumps = try (0..<8).map { place in
      let values = (0..<90).map { row in
        100 + Double(row % 4) * 0.1 + (row >= 61 && row % 3 == place % 3 ? 60 : 0) + Double(place)
      }
      return try Series(values: values, name: "jumps \(place)")
    }
    let small = try Series(
      values: (0..<90).map { [0.02, 3, 0.05, 2, 0.01, 2.5][$0 % 6] + 0.001 * Double($0) },
      name: "small")
    let forecaster = try ForecastPlan(
      jumps + [small], options: tinyOptions { ($0.transform, $0.epochs) = (.log, 1) }
    ).train()
    let unit = ForecastErrors.naiveScale(small.target)
    var free = forecaster
    free.configuration.reaches = nil
    #expect(try free.forecast(after: small).points[0].upper > 1e6 * unit)
    for point in try forecaster.forecast(after: small, steps: 3).points {
      #expect(point.lower <= point.value && point.value <= point.upper)
      #expect(point.upper - point.lower < 10 * unit, "\(point) \(unit)")
    }
    // Wider beyond the horizon, by as many errors as add up.
    let far = try forecaster.forecast(after: small, steps: 12).points
    #expect(far.allSatisfy { $0.upper - $0.lower < 10 * unit * 2 })
    // Others are as wide as they were.
    let held = try #require(forecaster.configuration.evaluation).coverage
    #expect(held > 0.6)
  }

  /// Normal errors twice as wide as the network says: their shares come out right.
  @Test func calibrationMovesSharesToWhatCame() {
    var generator = RandomGenerator(seed: 9)
    let scores = (0..<2).map { step in
      (0..<2000).map { _ in
        (step == 0 ? 2 : 1) * StandardNormal.quantile(Double(generator.uniform()) * 0.999 + 5e-4)
      }
    }
    let calibration = ForecastCalibration(scores)
    #expect(calibration.problem(horizon: 2) == nil)
    #expect(abs(calibration.score(0.9, step: 0) - 2 * 1.2816) < 0.2)
    #expect(abs(calibration.score(0.9, step: 1) - 1.2816) < 0.1)
    #expect(abs(calibration.score(0.65, step: 1) - 0.3853) < 0.1)
    #expect(calibration.score(0.9999, step: 1) == calibration.score(0.995, step: 1))
    #expect(abs(calibration.dependence ?? 1) < 0.1)
  }

  @Test func neighboursThatGoTogetherAreKnown() {
    var generator = RandomGenerator(seed: 2)
    let first = (0..<500).map { _ in Double(generator.uniform()) }
    let calibration = ForecastCalibration([first, first.map { 3 * $0 + 1 }])
    #expect((calibration.dependence ?? 0) > 0.99)
    #expect(ForecastCalibration([first, first.map { -$0 }]).dependence ?? 0 < -0.99)
    #expect(ForecastCalibration([[1, 2]]).dependence == nil)
  }

  // MARK: Networks

  private static let likelihoods: [ForecastLoss] = [
    .normal, .studentT, .negativeBinomial, .zeroInflated,
  ]

  private func counts(_ count: Int) throws -> Series {
    try Series(values: wavyValues(count).map { ($0 / 8).rounded() })
  }

  private func trained(_ loss: ForecastLoss, epochs: Int = 2) throws -> (ForecastPlan, Forecaster) {
    let plan = try ForecastPlan(
      [counts(300)],
      options: tinyOptions {
        $0.loss = loss
        $0.epochs = epochs
        if loss.isOfCounts { $0.scaling = .magnitude }
      })
    return (plan, try plan.train())
  }

  @Test(arguments: likelihoods)
  func likelihoodsTrainAndSayDistributions(loss: ForecastLoss) throws {
    let (plan, forecaster) = try trained(loss, epochs: 8)
    let losses = forecaster.history.epochs.map(\.loss)
    #expect(losses[7] < losses[0])
    #expect(forecaster.configuration.intervalSource == .calibrated)
    let probability = try #require(forecaster.configuration.evaluation?.probability)
    #expect(probability.levels.map { ($0 * 100).rounded() } == [10, 50, 90])
    #expect(probability.below[0] < probability.below[2])
    let mae = try #require(forecaster.configuration.evaluation?.model.overall.mae)
    #expect(probability.crps > 0 && probability.crps < 2 * mae)
    let forecast = try forecaster.forecast(after: plan.series[0], steps: 7)
    #expect(zip(forecast.quantile(0.3), forecast.quantile(0.7)).allSatisfy { $0 <= $1 })
    if loss.isOfCounts {
      let values = forecast.quantile(0.9)
      #expect(values.prefix(3).allSatisfy { $0 >= 0 && $0 == $0.rounded() })
    }
  }

  @Test func countsAreWholeNumbers() throws {
    let error = try dataError {
      _ = try ForecastPlan(
        [wavySeries(80)],
        options: tinyOptions {
          $0.loss = .negativeBinomial
          $0.scaling = .magnitude
        })
    }
    #expect(error.problem.contains("expected counts"))
    let unscaled = try dataError {
      _ = try ForecastPlan([counts(80)], options: tinyOptions { $0.loss = .zeroInflated })
    }
    #expect(unscaled.problem.contains("--scaling magnitude"))
  }

  @Test func intervalsWidenBeyondTheHorizon() throws {
    // A window whose end is quiet: what is fed back makes windows with hardly any spread.
    let values = wavyValues(120).map { $0 * 3 } + [Double](repeating: 200, count: 6)
    let series = try Series(values: values)
    for loss in [ForecastLoss.mse, .quantile, .normal] {
      let forecaster = try ForecastPlan([series], options: tinyOptions { $0.loss = loss }).train()
      let points = try forecaster.forecast(after: series, steps: 30).points
      let widths = points.map { $0.upper - $0.lower }
      for step in 3..<30 { #expect(widths[step] >= widths[step - 3], "step \(step) of \(loss)") }
      #expect(widths[29] > 1.5 * widths[2])
    }
  }

  @Test func samplesHaveTheQuantilesThatAreForecast() throws {
    let (plan, forecaster) = try trained(.normal)
    let forecast = try forecaster.forecast(after: plan.series[0], steps: 5)
    let paths = forecast.samples(4000, seed: 1)
    #expect(paths == forecast.samples(4000, seed: 1))
    #expect(paths[0] != forecast.samples(1, seed: 2)[0])
    for (level, values) in [0.1, 0.5, 0.9].map({ ($0, forecast.quantile($0)) }) {
      for (step, value) in values.enumerated() {
        let below = paths.count { $0[step] < value }
        #expect(abs(Double(below) / 4000 - level) < 0.03)
      }
    }
  }

  /// By hand: quantiles 1, 2 and 3 of the values 0 and 4.
  @Test func pinballLossesAreTheirMeans() {
    let grid = PinballLosses.grid.map { _ in 2.0 }
    var losses = PinballLosses()
    losses.add(
      JudgedWindow(
        series: 0, origin: 0, actual: [0, 4], points: [], levels: [0.1, 0.5, 0.9],
        quantiles: [[1, 2, 3] + grid, [1, 2, 3] + grid], others: [], naiveScale: 4, deviation: 1))
    let found = losses.probability
    #expect(found?.below == [0.5, 0.5, 0.5])
    for (loss, wanted) in zip(found?.pinball ?? [], [(0.9 + 0.3) / 2, 1, (0.3 + 0.9) / 2]) {
      #expect(abs(loss - wanted) < 1e-12)
    }
    // A forecast of 2 without spread has its MAE.
    #expect(abs((found?.crps ?? 0) - 2) < 1e-12)
    #expect(abs((found?.scaledCRPS ?? 0) - 0.5) < 1e-12)
  }
}
