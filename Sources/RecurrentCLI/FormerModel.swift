import Foundation
import Recurrent
import RecurrentTasks

/// The model that stands in a folder which a command is to write.
struct FormerModel: CustomStringConvertible {
  /// The job of the model, as the command calls it.
  let job: String
  private let written: Date?
  private let told: String?

  /// Nil if there is none in the folder, or none that can be read.
  init?(in folder: String) {
    guard let task = try? ModelFolder.peekTask(folder) else { return nil }
    let known = Jobs.named(task)
    job = known?.name ?? String(task.prefix(40))
    let attributes = try? FileManager.default.attributesOfItem(atPath: folder + "/config.json")
    written = attributes?[.modificationDate] as? Date
    told = try? known?.oneLine(of: folder)
  }

  /// `the forecaster of 2026-11-27 14:05, trained on prices.csv, 60 rows: RMSE 1.234`.
  var description: String {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.dateFormat = "yyyy-MM-dd HH:mm"
    return "the \(job)" + (written.map { " of " + format.string(from: $0) } ?? "")
      + (told.map { ", \($0)" } ?? "")
  }

  /// Refuses to write a model of `job` over one of another.
  ///
  /// - Parameter advice: what can be done, beside choosing another folder.
  /// - Returns: what will be replaced; nil: nothing.
  static func check(
    _ folder: String, for job: String, force: Bool, advice: String = ""
  ) throws(DataError) -> FormerModel? {
    guard let former = FormerModel(in: folder) else { return nil }
    guard former.job == job || force else {
      throw DataError(
        .unwritable, file: folder, problem: "holds another model than a \(job): \(former)",
        advice: "Choose another --output\(advice)")
    }
    return former
  }
}

extension JobCommand {
  /// What the model in a folder was trained on and how well it does.
  static func oneLine(of folder: String) throws(DataError) -> String {
    let found = try ModelFolder.read(folder, expecting: task, as: Trained.Configuration.self)
    let score = found.configuration.evaluation?.headline
    return "trained on \(found.configuration.trainedOn)"
      + (score.map { ": \($0.title) \(NumberFormat.significant($0.value))" } ?? "")
  }
}
