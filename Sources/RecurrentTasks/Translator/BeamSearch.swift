import Foundation
import Recurrent

/// Looks for the likeliest translation by pursuing the best few beginnings at once, over many
/// sentences and all their beginnings in one batch.
///
/// The score of a translation Y of X, its end counted, is that of Wu et al. (2016, arXiv:1609.08144):
///
///     log P(Y) / lp(Y) + β Σ_t log min(Σ_s w_st, 1)        lp(Y) = ((5 + |Y|) / 6)^α
///
/// with w_st, how much token t of X counted for token s of Y. α = 0 and β = 0 compare the probabilities
/// themselves; with β > 0 a translation loses by what it hardly looked at. A sentence is done when as many translations have ended as the beam is wide. A beam
/// of 1 takes the likeliest token at each step.
///
/// What comes out for a sentence does not depend, to the bit, on the others.
struct BeamSearch {
  /// The networks, which choose together (``TranslatorEnsemble``).
  let models: [TranslatorModel]
  let beam: Int
  let rule: ScoreRule
  /// Tokens of a translation at most.
  let maximumLength: Int

  /// The search that options ask for.
  init(_ models: [TranslatorModel], _ options: TranslatorOptions) {
    self.models = models
    (beam, maximumLength) = (options.beam, options.maximumLength)
    rule = ScoreRule(
      lengthPenalty: options.lengthPenalty, coveragePenalty: options.coveragePenalty ?? 0)
  }

  /// By what translations are compared.
  struct ScoreRule {
    /// α
    let lengthPenalty: Float
    /// β
    let coveragePenalty: Float

    func score(_ hypothesis: Hypothesis) -> Float {
      score(
        hypothesis.logProbability, length: hypothesis.length, coverage: hypothesis.coverage)
    }

    /// Of a translation of so many tokens; `coverage` has Σ_s w_st of each token of the sentence.
    func score(_ logProbability: Float, length: Int, coverage: [Float]) -> Float {
      let score = logProbability / pow((5 + Float(length)) / 6, lengthPenalty)
      guard coveragePenalty > 0 else { return score }
      return score
        + coveragePenalty * coverage.reduce(0) { $0 + log(max(min($1, 1), .leastNormalMagnitude)) }
    }
  }

  /// A translation as numbers of tokens.
  struct Hypothesis: Sendable {
    var tokens: [Int]
    /// log P
    var logProbability: Float
    /// The tokens that its score counts, its end among them.
    var length = 0
    var score: Float
    /// How much each token of the source counted, for each token said, the end included.
    var attention: [[Float]]
    /// How much each token of the source counted so far; empty where that does not matter.
    var coverage: [Float] = []

    /// Takes in what the next token looked at.
    fileprivate mutating func look(_ weights: [Float], keepsAttention: Bool) {
      if keepsAttention { attention.append(weights) }
      coverage = coverage.isEmpty ? weights : zip(coverage, weights).map { $0 + $1 }
    }
  }

