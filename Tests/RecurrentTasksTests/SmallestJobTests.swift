import Recurrent
import RecurrentTasks
import TestSupport
import Testing

// What a new job costs: options, how well it does, configuration, job, network, plan.

struct CountingOptions: JobOptions {
  var (cell, hiddenSize, layers, dropout) = (CellKind.gru, 8, 1, Float(0))
  var (epochs, batchSize, learningRate, patience) = (4, 8, Float(1e-2), 10)
  var averaging: Double?
  var shards: Int?
  var (seed, members) = (UInt64(0), 1)
  var networks: Int? { members }
  func check(_ rules: inout OptionRules) {}
}

struct CountingError: JobEvaluation {
  var (meanSquare, count) = (0.0, 0)
  var headline: EpochScore { EpochScore("MSE", meanSquare, isHigherBetter: false) }
  var size: String { "\(count) rows of bits" }
  var description: String { "mean squared error \(meanSquare)" }
}

/// Counts the ones among bits.
struct Counting: Job {
  struct Configuration: JobConfiguration {
    var options = CountingOptions()
    var trainedOn = "random bits"
    var evaluation: CountingError?
    var rounding: Rounding?
  }

  static let (task, example) = ("counting", "row")
  let summaryLines = ["counts ones"]
  let typicalSteps = 6
  var parts: JobParts<Counting>
  init(_ parts: JobParts<Counting>) { self.parts = parts }

  static func model(
    _ configuration: Configuration, _ extras: NoExtras,
    using generator: inout some RandomNumberGenerator
  ) -> CountingModel {
    let units = configuration.options.hiddenSize
    return CountingModel(
      layer: GRU(inputSize: 1, hiddenSize: units, using: &generator),
      head: Dense(inputSize: units, outputSize: 1, using: &generator))
  }

  func evaluate(on bits: TensorExamples) -> CountingError {
    let sum = models.dropFirst().reduce(model(bits.inputs)) { $0 + $1(bits.inputs) }
    let mean = sum * (1 / Float(models.count))
    return CountingError(
      meanSquare: Double(meanSquaredError(mean, bits.targets).value), count: bits.count)
  }
}

struct CountingModel: JobModel {
  var layer: GRU
  var head: Dense

  func callAsFunction(_ bits: SequenceBatch, mode: Mode = .prediction) -> Tensor {
    head(layer(bits, mode: mode).lastValidSteps)
  }

  var paths: [LayerPath] { layer.paths.map { $0.under("layer") } }
  func products(steps: Int) -> [JobProduct] {
    [JobProduct("head", head.weights.count, of: head, times: 1)]
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("layer", &layer)
    visitor.visit("head", &head)
  }
}

struct CountingPlan: JobPlan {
  var options = CountingOptions()
  let extras = NoExtras()
  let description = "bits and their sums"
  let trainingExamples = bits(48, 1)
  let validationExamples = bits(16, 2)
  let test = bits(16, 3)

  func configuration(after histories: [TrainingHistory]) -> Counting.Configuration {
    .init(options: options)
  }

  func trainer(of model: CountingModel, member: Int) -> Trainer<CountingModel, Adam, TensorExamples>
  {
    Trainer(
      model, optimizer: Adam(learningRate: options.learningRate),
      options: options.training(member: member)
    ) { meanSquaredError($0($1.inputs, mode: $2), $1.targets) }
  }

  func complete(_ trained: inout Counting) {
    trained.parts.configuration.evaluation = trained.evaluate(on: test)
  }
}

private func bits(_ rows: Int, _ seed: UInt64) -> TensorExamples {
  var generator = RandomGenerator(RandomKey(seed: seed))
  let bits = (0..<rows).map { _ in
    (0..<6).map { _ in Float(Int.random(in: 0...1, using: &generator)) }
  }
  return TensorExamples(
    inputs: SequenceBatch(Tensor(bits.flatMap(\.self), shape: [rows, 6, 1])),
    targets: Tensor(bits.map { $0.reduce(0, +) / 6 }, shape: [rows, 1]))
}

/// What follows from these lines.
@Suite struct SmallestJobTests {
  private func plan(_ change: (inout CountingOptions) -> Void = { _ in }) -> CountingPlan {
    var plan = CountingPlan()
    change(&plan.options)
    return plan
  }

  @Test(arguments: [1, 3]) func savedAndLoaded(members: Int) throws {
    let trained = try plan { $0.members = members }.train()
    #expect(trained.models.count == members && trained.histories.count == members)
    #expect(Set(trained.models.map { $0.head.weights.elements }).count == members)
    let error = try #require(trained.configuration.evaluation?.meanSquare)
    #expect(error < 0.1 && trained.report == "mean squared error \(error)")
    #expect(
      trained.summary.hasPrefix("counts ones\n\nparameter")
        && trained.summary.hasSuffix(trained.report))
    try withTemporaryFolder { folder in
      try trained.save(to: folder + "/m")
      let loaded = try Counting(contentsOf: folder + "/m")
      #expect(loaded.cost().predictionOperations == Double(2 * 6 * 3 * 8 * (1 + 8) + 2 * 8))
      #expect(
        loaded.configuration == trained.configuration && loaded.models.bits == trained.models.bits)
      let rounded = try loaded.rounded(to: .int8, evaluatedOn: CountingPlan().test)
      try rounded.save(to: folder + "/small")
      let note = try #require(try Counting(contentsOf: folder + "/small").configuration.rounding)
      #expect(
        note.score?.before == error
          && note.score?.after == rounded.evaluate(on: CountingPlan().test).meanSquare)
      #expect(
        try dataError { _ = try Forecaster(contentsOf: folder + "/m") }.problem
          == "is a counting model, expected a forecaster model")
    }
  }

  /// Stopped after any step, within any of its networks, a run goes on to the same bits.
  @Test func goesOn() throws {
    let plan = plan { ($0.members, $0.epochs) = (2, 2) }
    let whole = try plan.train()
    try withTemporaryFolder { folder in
      let checkpoints = Checkpoints(in: folder + "/run")
      var (pauses, resumed) = (0, 0)
      while true {
        var steps = 0
        do {
          let trained = try plan.train(
            checkpoints: checkpoints,
            callbacks: [
              { event, _ in
                if case .resumed = event { resumed += 1 }
                guard case .step = event else { return .proceed }
                steps += 1
                return steps == 5 ? .stop : .proceed
              }
            ])
          #expect(trained.models.bits == whole.models.bits)
          #expect(trained.configuration == whole.configuration)
          break
        } catch is TrainingPause {
          pauses += 1
        }
      }
      // 24 steps in fives; after the first network is done, it is looked at too.
      #expect(pauses == 4 && resumed >= 4)
      // Of another run nothing is taken.
      let other = self.plan { ($0.members, $0.epochs, $0.learningRate) = (2, 2, 1) }
      let error = try dataError { _ = try other.train(checkpoints: checkpoints) }
      #expect(error.problem.hasPrefix("is of another run: "))
    }
  }

  @Test func optionsThatBreakRules() {
    var options = CountingOptions()
    #expect(options.problem == nil)
    options.members = 101
    #expect(options.problem == "the number of networks is between 1 and 100, not 101")
    options.epochs = 0
    #expect(options.problem == "the number of epochs is between 1 and 1000000, not 0")
  }
}
