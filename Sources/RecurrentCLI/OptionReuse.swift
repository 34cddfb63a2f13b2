import ArgumentParser
import Recurrent
import RecurrentTasks

/// `--options`: options that a JSON file says, or that the training of a model folder was told.
///
/// They take their place among the words of the command before these are parsed, so that all that holds
/// for flags holds for them, and what a training keeps as its command stands alone.
struct OptionReuse {
  /// The words of the command, without the program's name, with what `--options` stands for in its place.
  static let words = Result { try OptionReuse(Array(CommandLine.arguments.dropFirst())) }

  /// Flags that are of one run, one machine or one set of data, and of which no other training is to
  /// be told.
  private static let ownFlags: Set<String> = [
    "output", "from", "restart", "force", "json", "quiet", "progress", "threads", "options", "data",
    "test", "validation", "back-translated", "class-names", "diagnose", "tensorboard",
  ]

  private(set) var arguments: [String]
  /// The file or folder; nil where there is none.
  private(set) var source: String?
  /// The flags that were taken, each with its values.
  private(set) var taken: [[String]] = []

  /// What was taken from a file or a model, as lines above a plan.
  var description: String? {
    source.map { source in
      "options     of \(source): "
        + (taken.isEmpty ? "none" : taken.joined().map(\.shellQuoted).joined(separator: " "))
    }
  }

  /// - Throws: ``DataError`` if the file is not what it should be.
  init(_ arguments: [String]) throws {
    self.arguments = arguments
    guard arguments.count > 2, ["train", "tune"].contains(arguments[0]),
      let job = Jobs.all.first(where: { $0.name == arguments[1] })
    else { return }
    let flags = FlagList(of: arguments[0] == "tune" ? job.tuning : job)
    var rest = flags.read(Array(arguments.dropFirst(2)))
    let places = rest.indices.filter { rest[$0].flag?.name == "options" }
    guard let place = places.first, let path = rest[place].values.first else { return }
    guard places.count == 1 else {
      throw ValidationError(
        "--options is given \(places.count) times; it names one file or folder.")
    }
    rest.remove(at: place)
    let given = Set(rest.compactMap(\.flag?.name))
    let found = try Self.read(path, for: job, flags: flags)
    source = path
    taken = found.filter { !given.contains($0.flag?.name ?? "") }.map(\.words)
    // Behind the arguments, which a flag with several values would take for its own.
    let end = rest.firstIndex { $0.values.first == "--" } ?? rest.endIndex
    self.arguments =
      arguments.prefix(2) + rest[..<end].flatMap(\.words) + taken.joined()
      + rest[end...].flatMap(\.words)
  }

