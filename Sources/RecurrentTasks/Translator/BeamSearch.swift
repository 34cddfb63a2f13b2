import Foundation
import Recurrent

/// Looks for the likeliest translation by pursuing the best few beginnings at once, over many
/// sentences and all their beginnings in one batch.
///
/// The score of a translation Y, its end counted, is log P(Y) / lp(Y) with the length penalty
/// lp(Y) = ((5 + |Y|) / 6)^α (Wu et al. 2016, arXiv:1609.08144); α = 0 compares the probabilities
/// themselves. A sentence is done when as many translations have ended as the beam is wide. A beam
/// of 1 takes the likeliest token at each step.
///
/// What comes out for a sentence does not depend, to the bit, on the others.
struct BeamSearch {
  let model: TranslatorModel
  let beam: Int
  let lengthPenalty: Float
  /// Tokens of a translation at most.
  let maximumLength: Int

  /// A translation as numbers of tokens.
  struct Hypothesis: Sendable {
    var tokens: [Int]
    /// log P
    var logProbability: Float
    var score: Float
    /// How much each token of the source counted, for each token said, the end included.
    var attention: [[Float]]
  }

  /// The translations of each sentence, the best first: as many as the beam is wide, or fewer.
  func callAsFunction(_ sources: [[Int]], keepsAttention: Bool = false) -> [[Hypothesis]] {
    let batch = TokenBatch(padded: sources)
    let (memory, first) = model.read(batch)
    let head = model.preparedHead
    var searches = sources.map { Search(limit: limit($0.count)) }
    var state = first
    while true {
      let rows = searches.indices.flatMap { index in
        searches[index].live.indices.map { (sentence: index, beginning: $0) }
      }
      guard !rows.isEmpty else { break }
      let step = model.step(
        rows.map { searches[$0.sentence].live[$0.beginning].tokens.last ?? SentenceEncoder.start },
        state: &state, over: memory, memoryRows: rows.map(\.sentence), head: head)
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
              beam: beam, lengthPenalty: lengthPenalty
            ) { beginning in
              guard keepsAttention else { return nil }
              let start = (row + beginning) * time
              return Array(weights[start..<start + sources[index].count])
            }
            parents += chosen.map { row + $0 }
            row += count
          }
        }
      }
      if parents != Array(rows.indices) { state = state.rows(parents) }
    }
    return searches.map { search in
      // Of equal ones, the one that ended first.
      search.ended.indices.sorted {
        (-search.ended[$0].score, $0) < (-search.ended[$1].score, $1)
      }.prefix(beam).map { search.ended[$0] }
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

  /// Goes on by a token each. `scores` are the logarithms of its probabilities for each beginning;
  /// the beginnings that live on come back.
  mutating func advance(
    _ scores: UnsafeBufferPointer<Float>, beam: Int, lengthPenalty: Float,
    attention: (_ beginning: Int) -> [Float]?
  ) -> [Int] {
    let candidates = best(2 * beam, of: scores)
    var next: [BeamSearch.Hypothesis] = []
    var parents: [Int] = []
    for (rank, candidate) in candidates.enumerated() where next.count < beam {
      var hypothesis = live[candidate.beginning]
      hypothesis.logProbability = candidate.logProbability
      if let weights = attention(candidate.beginning) { hypothesis.attention.append(weights) }
      // Of the best 2·k at most k are ends, so that k go on.
      let isEnd = candidate.token == SentenceEncoder.end
      if isEnd && rank >= beam { continue }
      if !isEnd { hypothesis.tokens.append(candidate.token) }
      let length = Float(hypothesis.tokens.count + (isEnd ? 1 : 0))
      hypothesis.score = hypothesis.logProbability / pow((5 + length) / 6, lengthPenalty)
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
