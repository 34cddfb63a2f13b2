import Recurrent

extension TextEncoder {
  /// Tokens and vocabulary in words.
  var explanation: String {
    let kind =
      switch tokenizer.kind {
      case .word: "words"
      case .whitespace: "between spaces"
      case .character: "characters"
      case .bpe: "parts of words"
      }
    return kind + (tokenizer.normalization.lowercases ? ", lower case" : "")
      + ", vocabulary \(NumberFormat.grouped(vocabulary.count)), at most "
      + "\(NumberFormat.grouped(maximumLength)) of a text, from its \(keptEnd.rawValue)"
  }
}

extension TextClassifierOptions {
  /// The network in words.
  var networkText: String {
    let direction = isBidirectional ? "bidirectional " : ""
    return (members > 1 ? "\(members) times " : "")
      + "\(direction)\(cell.rawValue.uppercased()), "
      + (layers == 1 ? "1 layer" : "\(layers) layers")
      + " of \(hiddenSize) units on vectors of \(embeddingSize), \(pooling.rawValue) pooling"
      + (naiveBayes ? ", beside naive Bayes" : "")
  }
}

extension TextClassifierPlan: CustomStringConvertible {
  /// The parts, the tokens, and the network with its size.
  public var description: String {
    func part(_ texts: LabeledTexts) -> String {
      guard !texts.examples.isEmpty else { return "no texts" }
      let counts = texts.examples.reduce(into: [String: Int]()) { $0[$1.label, default: 0] += 1 }
      let shown = labels.prefix(6).map { "\($0) \(NumberFormat.grouped(counts[$0] ?? 0))" }
      return "\(NumberFormat.grouped(texts.examples.count)) texts: "
        + shown.joined(separator: ", ") + (labels.count > 6 ? ", …" : "")
    }
    var lines = [
      "training    " + part(training), "validation  " + part(validation),
      "test        " + part(test),
    ]
    for others in [unknown.validation, unknown.test].compactMap(\.self) {
      lines.append("            \(others)")
    }
    // By their hashes: the texts may be more than the memory holds.
    let known = Set(training.examples.lazy.map(\.text.hashValue))
    let repeated = test.examples.count { known.contains($0.text.hashValue) }
    if repeated > 0 {
      lines.append("            \(repeated) of the test texts stand in the training part too")
    }
    lines.append("tokens      \(encoder.explanation)")
    let lengths = (0..<trainingTexts.count).lazy.map(trainingTexts.length)
    let longest = lengths.max() ?? 0
    let total = lengths.reduce(0, +)
    lines.append(
      "            \(NumberFormat.grouped(total)) in the training part, at most \(longest) in a text"
    )
    if diskSize > 0 {
      lines.append(
        "            texts and tokens on the disk, \(NumberFormat.bytes(Double(diskSize))) for the time "
          + "of training")
    }
    if let vectors { lines.append(vectors.explanation(encoder.vocabulary, of: "tokens")) }
    if let classWeights {
      let shown = zip(labels, classWeights).prefix(6).map {
        "\($0) \(NumberFormat.short($1))"
      }
      lines.append(
        "weights     of the classes: \(shown.joined(separator: ", "))"
          + (labels.count > 6 ? ", …" : ""))
    }
    lines.append("network     \(options.networkText)")
    lines.append(
      "            \(NumberFormat.grouped(parameterCount)) parameters; about "
        + "\(NumberFormat.bytes(processBytes)) of memory in all, with the texts and the report")
    return lines.joined(separator: "\n")
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TextClassifier {
  public var summaryLines: [String] {
    [
      "trained on  \(configuration.trainedOn)",
      "classes     \(labels.prefix(12).joined(separator: ", "))"
        + (labels.count > 12 ? " and \(labels.count - 12) more" : ""),
      "tokens      \(encoder.explanation)",
      "network     \(options.networkText); kernels: \(Kernels.name)",
      "training    Adam \(options.learningRate), seed \(options.seed), weights of epoch "
        + configuration.bestEpochs.map(String.init).joined(separator: ", "),
    ]
  }
}
