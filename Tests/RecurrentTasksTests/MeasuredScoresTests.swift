import Foundation
import Recurrent
import RecurrentTasks
import TestSupport
import Testing

/// What scikit-learn and seqeval say of a hundred random cases each (`Tests/Fixtures/generate_scores.py`).
@Suite struct MeasuredScoresTests {
  private struct Cases: Decodable {
    var classes: [Classes]
    var tags: [Tags]
  }

  private struct Classes: Decodable {
    var classes: Int
    var truth, guess: [Int]
    var probabilities: [[Float]]
    var confusion: [[Int]]
    var precision, recall, f1: [Double]
    var support: [Int]
    var accuracy, macro: Double
    var interval: [Double]
    var calibrationError, logLoss: Double
  }

  private struct Tags: Decodable {
    var truth, guess: [[String]]
    var accuracy: Double
    /// Right, found, there.
    var counts: [Int]
    /// Precision, recall, F1.
    var overall: [Double]
  }

  private func cases() throws -> Cases {
    let path = Fixtures.folder + "/cases/scores.json"
    return try JSONDecoder().decode(Cases.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  @Test func classes() throws {
    let cases = try cases().classes
    #expect(cases.count == 100)
    for (number, item) in cases.enumerated() {
      let matrix = ConfusionMatrix(
        classes: (0..<item.classes).map(String.init), actual: item.truth, predicted: item.guess)
      let measured = Calibration(probabilities: item.probabilities, actual: item.truth)
      let indices = 0..<item.classes
      #expect(matrix.counts == item.confusion && indices.map(matrix.support) == item.support)
      let pairs =
        paired(indices.map(matrix.precision), item.precision)
        + paired(indices.map(matrix.recall), item.recall) + paired(indices.map(matrix.f1), item.f1)
        + [
          (matrix.accuracy, item.accuracy), (matrix.macroF1, item.macro),
          (measured.expectedError, item.calibrationError), (measured.logLoss, item.logLoss),
          (matrix.accuracyInterval.lowerBound, item.interval[0]),
          (matrix.accuracyInterval.upperBound, item.interval[1]),
        ]
      for (found, expected) in pairs {
        #expect(abs(found - expected) < 1e-6, "case \(number): \(found), not \(expected)")
      }
    }
  }

  @Test func tags() throws {
    let cases = try cases().tags
    #expect(cases.count == 100)
    for (number, item) in cases.enumerated() {
      func sentences(_ tags: [[String]]) -> TaggedSentences {
        TaggedSentences(tags.map { .init(tokens: $0.map { _ in "a" }, tags: $0) })
      }
      let comparison = try TagComparison(
        sentences(item.truth), sentences(item.guess), scheme: number % 2 == 0 ? .bioes : .bio)
      let overall = comparison.scores.entities.overall
      #expect([overall.correct, overall.found, overall.actual] == item.counts, "case \(number)")
      for (found, expected) in paired(
        [overall.precision, overall.recall, overall.f1, comparison.scores.accuracy],
        item.overall + [item.accuracy])
      {
        #expect(abs(found - expected) < 1e-12, "case \(number): \(found), not \(expected)")
      }
    }
  }
}
