import Foundation
import Recurrent

/// What a training was told and what it read: what must be the same when it goes on, and what
/// `recurrent diff` compares. It stands in the run's folder and, as `run.json`, beside the model.
struct CommandRecord: Codable, Equatable {
  static let file = "run.json"

  /// The command, without the program's name.
  var arguments: [String]
  /// The folder in which it was given; only while it trains.
  var folder: String?
  /// The version of the program.
  var version = LibraryVersion.current
  /// The checksum of each file that it read, by path.
  var data: [String: String] = [:]
  /// The flags of the training, where `arguments` are not those: of a search those of its best trial, of
  /// an update those of the training before it.
  var options: [String]?
  /// How long each epoch took, network by network, in seconds.
  var seconds: [[Double]]?

  /// A training on files and folders.
  init(arguments: [String], inputs: [String]) {
    self.arguments = arguments
    folder = FileManager.default.currentDirectoryPath
    for input in inputs {
      // A file that cannot be read is told of by who reads it for what it says; a pipe is read once.
      for file in Self.files(in: input) {
        guard case .file? = try? fileKind(file) else { continue }
        data[file] = try? checksumText(ofFile: file)
      }
    }
  }

  /// The record of a run's folder; nil if there is none.
  init?(inRun folder: String) throws(DataError) {
    do {
      self = try decodeJSON(
        CommandRecord.self, from: try readFile(folder + "/" + Self.file),
        file: folder + "/" + Self.file
      )
    } catch let error where error.kind == .missingFile {
      return nil
    }
  }

  /// What a checkpoint must agree with.
  var digest: [String: String] { data.merging(["the version of recurrent": version]) { $1 } }

  /// Throws if the files, or the program, are no longer those of this record.
  func checkSame(as now: CommandRecord) throws(DataError) {
    let paths = Set(digest.keys).union(now.digest.keys).sorted()
    guard let path = paths.first(where: { digest[$0] != now.digest[$0] }) else { return }
    throw DataError(
      file: path, problem: "is not what it was when the training began",
      advice: "Bring it back, or begin anew with --restart")
  }

  /// The command record as the first rank reads it from a run's folder.
  init?(inRunSharedBy ranks: (any Communicator)?, _ folder: String) throws(DataError) {
    guard let ranks else {
      try self.init(inRun: folder)
      return
    }
    let found = ranks.rank == 0 ? try CommandRecord(inRun: folder) : nil
    let bytes = ranks.broadcast(try found?.bytes() ?? [])
    if bytes.isEmpty { return nil }
    self = try decodeJSON(CommandRecord.self, from: bytes, file: folder + "/" + Self.file)
  }

  func bytes() throws(DataError) -> [UInt8] { try encodeJSON(self, file: Self.file) }

  /// A file, or all files in a folder, in order, but for what a training keeps in it.
  private static func files(in path: String) -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
    else { return [path] }
    return ((try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []).sorted()
      .filter { !$0.hasPrefix(temporaryPrefix) }
      .map { path + "/" + $0 }
      .filter {
        FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue
      }
  }
}
