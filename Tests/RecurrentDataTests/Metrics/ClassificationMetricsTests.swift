import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentData

/// Scores of classes, by hand.
@Suite struct ClassificationMetricsTests {
  @Test func confusionMatrix() {
    let matrix = ConfusionMatrix(
      classes: ["a", "b", "c", "d"], actual: [0, 0, 0, 1, 1, 2, 2, 2, 2],
      predicted: [0, 1, 0, 1, 2, 2, 2, 0, 1])
    #expect(matrix.counts == [[2, 1, 0, 0], [0, 1, 1, 0], [1, 1, 2, 0], [0, 0, 0, 0]])
    #expect(matrix.total == 9 && matrix.support(2) == 4)
    #expect(matrix.accuracy == 5.0 / 9)
    #expect(matrix.precision(0) == 2.0 / 3 && matrix.recall(0) == 2.0 / 3)
    #expect(matrix.precision(1) == 1.0 / 3 && matrix.recall(1) == 1.0 / 2)
    #expect(matrix.f1(1) == 2.0 / 5 && matrix.f1(2) == 4.0 / 7)
    #expect([matrix.precision(3), matrix.recall(3), matrix.f1(3)] == [0, 0, 0])
    #expect(abs(matrix.macroF1 - (2.0 / 3 + 2.0 / 5 + 4.0 / 7) / 3) < 1e-15)
    // Nothing is said of d, which nobody has and nothing was taken for, as in scikit-learn.
    #expect((0..<4).map(matrix.occurs) == [true, true, true, false])
    let none = ConfusionMatrix(classes: ["a", "b"])
    #expect(none.accuracy == 0 && none.macroF1 == 0)
  }

  @Test func calibration() {
    let measured = Calibration(
      probabilities: [[0.75, 0.25], [0.25, 0.75], [0.5, 0.5], [0, 1]], actual: [0, 0, 1, 1])
    #expect(measured.bins[7] == .init(count: 2, confidence: 0.75, accuracy: 0.5))
    #expect(measured.bins[5] == .init(count: 1, confidence: 0.5, accuracy: 0))
    #expect(measured.bins[9] == .init(count: 1, confidence: 1, accuracy: 1))
    #expect(abs(measured.expectedError - (2 * 0.25 + 0.5 + 0) / 4) < 1e-12)
    let loss = -(log(0.75) + log(0.25) + log(0.5) + log(1)) / 4
    #expect(abs(measured.logLoss - loss) < 1e-12)
    #expect(Calibration(probabilities: [], actual: []).expectedError == 0)
    // What is no number says nothing.
    let none = Calibration(
      probabilities: [[.nan, .nan], [.nan, 0.7], [.infinity, -.infinity]], actual: [0, 1, 0])
    #expect(none.bins[0] == .init(count: 1, confidence: 0, accuracy: 1))
    #expect(abs(none.bins[6].confidence + none.bins[7].confidence - 0.7) < 1e-6)
    #expect(none.bins[9] == .init(count: 1, confidence: 1, accuracy: 1))
    #expect(abs(none.logLoss - (log(1e12) - log(0.7)) / 3) < 1e-6)
  }
}
