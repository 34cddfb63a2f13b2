import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Forecasters whose recurrent weights are rounded.
@Suite struct ForecastRoundingTests {
  /// Long enough trained that it is better than the naive forecast.
  private static func trained(_ cell: CellKind) throws -> Forecaster {
    let options = tinyOptions {
      $0.cell = cell
      $0.hiddenSize = 24
      $0.layers = 1
      $0.epochs = 25
      $0.season = nil
    }
    return try ForecastPlan([wavySeries(260)], options: options).train()
  }

  @Test(arguments: cases(CellKind.allCases)) func accuracy(cell: CellKind) throws {
    let forecaster = try Self.trained(cell)
    let fresh = try wavySeries(400, seed: 12, level: 3)
    let before = try forecaster.evaluate(on: [fresh])
    #expect(before.skill > 0.5, "\(before)")
    for (precision, allowed) in [(WeightPrecision.bfloat16, 0.01), (.int8, 0.02)] {
      let rounded = try forecaster.rounded(to: precision, evaluatedOn: [fresh])
      let rounding = try #require(rounded.configuration.rounding)
      let rmse = try #require(rounding.score)
      let answers = try #require(rounding.answers)
      let after = try rounded.evaluate(on: [fresh])
      #expect(rmse.before == before.model.overall.rmse && rmse.after == after.model.overall.rmse)
      #expect(abs(rmse.after / rmse.before - 1) < allowed, "\(rounding)")
      #expect(rmse.after != rmse.before && answers.of.hasPrefix("\(before.windows) windows of "))
      #expect(rounding.precision == precision && rounded.model.weightPrecision == precision)
      #expect(answers.largestDifference >= answers.rmsDifference && answers.rmsDifference > 0)
      // A Mogrifier LSTM has matrices of its rounds too.
      #expect(
        rounding.weights.map(\.name).allSatisfy {
          $0.hasSuffix("_weights") || (cell == .mogrifier && $0.contains(".rounds."))
        })
    }
  }

  @Test(arguments: [WeightPrecision.bfloat16, .int8], CellKind.allCases)
  func savedAndLoaded(precision: WeightPrecision, cell: CellKind) throws {
    let options = tinyOptions {
      $0.cell = cell
      $0.hiddenSize = 33
    }
    let series = [try wavySeries(80, name: "a"), try wavySeries(70, name: "b", seed: 4)]
    let forecaster = try ForecastPlan(series, options: options).train()
    let rounded = try forecaster.rounded(to: precision)
    let rounding = try #require(rounded.configuration.rounding)
    #expect(rounding.score == nil)
    let answers = try #require(rounding.answers)
    #expect(answers.of == "2 windows of the end of the training data")
    // The differences are those of what both say comes next.
    let differences = try zip(forecaster.recent, rounded.recent).flatMap { mine, its in
      zip(try forecaster.forecast(after: mine).points, try rounded.forecast(after: its).points)
        .map { abs($0.value - $1.value) }
    }
    #expect(differences.max() == answers.largestDifference)
    try withTemporaryFolder { folder in
      try forecaster.save(to: folder + "/float")
      try rounded.save(to: folder + "/model")
      func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))
      }
      #expect(try bytes("float/model.safetensors").count == rounding.bytesBefore)
      #expect(try bytes("model/model.safetensors").count == rounding.bytes)
      let loaded = try Forecaster(contentsOf: folder + "/model")
      #expect(loaded.configuration == rounded.configuration)
      #expect(loaded.model.bits == rounded.model.bits)
      #expect(loaded.model.weightPrecision == precision)
      #expect(try loaded.evaluate(on: series) == rounded.evaluate(on: series))
      try loaded.save(to: folder + "/again")
      for name in ["config.json", "model.safetensors"] {
        #expect(try bytes("model/" + name) == bytes("again/" + name))
      }
      #expect(loaded.summary.contains("weights     \(precision.rawValue), rounded from float32"))
      #expect(loaded.summary.contains("On the test part, before rounding:"))
    }
    let error = try dataError { _ = try rounded.rounded(to: .bfloat16) }
    #expect(error.problem == "has weights of \(precision.rawValue), expected float32")
  }

  /// What config.json says and what the weights are must be the same.
  @Test func exchangedWeightsAreRefused() throws {
    let forecaster = try ForecastPlan([wavySeries(60)], options: tinyOptions()).train()
    let rounded = try forecaster.rounded(to: .int8)
    var lying = rounded
    lying.parts.models = forecaster.models
    try withTemporaryFolder { folder in
      try lying.save(to: folder + "/model")
      let error = try dataError { _ = try Forecaster(contentsOf: folder + "/model") }
      #expect(error.place == "configuration.rounding")
      #expect(error.problem == "says int8, but the recurrent weights are float32")
    }
  }
}
