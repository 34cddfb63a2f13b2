import ArgumentParser
import Foundation
import Recurrent

/// `recurrent resume FOLDER`
struct Resume: ThreadedCommand, RankedCommand {
  static let configuration = CommandConfiguration(
    abstract: "Go on with a training that was stopped or killed.",
    discussion: flowing(
      """
      Give the folder that the training, or tuning, writes to. It goes on from its newest
      checkpoint with the flags that it was given, and its model is the same, to
      the bit, as that of a training that never stopped. Its files must be what
      they were.

      Examples:
        recurrent train forecaster prices.csv --output model
        recurrent resume model
      """))

  @Argument(
    help: ArgumentHelp("The folder that the training writes to.", valueName: "folder"),
    completion: .directory)
  var output: String

  @OptionGroup var answer: AnswerFlags
  @OptionGroup var threads: ThreadOptions

  mutating func run() throws {
    let path = RunFolder.path(for: output)
    guard let record = try CommandRecord(inRunSharedBy: Ranks.all, path) else {
      let isThere = FileManager.default.fileExists(atPath: output)
      throw DataError(
        .missingFile, file: output,
        problem: isThere ? "holds no training that was stopped" : "there is no such folder",
        advice: "Name the folder that a training was to write")
    }
    guard
      var command = try RecurrentCommand.parseAsRoot(words(record.arguments))
        as? any ResumableCommand
    else {
      throw DataError(
        file: path + "/" + CommandRecord.file, place: "arguments", problem: "are of no training")
    }
    guard Ranks.isFirst || command is any RankedCommand else { return }
    guard !record.arguments.contains("-") else {
      throw DataError(
        file: output, problem: "its training read standard input, which is gone",
        advice: "Keep the data in a file and train anew, with --restart")
    }
    if let folder = record.folder, !FileManager.default.changeCurrentDirectoryPath(folder) {
      throw DataError(
        .missingFile, file: folder, problem: "is not there, and the training was started in it",
        advice: "Bring it back")
    }
    try command.go(arguments: record.arguments, resumes: true)
  }

  /// The words of the training with those flags that say how this command is to answer.
  private func words(_ arguments: [String]) -> [String] {
    var added: [String] = []
    if answer.json, !arguments.contains("--json") { added.append("--json") }
    if answer.quiet, !arguments.contains("--quiet"), !arguments.contains("-q") {
      added.append("--quiet")
    }
    let start = arguments.first == "update" ? 1 : 2
    return arguments.prefix(start) + added + arguments.dropFirst(start)
  }
}
