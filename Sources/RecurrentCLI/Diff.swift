import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent diff A B`
struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what differs between two models, or between two trainings.",
    discussion: flowing(
      """
      Compares what both were told (options, flags), the data they read (by
      checksum), how well they do, and their weights, tensor by tensor. Of a
      training that is not done, its flags and data. Nothing is printed but what
      differs; the exit code is 0 where nothing does, else 1. Times are not
      compared.

      Examples:
        recurrent diff model other
      """))

  @Argument(help: ArgumentHelp("A model folder.", valueName: "folder"), completion: .directory)
  var first: String
  @Argument(help: ArgumentHelp("Another.", valueName: "folder"), completion: .directory)
  var second: String

  @OptionGroup var answer: JSONFlag

  mutating func run() throws {
    let (one, other) = (try Side(first), try Side(second))
    var lines: [[String]] = []
    var values: [String: [String?]] = [:]
    for key in Set(one.values.keys).union(other.values.keys).sorted() {
      let (a, b) = (one.values[key] ?? "none", other.values[key] ?? "none")
      if a != b { values[key] = [one.values[key], other.values[key]] }
      if a != b { lines.append([key, Self.short(a), Self.short(b)]) }
    }
    if answer.json {
      let weights = Dictionary(
        uniqueKeysWithValues: differences(one.weights, other.weights).map { ($0[0], $0[1]) })
      print(try jsonText(Differences(values: values, weights: weights)))
      if values.isEmpty, weights.isEmpty { return }
      throw ExitCode(1)
    }
    if !lines.isEmpty { print(TextTable([["", first, second]] + lines)) }
    let weights = differences(one.weights, other.weights)
    if !weights.isEmpty {
      print(
        (lines.isEmpty ? "" : "\n") + "\(TextTable([["weights", "largest difference"]] + weights))")
    }
    if lines.isEmpty, weights.isEmpty { return print("nothing differs") }
    throw ExitCode(1)
  }

  /// Tensor by tensor; those that are equal to the bit are left out.
  private func differences(_ one: SafetensorsFile?, _ other: SafetensorsFile?) -> [[String]] {
    let names = Set((one?.names ?? []) + (other?.names ?? []))
    return names.sorted().compactMap { name in
      guard let a = try? one?.floats(name), let b = try? other?.floats(name) else {
        return [name, "only in one"]
      }
      guard a.shape == b.shape else { return [name, "\(a.shape), not \(b.shape)"] }
      let pairs = zip(a.values, b.values)
      guard pairs.contains(where: { $0.bitPattern != $1.bitPattern }) else { return nil }
      return [
        name, NumberFormat.significant(pairs.reduce(0) { max($0, Double(abs($1.0 - $1.1))) }),
      ]
    }
  }

  /// By where it stands what is said on either side, null for nothing; the largest difference of each
  /// tensor that differs, or in which way it does.
  private struct Differences: Encodable {
    let values: [String: [String?]]
    let weights: [String: String]
  }

  private static func short(_ text: String) -> String {
    text.count > 40 ? text.prefix(39) + "…" : text
  }

  /// One of the two folders that are compared.
  private struct Side {
    /// By where it stands: `options.epochs`, `data.prices.csv`.
    var values: [String: String] = [:]
    var weights: SafetensorsFile?

    init(_ path: String) throws {
      let run = try CommandRecord(inRun: path) ?? CommandRecord(inRun: RunFolder.path(for: path))
      if let run {
        for (file, checksum) in run.data { values["data." + file] = checksum }
        // Where they were written does not make two runs differ.
        var arguments = run.arguments
        if let place = arguments.firstIndex(where: { ["-o", "--output"].contains($0) }) {
          arguments.removeSubrange(place..<min(place + 2, arguments.count))
        }
        values["command"] = arguments.joined(separator: " ")
        values["program"] = run.version
      }
      do {
        let contents = try ModelFolder.read(
          path, expecting: try ModelFolder.peekTask(path), as: JSONTree.self)
        values["job"] = contents.summary.task
        values["program"] = contents.summary.libraryVersion
        contents.configuration.leaves(under: []) { values[$0] = $1 }
        for (name, bytes) in contents.extraFiles { values[name] = checksumText(of: bytes) }
        weights = contents.weights
      } catch let error where run == nil {
        throw error
      } catch {}
    }
  }
}

/// Any JSON value.
private enum JSONTree: Decodable {
  case leaf(String)
  case list([JSONTree])
  case object([String: JSONTree])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .leaf("none")
    } else if let object = try? container.decode([String: JSONTree].self) {
      self = .object(object)
    } else if let list = try? container.decode([JSONTree].self) {
      self = .list(list)
    } else if let flag = try? container.decode(Bool.self) {
      self = .leaf("\(flag)")
    } else if let number = try? container.decode(Double.self) {
      self = .leaf(
        number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)")
    } else {
      self = .leaf(try container.decode(String.self))
    }
  }

  /// Each value that is neither list nor object, by where it stands.
  func leaves(under path: [String], _ body: (String, String) -> Void) {
    switch self {
    case .leaf(let text): body(path.joined(separator: "."), text)
    case .list(let values):
      for (index, value) in values.enumerated() { value.leaves(under: path + ["\(index)"], body) }
    case .object(let members):
      for (name, value) in members { value.leaves(under: path + [name], body) }
    }
  }
}
