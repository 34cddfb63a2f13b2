import RecurrentFiles

/// A sequence of tags and its score.
public struct TagPath: Sendable, Equatable {
  /// The tags' numbers, one a step.
  public let tags: [Int]
  /// The path's score, as ``LinearChainCRF`` defines it.
  public let score: Float
}

extension LinearChainCRF {
  /// The sequence of the highest score for each row of emissions `[B, T, C]` (Viterbi 1967).
  ///
  /// Of equal scores the lowest tags win. Where the constraints leave no sequence of a row's length,
  /// the score is -∞.
  public func viterbi(_ emissions: SequenceBatch) -> [TagPath] {
    require(
      emissions.features == tagCount,
      "a field of \(tagCount) tags got emissions for \(emissions.features)")
    let scores = ChainScores(self)
    let places = emissions.placesByRow
    return scores.forEachRow(of: places) { scores.best(emissions.values, places[$0]) }
  }
}
