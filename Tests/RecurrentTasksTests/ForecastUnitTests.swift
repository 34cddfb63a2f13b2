import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// A series in another unit gets the same forecasts in that unit, also where windows do not vary.
struct ForecastUnitTests {
  enum Kind: CaseIterable { case smooth, intermittent, prices, dayAndNight, counter }

  static func values(_ kind: Kind) -> [Double] {
    var generator = RandomGenerator(seed: 3)
    switch kind {
    case .smooth: return wavyValues(200)
    case .intermittent:
      return (0..<200).map { _ in
        generator.uniform() < 0.1 ? Double(1 + Int(generator.uniform() * 6)) : 0
      }
    case .prices:
      var price = 19.9
      return (0..<200).map { _ in
        if generator.uniform() < 0.06 { price += generator.uniform() < 0.5 ? -0.5 : 1.25 }
        return price
      }
    case .dayAndNight: return (0..<240).map { dayAndNight($0, unit: 1) }
    case .counter:
      var count = 9e15
      return (0..<200).map { row in
        // It stands still at night.
        if row % 24 >= 10 { count += Double(100 + Int(generator.uniform() * 50)) }
        return count
      }
    }
  }

  /// Power of a plant that is dark for ten hours of each day, to four digits.
  static func dayAndNight(_ row: Int, unit: Double) -> Double {
    let (day, hour) = (row / 24, Double(row % 24))
    let height = max(0, sin(.pi * (hour - 6) / 13))
    let value = unit * height * (2.5 + Double(day * 37 % 11) / 4)
    let digit = unit / 10_000
    return (value / digit).rounded() * digit
  }

  private func forecaster(
    _ kind: Kind, times factor: Double, _ scaling: ScalingMethod = .window
  ) throws -> Forecaster {
    let series = try Series(values: Self.values(kind).map { $0 * factor })
    return try ForecastPlan([series], options: tinyOptions { $0.scaling = scaling }).train()
  }

  static let powers = [-20, -3, 5]

  /// A power of two changes no digit of a number, so it may change none of the network.
  @Test(arguments: Kind.allCases, cases(powers))
  func powersOfTwoChangeNoBit(kind: Kind, power: Int) throws {
    let factor = scalbn(1.0, power)
    for scaling in [ScalingMethod.window, .minmax, .standard] {
      let one = try forecaster(kind, times: 1, scaling)
      let other = try forecaster(kind, times: factor, scaling)
      #expect(other.model.bits == one.model.bits, "\(scaling)")
      let (mine, its) = (
        try one.forecast(after: one.recent[0]).points,
        try other.forecast(after: other.recent[0]).points
      )
      for (mine, its) in paired(mine, its) {
        #expect(its.value == factor * mine.value, "\(scaling)")
        #expect(its.lower == factor * mine.lower && its.upper == factor * mine.upper)
      }
      let errors = [one, other].map { $0.configuration.evaluation?.model.overall.rmse ?? .nan }
      #expect(errors[1] == factor * errors[0])
    }
  }

  /// Other factors round the last digit of a double, and training carries that on: less than a hundred
  /// thousandth of the range of the values is left.
  @Test(arguments: Kind.allCases.filter { $0 != .counter }, cases([1e9, 1e-6, 1e-3, 1e3, 1e6]))
  func otherFactorsChangeNoMoreThanRounding(kind: Kind, factor: Double) throws {
    let one = try forecaster(kind, times: 1)
    let other = try forecaster(kind, times: factor)
    let values = Self.values(kind)
    let range = try #require(values.max()) - #require(values.min())
    let (mine, its) = (
      try one.forecast(after: one.recent[0], steps: 9).points,
      try other.forecast(after: other.recent[0], steps: 9).points
    )
    for (mine, its) in paired(mine, its) {
      #expect(abs(its.value / factor - mine.value) < 1e-5 * range)
      #expect(abs(its.lower / factor - mine.lower) < 1e-5 * range)
      #expect(abs(its.upper / factor - mine.upper) < 1e-5 * range)
    }
  }

