import ArgumentParser
import Recurrent
import RecurrentTasks

/// `recurrent inspect MODEL`
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what is in a model folder.",
    discussion: """
      Example:
        recurrent inspect model
      """)

  @Argument(help: "A model folder.") var model: String

  mutating func run() throws {
    let summary = try ModelFolder.peek(model)
    print("\(model): \(summary.task), written by recurrent \(summary.libraryVersion)")
    guard summary.task == Forecaster.task else { return }
    print(try Forecaster(contentsOf: model).summary)
  }
}
