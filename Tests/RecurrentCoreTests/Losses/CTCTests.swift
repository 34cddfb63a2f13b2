import Foundation
import Recurrent
import TestSupport
import Testing

/// The CTC loss and its decoders against all paths, one by one.
@Suite struct CTCTests {
  private let lengths = [4, 0, 5, 3, 1, 2, 0, 5]
  /// With repeats, with none, empty, of zero steps, and two that do not fit.
  private let labels = [[1, 2], [], [2, 2], [], [3], [1, 1], [2], [1, 3, 1]]
  private let blank = 0

  private var logits: SequenceBatch {
    let values = SeededGenerator.floats(8 * 5 * 4, seed: 91).map { 2 * $0 }
    return SequenceBatch(Tensor(values, shape: [8, 5, 4]), lengths: lengths)
  }

  private static func spelled(_ path: [Int], blank: Int) -> [Int] {
    var labels: [Int] = []
    for (t, label) in path.enumerated() where label != blank && (t == 0 || path[t - 1] != label) {
      labels.append(label)
    }
    return labels
  }

  /// The probability of each spelling of a row, from all paths.
  private func spellings(_ flat: [Double], row: Int, blank: Int) -> [[Int]: Double] {
    var result: [[Int]: Double] = [:]
    let steps = (0..<lengths[row]).map { t -> [Double] in
      let x = (0..<4).map { exp(flat[(row * 5 + t) * 4 + $0]) }
      return x.map { $0 / x.reduce(0, +) }
    }
    for path in PlainArray.indices(of: Array(repeating: 4, count: lengths[row])) {
      let probability = zip(steps, path).reduce(1.0) { $0 * $1.0[$1.1] }
      result[Self.spelled(path, blank: blank), default: 0] += probability
    }
    return result
  }

  private func losses(_ flat: [Double], labels: [[Int]], blank: Int) -> [Double] {
    lengths.indices.map { -log(spellings(flat, row: $0, blank: blank)[labels[$0]] ?? 0) }
  }

  @Test(arguments: [0, 3])
  func lossIsThatOfAllPaths(_ blank: Int) throws {
    // With another blank, the labels 1 to 3 become 0 to 2.
    let labels = blank == 0 ? self.labels : self.labels.map { $0.map { $0 - 1 } }
    let point = logits.values.elements.map(Double.init)
    let expected = losses(point, labels: labels, blank: blank)
    #expect(expected.indices.filter { expected[$0] == .infinity } == [5, 6])
    let cotangent: [Float] = [0.5, 2, -1.5, 1, 0.25, 3, 1, -2]
    let (_, gradients) = valueAndGradients(of: logits.values) { values in
      let found = connectionistTemporalClassification(
        logits: logits.with(values), labels: labels, blank: blank, reduction: .none,
        zeroInfinity: true)
      let finite = expected.map { $0 == .infinity ? 0 : $0 }
      expectClose(
        found.elements.map(Double.init), shape: found.shape, to: finite, shape: [8], within: 1e-7)
      return (found * Tensor(cotangent)).sum()
    }
    // Row by row, since all paths of all rows would take long.
    let slopes = expected.indices.flatMap { row -> [Double] in
      guard expected[row].isFinite else { return [Double](repeating: 0, count: 20) }
      let start = row * 20
      return finiteDifferenceGradient(at: Array(point[start..<start + 20])) { part in
        let flat = point[..<start] + part + point[(start + 20)...]
        let probability = spellings(Array(flat), row: row, blank: blank)[labels[row]] ?? 0
        return -log(probability) * Double(cotangent[row])
      }
    }
    let gradient = try #require(gradients.tensors[0])
    expectClose(
      gradient.elements.map(Double.init), shape: gradient.shape, to: slopes, shape: [8, 5, 4],
      within: 1e-6)
  }

  @Test func reductionsAndInfinity() throws {
    func loss(
      _ rows: [Int], _ reduction: CTCReduction, zeroInfinity: Bool = false
    ) -> Tensor {
      connectionistTemporalClassification(
        logits: logits.rows(rows), labels: rows.map { labels[$0] }, reduction: reduction,
        zeroInfinity: zeroInfinity)
    }
    let each = loss(Array(0..<8), .none).elements
    #expect(each.indices.filter { each[$0] == .infinity } == [5, 6] && each[1] == 0)
    let fitting = [0, 2, 3, 7]
    let sum = each[0] + each[2] + each[3] + each[7]
    #expect(abs(loss(fitting, .sum).value - sum) < 1e-5)
    let mean = (each[0] / 2 + each[2] / 2 + each[3] + each[7] / 3) / 4
    #expect(abs(loss(fitting, .mean).value - mean) < 1e-5)
    #expect(loss([0, 5], .mean).value == .infinity)
    #expect(loss([0, 5], .mean, zeroInfinity: true).value == each[0] / 4)
    // A row that does not fit leaves the gradient of the others alone.
    let (_, gradients) = valueAndGradients(of: logits.values) {
      connectionistTemporalClassification(logits: logits.with($0), labels: labels, reduction: .sum)
    }
    let gradient = try #require(gradients.tensors[0])
    #expect(gradients.firstNonFinite == nil)
    #expect(gradient.rows([5, 6, 1]).elements.allSatisfy { $0 == 0 })
    #expect(gradient.rows([0]).elements.contains { $0 != 0 })
  }

