import Foundation
import Recurrent
import Testing

/// Reference numbers that an independent implementation computed: inputs, weights, outputs,
/// gradients.
///
/// They lie in `Tests/Fixtures`, a folder for each framework; scripts beside them
/// tell the tensors' names and make them again. Folders of these names where the environment
/// variable `RECURRENT_FIXTURES` says take their place.
public enum Fixtures {
  /// The folder with a sub-folder for each framework.
  public static let folder: String =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures").path

  /// The folder of `framework` ("pytorch").
  public static func folder(of framework: String) -> String {
    let other = ProcessInfo.processInfo.environment["RECURRENT_FIXTURES"].map {
      "\($0)/\(framework)"
    }
    return other.flatMap { FileManager.default.fileExists(atPath: $0) ? $0 : nil }
      ?? "\(folder)/\(framework)"
  }

  /// The names of the cases of `framework` ("pytorch"), sorted, whose files begin with `prefix`.
  ///
  /// Never empty: a test over no cases would pass.
  public static func names(of framework: String, prefix: String = "") throws -> [String] {
    let path = folder(of: framework)
    let names = try FileManager.default.contentsOfDirectory(atPath: path)
      .filter { $0.hasPrefix(prefix) && $0.hasSuffix(".safetensors") }
      .map { String($0.dropLast(".safetensors".count)) }
      .sorted()
    guard !names.isEmpty else {
      throw DataError(.missingFile, file: path, problem: "found no cases named \(prefix)*")
    }
    return names
  }

  /// The case `name` of `framework`.
  public static func load(_ name: String, of framework: String) throws -> FixtureCase {
    let file = try SafetensorsFile(path: "\(folder(of: framework))/\(name).safetensors")
    let config = Data((file.metadata["config"] ?? "{}").utf8)
    return FixtureCase(
      name: name, config: try JSONDecoder().decode([String: JSONValue].self, from: config),
      file: file)
  }

  /// All cases of `framework` for which `isIncluded` holds, sorted by name; never empty.
  ///
  /// ```swift
  /// @Test(arguments: try Fixtures.cases(of: "pytorch") { $0["cell"]?.string == "lstm" })
  /// ```
  public static func cases(
    of framework: String, where isIncluded: ([String: JSONValue]) -> Bool = { _ in true }
  ) throws -> [FixtureCase] {
    let cases = try names(of: framework).map { try load($0, of: framework) }
      .filter { isIncluded($0.config) }
    guard !cases.isEmpty else {
      throw DataError(.missingFile, file: folder(of: framework), problem: "no case is as asked")
    }
    return cases
  }
}

/// One case: how it was computed, and its tensors.
public struct FixtureCase: Sendable, CustomTestStringConvertible {
  /// The file's name without its ending.
  public var name: String
  /// The case's settings, such as `cell`, `batch` and `hidden`.
  public var config: [String: JSONValue]
  /// The tensors.
  public var file: SafetensorsFile

  /// The name, which identifies the case in test results.
  public var testDescription: String { name }

  /// The tensor `name`; an error if there is none.
  public func floats(_ name: String) throws -> StoredTensor { try file.floats(name) }

  /// The tensors whose names begin with `prefix`, without it: `tensors("weight.")["bias_ih_l0"]`.
  public func tensors(_ prefix: String) throws -> [String: StoredTensor] {
    var tensors: [String: StoredTensor] = [:]
    for name in file.names where name.hasPrefix(prefix) {
      tensors[String(name.dropFirst(prefix.count))] = try file.floats(name)
    }
    return tensors
  }
}
