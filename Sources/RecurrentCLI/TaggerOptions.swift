import ArgumentParser
import Recurrent
import RecurrentTasks

/// Where the tagged sentences stand and how they are read.
struct TaggedTextOptions: ParsableArguments {
  @Option(
    name: [.long, .customLong("dev")],
    help: ArgumentHelp("Sentences that choose the epoch. (default: a share)", valueName: "file"),
    completion: .file())
  var validation: String?

  @Option(
    help: ArgumentHelp(
      "Sentences that only the report sees. (default: a share)", valueName: "file"),
    completion: .file()
  )
  var test: String?

  @Option(
    help: ArgumentHelp(
      "The column of the tokens, from 1; of a table its name too, of JSON that of the member. "
        + "(default: 1)", valueName: "column"))
  var tokenColumn: String?

  @Option(
    help: ArgumentHelp(
      "The column of the tags, in the same way. (default: the last)", valueName: "column"))
  var tagColumn: String?

  @Option(
    help: ArgumentHelp(
      "The column of a table that tells sentences apart. (default: by its name, as Sentence #)",
      valueName: "column"))
  var sentenceColumn: String?

  @Option(
    help: ArgumentHelp(
      "What the numbers from 0 stand for, where tags are numbers: O,B-PER,I-PER.",
      valueName: "names"))
  var tagNames: NameList?

  @OptionGroup var reading: EncodingOption

  @Option(
    help: ArgumentHelp(
      "How tags are written; plain: as they are, no chunks. (default: as it looks)",
      valueName: "scheme"))
  var scheme: TagScheme?

  var columns: TagColumns {
    var columns = TagColumns(
      token: tokenColumn.flatMap { Int($0) } ?? TagColumns().token,
      tag: tagColumn.flatMap { Int($0) })
    columns.tokenName = tokenColumn.flatMap { Int($0) == nil ? $0 : nil }
    columns.tagName = tagColumn.flatMap { Int($0) == nil ? $0 : nil }
    columns.sentenceName = sentenceColumn
    columns.tagNames = tagNames?.names
    return columns
  }
}

/// What a tagger knows of words beside its sentences.
struct TaggerKnowledgeOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Two generators of characters that know each word in its sentence, by `train generator` and "
        + "`train generator --backward` on raw text, in this order.", valueName: "folders"),
    completion: .directory)
  var languageModels: [String] = []

  @Option(
    help: ArgumentHelp(
      "Numbers that the states of language models become. (default: 32)", valueName: "count"))
  var languageSize: Int?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Files of names, a line each: a name, of the list that the file is called, or a label, a tab and "
        + "a name. Capitals do not count.", valueName: "files"), completion: .file())
  var lists: [String] = []

  func validate() throws {
    if !languageModels.isEmpty, languageModels.count != 2 {
      throw ValidationError(
        "--language-models are two folders, of a forward and a backward generator, not "
          + "\(languageModels.count).")
    }
  }

  /// The two generators.
  func models() throws(DataError) -> LanguageModels? {
    guard languageModels.count == 2 else { return nil }
    return try LanguageModels(forward: languageModels[0], backward: languageModels[1])
  }
}

/// What else the network of a tagger is and how it is trained.
struct TaggerNetworkOptions: ParsableArguments {
  @Option(help: "What reads the characters of a word.")
  var characters = SequenceTaggerOptions().characters

  @Option(
    help: ArgumentHelp("Numbers that the characters of a word become.", valueName: "count"))
  var characterSize = SequenceTaggerOptions().characterSize

  @Flag(help: "Do not tell the network how words are written: capitals, digits, marks.")
  var noCapitals = false

  @Flag(
    name: .customLong("no-crf"),
    help: "Choose each tag alone, without a conditional random field over their sequence.")
  var noCRF = false

  @Option(
    help: ArgumentHelp(
      "w: training takes a word that occurs n times for unknown with probability w / (w + n).",
      valueName: "number"))
  var wordDropout = SequenceTaggerOptions().wordDropout

  func apply(to options: inout SequenceTaggerOptions) {
    options.characters = characters
    options.characterSize = characterSize
    options.capitals = !noCapitals
    options.usesCRF = !noCRF
    options.wordDropout = wordDropout
  }
}

extension TagScheme: ExpressibleByArgument {
  /// The scheme of this name; some have two.
  public init?(argument: String) {
    let name = argument.lowercased()
    let others = ["iob2": TagScheme.bio, "iob": .bio, "iobes": .bioes, "bmeow": .bmewo]
    guard let scheme = TagScheme(rawValue: name) ?? others[name] else { return nil }
    self = scheme
  }
}
extension CharacterReader: ExpressibleByArgument {}
