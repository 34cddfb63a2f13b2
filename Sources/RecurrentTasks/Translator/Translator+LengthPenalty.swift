import Recurrent

extension Translator {
  /// More pairs say no more of a length penalty.
  private static let mostPairs = 1000

  /// Of length penalties from 0 to 2 the one with the best BLEU of translations of some pairs; of equal ones
  /// the nearest to that of the options. nil: there are no pairs.
  ///
  /// What a search ends with does not depend on it, only which of these translations is the best: one
  /// search tells of all.
  func bestLengthPenalty(on part: SentencePairs) -> Float? {
    guard !part.pairs.isEmpty else { return nil }
    let count = min(part.pairs.count, Self.mostPairs)
    let pairs = (0..<count).map { part.pairs[$0 * part.pairs.count / count] }
    let hypotheses = hypotheses(of: pairs.map(\.source), options, keepsAll: true).map(\.found)
    func bleu(_ penalty: Float) -> Double {
      let rule = BeamSearch.ScoreRule(
        lengthPenalty: penalty, coveragePenalty: options.coveragePenalty ?? 0)
      let texts = hypotheses.map { found in
        let scores = found.map { rule.score($0) }
        let best = scores.indices.max { scores[$0] < scores[$1] }
        return best.map { target.text(of: found[$0].tokens) } ?? ""
      }
      return TranslationEvaluation.Scores(
        texts, pairs, lowercases: options.normalization.lowercases
      ).bleu.score
    }
    let usual = options.lengthPenalty
    let penalties = (0...10).map { Float($0) / 5 }.sorted { abs($0 - usual) < abs($1 - usual) }
    var best = (penalty: usual, bleu: bleu(usual))
    for penalty in penalties {
      let bleu = bleu(penalty)
      if bleu > best.bleu { best = (penalty, bleu) }
    }
    return best.penalty
  }
}