  /// What the parser says is wrong, with where it stands if that is not the command line.
  func problem(in message: String) -> DataError? {
    guard let source,
      let match = message.firstMatch(of: #/^Error: (.* '(--[a-z0-9-]+)[^']*'.*)/#),
      let flag = taken.compactMap(\.first).first(where: { $0.hasPrefix(String(match.2)) })
    else { return nil }
    return DataError(
      file: source, place: String(flag.dropFirst(2)),
      problem: String(match.1.trimmingPrefix("The ")).trimmed(of: "."))
  }

  // MARK: Reading

  private static func read(
    _ path: String, for job: any JobCommand.Type, flags: FlagList
  ) throws -> [FlagList.Word] {
    if case .folder? = try? fileKind(path) {
      guard let record = try CommandRecord(inRun: path) else {
        throw DataError(
          file: path,
          problem: "holds no \(CommandRecord.file), in which trainings keep their flags",
          advice: "Name a folder that recurrent train, tune or update wrote, or a JSON file")
      }
      return try words(of: record, in: path, for: job, flags)
    }
    let bytes = try readFile(path)
    let members = try decodeJSON([String: OptionValue].self, from: bytes, file: path)
    if case .list? = members["arguments"] {
      let record = try decodeJSON(CommandRecord.self, from: bytes, file: path)
      return try words(of: record, in: path, for: job, flags)
    }
    return try members.sorted { $0.key < $1.key }.compactMap { key, value throws(DataError) in
      guard let flag = flags.named(key), flag.name != "options" else {
        throw unknown(key, in: path, for: job, flags)
      }
      return try value.word(flag, key: key, file: path, flags)
    }
  }

  private static func words(
    of record: CommandRecord, in path: String, for job: any JobCommand.Type, _ flags: FlagList
  ) throws(DataError) -> [FlagList.Word] {
    guard let words = record.trainingWords, let name = record.job else {
      throw DataError(file: path, problem: "keeps the command of no training")
    }
    guard name == job.name else {
      throw DataError(
        file: path, problem: "has the options of a \(name), which are not those of a \(job.name)",
        advice: "Name a \(job.name)")
    }
    return flags.read(words).filter { word in
      word.flag.map { flag in !flag.names.contains { ownFlags.contains($0.long ?? "") } } ?? false
    }
  }

  private static func unknown(
    _ key: String, in path: String, for job: any JobCommand.Type, _ flags: FlagList
  ) -> DataError {
    let names = flags.names
    return DataError(
      file: path, place: key, problem: "is no option of recurrent train \(job.name)",
      advice: FlagList.dashed(key).nearest(of: names).map { "The nearest is \($0)" }
        ?? "recurrent train \(job.name) --help lists them")
  }
}

extension JobCommand {
  /// The command that searches its options.
  fileprivate static var tuning: any ParsableCommand.Type { TuneJob<Self>.self }
}

extension CommandRecord {
  /// The job that was trained; nil if none was.
  fileprivate var job: String? {
    switch arguments.first {
    case "train", "tune": arguments.count > 1 ? arguments[1] : nil
    case "update": TrainForecaster.name
    default: nil
    }
  }

  /// The words with which `recurrent train JOB` would train the same; nil if none would.
  var trainingWords: [String]? {
    options ?? (arguments.first == "train" ? Array(arguments.dropFirst(2)) : nil)
  }
}

/// A value of a file of options.
private enum OptionValue: Decodable {
  case none
  case truth(Bool)
  case text(String)
  case list([OptionValue])
  case object

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .none
    } else if let truth = try? container.decode(Bool.self) {
      self = .truth(truth)
    } else if let number = try? container.decode(Int.self) {
      self = .text("\(number)")
    } else if let number = try? container.decode(UInt64.self) {
      self = .text("\(number)")
    } else if let number = try? container.decode(Double.self) {
      self = .text("\(number)")
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let list = try? container.decode([OptionValue].self) {
      self = .list(list)
    } else {
      self = .object
    }
  }

  /// The flag with this value; nil where it is not to be given.
  func word(
    _ flag: FlagList.Flag, key: String, file: String, _ flags: FlagList
  ) throws(DataError) -> FlagList.Word? {
    func wrong(_ expected: String) -> DataError {
      DataError(file: file, place: key, problem: "is \(self.words), expected \(expected)")
    }
    if case .none = self { return nil }
    if flag.isSwitch {
      guard case .truth(let isOn) = self else { throw wrong("true or false") }
      if isOn { return FlagList.Word(flag: flag, values: []) }
      return flags.named("no-" + flag.name).map { FlagList.Word(flag: $0, values: []) }
    }
    switch self {
    case .text(let text): return FlagList.Word(flag: flag, values: [text])
    case .list(let values):
      var texts: [String] = []
      for case .text(let text) in values { texts.append(text) }
      guard texts.count == values.count, !texts.isEmpty else {
        throw wrong("numbers or texts")
      }
      return FlagList.Word(
        flag: flag, values: flag.isRepeating ? texts : [texts.joined(separator: ",")])
    default:
      throw wrong(flag.isRepeating ? "a list of texts" : "a number, a text or a list of them")
    }
  }

  private var words: String {
    switch self {
    case .none: "null"
    case .truth(let isOn): "\(isOn)"
    case .text(let text): text.prefix(40).description
    case .list: "a list"
    case .object: "an object"
    }
  }
}

extension String {
  fileprivate func trimmed(of ending: Character) -> String {
    last == ending ? String(dropLast()) : self
  }
}
