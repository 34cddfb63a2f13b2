import ArgumentParser
import Recurrent

/// What someone who gave a word that this program does not have may have meant.
struct Suggestions {
  /// Flags by the names that other programs have for them, the likelier first.
  private static let flags: KeyValuePairs = [
    "lr": ["learning-rate"], "eta": ["learning-rate"], "rate": ["learning-rate"],
    "units": ["hidden"], "hidden-size": ["hidden"], "hidden-dim": ["hidden"],
    "neurons": ["hidden"], "num-layers": ["layers"], "depth": ["layers"],
    "lookback": ["window"], "look-back": ["window"], "sequence-length": ["window", "steps"],
    "seq-len": ["window", "steps"], "timesteps": ["window", "steps"], "lags": ["window"],
    "batch-size": ["batch", "streams"], "bs": ["batch", "streams"], "batch": ["streams"],
    "num-epochs": ["epochs"], "iterations": ["epochs"], "max-epochs": ["epochs"],
    "dropout-rate": ["dropout"], "early-stopping": ["patience"],
    "output-dir": ["output"], "out": ["output"], "save": ["output"], "model": ["output", "cell"],
    "model-dir": ["output"], "embedding-dim": ["embedding"], "embedding-size": ["embedding"],
    "vocab-size": ["vocabulary"], "vocab": ["vocabulary"], "max-length": ["maximum-length"],
    "max-len": ["maximum-length"], "min-count": ["minimum-count"], "min-freq": ["minimum-count"],
    "rnn": ["cell"], "rnn-type": ["cell"], "type": ["cell"], "forecast": ["horizon"],
    "steps-ahead": ["horizon"], "ahead": ["horizon", "steps"], "period": ["season"],
    "seasonality": ["season"], "date": ["time"], "timestamp": ["time"], "column": ["target"],
    "y": ["target"], "features": ["covariates"], "regressors": ["covariates"],
    "group": ["series"], "id": ["series"], "scaler": ["scaling"], "normalize": ["scaling"],
    "val-split": ["validation-fraction"], "validation-split": ["validation-fraction"],
    "test-split": ["test-fraction"], "test-size": ["test-fraction"],
    "random-state": ["seed"], "random-seed": ["seed"], "workers": ["threads"],
    "jobs": ["threads"], "num-threads": ["threads"], "device": ["threads"], "gpu": ["threads"],
    "cuda": ["threads"], "cpu": ["threads"], "overwrite": ["force"], "resume": ["from"],
    "pretrained": ["from"], "init": ["from"], "glove": ["vectors"], "embeddings": ["vectors"],
    "flair": ["language-models"],
    "gazetteer": ["lists"], "gazetteers": ["lists"], "reverse": ["backward"],
    "beam-size": ["beam"], "beam-width": ["beam"], "beams": ["beam"], "temp": ["temperature"],
    "nucleus": ["top-p"], "max-tokens": ["length"], "max-new-tokens": ["length"],
    "start": ["prompt"], "verbose": ["progress"], "quiet": ["progress"],
    "silent": ["quiet", "progress"], "config": ["options"],
    "members": ["ensemble"],
    "bits": ["precision"], "format": ["json"], "chart": ["plot"], "figure": ["plot"],
  ]

  /// Commands and jobs by other names.
  private static let commands: KeyValuePairs = [
    "detect": "anomalies", "outliers": "anomalies", "anomaly": "anomalies", "append": "update",
    "retrain": "update", "optimize": "tune", "search": "tune", "sweep": "tune", "tuner": "tune",
    "fit": "train",
    "learn": "train", "training": "train", "test": "evaluate", "eval": "evaluate",
    "infer": "predict", "inference": "predict", "forecast": "predict", "tag": "predict",
    "translate": "predict", "classify": "predict", "run": "predict", "sample": "generate",
    "write": "generate", "summary": "inspect", "show": "inspect", "compare": "diff",
    "continue": "resume", "benchmark": "bench", "version": "info", "compress": "quantize",
    "forecasting": "forecaster", "timeseries": "forecaster", "time-series": "forecaster",
    "regression": "forecaster", "text-classifier": "classifier", "sentiment": "classifier",
    "ner": "tagger", "pos": "tagger", "sequence-tagger": "tagger", "seq2seq": "translator",
    "translation": "translator", "nmt": "translator", "text-generator": "generator",
    "language-model": "generator", "lm": "generator", "char-rnn": "generator",
    "music": "composer", "midi": "composer", "image": "image-classifier",
    "images": "image-classifier", "mnist": "image-classifier",
  ]

  private let arguments: [String]
  /// The command whose words are looked at.
  private let command: any ParsableCommand.Type
  private let path: [String]

  /// Follows the subcommands that the arguments name.
  init(arguments: [String]) {
    var command: any ParsableCommand.Type = RecurrentCommand.self
    var path = [RecurrentCommand._commandName]
    for argument in arguments {
      guard let next = command.subcommand(argument) else { break }
      (command, path) = (next, path + [argument])
    }
    (self.command, self.path, self.arguments) = (command, path, arguments)
  }

