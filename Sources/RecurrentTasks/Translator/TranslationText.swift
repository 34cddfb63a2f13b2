import Recurrent

extension Translator.Translation {
  /// What each token of the translation looked at: tokens of the sentence to the right, those of the
  /// translation downwards. The translation must have come with its attention.
  public var attentionMap: HeatMap {
    precondition(!attention.isEmpty, "the translation came without its attention")
    func shown(_ tokens: [String]) -> [String] {
      // A part that begins a word begins with a space.
      tokens.map { $0.hasPrefix(" ") ? String($0.dropFirst()) : $0.count > 1 ? "·" + $0 : $0 }
    }
    return HeatMap(
      title: text, columns: shown(sourceTokens), rows: Array(shown(tokens).prefix(attention.count)),
      shares: attention)
  }

  /// One JSON object on one line.
  public var json: String {
    "{\"translation\":\(text.jsonText),\"score\":\(score.isFinite ? "\(score)" : "null")}"
  }
}
