import Foundation
import Recurrent
import TestSupport
import Testing

/// A conditional random field against all tag sequences, one by one.
@Suite struct LinearChainCRFTests {
  private let count = 3
  private let lengths = [4, 0, 1, 5, 2]
  private let tags = [[0, 2, 1, 1], [], [2], [1, 1, 0, 2, 0], [2, 0]]

  private var emissions: SequenceBatch {
    let values = SeededGenerator.floats(5 * 5 * 3, seed: 81).map { 2 * $0 }
    return SequenceBatch(Tensor(values, shape: [5, 5, 3]), lengths: lengths)
  }

  private func field(_ constraints: TagConstraints? = nil) -> LinearChainCRF {
    LinearChainCRF(
      transitions: Tensor(SeededGenerator.floats(9, seed: 82), shape: [3, 3]),
      start: Tensor(SeededGenerator.floats(3, seed: 83)),
      end: Tensor(SeededGenerator.floats(3, seed: 84)), constraints: constraints)
  }

  /// B-A, I-A, O.
  private let bio = TagConstraints.bio(["B-A", "I-A", "O"])

  /// Every sequence of `length` tags that the constraints allow.
  private func sequences(_ length: Int, _ constraints: TagConstraints?) -> [[Int]] {
    PlainArray.indices(of: Array(repeating: count, count: length)).filter { sequence in
      guard let constraints, let first = sequence.first, let last = sequence.last else {
        return true
      }
      return constraints.starts[first] && constraints.ends[last]
        && zip(sequence, sequence.dropFirst()).allSatisfy { constraints.transitions[$0][$1] }
    }
  }

  /// Emissions `[5, 5, 3]`, transitions, start and end, one after the other.
  private func score(_ flat: [Double], row: Int, _ sequence: [Int]) -> Double {
    let (transitions, start, end) = (75, 84, 87)
    guard let first = sequence.first, let last = sequence.last else { return 0 }
    var score = flat[start + first] + flat[end + last]
    for (t, tag) in sequence.enumerated() {
      score += flat[(row * 5 + t) * 3 + tag]
      if t > 0 { score += flat[transitions + sequence[t - 1] * 3 + tag] }
    }
    return score
  }

  private func logLikelihoods(
    _ flat: [Double], _ tags: [[Int]], _ constraints: TagConstraints?
  ) -> [Double] {
    lengths.indices.map { row in
      let total = sequences(lengths[row], constraints)
        .reduce(0.0) { $0 + exp(score(flat, row: row, $1)) }
      return score(flat, row: row, tags[row]) - log(total)
    }
  }

  private struct Problem: Module {
    var emissions: Tensor
    var field: LinearChainCRF

