import Recurrent

extension SentenceEncoder {
  /// Tokens and vocabulary in words.
  var explanation: String {
    "parts of words" + (tokenizer.normalization.lowercases ? ", lower case" : "")
      + ", vocabulary \(NumberFormat.grouped(vocabulary.count))"
  }
}

extension TranslatorOptions {
  /// The network in words.
  var networkText: String {
    let cells = cell.rawValue.uppercased()
    return ((members ?? 1) > 1 ? "\(members ?? 1) times " : "") + "bidirectional \(cells), "
      + (layers == 1 ? "1 layer" : "\(layers) layers")
      + " of \(hiddenSize) units; LSTM of \(2 * hiddenSize) units with \(attention.rawValue) attention and input "
      + "feeding; "
      + "vectors of \(embeddingSize)" + (isJoint ? ", shared by both languages" : "")
  }
}

extension TranslatorPlan: CustomStringConvertible {
  /// The parts, the tokens, and the network with its size.
  public var description: String {
    func part(_ part: SentencePairs) -> String {
      guard !part.pairs.isEmpty else { return "no pairs" }
      let references = part.pairs.map(\.targets.count).min() ?? 1
      return "\(NumberFormat.grouped(part.pairs.count)) pairs"
        + (references > 1 ? ", \(references) references each" : "")
    }
    var lines = ["training    " + part(training)]
    if !backTranslated.pairs.isEmpty || heldOut > 0 {
      lines.append(
        "            and \(part(backTranslated)) translated back, marked"
          + (heldOut > 0
            ? "; \(NumberFormat.grouped(heldOut)) left out: their translation is kept for "
              + "validation or test" : ""))
    }
    if tooLong > 0 {
      lines.append(
        "            \(NumberFormat.grouped(tooLong)) of them left out: more than "
          + "\(options.maximumLength) tokens")
    }
    lines += ["validation  " + part(validation), "test        " + part(test)]
    let known = Set(training.pairs.map { options.normalization($0.source) })
    let repeated = test.pairs.count { known.contains(options.normalization($0.source)) }
    if repeated > 0 {
      lines.append("            \(repeated) of the test sentences stand in the training part too")
    }
    func tokens(_ ids: [[Int]]) -> String {
      "\(NumberFormat.grouped(ids.reduce(0) { $0 + $1.count })) in the training part, at most "
        + "\(ids.map(\.count).max() ?? 0) in a sentence"
    }
    lines += [
      "source      \(source.explanation); \(tokens(trainingExamples.sources))",
      "target      \(target.explanation); \(tokens(trainingExamples.targets))",
    ]
    if let share = options.bpeDropout, share > 0 {
      lines.append(
        "            at each step cut anew, each join left out with a chance of "
          + NumberFormat.short(share))
    }
    lines.append("network     \(options.networkText)")
    lines.append(
      "            \(NumberFormat.grouped(parameterCount)) parameters; about "
        + "\(NumberFormat.bytes(processBytes)) of memory in all, with the pairs and the report")
    if options.fitsLengthPenalty == true, !validation.pairs.isEmpty {
      lines.append(
        "search      beam \(options.beam); the length penalty is the best on the validation part")
    }
    return lines.joined(separator: "\n")
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Translator {
  public var summaryLines: [String] {
    [
      "trained on  \(configuration.trainedOn)",
      "source      \(source.explanation)",
      "target      \(target.explanation)",
      "network     \(options.networkText); kernels: \(Kernels.name)",
      "training    Adam \(options.learningRate), seed \(options.seed), weights of epoch "
        + ([configuration.bestEpoch] + (configuration.otherEpochs ?? [])).map { "\($0)" }
        .joined(separator: ", "),
    ]
  }
}
