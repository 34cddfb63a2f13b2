import Foundation
import Recurrent

/// Files with equal numbers of answers, which one behind the other are all answers in order.
struct AnswerShards {
  /// What all files of a folder belong to.
  struct Manifest: Codable, Equatable {
    var input: String
    var inputChecksum: String
    var model: String
    var modelChecksum: String
    /// Lines, or series.
    var requests: Int
    var shards: Int
    /// The command, but for what does not change the answers.
    var arguments: [String]
  }

  private static let manifestFile = "manifest.json"
  private let folder: String
  private let manifest: Manifest
  private let suffix: String
  /// Whether each file of the folder is whole.
  private let there: [Bool]
  private var shard = 0
  private var taken = 0
  private var text = ""
  private var faults = ""

  init(
    _ folder: String, count: Int, _ command: Predict, isJSON: Bool,
    _ opened: () throws(DataError) -> LineRequests
  ) throws {
    self.folder = folder
    suffix = isJSON ? "jsonl" : "txt"
    var (requests, total) = (try opened(), 0)
    requests.checksum = Checksum()
    while let some = try requests.next() { total += some.count }
    let configuration = try readFile(command.model + "/config.json")
    manifest = Manifest(
      input: command.file ?? "", inputChecksum: requests.checksum?.text ?? "",
      model: command.model, modelChecksum: checksumText(of: configuration), requests: total,
      shards: count, arguments: Self.telling(Array(CommandLine.arguments.dropFirst())))
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: nil)
    let path = folder + "/" + Self.manifestFile
    if try Self.isThere(path) {
      let old = try decodeJSON(Manifest.self, from: try readFile(path), file: path)
      try Self.check(old, against: manifest, folder)
    } else {
      let visible = try FileManager.default.contentsOfDirectory(atPath: folder)
        .filter { !$0.hasPrefix(".") }.sorted()
      if let found = visible.first {
        throw DataError(
          file: folder, problem: "holds \(quoted(found)) and no \(Self.manifestFile) of answers",
          advice: "Name another folder with --output")
      }
      try writeAtomically(try encodeJSON(manifest, file: path), to: path)
    }
    let stem = folder + "/"
    let suffix = suffix
    there = try (0..<count).map { try Self.isThere(stem + Self.name($0, of: count, suffix)) }
    let known = there.count { $0 }
    if known > 0 { warn("\(folder): \(known) of \(count) files are there already.") }
    try skipEmpty()
  }

  /// The arguments without those that change no answer.
  private static func telling(_ arguments: [String]) -> [String] {
    var (kept, skips) = ([String](), false)
    for argument in arguments {
      if skips {
        skips = false
      } else if argument == "--threads" {
        skips = true
      } else if !argument.hasPrefix("--threads=") {
        kept.append(argument)
      }
    }
    return kept
  }

  private static func check(
    _ old: Manifest, against new: Manifest, _ folder: String
  ) throws(DataError) {
    let problem: String? =
      if old.inputChecksum != new.inputChecksum {
        "holds answers to \(quoted(old.input)) (\(old.inputChecksum)), and \(quoted(new.input)) is "
          + "other text (\(new.inputChecksum))"
      } else if old.modelChecksum != new.modelChecksum {
        "holds answers of the model \(quoted(old.model)) as it was then, and \(quoted(new.model)) is "
          + "another"
      } else if old.shards != new.shards {
        "was begun with --output-shards \(old.shards), not \(new.shards)"
      } else if old.arguments != new.arguments || old.requests != new.requests {
        "was begun by another command: recurrent \(old.arguments.joined(separator: " "))"
      } else {
        nil
      }
    guard let problem else { return }
    throw DataError(
      file: folder, problem: problem,
      advice: "Name another folder with --output, or remove this one")
  }

  private static func isThere(_ path: String) throws(DataError) -> Bool {
    do throws(SystemError) {
      _ = try fileKind(path)
      return true
    } catch {
      if error.number == ENOENT { return false }
      throw unwritable(path, error)
    }
  }

  private static func name(_ shard: Int, of count: Int, _ suffix: String) -> String {
    func digits(_ number: Int) -> String {
      String(repeating: "0", count: 5 - String(number).count) + "\(number)"
    }
    return "part-\(digits(shard))-of-\(digits(count)).\(suffix)"
  }

  private func path(_ suffix: String) -> String {
    folder + "/" + Self.name(shard, of: manifest.shards, suffix)
  }

  /// Behind the last request of the current file.
  private var end: Int {
    // In parts, since the product of two large numbers may be none.
    let (each, more) = manifest.requests.quotientAndRemainder(dividingBy: manifest.shards)
    return (shard + 1) * each + min(shard + 1, more)
  }

  var isThere: Bool { shard < manifest.shards && there[shard] }
  var room: Int { max(1, end - taken) }
  /// Whether files that were there before hold lines that were not answered.
  var hadFaults: Bool {
    there.indices.contains {
      there[$0]
        && (try? Self.isThere(folder + "/" + Self.name($0, of: manifest.shards, "errors")))
          ?? false
    }
  }

  mutating func take(_ answer: String?, fault: DataError?) throws {
    guard shard < manifest.shards else {
      throw DataError(
        file: manifest.input, problem: "has grown since its lines were counted",
        advice: "Give the command again when nobody writes to the file")
    }
    if let answer { text += answer }
    if let fault { faults += "\(fault)\n" }
    taken += 1
    guard taken == end else { return }
    try close()
    try skipEmpty()
  }

  /// Files of no request are there too, so that their number is what was asked for.
  private mutating func skipEmpty() throws {
    while shard < manifest.shards, taken == end { try close() }
  }

  private mutating func close() throws {
    if !there[shard] {
      // First, so that who finds the answers finds what is wrong with them.
      if !faults.isEmpty { try writeAtomically(faults, to: path("errors")) }
      try writeAtomically(text, to: path(suffix))
    }
    (text, faults) = ("", "")
    shard += 1
  }

  func finish() throws {
    guard shard == manifest.shards else {
      throw DataError(
        file: manifest.input, problem: "has become shorter since its lines were counted",
        advice: "Give the command again when nobody writes to the file")
    }
    warn("wrote \(manifest.shards) file\(manifest.shards == 1 ? "" : "s") in \(folder).")
  }
}
