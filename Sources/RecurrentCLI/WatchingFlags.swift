import ArgumentParser
import Recurrent
import RecurrentTasks

/// What is looked at while a network trains; training is the same with it, to the bit.
struct WatchingFlags: ParsableArguments {
  @Flag(
    help:
      "Look into the first network after each epoch, of small epochs after some: how far gradients reach back, gates, dead units, updates. Written as diagnosis.json, diagnosis.csv and diagnosis.svg, with a reading in words at the end."
  )
  var diagnose = false

  @Option(
    help: ArgumentHelp(
      "Write an event file for TensorBoard to this folder, epoch by epoch.", valueName: "folder"),
    completion: .directory)
  var tensorboard: String?

  /// The files of a diagnosis, if there is one.
  var files: [String] { diagnose ? TrainingDiagnosis.names : [] }

  /// The callbacks that write for TensorBoard.
  func callbacks(_ options: some JobOptions) throws -> [TrainingCallback] {
    guard let tensorboard, Ranks.isFirst else { return [] }
    let text = String(decoding: try encodeJSON(options, file: "options"), as: UTF8.self)
    let log = try TensorBoardLog(
      in: tensorboard,
      options: text.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n"))
    return [
      log.callback { error in
        warn("no more is written for TensorBoard; training goes on. \(error)")
      }
    ]
  }
}

extension TrainingRun.Closing {
  /// With the files and the words of a diagnosis.
  mutating func add(_ diagnosis: TrainingDiagnosis, _ flags: DiagnosisFlags) throws {
    files += try diagnosis.files
    details = [details, diagnosis.report(flags)].compactMap(\.self).joined(separator: "\n\n")
  }
}
