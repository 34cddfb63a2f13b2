import ArgumentParser
import Recurrent
import RecurrentTasks

/// Where pairs of sentences stand and how they are read.
struct PairOptions: ParsableArguments {
  @Flag(help: "In a file with tabs, the translation stands first.")
  var swap = false

  @OptionGroup var reading: EncodingOption

  @Option(
    name: [.long, .customLong("dev")], parsing: .upToNextOption,
    help: ArgumentHelp(
      "Pairs that judge each epoch, in the same form. (default: a share)", valueName: "files"),
    completion: .file())
  var validation: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Pairs that only the report sees; more files are more references. (default: a share)",
      valueName: "files"), completion: .file())
  var test: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Further pairs for training alone, in the same form, whose sentences a translator of the other "
        + "direction wrote. They are marked for the network.", valueName: "files"),
    completion: .file())
  var backTranslated: [String] = []

  func read(_ files: [String]) throws(DataError) -> SentencePairs {
    try SentencePairs.read(files, swapped: swap, encoding: reading.encoding)
  }
}

/// What else the network of a translator is.
struct TranslatorNetworkOptions: ParsableArguments {
  @Flag(help: "Write all in small letters.")
  var lowercase = false

  @Option(
    help: ArgumentHelp(
      "Parts of words learned in each language, or with --joint in both together.",
      valueName: "count"))
  var vocabulary = TranslatorOptions().partCount

  @Flag(help: "One set of parts of words for both languages, with one vector for each part.")
  var joint = false

  @Option(
    help: ArgumentHelp(
      "The chance that training leaves out a join of two parts, so that it sees a sentence cut another "
        + "way each time, such as 0.1 (BPE-dropout, Provilkov et al. 2020). (default: none)",
      valueName: "share"))
  var bpeDropout: Float?

  @Option(help: "How what is being written is compared with what was read.")
  var attention = TranslatorOptions().attention

  @Option(
    help: ArgumentHelp(
      "The share of tokens, read and told, that training replaces by the unknown token. "
        + "(default: none)", valueName: "share"))
  var tokenDropout: Float?

  @Option(
    name: [.customLong("ensemble"), .customLong("members")],
    help: ArgumentHelp(
      "Networks to train; they choose each token together. (default: 1)", valueName: "count"))
  var ensemble: Int?

  func apply(to options: inout TranslatorOptions) {
    options.normalization.lowercases = lowercase
    options.partCount = vocabulary
    options.joint = joint ? true : nil
    options.bpeDropout = bpeDropout
    options.attention = attention
    options.tokenDropout = tokenDropout
    options.members = ensemble == 1 ? nil : ensemble
  }
}

extension AttentionDecoder.AttentionKind: ExpressibleByArgument {}
