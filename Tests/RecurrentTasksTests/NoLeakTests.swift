import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Rows after time t are changed; nothing that comes before t may change.
struct NoLeakTests {
  static let cases: [(scaling: ScalingMethod, covariates: Int, season: Int?)] =
    ScalingMethod.allCases.flatMap { [($0, 0, nil), ($0, 2, 4)] }

  private static func options(_ scaling: ScalingMethod, _ season: Int?) -> ForecasterOptions {
    tinyOptions {
      $0.scaling = scaling
      $0.season = season
      $0.dropout = 0.25
    }
  }

  /// Wild, mild, and mirrored.
  private static let changes: [@Sendable (Double, Int) -> Double] = [
    { _, row in row % 2 == 0 ? 1e9 : -7e8 }, { value, _ in value + 0.01 }, { value, _ in -value },
  ]

  private func expectSameInputs(_ a: ForecastExamples, _ b: ForecastExamples, rows: [Int]) {
    let (a, b) = (a.batch(rows), b.batch(rows))
    #expect(a.inputs.values.isIdentical(to: b.inputs.values))
    #expect(a.base.isIdentical(to: b.base))
  }

  @Test(arguments: cases)
  func testRowsReachNothingThatIsTrained(
    scaling: ScalingMethod, covariates: Int, season: Int?
  ) throws {
    let series = try wavySeries(96, covariates: covariates)
    let plan = try ForecastPlan([series], options: Self.options(scaling, season))
    let split = plan.splits[0]
    let forecaster = try plan.train()
    for change in Self.changes {
      let altered = try series.altered(split.testStart..<96, by: change)
      let other = try ForecastPlan([altered], options: plan.options)
      #expect(other.splits == plan.splits)
      #expect(other.channels[0].scales == plan.channels[0].scales)
      #expect(other.base == plan.base)
      #expect(other.model().bits == plan.model().bits)
      for part in [\ForecastSplit.training, \.validation] {
        let (mine, its) = (plan.examples(part), other.examples(part))
        let all = Array(0..<mine.count)
        expectSameInputs(mine, its, rows: all)
        #expect(mine.batch(all).targets.isIdentical(to: its.batch(all).targets))
      }
      let trained = try other.train()
      #expect(trained.model.bits == forecaster.model.bits)
      #expect(trained.configuration.calibration == forecaster.configuration.calibration)
      #expect(trained.configuration.scales == forecaster.configuration.scales)
      #expect(trained.configuration.bestEpoch == forecaster.configuration.bestEpoch)
      #expect(
        trained.history.epochs.map(\.validationLoss)
          == forecaster.history.epochs.map(\.validationLoss))
      #expect(
        trained.points(other.examples(\.validation))
          == forecaster.points(plan.examples(\.validation))
      )
    }
  }

  @Test(arguments: cases)
  func rowsAfterTReachNoForecastMadeAtT(
    scaling: ScalingMethod, covariates: Int, season: Int?
  ) throws {
    let series = try wavySeries(96, covariates: covariates)
    let plan = try ForecastPlan([series], options: Self.options(scaling, season))
    let forecaster = try plan.train()
    let first = plan.options.window
    let origins = [first..<96 - plan.options.horizon + 1]
    let rule = plan.channels[0].rule
    let examples = ForecastExamples(
      [Channels(series, rule: rule, power: PowerTransform())], origins: origins,
      options: plan.options, places: [nil])
    let points = forecaster.points(examples)
    for t in [plan.splits[0].validationStart, plan.splits[0].testStart, first + 1, 50, 91, 93] {
      let altered = try series.altered(t..<96, by: Self.changes[0])
      let its = ForecastExamples(
        [Channels(altered, rule: rule, power: PowerTransform())], origins: origins,
        options: plan.options, places: [nil])
      let unaffected = Array(0..<t - first + 1)  // origins up to t: they see the rows before
      expectSameInputs(examples, its, rows: unaffected)
      let others = forecaster.points(its)
      #expect(others[...(t - first)] == points[...(t - first)])
      // The next window sees row t.
      if t + 1 < origins[0].upperBound {
        let next = [t - first + 1]
        let (mine, changed) = (examples.batch(next).inputs, its.batch(next).inputs)
        #expect(!mine.values.isIdentical(to: changed.values))
      }
    }
  }

  /// Validation rows judge epochs, and touch neither scales nor steps.
  @Test(arguments: cases)
  func validationRowsReachNoStep(scaling: ScalingMethod, covariates: Int, season: Int?) throws {
    let series = try wavySeries(96, covariates: covariates)
    let plan = try ForecastPlan([series], options: Self.options(scaling, season))
    let start = plan.splits[0].validationStart
    let altered = try series.altered(start..<96) { value, row in value * 3 + Double(row % 5) }
    let other = try ForecastPlan([altered], options: plan.options)
    #expect(other.channels[0].scales == plan.channels[0].scales)
    #expect(other.base == plan.base)
    let (mine, its) = (plan.examples(\.training), other.examples(\.training))
    let all = Array(0..<mine.count)
    expectSameInputs(mine, its, rows: all)
    #expect(mine.batch(all).targets.isIdentical(to: its.batch(all).targets))
    let (trained, otherTrained) = (try plan.train().history, try other.train().history)
    #expect(trained.epochs.map(\.loss) == otherTrained.epochs.map(\.loss))
    #expect(trained.epochs.map(\.gradientNorm) == otherTrained.epochs.map(\.gradientNorm))
    #expect(trained.epochs.map(\.validationLoss) != otherTrained.epochs.map(\.validationLoss))
  }

  /// The last training row does matter: the tests above can fail.
  @Test(arguments: cases)
  func trainingRowsReachTheWeights(scaling: ScalingMethod, covariates: Int, season: Int?) throws {
    let series = try wavySeries(96, covariates: covariates)
    let plan = try ForecastPlan([series], options: Self.options(scaling, season))
    let last = plan.splits[0].validationStart - 1
    let altered = try series.altered(last..<last + 1) { value, _ in value + 100 }
    let other = try ForecastPlan([altered], options: plan.options)
    if scaling == .minmax || scaling == .standard {
      #expect(other.channels[0].scales != plan.channels[0].scales)
    }
    #expect(try other.train().model.bits != plan.train().model.bits)
  }

  @Test func scalesAreThoseOfTheTrainingRows() throws {
    let series = try wavySeries(96, covariates: 1)
    let columns = [series.target, series.covariates[0].values]
    for scaling in [ScalingMethod.minmax, .standard] {
      let plan = try ForecastPlan([series], options: Self.options(scaling, nil))
      let scales = try #require(plan.channels[0].scales)
      #expect(scales.count == 2)
      for (scale, column) in paired(scales, columns) {
        let rows = column[..<plan.splits[0].validationStart]
        let mean = rows.reduce(0, +) / Double(rows.count)
        let variance = rows.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows.count)
        let low = try #require(rows.min())
        let high = try #require(rows.max())
        #expect(abs(scale.offset - (scaling == .minmax ? low : mean)) < 1e-12 * abs(mean))
        #expect(
          abs(scale.scale - (scaling == .minmax ? high - low : variance.squareRoot())) < 1e-10)
        // All rows would give another scale.
        #expect(column.max() != high || column.min() != low)
      }
    }
    let windowed = try ForecastPlan([series], options: Self.options(.window, nil))
    #expect(windowed.channels[0].scales == nil)
    let rows = 20..<28
    let scale = windowed.channels[0].scale(of: 0, for: rows)
    #expect(scale.offset == series.target[27])
    #expect(windowed.channels[0].scales(for: rows)[0] == scale)
    let unscaled = try ForecastPlan([series], options: Self.options(.none, nil))
    #expect(unscaled.channels[0].scales == [ChannelScale(offset: 0, scale: 1), .init()])
  }

  @Test func scalesGoThereAndBack() {
    let scale = ChannelScale(offset: 3, scale: 4)
    #expect(scale.scaled(11) == 2)
    #expect(scale.restored(2) == 11)
  }
}

extension ChannelScale {
  fileprivate init(offset: Double, scale: Double) {
    self.init(.none, fittedOn: [])
    self.offset = offset
    self.scale = scale
  }

  fileprivate init() { self.init(.none, fittedOn: []) }
}
