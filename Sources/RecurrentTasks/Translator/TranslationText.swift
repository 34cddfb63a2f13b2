import Recurrent
import RecurrentFiles

extension Translator.Translation {
  /// What each token of the translation looked at: tokens of the sentence to the right, those of the
  /// translation downwards. The translation must have come with its attention.
  public var attentionMap: HeatMap {
    require(!attention.isEmpty, "the translation came without its attention")
    func shown(_ tokens: [String]) -> [String] {
      tokens.map { token in
        // A part that begins a word begins with a space.
        if token.hasPrefix(" ") { return String(token.dropFirst()) }
        return token.count > 1 && token != SentenceEncoder.endToken ? "·" + token : token
      }
    }
    return HeatMap(
      title: text, columns: shown(sourceTokens), rows: Array(shown(tokens).prefix(attention.count)),
      shares: attention)
  }

  /// The answer as one JSON object on one line.
  public var json: String {
    "{\"translation\":\(text.jsonText),\"score\":\(score.isFinite ? "\(score)" : "null")}"
  }
}
