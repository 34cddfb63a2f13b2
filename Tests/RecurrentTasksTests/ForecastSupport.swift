import Foundation
import Recurrent
import Testing

@testable import RecurrentTasks

/// Options of a network that trains in a moment, with a size of its own for each dimension.
func tinyOptions(_ change: (inout ForecasterOptions) -> Void = { _ in }) -> ForecasterOptions {
  var options = ForecasterOptions()
  options.window = 8
  options.horizon = 3
  options.hiddenSize = 5
  options.layers = 2
  options.epochs = 2
  options.batchSize = 16
  options.learningRate = 0.01
  options.seed = 7
  options.findsSeasons = nil
  (options.refit, options.calibration) = (nil, nil)
  change(&options)
  return options
}

/// `count` values that rise and fall with a period of 4 about a slope, with some noise.
func wavyValues(_ count: Int, seed: UInt64 = 1) -> [Double] {
  var generator = RandomGenerator(seed: seed)
  let season: [Double] = [4, 9, -3, -7]
  return (0..<count).map { row in
    let level = 50 + 0.3 * Double(row)
    return level + season[row % 4] + Double(generator.uniform())
  }
}

/// A series with a season of 4 and as many covariates as asked for, on levels of their own.
func wavySeries(
  _ count: Int, name: String? = nil, covariates: Int = 0, seed: UInt64 = 1, level: Double = 0,
  times: TimeAxis? = nil
) throws -> Series {
  try Series(
    values: wavyValues(count, seed: seed).map { $0 + level }, name: name, times: times,
    covariates: (0..<covariates).map { index in
      Covariate(
        name: "covariate \(index)",
        values: wavyValues(count, seed: seed + 100 + UInt64(index)).map {
          $0 * Double(index + 2) - 300
        })
    })
}

extension Series {
  /// The same series with other values in `rows`.
  func altered(_ rows: Range<Int>, by change: (Double, Int) -> Double) throws -> Series {
    func changed(_ values: [Double]) -> [Double] {
      values.enumerated().map { rows.contains($0) ? change($1, $0) : $1 }
    }
    return try Series(
      values: changed(target), name: name, targetName: targetName, times: times,
      covariates: covariates.map { Covariate(name: $0.name, values: changed($0.values)) })
  }
}

extension Module {
  /// Names and bits of all parameters.
  var bits: [String: [UInt32]] {
    Dictionary(
      uniqueKeysWithValues: parameters.map { ($0.name, $0.tensor.elements.map(\.bitPattern)) })
  }
}

extension Forecaster {
  /// The forecaster of a plan before any training.
  static func untrained(_ plan: ForecastPlan) -> Forecaster {
    var forecaster = Forecaster(
      JobParts(
        configuration: plan.configuration(after: []), extras: plan.extras, models: [plan.model()]))
    do { try plan.complete(&forecaster) } catch { Issue.record(error) }
    return forecaster
  }
}
