import ArgumentParser
import Foundation

/// The flags of a command, as its parser describes them.
struct FlagList {
  /// `window` of `--window`, `o` of `-o`.
  struct Name: Decodable, Equatable {
    let kind, name: String

    /// Without its dashes; nil if it is a letter.
    var long: String? { kind == "long" ? name : nil }
    /// The flag as it is given: `--name` or `-n`.
    var word: String { (kind == "long" ? "--" : "-") + name }
  }

  struct Flag: Decodable {
    let kind: String
    let names: [Name]
    let isRepeating: Bool
    let parsingStrategy: String

    /// The first long name.
    var name: String { names.compactMap(\.long).first ?? names.first?.name ?? "" }
    /// Has no value.
    var isSwitch: Bool { kind == "flag" }
    /// Whether all words up to the next flag are this flag's values.
    fileprivate var takesAll: Bool { parsingStrategy == "upToNextOption" }
  }

  /// A flag with its values, or a word that belongs to none.
  struct Word {
    var flag: Flag?
    var values: [String]

    /// The flags and their values as words of a command line.
    var words: [String] {
      guard let flag else { return values }
      let name = "--" + flag.name
      guard !flag.isSwitch else { return [name] }
      // What looks like a flag is not taken for a value.
      if values.contains(where: { $0.hasPrefix("-") }) { return values.map { "\(name)=\($0)" } }
      return flag.takesAll ? [name] + values : values.flatMap { [name, $0] }
    }
  }

  private let flags: [Flag]

  init(of command: any ParsableCommand.Type) {
    struct Dump: Decodable {
      struct Command: Decodable { let arguments: [Argument]? }
      let command: Command
    }
    /// A flag, or an argument without a name.
    struct Argument: Decodable {
      let flag: Flag?
      init(from decoder: any Decoder) throws { flag = try? Flag(from: decoder) }
    }
    let dump = try? JSONDecoder().decode(Dump.self, from: Data(command._dumpHelp().utf8))
    flags = dump?.command.arguments?.compactMap(\.flag) ?? []
  }

  /// The long names of all flags.
  var names: [String] { flags.flatMap { $0.names.compactMap(\.long) } }

  /// The flag of a name: as it is given, without its dashes, or as in `learningRate` and
  /// `learning_rate`.
  func named(_ name: String) -> Flag? {
    let name = Self.dashed(name)
    return flags.first { $0.names.contains { $0.name == name } }
  }

  /// A name as flags have theirs.
  static func dashed(_ name: String) -> String {
    name.trimmingPrefix { $0 == "-" }.replacing("_", with: "-")
      .reduce(into: "") { $0 += $1.isUppercase ? "-\($1.lowercased())" : String($1) }
  }

  /// Takes the words of a command line apart.
  func read(_ words: [String]) -> [Word] {
    var (found, rest): ([Word], ArraySlice) = ([], words[...])
    while let word = rest.popFirst() {
      if word == "--" { return found + [Word(values: [word] + rest)] }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard word.hasPrefix("-"),
        let flag = flags.first(where: { $0.names.contains { $0.word == parts[0] } })
      else {
        found.append(Word(values: [word]))
        continue
      }
      var values = parts.dropFirst().map(String.init)
      if values.isEmpty, !flag.isSwitch {
        repeat {
          guard let next = rest.first, !next.hasPrefix("-") else { break }
          values.append(next)
          rest.removeFirst()
        } while flag.takesAll
      }
      found.append(Word(flag: flag, values: values))
    }
    return found
  }
}