    mutating func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.visit("emissions", &emissions)
      visitor.visit("field", &field)
    }
  }

  private func check(_ constraints: TagConstraints?, tags: [[Int]]) throws {
    let problem = Problem(emissions: emissions.values, field: field(constraints))
    let point = problem.parameters.flatMap { $0.tensor.elements.map(Double.init) }
    let expected = logLikelihoods(point, tags, constraints)
    let cotangent: [Float] = [0.5, 2, -1.5, 1, 0.25]
    let (_, gradients) = valueAndGradients(of: problem) { problem in
      let found = problem.field.logLikelihood(emissions.with(problem.emissions), tags: tags)
      expectClose(
        found.elements.map(Double.init), shape: found.shape, to: expected, shape: [5], within: 1e-7)
      return (found * Tensor(cotangent)).sum()
    }
    var slopes = finiteDifferenceGradient(at: point) { flat in
      zip(logLikelihoods(flat, tags, constraints), cotangent)
        .reduce(0) { $0 + $1.0 * Double($1.1) }
    }[...]
    #expect(
      gradients.names == ["emissions", "field.transitions", "field.start", "field.end"])
    for (name, gradient) in paired(gradients.names, gradients.tensors) {
      let gradient = try #require(gradient)
      let slope = Array(slopes.prefix(gradient.count))
      slopes = slopes.dropFirst(gradient.count)
      expectClose(
        gradient.elements.map(Double.init), shape: gradient.shape, to: slope,
        shape: gradient.shape, within: 1e-6, name)
    }
    // The loss is the mean of the four rows that have steps.
    let loss = problem.field.loss(emissions, tags: tags).value
    #expect(abs(Double(loss) + expected.reduce(0, +) / 4) < 1e-6)
  }

  @Test func likelihoodIsThatOfAllSequences() throws {
    try check(nil, tags: tags)
  }

  @Test func constrainedLikelihoodIsThatOfTheAllowed() throws {
    try check(bio, tags: [[0, 1, 1, 2], [], [2], [2, 0, 1, 2, 2], [0, 0]])
    let closed = TagConstraints(
      transitions: bio.transitions, starts: [true, false, true], ends: [false, true, true])
    try check(closed, tags: [[0, 1, 1, 2], [], [2], [2, 0, 1, 2, 2], [0, 1]])
  }

  @Test(arguments: [false, true])
  func viterbiFindsTheBest(_ isConstrained: Bool) throws {
    let field = field(isConstrained ? bio : nil)
    let point =
      emissions.values.elements.map(Double.init)
      + field.parameters.flatMap { $0.tensor.elements.map(Double.init) }
    let paths = field.viterbi(emissions)
    #expect(paths.count == 5)
    for (row, path) in paths.enumerated() {
      let scored = sequences(lengths[row], isConstrained ? bio : nil)
        .map { (tags: $0, score: score(point, row: row, $0)) }
      let best = try #require(scored.max { $0.score < $1.score })
      #expect(path.tags == best.tags)
      #expect(abs(Double(path.score) - best.score) < 1e-6)
    }
    // Free decoding breaks the constraints here, so that they are seen to act.
    let free = self.field().viterbi(emissions)
    #expect(zip(free, field.viterbi(emissions)).contains { $0 != $1 } == isConstrained)
  }

  @Test func tiesGoToTheLowestTags() {
    let field = LinearChainCRF(
      transitions: .zeros([3, 3]), start: .zeros([3]), end: .zeros([3]))
    #expect(field.viterbi(SequenceBatch(.zeros([1, 4, 3])))[0].tags == [0, 0, 0, 0])
    let none = TagConstraints(
      transitions: bio.transitions, starts: [true, false, false], ends: [false, true, true])
    let blocked = LinearChainCRF(
      transitions: .zeros([3, 3]), start: .zeros([3]), end: .zeros([3]), constraints: none)
    #expect(blocked.viterbi(SequenceBatch(.zeros([1, 1, 3])))[0].score == -.infinity)
  }

  @Test func rowsAndThreadsAndPaddingDoNotMatter() throws {
    let field = field()
    var poisoned = emissions.values
    poisoned.withUnsafeMutableElements { elements in
      for (row, length) in lengths.enumerated() {
        for place in (row * 5 + length) * 3..<(row + 1) * 15 { elements[place] = .nan }
      }
    }
    func results(_ threads: Int, _ values: Tensor) -> [Tensor] {
      withThreads(threads) {
        let problem = Problem(emissions: values, field: field)
        let (_, gradients) = valueAndGradients(of: problem) {
          $0.field.loss(emissions.with($0.emissions), tags: tags)
        }
        return gradients.tensors.compactMap(\.self)
          + [field.logLikelihood(emissions.with(values), tags: tags)]
      }
    }
    let expected = results(1, emissions.values)
    for (threads, values) in [(3, emissions.values), (1, poisoned), (2, poisoned)] {
      for (a, b) in paired(results(threads, values), expected) { #expect(a.isIdentical(to: b)) }
    }
    let order = [3, 1, 4, 0, 2]
    let mixed = field.logLikelihood(emissions.rows(order), tags: order.map { tags[$0] })
    #expect(mixed.isIdentical(to: expected[4].rows(order)))
    #expect(field.viterbi(emissions.rows(order)) == order.map { field.viterbi(emissions)[$0] })
  }

  /// e^150000 and more: no overflow, no loss of the small.
  @Test func longSequencesWithLargeScores() {
    let values = SeededGenerator.floats(500 * 3, seed: 85).map { 300 * $0 }
    let batch = SequenceBatch(Tensor(values, shape: [1, 500, 3]))
    let best = field().viterbi(batch)[0].tags
    let likelihood = field().logLikelihood(batch, tags: [best]).value
    #expect(likelihood.isFinite && likelihood <= 0 && likelihood > -50)
  }

  /// What a constraint forbids may score higher than all else by more than any exponential holds.
  @Test func forbiddenScoresOfAnySizeDoNotMatter() throws {
    let emissions: [Float] = [2000, 0, 1, 0, 3000, 2, 2500, 1, 0, 0, 4000, 1]
    let batch = SequenceBatch(Tensor(emissions, shape: [1, 4, 3]))
    let (first, then) = ([false, true, true], [true, false, true])
    let rule = TagConstraints(
      transitions: [then, first, [true, true, true]], starts: [true, true, true],
      ends: [true, true, true])
    let problem = Problem(emissions: batch.values, field: field(rule))
    let path = [0, 2, 0, 2]
    let (value, gradients) = valueAndGradients(of: problem) {
      $0.field.logLikelihood(batch.with($0.emissions), tags: [path]).sum()
    }
    // By hand: paths of the four steps that change between 0 and 1 only by way of 2.
    let point = problem.parameters.map { $0.tensor.elements.map(Double.init) }
    func score(_ path: [Int]) -> Double {
      var score = point[2][path[0]] + point[3][path[3]]
      for t in 0..<4 {
        score += Double(emissions[t * 3 + path[t]])
        if t > 0 { score += point[1][path[t - 1] * 3 + path[t]] }
      }
      return score
    }
    let allowed = PlainArray.indices(of: [3, 3, 3, 3]).filter { path in
      zip(path, path.dropFirst()).allSatisfy { rule.transitions[$0][$1] }
    }
    let scores = allowed.map(score)
    let largest = try #require(scores.max())
    let total = largest + log(scores.reduce(0) { $0 + exp($1 - largest) })
    #expect(abs(Double(value) / (score(path) - total) - 1) < 1e-6)
    var expected = [Double](repeating: 0, count: 9)
    for (path, score) in paired(allowed, scores) {
      for (i, j) in zip(path, path.dropFirst()) { expected[i * 3 + j] -= exp(score - total) }
    }
    for (i, j) in zip(path, path.dropFirst()) { expected[i * 3 + j] += 1 }
    let found = try #require(gradients["field.transitions"])
    expectClose(
      found.elements.map(Double.init), shape: [3, 3], to: expected, shape: [3, 3], within: 1e-6)
  }

  @Test(arguments: [0, 1, 2])
  func nanIsSeen(_ tag: Int) {
    var values = emissions.values
    values.withUnsafeMutableElements { $0[2 * 3 + tag] = .nan }
    let likelihoods = field().logLikelihood(emissions.with(values), tags: tags)
    #expect(likelihoods[0].isNaN && likelihoods[3].isFinite)
  }

  @Test func brokenTagsAreNamed() async throws {
    let field = field(bio)
    try field.check([[0, 1, 2], []], file: "train.txt")
    for (tags, problem) in [
      ([[2], [0, 2, 1]], "train.txt: row 1, step 2: tag 1 follows tag 2"),
      ([[1, 1]], "train.txt: row 0, step 0: tag 1 begins a sequence"),
      ([[], [2, 3]], "train.txt: row 1, step 1: tag 3 lies outside 0..<3"),
    ] {
      let error = #expect(throws: DataError.self) { try field.check(tags, file: "train.txt") }
      #expect(try #require(error).description.hasPrefix(problem))
    }
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let field = LinearChainCRF(
        transitions: .zeros([3, 3]), start: .zeros([3]), end: .zeros([3]),
        constraints: .bio(["B-A", "I-A", "O"]))
      _ = field.logLikelihood(SequenceBatch(.zeros([1, 2, 3])), tags: [[2, 1]])
    }
    expectMessage("row 0, step 1: tag 1 follows tag 2", of: result)
  }

  @Test func bioNamesMakeConstraints() {
    let rule = TagConstraints.bio(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"])
    #expect(rule.starts == [true, true, false, true, false])
    #expect(rule.ends == [true, true, true, true, true])
    #expect(
      rule.transitions.map { $0.map { $0 ? 1 : 0 } } == [
        [1, 1, 0, 1, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 0], [1, 1, 0, 1, 1], [1, 1, 0, 1, 1],
      ])
  }
}
