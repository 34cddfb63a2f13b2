import RecurrentFiles

/// A conditional random field over tag sequences (Lafferty, McCallum and Pereira 2001; on top of a
/// recurrent network: Huang, Xu and Yu 2015, arXiv:1508.01991).
///
///     score(y) = start[y_1] + Σ_t emission[t, y_t] + Σ_t transitions[y_(t-1), y_t] + end[y_n]
///     p(y) = e^score(y) / Σ_y' e^score(y')
///
/// Emissions `[B, T, C]` are what the network gives for each step and tag. Sums over all sequences
/// run over each row's valid steps, in log space and double precision. A row without a step has one
/// sequence, the empty one, of probability 1.
///
/// ```swift
/// let loss = crf.loss(network(sentences), tags: tags)
/// let best = crf.viterbi(network(sentences)).map(\.tags)
/// ```
public struct LinearChainCRF: Module {
  /// The score of each pair of tags, `[C, C]`, from the row's tag to the column's.
  public var transitions: Tensor
  /// The score of each tag at the start of a row, `[C]`.
  public var start: Tensor
  /// The score of each tag at the end of a row, `[C]`.
  public var end: Tensor
  /// What is forbidden scores -∞, in training and decoding; nil: nothing is.
  public let constraints: TagConstraints?

  /// Scores for `tagCount` tags, at first uniform in ± 0.1.
  public init(
    tagCount: Int, constraints: TagConstraints? = nil,
    using generator: inout some RandomNumberGenerator
  ) {
    let draw = Initializer.uniform(0.1)
    self.init(
      transitions: draw([tagCount, tagCount], using: &generator),
      start: draw([tagCount], using: &generator), end: draw([tagCount], using: &generator),
      constraints: constraints)
  }

  /// A field with these scores.
  public init(
    transitions: Tensor, start: Tensor, end: Tensor, constraints: TagConstraints? = nil
  ) {
    let count = start.count
    require(
      count >= 1 && transitions.shape == [count, count] && start.shape == [count]
        && end.shape == [count],
      "scores have shapes [C, C], [C] and [C], not \(transitions.shape), \(start.shape) and \(end.shape)"
    )
    require(
      constraints.map { $0.tagCount == count } ?? true,
      "constraints of \(constraints?.tagCount ?? 0) tags do not fit \(count)")
    self.transitions = transitions
    self.start = start
    self.end = end
    self.constraints = constraints
  }

  /// The number of tags, C.
  public var tagCount: Int { start.count }

  /// Makes sure that tag sequences from outside fit: tags in 0..<C that keep the constraints.
  ///
  /// - Throws: ``DataError`` about `file` with row, step and tags of the first that does not.
  public func check(_ tags: [[Int]], file: String) throws(DataError) {
    for (row, sequence) in tags.enumerated() {
      guard let (step, problem) = violation(in: sequence) else { continue }
      throw DataError(
        file: file, place: "row \(row), step \(step)", problem: problem,
        advice: "Correct the tags, or allow this in the constraints")
    }
  }

  private func violation(in tags: [Int]) -> (step: Int, problem: String)? {
    if let step = tags.firstIndex(where: { !(0..<tagCount).contains($0) }) {
      return (step, "tag \(tags[step]) lies outside 0..<\(tagCount)")
    }
    return constraints?.violation(in: tags)
  }

  /// log p(tags) of each row, `[B]`; `tags` has one list a row, as long as the row.
  ///
  /// Tags that break the constraints stop the program; ``check(_:file:)`` tells before.
  public func logLikelihood(_ emissions: SequenceBatch, tags: [[Int]]) -> Tensor {
    require(
      emissions.features == tagCount,
      "a field of \(tagCount) tags got emissions for \(emissions.features)")
    require(
      tags.map(\.count) == emissions.lengths,
      "tags have the lengths of the rows, \(emissions.lengths), not \(tags.map(\.count))")
    for (row, sequence) in tags.enumerated() {
      if let (step, problem) = violation(in: sequence) {
        trap("row \(row), step \(step): \(problem)")
      }
    }
    let scores = ChainScores(self)
    let places = emissions.placesByRow
    let values = emissions.values.detached
    let passes = scores.forEachRow(of: places) { row in
      scores.forward(values, places[row], tags: tags[row])
    }
    let result = Tensor(passes.map { Float($0.logLikelihood) })
    return result.recorded(from: [emissions.values, transitions, start, end]) { dy in
      scores.gradients(values, places, tags, passes, upstream: dy.elements.map(Double.init))
    }
  }

  /// The mean of -log p(tags) over the rows that have steps.
  public func loss(_ emissions: SequenceBatch, tags: [[Int]]) -> Tensor {
    let rows = emissions.lengths.count { $0 > 0 }
    return logLikelihood(emissions, tags: tags).sum() * (-1 / Float(max(1, rows)))
  }

  /// Visits `transitions`, `start` and `end`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("transitions", &transitions)
    visitor.visit("start", &start)
    visitor.visit("end", &end)
  }
}
