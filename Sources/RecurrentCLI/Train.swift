import ArgumentParser

/// `recurrent train …`: one subcommand a task.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model.",
    discussion: """
      Example:
        recurrent train forecaster prices.csv --target Close
      """,
    subcommands: [TrainForecaster.self, TrainImageClassifier.self, TrainComposer.self])
}
