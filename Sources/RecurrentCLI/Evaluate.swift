import ArgumentParser
import Recurrent
import RecurrentTasks

/// `recurrent evaluate MODEL FILE.csv`
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a model on a table whose future is known.",
    discussion: """
      Every window of the file is forecast. Give rows that the model was not trained on.

      Example:
        recurrent evaluate model prices-2014.csv
      """)

  @Argument(help: "A model folder.") var model: String
  @Argument(help: ArgumentHelp("A CSV file with the model's columns.", valueName: "file.csv"))
  var file: String

  @OptionGroup var threads: ThreadOptions

  mutating func run() throws {
    threads.apply()
    switch try ModelFolder.peekTask(model) {
    case ImageClassifier.task: return try ImageCommands.evaluate(model, file)
    case Composer.task: return try evaluateComposer()
    default: break
    }
    let forecaster = try Forecaster(contentsOf: model)
    let evaluation = try forecaster.evaluate(on: try forecaster.read(file))
    print("\(file): all \(evaluation.windows) windows")
    print(evaluation)
  }
}
