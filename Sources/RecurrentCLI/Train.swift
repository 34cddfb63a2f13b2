import ArgumentParser

/// `recurrent train …`: one subcommand a task.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model on a file.", subcommands: [TrainForecaster.self])
}
