import Recurrent
import RecurrentFiles
import Testing

@testable import RecurrentData
@testable import RecurrentTasks

@Suite struct ForecasterCostTests {
  /// By `getrusage` of the program on such a file: 207 and 215 MB at most; 47 MB on a file of 90
  /// rows.
  @Test func memoryIsToldWithTheData() throws {
    let series = try (0..<10_000).map { try wavySeries(50, name: "s\($0)", seed: UInt64($0)) }
    let options = tinyOptions { ($0.window, $0.horizon, $0.hiddenSize, $0.layers) = (12, 4, 8, 1) }
    let told = try ForecastPlan(series, options: options).processBytes
    #expect((170e6...250e6).contains(told), "\(told)")
    let small = try ForecastPlan([wavySeries(90)], options: options).processBytes
    #expect((30e6...50e6).contains(small), "\(small)")
  }

  /// Where numbers lie changes nothing: series, scaled values, steps and bases in memory, or all on the disk.
  @Test(arguments: [ForecastBase.auto, .smoothing, .season]) func numbersOnTheDisk(
    base: ForecastBase
  ) throws {
    let series = try (0..<3).map {
      try wavySeries(90 + $0, name: "s\($0)", covariates: 1, seed: UInt64($0 + 1), level: 200)
    }
    let options = tinyOptions {
      ($0.base, $0.season, $0.transform, $0.epochs) = (base, 4, .auto, 1)
      ($0.windowsPerEpoch, $0.refit) = (10, .all)
    }
    let disk = ValueStore(mostKept: 0)
    let stored = try series.map { try $0.stored(in: disk) }
    #expect(stored == series && disk.fileSize == series.reduce(0) { $0 + 24 * $1.count })
    let one = try ForecastPlan(series, options: options)
    let other = try ForecastPlan(stored, options: options, in: ValueStore(mostKept: 0))
    #expect(one.store.fileSize == 0 && other.store.fileSize > 90 * 16)
    let (a, b) = (try one.train(), try other.train())
    #expect(a.model.parameters.map(\.tensor) == b.model.parameters.map(\.tensor))
    #expect(a.configuration.evaluation == b.configuration.evaluation)
    for (memory, disk) in zip(series, stored) {
      #expect(try a.forecast(after: memory, steps: 3) == b.forecast(after: disk, steps: 3))
    }
  }

  /// Counted by hand (`StepCostTests` hold the memory against what a step takes): two LSTMs, 3 to 5 to 5, and a dense layer from 5 to 3.
  @Test func operationsByHand() throws {
    let model = try ForecastPlan([wavySeries(60, covariates: 2)], options: tinyOptions()).model()
    let cost = JobCost(model, example: "window", batchSize: 16, time: 8, segmentLength: nil)
    let (w0, u, w1, head) = (4 * 5 * 3, 4 * 5 * 5, 4 * 5 * 5, 5 * 3)
    #expect(cost.predictionOperations == Double(2 * 8 * (w0 + u + w1 + u) + 2 * head))
    #expect(cost.predictionOperations == 5790)
    // Forward and gradients of the weights, then back through time and to the layer below.
    let lower = 2 * (w0 + u) + u
    let upper = 2 * (w1 + u) + u + w1
    #expect(
      cost.trainingOperations == Double(2 * 16 * 8 * (lower + upper) + 3 * 2 * 16 * head))
    #expect(cost.trainingOperations == 262_560)
    let parameters = 4 * 5 * (3 + 5 + 2) + 4 * 5 * (5 + 5 + 2) + 5 * 3 + 3
    #expect(cost.training.parameters == Double(4 * parameters))
    #expect(cost.training.gradients == cost.training.parameters)
    #expect(cost.training.optimizerState == 2 * cost.training.parameters)
    // Input, and of each layer output, gates and cell state.
    #expect(cost.training.activations == Double(4 * 16 * 8 * (3 + 2 * (5 + 20 + 5))))
    #expect(cost.prediction.gradients == 0 && cost.prediction.activations == 0)
    // Every step of a segment is computed once more.
    let again = JobCost(model, example: "window", batchSize: 16, time: 8, segmentLength: 4)
    let forward = Double(2 * 16 * 8 * (w0 + u + w1 + u))
    #expect(again.trainingOperations == cost.trainingOperations + forward)
  }

  @Test func everyParameterStandsInATable() throws {
    let cost = JobCost(
      try ForecastPlan([wavySeries(60, covariates: 2)], options: tinyOptions()).model(),
      example: "window",
      batchSize: 16, time: 8, segmentLength: nil)
    let rows = cost.description.split(separator: "\n").map { $0.split(separator: " ") }
    func parameters(_ part: String) -> Substring? { rows.first { $0.first == part[...] }?[1] }
    #expect(parameters("recurrent.0") == "200" && parameters("recurrent.1") == "240")
    #expect(parameters("head") == "18" && parameters("total") == "458")
  }
}
