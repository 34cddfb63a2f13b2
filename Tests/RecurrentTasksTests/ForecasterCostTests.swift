import Testing

@testable import Recurrent
@testable import RecurrentTasks

/// Serialized: the pool of buffers is one for all.
@Suite(.serialized) struct ForecasterCostTests {
  private func plan(
    covariates: Int, _ change: (inout ForecasterOptions) -> Void = { _ in }
  ) throws -> ForecastPlan {
    try ForecastPlan(
      [wavySeries(400, covariates: covariates)], options: tinyOptions(change))
  }

  /// Counted by hand: two LSTMs, 3 to 5 to 5, and a dense layer from 5 to 3.
  @Test func operationsByHand() throws {
    let model = try plan(covariates: 2).model
    let cost = Forecaster.Cost(model, batchSize: 16, time: 8, segmentLength: nil)
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
    let again = Forecaster.Cost(model, batchSize: 16, time: 8, segmentLength: 4)
    let forward = Double(2 * 16 * 8 * (w0 + u + w1 + u))
    #expect(again.trainingOperations == cost.trainingOperations + forward)
  }

  @Test func everyParameterStandsInATable() throws {
    let cost = Forecaster.Cost(
      try plan(covariates: 2).model, batchSize: 16, time: 8, segmentLength: nil)
    let rows = cost.description.split(separator: "\n").map { $0.split(separator: " ") }
    func parameters(_ part: String) -> Substring? { rows.first { $0.first == part[...] }?[1] }
    #expect(parameters("recurrent.0") == "200" && parameters("recurrent.1") == "240")
    #expect(parameters("head") == "18" && parameters("total") == "458")
  }

  /// What is said about memory before a training step is what the step takes, within 15 %.
  ///
  /// Other tests run beside this one and take from the same pool; a figure that comes up again and
  /// again is the step's own.
  @Test(arguments: CellKind.allCases, [(2, 24, 96), (3, 48, 40), (1, 128, 3)])
  func memoryOfAStep(_ cell: CellKind, _ size: (layers: Int, hidden: Int, window: Int)) throws {
    let plan = try plan(covariates: 1) {
      $0.cell = cell
      ($0.layers, $0.hiddenSize, $0.window) = (size.layers, size.hidden, size.window)
      $0.batchSize = 32
    }
    var model = plan.model
    let cost = Forecaster.Cost(model, batchSize: 32, time: size.window, segmentLength: nil)
    let examples = plan.examples(\.training)
    let batch = examples.batch(Array(0..<32))
    var optimizer = Adam()
    let pool = StoragePool.shared
    func floats(_ count: Int) -> Int { count < 1024 ? 0 : StoragePool.capacity(for: count) }
    // In use before a step and not counted from its start: weights, moments and input.
    let held =
      3 * model.parameters.reduce(0) { $0 + floats($1.tensor.count) }
      + floats(batch.inputs.values.count)
    var seen: [Int: Int] = [:]
    var most: Int?
    for _ in 0..<2000 where most == nil {
      pool.resetPeak()
      let start = pool.peak
      let (_, gradients) = valueAndGradients(of: model) { model in
        meanSquaredError(
          model(batch.inputs, mode: .training(RandomKey(seed: 1))) + batch.base, batch.targets)
      }
      optimizer.update(&model, along: gradients)
      let own = pool.peak - start
      seen[own, default: 0] += 1
      if seen[own] == 8 { most = own }
    }
    let measured = Double(4 * (try #require(most) + held))
    #expect(abs(cost.training.peak / measured - 1) < 0.15, "\(cost.training.peak), \(measured)")
  }
}