  /// The translations of each sentence, the best first: as many as the beam is wide, or fewer.
  ///
  /// - Parameter keepsAll: whether those that ended besides come too.
  func callAsFunction(
    _ sources: [[Int]], keepsAttention: Bool = false, keepsAll: Bool = false
  ) -> [[Hypothesis]] {
    let batch = TokenBatch(padded: sources)
    var networks = TranslatorEnsemble(models, reading: batch)
    var searches = sources.map { Search(limit: limit($0.count)) }
    let needsWeights = keepsAttention || rule.coveragePenalty > 0
    while true {
      let rows = searches.indices.flatMap { index in
        searches[index].live.indices.map { (sentence: index, beginning: $0) }
      }
      guard !rows.isEmpty else { break }
      let step = networks.step(
        rows.map { searches[$0.sentence].live[$0.beginning].tokens.last ?? SentenceEncoder.start },
        memoryRows: rows.map(\.sentence))
      let vocabulary = step.logProbabilities.shape[1]
      let time = step.weights.shape[1]
      var parents: [Int] = []
      step.logProbabilities.withUnsafeElements { scores in
        step.weights.withUnsafeElements { weights in
          var row = 0
          for index in searches.indices where !searches[index].live.isEmpty {
            let count = searches[index].live.count
            let chosen = searches[index].advance(
              UnsafeBufferPointer(
                rebasing: scores[row * vocabulary..<(row + count) * vocabulary]),
              beam: beam, rule: rule
            ) { hypothesis, beginning in
              guard needsWeights else { return }
              let start = (row + beginning) * time
              hypothesis.look(
                Array(weights[start..<start + sources[index].count]),
                keepsAttention: keepsAttention)
            }
            parents += chosen.map { row + $0 }
            row += count
          }
        }
      }
      if parents != Array(rows.indices) { networks.keep(rows: parents) }
    }
    return searches.map { search in
      // Of equal ones, the one that ended first.
      search.ended.indices.sorted {
        (-search.ended[$0].score, $0) < (-search.ended[$1].score, $1)
      }.prefix(keepsAll ? .max : beam).map { search.ended[$0] }
    }
  }

  private func limit(_ count: Int) -> Int { min(maximumLength, 2 * count + 20) }
}

/// The search for one sentence.
private struct Search {
  var live = [BeamSearch.Hypothesis(tokens: [], logProbability: 0, score: 0, attention: [])]
  var ended: [BeamSearch.Hypothesis] = []
  let limit: Int

  init(limit: Int) { self.limit = limit }

  private struct Candidate {
    var beginning: Int
    var token: Int
    var logProbability: Float
  }

  /// Goes on by a token each. `scores` are the logarithms of its probabilities for each beginning, and
  /// `look` tells a continuation what that one looked at; the beginnings that live on come back.
  mutating func advance(
    _ scores: UnsafeBufferPointer<Float>, beam: Int, rule: BeamSearch.ScoreRule,
    look: (_ continuation: inout BeamSearch.Hypothesis, _ beginning: Int) -> Void
  ) -> [Int] {
    let candidates = best(2 * beam, of: scores)
    var next: [BeamSearch.Hypothesis] = []
    var parents: [Int] = []
    for (rank, candidate) in candidates.enumerated() where next.count < beam {
      var hypothesis = live[candidate.beginning]
      hypothesis.logProbability = candidate.logProbability
      look(&hypothesis, candidate.beginning)
      // Of the best 2·k at most k are ends, so that k go on.
      let isEnd = candidate.token == SentenceEncoder.end
      if isEnd && rank >= beam { continue }
      if !isEnd { hypothesis.tokens.append(candidate.token) }
      hypothesis.length = hypothesis.tokens.count + (isEnd ? 1 : 0)
      hypothesis.score = rule.score(hypothesis)
      if isEnd {
        ended.append(hypothesis)
      } else {
        next.append(hypothesis)
        parents.append(candidate.beginning)
      }
    }
    if ended.count >= beam {
      live = []
      return []
    }
    if (next.first?.tokens.count ?? 0) >= limit {
      ended += next.prefix(beam - ended.count)
      live = []
      return []
    }
    live = next
    return parents
  }

  /// The best candidates in order; of equal ones, the first. Unknown token and start are never said.
  private func best(_ count: Int, of scores: UnsafeBufferPointer<Float>) -> [Candidate] {
    let vocabulary = scores.count / live.count
    var found: [Candidate] = []
    var threshold = -Float.infinity
    for (beginning, hypothesis) in live.enumerated() {
      let start = beginning * vocabulary
      for token in SentenceEncoder.end..<vocabulary {
        let sum = hypothesis.logProbability + scores[start + token]
        guard sum > threshold || found.count < count else { continue }
        let place = found.firstIndex { $0.logProbability < sum } ?? found.count
        found.insert(
          Candidate(beginning: beginning, token: token, logProbability: sum), at: place)
        if found.count > count { found.removeLast() }
        if found.count == count { threshold = found[count - 1].logProbability }
      }
    }
    return found
  }
}
