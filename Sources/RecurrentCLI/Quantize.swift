import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent quantize MODEL [FILE …]`
struct Quantize: ThreadedCommand {
  static let configuration = CommandConfiguration(
    abstract: "Round a model's recurrent weights to fewer bits.",
    usage: "recurrent quantize [<options>] --output <folder> <model> [<files> ...]",
    discussion: flowing(
      """
      Writes a model of its own, whose weights take a half (bfloat16) or a
      quarter (int8) of the space. With data, shows how well both models do on
      it; of a forecaster, also how far forecasts are from those of the model
      as trained: on every window of the file or, without one, beyond the end of
      the training data. `recurrent inspect` shows it again.

      Examples:
        recurrent quantize model --output small
        recurrent quantize model prices-2014.csv --precision bfloat16 --output small
      """))

  @Argument(help: "A model folder.", completion: .directory) var model: String
  @Argument(
    help: ArgumentHelp(
      "Data whose answers are known, in any form that evaluate takes.", valueName: "files"),
    completion: .file())
  var files: [String] = []

  @Option(help: "What the weights are rounded to.")
  var precision = WeightPrecision.int8

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The new model's folder.", valueName: "folder"),
    completion: .directory)
  var output: String

  @OptionGroup var answer: JSONFlag
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    let folders = [model, output].map {
      URL(fileURLWithPath: $0).resolvingSymlinksInPath().standardizedFileURL.path
    }
    if folders[0] == folders[1] {
      throw ValidationError(
        "--output is another folder than the model, whose weights would be lost otherwise.")
    }
  }

  mutating func run() throws { try Jobs.ofModel(in: model).quantize(self) }
}

extension WeightPrecision: ExpressibleByArgument {
  /// The precision of that name, if a model can be rounded to it.
  public init?(argument: String) {
    self.init(rawValue: argument)
    if self == .float32 { return nil }
  }

  /// The names of the precisions that a model can be rounded to.
  public static var allValueStrings: [String] {
    allCases.filter { $0 != .float32 }.map(\.rawValue)
  }
}
