import ArgumentParser
import Recurrent

/// Where the answers of many lines go, if not to standard output.
struct ShardOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Write the answers to files in this folder, each whole or not at all; the same command goes on with "
        + "those that are missing.", valueName: "folder"), completion: .directory)
  var output: String?

  @Option(
    help: ArgumentHelp(
      "How many files --output gets; a file is held in memory until it is whole. (default: 1)",
      valueName: "count"))
  var outputShards: Int?

  func validate() throws {
    if outputShards != nil, output == nil {
      throw ValidationError("--output-shards says how many files --output gets; give both.")
    }
    if let outputShards, !(1...99_999).contains(outputShards) {
      throw ValidationError("--output-shards is between 1 and 99999, not \(outputShards).")
    }
  }
}

/// Takes the answers in their order: to standard output as they come, or to the files of a folder.
struct AnswerOutput {
  private(set) var hasFaults = false
  private var shards: AnswerShards?

  /// - Parameter opened: the requests, to be counted before they are answered.
  init(_ command: Predict, isJSON: Bool, _ opened: () throws(DataError) -> LineRequests) throws {
    guard let folder = command.lines.sharding.output else { return }
    guard let file = command.file, case .file? = try? fileKind(file) else {
      if let file = command.file, file != "-" { _ = try LineReader(contentsOf: file) }
      throw ValidationError(
        "--output goes on where it was stopped, so it needs a file, not standard input or a pipe.")
    }
    for (flag, isGiven) in [
      ("--conll", command.tagging.conll), ("--html", command.explaining.html != nil),
      ("--attention", command.translating.attention != nil),
    ] where isGiven {
      throw ValidationError("\(flag) is of all lines together, and --output of parts of them.")
    }
    shards = try AnswerShards(
      folder, count: command.lines.sharding.outputShards ?? 1, command, isJSON: isJSON, opened)
    hasFaults = shards?.hadFaults ?? false
  }

  /// Whether the answer to the next request was written before.
  var isThere: Bool { shards?.isThere ?? false }
  /// How many answers are taken before one is written.
  var room: Int { shards?.room ?? .max }

  /// Goes on behind a request that was answered before.
  mutating func pass() throws { try shards?.take(nil, fault: nil) }

  mutating func take(_ text: String, fault: DataError? = nil) throws {
    if fault != nil { hasFaults = true }
    if shards != nil { try shards?.take(text, fault: fault) } else { print(text, terminator: "") }
  }

  /// Brings the answers to who waits for them.
  func flush() throws { if shards == nil { try flushOutput() } }

  func end(_ text: String) throws {
    if let shards { return try shards.finish() }
    print(text, terminator: "")
    try flushOutput()
  }
}
