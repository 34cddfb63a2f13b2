import ArgumentParser

/// `recurrent train …`: one subcommand a task.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model.",
    discussion: flowing(
      """
      Examples:
        recurrent train forecaster prices.csv --target Close
        recurrent train classifier reviews.tsv --text sentence --label label
        recurrent train translator train.de train.en
      """),
    subcommands: Jobs.all)
}