  /// A model is used in a unit that it was not trained in.
  @Test(arguments: Kind.allCases)
  func modelsForecastInAnyUnit(kind: Kind) throws {
    let values = Self.values(kind)
    let model = try forecaster(kind, times: 1)
    for end in values.count - 30..<values.count {
      let points = try [1, 0.125].map { factor in
        try model.forecast(after: Series(values: values[..<end].map { $0 * factor })).points
      }
      for (mine, its) in paired(points[0], points[1]) { #expect(its.value == 0.125 * mine.value) }
    }
    // Rows that it has learned are left out only where they are known by their values.
    var unknowing = model
    unknowing.configuration.learnedUntil = nil
    let errors = try [1, 0.125].map { factor in
      try unknowing.evaluate(on: [Series(values: values.map { $0 * factor })]).model.overall.rmse
    }
    #expect(errors[1] == 0.125 * errors[0])
  }

  /// Of a counter only the differences count.
  @Test func countersAreForecastAsFromZero() throws {
    let far = Self.values(.counter)
    let near = far.map { $0 - far[0] }
    let points = try [far, near].map { values in
      let plan = try ForecastPlan([Series(values: values)], options: tinyOptions())
      let forecaster = try plan.train()
      return try forecaster.forecast(after: plan.series[0]).points
    }
    for (far_, near) in paired(points[0], points[1]) {
      // Doubles of this size are whole numbers.
      #expect(abs(far_.value - far[0] - near.value) <= 2)
      #expect(abs(near.upper - near.lower) > 10)
    }
  }

  /// The kept rows are forecast as the whole series is, wherever it ends.
  @Test(arguments: Kind.allCases)
  func keptRowsGoOnFromTheRest(kind: Kind) throws {
    let values = Self.values(kind)
    for end in stride(from: values.count - 24, to: values.count, by: 5) {
      let series = try Series(values: Array(values[..<end]))
      let forecaster = try ForecastPlan([series], options: tinyOptions { $0.epochs = 1 }).train()
      let whole = try forecaster.forecast(after: series, steps: 10)
      #expect(try forecaster.forecast(after: forecaster.recent[0], steps: 10) == whole)
    }
  }

  /// Rows that never vary are forecast in the unit of their series if that is known, and else stay.
  @Test func rowsThatNeverVary() throws {
    let series = try Series(values: Self.values(.intermittent), name: "known")
    let forecaster = try ForecastPlan([series], options: tinyOptions()).train()
    let flat = [Double](repeating: 0, count: 20)
    let known = try forecaster.forecast(after: Series(values: flat, name: "known")).points
    #expect(known.allSatisfy { $0.upper > 0.01 && $0.value != 0 })
    let other = try forecaster.forecast(after: Series(values: flat, name: "other")).points
    #expect(other == [Forecaster.Point](repeating: .init(value: 0, lower: 0, upper: 0), count: 3))
    let level = try forecaster.forecast(after: Series(values: flat.map { $0 + 0.3 })).points
    #expect(level.allSatisfy { $0.value == 0.3 && $0.lower == 0.3 && $0.upper == 0.3 })
  }

  /// By hand: the last value, and the deviation about the mean; or half of √mean step² before.
  @Test func scalesOfWindows() throws {
    let series = try Series(values: [0, 6, 6, 6, 6, 6, 6, 8, 6, 6.001])
    let channels = Channels(series, rule: .window(least: 0.5), power: PowerTransform())
    func scale(_ rows: Range<Int>) -> ChannelScale { channels.scale(of: 0, for: rows) }
    #expect(scale(1..<4).offset == 6)
    #expect(abs(scale(1..<4).scale - 0.5 * (36.0 / 3).squareRoot()) < 1e-12)
    #expect(abs(scale(2..<7).scale - 0.5 * (36.0 / 6).squareRoot()) < 1e-12)
    #expect(abs(scale(5..<9).scale - 0.75.squareRoot()) > 0.1)
    #expect(abs(scale(0..<3).scale - 8.0.squareRoot()) < 1e-12)
    let still = Channels(
      try Series(values: [7, 7, 7]), rule: .window(least: 0.5), power: PowerTransform())
    let scaled = still.scale(of: 0, for: 0..<3)
    #expect(scaled.scale == 0 && scaled.scaled(99) == 0 && scaled.restored(5) == 7)
  }

  /// A model that knows no least scale goes on as it was.
  @Test func earlierModelsKeepTheirScales() throws {
    let rows = try Series(values: [5, 5, 5, 0, 0, -0.25, -0.25, 2, 4, 2, 4])
    let channels = Channels(rows, rule: .unguardedWindow, power: PowerTransform())
    let scales = [0..<3, 3..<5, 5..<7, 7..<11].map { channels.scale(of: 0, for: $0) }
    #expect(scales.map(\.offset) == [5, 0, -0.25, 4])
    #expect(scales.map(\.scale) == [5, 1, 1, 1])
    var forecaster = try forecaster(.prices, times: 1)
    forecaster.configuration.leastScale = nil
    try withTemporaryFolder { folder in
      try forecaster.save(to: folder + "/m")
      let loaded = try Forecaster(contentsOf: folder + "/m")
      #expect(loaded.configuration.leastScale == nil)
      #expect(loaded.channels(rows).scale(of: 0, for: 0..<3).scale == 5)
    }
  }

  @Test func fittedScalesKnowNoUnit() throws {
    #expect(ChannelScale(.minmax, fittedOn: [7, 7][...]).scale == 0)
    #expect(ChannelScale(.standard, fittedOn: [2, 4, 2, 4][...]).scale == 1)
    let counter = [9e15, 9e15 + 4, 9e15 + 8]
    #expect(ChannelScale(.minmax, fittedOn: counter[...]).scale == 8)
    let standard = ChannelScale(.standard, fittedOn: counter[...])
    #expect(standard.offset == 9e15 + 4)
    #expect(abs(standard.scale - (32.0 / 3).squareRoot()) < 1e-12)
  }

  /// The naive forecast's RMSE is 0.4800 of the unit; without the first window's rows of the test part, which
  /// windows of 6 rows once could not forecast, it is 0.4807.
  @Test(.optimized, arguments: [1, 1000, 1e-3]) func darkHoursCostNothing(unit: Double) throws {
    let values = (0..<90 * 24).map { Self.dayAndNight($0, unit: unit) }
    var options = ForecasterOptions()
    (options.window, options.hiddenSize, options.layers, options.epochs) = (6, 32, 1, 40)
    options.refit = nil
    let plan = try ForecastPlan([Series(values: values)], options: options)
    let evaluation = try #require(try plan.train().configuration.evaluation)
    #expect(abs(evaluation.naive.overall.rmse / unit - 0.48) < 5e-4)
    #expect(evaluation.model.overall.rmse / unit < 0.22)
  }
}