  /// The message of the parser with what may have been meant.
  func improved(_ message: String) -> String {
    var lines = message.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard let first = lines.first else { return message }
    if let match = first.firstMatch(of: #/Unknown option '(-+)([^'=]*)[^']*'/#) {
      lines[0] = "Error: \(match.0)" + advice(forFlag: String(match.2))
    } else if let match = first.firstMatch(of: #/Missing value for '(--?[^ ']+)/#),
      let value = zip(arguments, arguments.dropFirst()).first(where: { $0.0 == match.1 })?.1,
      let number = Double(value), number < 0
    {
      // A number below 0 looks like a flag.
      lines[0] = "Error: \(match.1) cannot be \(value)"
    } else if !command.configuration.subcommands.isEmpty,
      let match = first.firstMatch(
        of: #/[Uu]nexpected arguments?: '([^']*)'|[Uu]nexpected argument '([^']*)'/#)
    {
      let word = String(match.1 ?? match.2 ?? "")
      lines[0] = "Error: Unexpected argument '\(word)'"
      if let meant = meant(by: word) { lines[0] += ". Did you mean '\(meant)'?" }
    }
    return lines.joined(separator: "\n")
  }

  /// A rule about options, told with the flags of a command in place of the options' names.
  static func inFlags(_ error: DataError, of command: any ParsableCommand.Type) -> DataError {
    guard error.file == "the options",
      let name = error.problem.firstMatch(of: #/^([a-z]+(?:[A-Z]+[a-z]*)*) /#)?.1
    else { return error }
    var words = ""
    for letter in name { words += letter.isUppercase ? "-\(letter.lowercased())" : String(letter) }
    let flags = command.flags
    var candidates = [words, "no-" + words.replacing("uses-", with: "")]
    for ending in ["-size", "-count"] where words.hasSuffix(ending) {
      candidates.append(String(words.dropLast(ending.count)))
    }
    guard let flag = candidates.first(where: flags.contains) else { return error }
    var error = error
    error.problem = "--\(flag)" + error.problem.dropFirst(name.count)
    return error
  }

  private func meant(by word: String) -> String? {
    let names = command.configuration.subcommands.map { $0._commandName }
    let synonym = Self.commands.first { $0.key == word.lowercased() }?.value
    return synonym.flatMap { names.contains($0) ? $0 : nil } ?? word.nearest(of: names)
  }

  private func advice(forFlag word: String) -> String {
    let known = command.flags
    let name = word.lowercased().replacing("_", with: "-")
    let synonyms = Self.flags.first { $0.key == name }?.value ?? []
    let meant =
      known.first { $0 == name } ?? synonyms.first(where: known.contains)
      ?? known.filter { name.hasPrefix($0 + "-") }.max { $0.count < $1.count }
      ?? name.nearest(of: known)
    if let meant { return ". Did you mean '--\(meant)'?" }
    let owners = RecurrentCommand.leaves.filter { $0.command.flags.contains(name) }
    guard let owner = owners.first, name.count > 1 else { return "" }
    return ". It is a flag of 'recurrent \(owner.path)'"
      + (owners.count > 1 ? " and others." : ".")
  }
}

extension ParsableCommand {
  fileprivate static func subcommand(_ name: String) -> (any ParsableCommand.Type)? {
    configuration.subcommands.first { $0._commandName == name }
  }

  /// The names of its long flags, as its help lists them.
  fileprivate static var flags: [String] {
    let help = RecurrentCommand.helpMessage(for: Self.self, columns: 1000)
    return help.split(separator: "\n").filter { $0.hasPrefix("  -") }.flatMap { line in
      line.prefix { $0 != "<" }.matches(of: #/--([a-z0-9-]+)/#).prefix(2).map { String($0.1) }
    }
  }

  /// The commands below this one that have no subcommands.
  fileprivate static var leaves: [(path: String, command: any ParsableCommand.Type)] {
    configuration.subcommands.flatMap { command in
      let name = command._commandName
      return command.configuration.subcommands.isEmpty
        ? [(name, command)] : command.leaves.map { ("\(name) \($0.path)", $0.command) }
    }
  }
}

extension String {
  /// The one of these that a slip of the keys made this of, if any is near enough: a letter in three
  /// that is another, is missing, is too many, or stands in the wrong place.
  func nearest(of names: [String]) -> String? {
    let distances = names.map { (name: $0, distance: slips(to: $0)) }
    guard let best = distances.min(by: { $0.distance < $1.distance }),
      best.distance <= Swift.max(1, count / 3), best.distance < best.name.count
    else { return nil }
    return best.name
  }

  /// Letters to change, add, leave out or exchange with their neighbour.
  private func slips(to other: String) -> Int {
    let (a, b) = (Array(self), Array(other))
    var rows = [Array(0...b.count)]
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var best = Swift.min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          best = Swift.min(best, rows[i - 1][j - 1] + 1)
        }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
