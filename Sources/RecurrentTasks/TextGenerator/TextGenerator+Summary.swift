import Recurrent

extension TextCode {
  /// Tokens and vocabulary in words.
  var explanation: String {
    let kind =
      words == true ? "words" : tokenizer.kind == .bpe ? "parts of words (bpe)" : "characters"
    return "\(kind), vocabulary \(NumberFormat.grouped(vocabulary.count))"
  }
}

extension TextGeneratorOptions {
  /// The direction of reading in words, where it is not the usual one.
  var directionText: String { readsBackward == true ? "; read from the end of the text" : "" }

  /// The network in words.
  var networkText: String {
    "\(cell.rawValue.uppercased()), \(layers == 1 ? "1 layer" : "\(layers) layers") of "
      + "\(hiddenSize) units on vectors of \(embeddingSize), dropout \(dropout)"
      + (dropConnect.map { ", DropConnect \($0)" } ?? "")
      + (rounds.map { ", \($0) rounds" } ?? "") + (rank.map { ", of rank \($0)" } ?? "")
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TextGenerator {
  public var summaryLines: [String] {
    [
      "trained on  \(configuration.trainedOn)",
      "tokens      \(code.explanation)\(options.directionText)",
      "network     \(options.networkText); kernels: \(Kernels.name)",
      "training    Adam \(options.learningRate), decay \(options.decay.rawValue), "
        + "seed \(options.seed); \(configuration.epochs) epochs, weights of epoch "
        + "\(configuration.bestEpoch)"
        + (options.averaging.map { ", averaged over steps (decay \($0))" } ?? ""),
    ]
  }
}
