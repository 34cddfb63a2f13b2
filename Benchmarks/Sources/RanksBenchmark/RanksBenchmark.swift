import ArgumentParser
import Foundation
import Recurrent
import RecurrentMPI
import RecurrentTasks

/// Updates of a training that ranks share, timed: `mpirun -n 2 ranks-benchmark lstm --shards 2 --threads 1`.
@main
struct RanksBenchmark: ParsableCommand {
  enum Shape: String, CaseIterable, ExpressibleByArgument {
    /// An LSTM of 256 units on 256 features, 64 rows of 100 steps.
    case lstm
    /// The translator's step: 64 pairs of 12 words, vocabularies of 4,000, its default network.
    case translator
  }

  static let configuration = CommandConfiguration(commandName: "ranks-benchmark")

  @Argument var shape: Shape
  @Option(help: "Shards of a batch.") var shards: Int?
  @Option(help: "Threads of a rank.") var threads = 1
  @Option(help: "Rows of a batch.") var batch = 64
  @Option(help: "Updates that are timed, one by one; the median is told.") var updates = 15

  func run() throws {
    let ranks = try Self.ranks()
    try ExecutionContext(threads: threads).run {
      switch shape {
      case .lstm: try time(lstm(), communicator: ranks)
      case .translator: try time(try translator(), communicator: ranks)
      }
    }
    Self.end()
  }

  private func time<Model, Rule, Examples>(
    _ run: (trainer: Trainer<Model, Rule, Examples>, examples: Examples),
    communicator: (any Communicator)?
  ) throws {
    var (trainer, examples) = run
    trainer.communicator = communicator
    let order = examples.batches(of: Array(0..<examples.count), size: batch)
    var seconds: [Double] = []
    var waited: [Double] = []
    for update in 0..<updates + 3 {
      let start = ProcessInfo.processInfo.systemUptime
      let before = trainer.state.progress.exchangeSeconds ?? 0
      try trainer.step([order[0]], of: examples)
      if update < 3 { continue }
      seconds.append(ProcessInfo.processInfo.systemUptime - start)
      waited.append((trainer.state.progress.exchangeSeconds ?? 0) - before)
    }
    guard communicator?.rank ?? 0 == 0 else { return }
    func median(_ numbers: [Double]) -> Double { numbers.sorted()[numbers.count / 2] }
    let floats = trainer.state.model.parameters.reduce(0) { $0 + $1.tensor.count }
    print(
      "\(shape)", communicator?.size ?? 1, threads, shards ?? 0,
      String(
        format: "%.2f %.2f %.2f", 1e3 * median(seconds), 1e3 * (seconds.min() ?? 0),
        1e3 * median(waited)), 4 * floats)
  }

  private func lstm() -> (
    trainer: Trainer<RecurrentStack, Adam, TensorExamples>, examples: TensorExamples
  ) {
    var generator = RandomGenerator(seed: 1)
    let stack = RecurrentStack(
      .lstm, inputSize: 256, hiddenSize: 256, layerCount: 1, using: &generator)
    func numbers() -> Tensor {
      Tensor(
        (0..<batch * 100 * 256).map { _ in Float.random(in: -1...1, using: &generator) },
        shape: [batch, 100, 256])
    }
    let trainer = Trainer(
      stack, optimizer: Adam(), options: TrainingOptions(batchSize: batch, shards: shards),
      on: TensorExamples.self
    ) { model, batch, mode in
      meanSquaredError(model(batch.inputs, mode: mode).values, batch.targets)
    }
    return (trainer, TensorExamples(inputs: SequenceBatch(numbers()), targets: numbers()))
  }

  private func translator() throws -> (
    trainer: Trainer<TranslatorModel, Adam, TranslationExamples>, examples: TranslationExamples
  ) {
    var generator = RandomGenerator(seed: 1)
    func sentence(_ letter: String) -> String {
      (0..<12).map { _ in "\(letter)\(Int.random(in: 0..<4000, using: &generator))" }
        .joined(separator: " ")
    }
    let pairs = (0..<4000).map { _ in SentencePairs.Pair(sentence("s"), sentence("t")) }
    var options = TranslatorOptions()
    (options.batchSize, options.shards) = (batch, shards)
    let plan = try TranslatorPlan(SentencePairs(pairs), options: options)
    return (plan.trainer(of: plan.model(), member: 1), plan.trainingExamples)
  }

  // MARK: Ranks

  #if MPI
    nonisolated(unsafe) private static var world: MPICommunicator?

    private static func ranks() throws -> (any Communicator)? {
      world = try MPICommunicator.begin()
      return world.flatMap { $0.size > 1 ? $0 : nil }
    }

    private static func end() { world?.end() }
  #else
    private static func ranks() throws -> (any Communicator)? { nil }
    private static func end() {}
  #endif
}
