import Foundation
import Testing

/// Data sets that are too large, or not ours, to lie in the repository: in the folder that
/// `RECURRENT_DATA` names.
///
/// ```swift
/// @Test(.sharedData("mnist1d/mnist1d.csv.xz"))
/// func trainsOnMNIST1D() async throws {
///   let text = try await SharedData.text("mnist1d/mnist1d.csv.xz")
/// ```
public enum SharedData {
  /// The folder, or nil if the variable is not set.
  public static let folder = ProcessInfo.processInfo.environment["RECURRENT_DATA"].flatMap {
    $0.isEmpty ? nil : $0
  }

  /// The full path of `file`, or nil if it is not there.
  public static func path(_ file: String) -> String? {
    guard let path = folder.map({ $0 + "/" + file }) else { return nil }
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  /// The bytes of `file`, unpacked if its name ends in `.xz` or `.gz` (by the programs of these
  /// names).
  public static func bytes(_ file: String) async throws -> Data {
    let path = try #require(SharedData.path(file), "RECURRENT_DATA holds no \(file)")
    let program: String
    if path.hasSuffix(".xz") {
      program = "xz"
    } else if path.hasSuffix(".gz") {
      program = "gzip"
    } else {
      return try Data(contentsOf: URL(fileURLWithPath: path))
    }
    let result = try await CommandRunner.run("/usr/bin/env", [program, "-dc", path])
    try #require(result.exitCode == 0, "\(program) -dc \(path): \(result.errorOutput)")
    return result.outputBytes
  }

  /// The text of `file`, unpacked if need be.
  public static func text(_ file: String) async throws -> String {
    String(decoding: try await bytes(file), as: UTF8.self)
  }
}

extension Trait where Self == ConditionTrait {
  /// Runs a test only where all of `files` are in the folder that `RECURRENT_DATA` names.
  public static func sharedData(_ files: String...) -> Self {
    let missing = files.filter { SharedData.path($0) == nil }
    let reason =
      SharedData.folder == nil
      ? "set RECURRENT_DATA to the folder with the data sets"
      : "RECURRENT_DATA holds no \(missing.joined(separator: ", "))"
    return .enabled(if: missing.isEmpty, "\(reason)")
  }
}