  /// What is not a number is no label that does not fit.
  @Test func nanIsNotTakenForInfinity() {
    var values = logits.values
    values.withUnsafeMutableElements { $0[2] = .nan }
    let losses = connectionistTemporalClassification(
      logits: logits.with(values), labels: labels, reduction: .none, zeroInfinity: true)
    #expect(losses[0].isNaN && losses[2].isFinite)
  }

  @Test func logProbabilitiesMayBeGiven() throws {
    let point = logits.with(logits.values.logSoftmax())
    let a = connectionistTemporalClassification(
      logits: logits, labels: labels, reduction: .none, zeroInfinity: true)
    let b = connectionistTemporalClassification(
      logits: point, labels: labels, reduction: .none, zeroInfinity: true)
    expectClose(b.elements, shape: [8], to: a.elements, shape: [8], within: 1e-6)
  }

  @Test func rowsAndThreadsAndPaddingDoNotMatter() throws {
    var poisoned = logits.values
    poisoned.withUnsafeMutableElements { elements in
      for (row, length) in lengths.enumerated() {
        for place in (row * 5 + length) * 4..<(row + 1) * 20 { elements[place] = .nan }
      }
    }
    func results(_ threads: Int, _ values: Tensor) throws -> [Tensor] {
      try withThreads(threads) {
        let batch = logits.with(values)
        let (_, gradients) = valueAndGradients(of: values) {
          connectionistTemporalClassification(
            logits: logits.with($0), labels: labels, zeroInfinity: true)
        }
        let losses = connectionistTemporalClassification(
          logits: batch, labels: labels, reduction: .none)
        #expect(ctcBeamSearch(batch, width: 3) == ctcBeamSearch(logits, width: 3))
        #expect(ctcBestPath(batch) == ctcBestPath(logits))
        return [try #require(gradients.tensors[0]), losses]
      }
    }
    let expected = try results(1, logits.values)
    for (threads, values) in [(3, logits.values), (1, poisoned), (2, poisoned)] {
      for (a, b) in paired(try results(threads, values), expected) { #expect(a.isIdentical(to: b)) }
    }
    let order = [7, 0, 5, 1]
    let mixed = connectionistTemporalClassification(
      logits: logits.rows(order), labels: order.map { labels[$0] }, reduction: .none)
    #expect(mixed.isIdentical(to: expected[1].rows(order)))
    // A hole in the mask is as if the step were not there.
    let full = SequenceBatch(
      logits.values.rows([2]),
      mask: [[true, false, true, true, true]])
    let short = SequenceBatch(
      logits.values.rows([2]).reshaped(to: [5, 4]).rows([0, 2, 3, 4])
        .reshaped(to: [1, 4, 4]))
    #expect(
      connectionistTemporalClassification(logits: full, labels: [[2, 2]]).value
        == connectionistTemporalClassification(logits: short, labels: [[2, 2]]).value)
  }

  // MARK: Decoding

  @Test(arguments: [0, 3])
  func aWideBeamIsExact(_ blank: Int) throws {
    let point = logits.values.elements.map(Double.init)
    let found = ctcBeamSearch(logits, width: 10_000, blank: blank)
    for (row, hypotheses) in found.enumerated() {
      let expected = spellings(point, row: row, blank: blank)
      #expect(hypotheses.count == expected.count)
      for hypothesis in hypotheses {
        let probability = try #require(expected[hypothesis.labels])
        #expect(abs(exp(hypothesis.logProbability) - probability) < 1e-12)
      }
      let best = expected.max { $0.value < $1.value }
      #expect(hypotheses.first?.labels == best?.key)
    }
    #expect(found[1].map(\.labels) == [[]] && found[1][0].logProbability == 0)
    let narrow = ctcBeamSearch(logits, width: 2, blank: blank)
    #expect(narrow.allSatisfy { $0.count <= 2 } && narrow[2].count == 2)
    #expect(narrow[2][0].logProbability >= narrow[2][1].logProbability)
  }

  /// Graves' example: the best path is all blanks, the best labels are not.
  @Test func theBestPathIsNotTheBestLabels() {
    let step = [Float](arrayLiteral: 0.6, 0.4).map { log($0) }
    let batch = SequenceBatch(Tensor(step + step, shape: [1, 2, 2]))
    #expect(ctcBestPath(batch)[0].labels == [])
    #expect(abs(exp(ctcBestPath(batch)[0].logProbability) - 0.36) < 1e-6)
    let beam = ctcBeamSearch(batch, width: 4)[0]
    #expect(beam.map(\.labels) == [[1], []])
    #expect(abs(exp(beam[0].logProbability) - 0.64) < 1e-6)
  }

  @Test func bestPathMergesRepeats() {
    let path = [2, 2, 0, 2, 1, 1, 0, 0, 3]
    var logits = [Float](repeating: 0, count: 9 * 4)
    for (t, label) in path.enumerated() { logits[t * 4 + label] = 5 }
    let batch = SequenceBatch(Tensor(logits, shape: [1, 9, 4]))
    #expect(ctcBestPath(batch)[0].labels == [2, 2, 1, 3])
    #expect(ctcBestPath(batch, blank: 2)[0].labels == [0, 1, 0, 3])
    #expect(ctcBestPath(SequenceBatch(.zeros([2, 0, 4])))[1].labels == [])
  }
}
