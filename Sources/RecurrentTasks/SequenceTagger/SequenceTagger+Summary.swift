import Recurrent

extension TagScheme {
  /// The scheme in words.
  var explanation: String {
    switch self {
    case .bio: "BIO (IOB2)"
    case .iob1: "IOB1"
    case .bioes, .bilou, .bmes, .bmewo: rawValue.uppercased()
    case .plain: "plain tags, no chunks"
    }
  }
}

extension WordEncoder {
  /// Words and characters in words.
  func explanation(_ options: SequenceTaggerOptions) -> String {
    NumberFormat.grouped(vocabulary.count - 1) + " known"
      + (normalization.lowercases ? ", in small letters" : "")
      + (options.characters == .none
        ? "" : "; \(NumberFormat.grouped(characters.count - 1)) characters")
      + "; sentences in pieces of at most \(NumberFormat.grouped(options.maximumLength))"
  }
}

extension SequenceTaggerOptions {
  /// The network in words.
  var networkText: String {
    let direction = isBidirectional ? "bidirectional " : ""
    var parts = ["words as vectors of \(embeddingSize)"]
    if characters != .none {
      parts.append(
        "characters by \(characters == .lstm ? "LSTM" : "convolution") to \(characterSize)")
    }
    if capitals { parts.append("shapes of \(SequenceTaggerModel.shapeSize)") }
    return (members > 1 ? "\(members) times " : "")
      + "\(direction)\(cell.rawValue.uppercased()), "
      + (layers == 1 ? "1 layer" : "\(layers) layers") + " of \(hiddenSize) units on "
      + parts.joined(separator: ", ")
      + (usesCRF ? ", conditional random field" : ", each tag alone")
  }
}

extension SequenceTaggerPlan: CustomStringConvertible {
  /// The parts, the tags, the words, and the network with its size.
  public var description: String {
    func part(_ part: TaggedSentences) -> String {
      guard !part.sentences.isEmpty else { return "no sentences" }
      var text = "\(NumberFormat.grouped(part.sentences.count)) sentences, "
      text += "\(NumberFormat.grouped(part.tokenCount)) tokens"
      guard scheme != .plain else { return text }
      var count = 0
      for sentence in part.sentences {
        count += TagScheme.spans(of: sentence.tags.lazy.map { ChunkTag($0) ?? .outside }).count
      }
      return text + ", \(NumberFormat.grouped(count)) entities"
    }
    var lines = [
      "training    " + part(training), "validation  " + part(validation),
      "test        " + part(test),
    ]
    for (name, part) in [("validation", validation), ("test", test)] {
      let unseen = part.unseen(tags)
      if unseen > 0 {
        lines.append(
          "            \(NumberFormat.grouped(unseen)) tokens of the \(name) part have a tag that training "
            + "does not have")
      }
    }
    let names = tags.chunkTags.map { $0.filter { $0.position == .begin }.map(\.type) } ?? tags.names
    lines += [
      (scheme == .plain ? "tags        " : "types       ")
        + names.prefix(12).joined(separator: ", ")
        + (names.count > 12 ? " and \(names.count - 12) more" : ""),
      "scheme      " + scheme.explanation,
    ]
    if scheme == .plain, let tag = names.first(where: { $0.hasPrefix("B_") }) {
      lines.append("            \(tag) is no tag of a chunk; written with a hyphen it would be")
    }
    if repairs > 0 {
      lines.append(
        "            \(NumberFormat.grouped(repairs)) tags break it; read by conlleval's rule: a "
          + "tag that continues nothing begins an entity")
    }
    lines.append("words       \(encoder.explanation(options))")
    if let vectors { lines.append(vectors.explanation(encoder.vocabulary, of: "words")) }
    lines += knowledge
    let cut = training.sentences.count { $0.tokens.count > options.maximumLength }
    if cut > 0 { lines.append("            \(cut) sentences are longer, and read in pieces") }
    lines.append("network     \(options.networkText)")
    lines.append(
      "            \(NumberFormat.grouped(parameterCount)) parameters; about "
        + "\(NumberFormat.bytes(processBytes)) of memory in all, with the sentences and the report")
    return lines.joined(separator: "\n")
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SequenceTagger {
  public var summaryLines: [String] {
    let options = options
    let names = scheme == .plain ? configuration.tags : configuration.types
    let scores = configuration.validationScores.compactMap(\.self)
      .map { NumberFormat.fixed($0 * 100, 2) }.joined(separator: ", ")
    let name = scheme == .plain ? "accuracy" : "F1"
    return [
      "trained on  \(configuration.trainedOn)",
      (scheme == .plain ? "tags        " : "types       ")
        + names.prefix(12).joined(separator: ", ")
        + (names.count > 12 ? " and \(names.count - 12) more" : ""),
      "scheme      \(scheme.explanation)",
      "words       \(encoder.explanation(options))",
    ]
      + (extras.languageModels.map { ["language    \($0.explanation)"] } ?? [])
      + (extras.lists.map { ["lists       \($0.summary)"] } ?? []) + [
        "network     \(options.networkText); kernels: \(Kernels.name)",
        "training    Adam \(options.learningRate), seed \(options.seed), weights of epoch "
          + configuration.bestEpochs.map(String.init).joined(separator: ", ")
          + (scores.isEmpty ? "" : ", validation \(name) \(scores) %"),
      ]
  }
}
