import ArgumentParser
import Foundation
import Recurrent

/// The classic tasks of long memory.
@main
struct LongMemory: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "LongMemory",
    abstract: "What recurrent networks remember over hundreds of steps: the classic tasks.",
    subcommands: [All.self, Adding.self, Copy.self, Order.self, GradientsOverTime.self],
    defaultSubcommand: All.self)
}

struct All: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "all", abstract: "Everything, one after the other.")

  @Flag(help: "A few updates of small networks: whether it runs, not what it learns.")
  var short = false

  func run() throws {
    let tasks: [any ParsableCommand.Type] = [
      Adding.self, Copy.self, Order.self, GradientsOverTime.self,
    ]
    for task in tasks {
      var task = try task.parseAsRoot(short ? ["--short"] : [])
      try task.run()
      print()
    }
  }
}

/// What all tasks take; defaults are each task's own.
struct LearningOptions: ParsableArguments {
  @Option(help: "The layers: \(Kind.allCases.map(\.rawValue).joined(separator: ", ")).")
  var kind: Kind?

  @Option(help: "Layers one on the other.")
  var layers = 1

  @Option(help: "Units of a layer.")
  var hidden: Int?

  @Option(help: "Sequences of an update.")
  var batch: Int?

  @Option(help: "Of Adam.")
  var learningRate: Float?

  @Option(help: "Updates, at most.")
  var updates: Int?

  @Option(help: "Stop when the error is under this.")
  var goal: Double?

  @Option(help: "Where all random numbers come from.")
  var seed: UInt64 = 1

  @Option(help: "Steps to bridge.")
  var steps: Int?

  @Flag(help: "A few updates of a small network: whether it runs, not what it learns.")
  var short = false

  func validate() throws {
    for (name, value, least) in [
      ("steps", steps, 20), ("layers", layers, 1), ("hidden", hidden, 1), ("batch", batch, 1),
      ("updates", updates, 1),
    ] {
      if let value, value < least {
        throw ValidationError("--\(name) is at least \(least), not \(value)")
      }
    }
  }

  /// `defaults` with what was given instead.
  func learning(_ defaults: Learning) -> Learning {
    var result = defaults
    result.layers = layers
    result.seed = seed
    if short { (result.hidden, result.batch, result.updates, result.testCount) = (8, 4, 2, 8) }
    result.kind = kind ?? result.kind
    result.hidden = hidden ?? result.hidden
    result.batch = batch ?? result.batch
    result.learningRate = learningRate ?? result.learningRate
    result.updates = updates ?? result.updates
    result.goal = goal ?? result.goal
    return result
  }
}

struct Adding: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adding", abstract: "The sum of two marked numbers among many.")

  @OptionGroup var options: LearningOptions

  func run() {
    let learning = options.learning(
      Learning(
        kind: .gru, hidden: 64, batch: 32, learningRate: 2e-3, updates: 10_000, goal: 5e-4, seed: 1)
    )
    learning.run(AddingProblem(steps: options.steps ?? (options.short ? 20 : 600)))
  }
}

struct Copy: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "copy", abstract: "Ten letters given back after a long time.")

  @OptionGroup var options: LearningOptions

  func run() {
    let learning = options.learning(
      Learning(
        kind: .orthogonal, hidden: 128, batch: 64, learningRate: 3e-4, updates: 12_000, goal: 0.005,
        seed: 1))
    learning.run(CopyMemory(delay: options.steps ?? (options.short ? 20 : 200)))
  }
}

struct Order: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "order", abstract: "Which of two letters came first, in much noise.")

  @OptionGroup var options: LearningOptions

  func run() {
    let learning = options.learning(
      Learning(
        kind: .chronoLSTM, hidden: 32, batch: 32, learningRate: 3e-3, updates: 10_000, goal: 0.01,
        seed: 1))
    learning.run(TemporalOrder(shortest: options.steps ?? (options.short ? 20 : 100)))
  }
}

struct GradientsOverTime: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gradients", abstract: "How much of the gradient reaches the first steps.")

  @Option(help: "Steps of the sequences.")
  var steps: Int?

  @Option(help: "Units of a layer.")
  var hidden = 64

  @Option(help: "Where all random numbers come from.")
  var seed: UInt64 = 1

  @Option(help: "The picture to write.")
  var plot: String?

  @Flag(help: "A few steps of small networks.")
  var short = false

  func run() throws {
    let flow = GradientFlow(
      steps: steps ?? (short ? 20 : 200), hidden: short ? 8 : hidden, batch: short ? 4 : 64,
      seed: seed)
    let curves = flow.curves(of: [.rnn, .irnn, .lstm, .chronoLSTM, .gru, .chronoGRU])
    print(flow.table(curves))
    guard let plot else { return }
    try flow.chart(curves).svg().write(toFile: plot, atomically: true, encoding: .utf8)
    print("Wrote \(plot)")
  }
}
