import Foundation
import Recurrent
import TestSupport
import Testing

/// An empty folder in which the real command is run, as in a user's shell.
struct Workspace {
  let path: String

  /// Calls `body` with a workspace, which is removed afterwards.
  static func with<Result>(_ body: (Workspace) async throws -> Result) async throws -> Result {
    try await withTemporaryFolder { try await body(Workspace(path: $0)) }
  }

  func write(_ text: String, to name: String) throws { try write(Data(text.utf8), to: name) }

  func write(_ bytes: Data, to name: String) throws {
    try bytes.write(to: URL(fileURLWithPath: path + "/" + name))
  }

  func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path + "/" + name))
  }

  func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

  func isThere(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: path + "/" + name)
  }

  /// Every file with its bytes, and every folder, by path: what must not change when a command
  /// fails.
  func contents() throws -> [String: Data?] {
    var found: [String: Data?] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isFolder)
      found[name] = .some(isFolder.boolValue ? nil : try bytes(name))
    }
    return found
  }

  /// Runs `recurrent` in this folder.
  func recurrent(
    _ arguments: [String], environment: [String: String] = [:]
  ) async throws -> CommandResult {
    try await CommandRunner.run(
      CommandRunner.commandPath(), arguments, environment: environment, workingDirectory: path)
  }

  /// Trains a tiny model of `file` into the folder `model`; expects that it works.
  func train(_ file: String, _ more: String..., output: String = "model") async throws {
    let result = try await recurrent(
      ["train", "forecaster", file] + Sample.small + ["--output", output] + more)
    try #require(result.exitCode == 0, "\(result.errorOutput)")
  }

  /// Expects that a command fails with one message of these parts, prints nothing of a result, and
  /// leaves every file as it was.
  func expectFailure(
    _ code: Int32, _ parts: [String], running arguments: [String],
    environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let before = try contents()
    let result = try await recurrent(arguments, environment: environment)
    let message = result.errorOutput
    #expect(
      result.exitCode == code, "\(message)\n\(result.output)", sourceLocation: sourceLocation)
    for part in parts {
      #expect(message.contains(part), "\"\(part)\" in: \(message)", sourceLocation: sourceLocation)
    }
    #expect(try contents() == before, sourceLocation: sourceLocation)
    if code != 64 {
      // Progress may stand before it; the message itself is one line that ends in one full stop.
      let last = message.split(separator: "\n").last.map(String.init) ?? ""
      #expect(last.hasPrefix("recurrent: "), "\(message)", sourceLocation: sourceLocation)
      #expect(last.hasSuffix("."), "\(message)", sourceLocation: sourceLocation)
      #expect(!last.contains(".."), "\(message)", sourceLocation: sourceLocation)
    }
  }

  /// Expects that training on a file of `bytes` is refused with one message of these parts.
  static func expectRefused(
    _ bytes: Data, _ parts: [String], _ options: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    try await with { workspace in
      try workspace.write(bytes, to: "t.csv")
      try await workspace.expectFailure(
        65, parts,
        running: ["train", "forecaster", "t.csv", "--output", "new"] + Sample.small + options,
        sourceLocation: sourceLocation)
    }
  }

  /// Expects that training on a file of `bytes` works and that the results are those of `same`.
  ///
  /// - Parameter sameOptions: the flags for `same`, if not those for `bytes`.
  static func expectSame(
    _ bytes: Data, as same: String, _ options: [String] = [], _ sameOptions: [String]? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    try await with { workspace in
      try workspace.write(bytes, to: "t.csv")
      try workspace.write(same, to: "same.csv")
      for (file, output, options) in [
        ("t.csv", "a", options), ("same.csv", "b", sameOptions ?? options),
      ] {
        let result = try await workspace.recurrent(
          ["train", "forecaster", file, "--output", output] + Sample.small + options)
        #expect(result.exitCode == 0, "\(result.errorOutput)", sourceLocation: sourceLocation)
      }
      for file in ["model.safetensors", "forecast.csv"] {
        #expect(
          try workspace.bytes("a/" + file) == workspace.bytes("b/" + file), "\(file)",
          sourceLocation: sourceLocation)
      }
    }
  }
}

/// Tables small enough that a model of them is trained in the blink of an eye.
enum Sample {
  /// Flags of the smallest training that is one, and of no second one.
  static let small = [
    "--window", "8", "--epochs", "1", "--hidden", "4", "--layers", "1", "--calibration",
    "validation",
    "--refit", "none",
  ]

  /// Rows of a table `Date,Close,Open,Volume` that starts with 2020 and has no weekends off.
  static func rows(_ count: Int) -> [[String]] {
    (0..<count).map { row in
      let close = 100 + 0.5 * Double(row) + 7 * sin(Double(row) / 5)
      let open = 99 + 0.5 * Double(row) + 6 * sin(Double(row) / 4)
      return [
        day(row), String(format: "%.2f", close), String(format: "%.2f", open), "\(1000 + 3 * row)",
      ]
    }
  }

  static let header = ["Date", "Close", "Open", "Volume"]

  /// Row 0 is 2020-01-01.
  static func day(_ row: Int) -> String {
    let date = Date(timeIntervalSince1970: 1_577_836_800 + 86_400 * Double(row))
    return date.formatted(.iso8601.year().month().day())
  }

  static func csv(_ rows: [[String]], separator: String = ",", lineEnd: String = "\n") -> String {
    ([header] + rows).map { $0.joined(separator: separator) + lineEnd }.joined()
  }

  /// 60 rows.
  static let prices = csv(rows(60))

  /// 60 rows with one cell exchanged; line 1 is the header.
  static func prices(line: Int, column: Int, _ cell: String) -> String {
    var rows = rows(60)
    rows[line - 2][column] = cell
    return csv(rows)
  }
}
