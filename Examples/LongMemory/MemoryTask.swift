import Foundation
import Recurrent

/// A task whose answer hangs on what was seen many steps ago. Examples are drawn anew for each
/// update, as many as wanted.
protocol MemoryTask: Sendable {
  /// What is asked, in a line.
  var name: String { get }
  /// Features of a step.
  var inputSize: Int { get }
  /// Numbers of an answer.
  var outputSize: Int { get }
  /// Steps of a sequence, at most.
  var steps: Int { get }
  /// What ``Targets/error(_:counting:)`` counts.
  var errorName: String { get }
  /// The loss of a network without memory, and the error of one.
  var baseline: (loss: Double, error: Double) { get }

  /// That many sequences with their answers.
  func examples(_ count: Int, using generator: inout RandomGenerator) -> MemoryExamples
}

/// Sequences and what should be answered.
struct MemoryExamples: Sendable {
  /// `[B, T, I]`.
  let inputs: SequenceBatch
  let targets: Targets
  /// Whether one answer is given at the end, or one at each step.
  let answersAtEnd: Bool
  /// The answers that the error counts; nil: all.
  var counted: [Int]?

  /// The hidden states from which answers are read, `[N, H]`.
  func answered(_ hidden: SequenceBatch) -> Tensor {
    answersAtEnd ? hidden.lastValidSteps : hidden.validSteps
  }
}

/// The right answers, numbers `[N, 1]` or classes.
enum Targets: Sendable {
  case numbers(Tensor)
  case classes([Int])

  /// The mean over all answers, `[N, O]`.
  func loss(_ answers: Tensor) -> Tensor {
    switch self {
    case .numbers(let numbers): meanSquaredError(answers, numbers)
    case .classes(let classes): categoricalCrossEntropy(logits: answers, classes: classes)
    }
  }

  /// The mean squared error, or the share of wrong classes, of the answers that count.
  func error(_ answers: Tensor, counting counted: [Int]?) -> Double {
    switch self {
    case .numbers(let numbers): return Double(meanSquaredError(answers, numbers).value)
    case .classes(let classes):
      let (logits, width) = (answers.elements, answers.shape[1])
      let rows = counted ?? Array(classes.indices)
      let wrong = rows.count { row in
        let own = logits[row * width..<(row + 1) * width]
        return own.firstIndex(of: own.max() ?? 0) != row * width + classes[row]
      }
      return Double(wrong) / Double(rows.count)
    }
  }
}

/// `[B, T, width]` with ones at these features of the steps of each row; -1: none.
func oneHot(_ rows: [[Int]], width: Int) -> SequenceBatch {
  let time = rows.map(\.count).max() ?? 0
  var values = [Float](repeating: 0, count: rows.count * time * width)
  for (b, row) in rows.enumerated() {
    for (t, symbol) in row.enumerated() { values[(b * time + t) * width + symbol] = 1 }
  }
  return SequenceBatch(
    Tensor(values, shape: [rows.count, time, width]), lengths: rows.map(\.count))
}
