import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// Masks are those of a ``RandomGenerator`` of the same key, number by number.
@Suite struct RandomMaskTests {
  @Test(arguments: [1, 2, 37, 1000])
  func factorsAreThoseOfTheGenerator(_ count: Int) {
    let key = RandomKey(seed: 9).child(4)
    var generator = RandomGenerator(key)
    let uniforms = (0..<count).map { _ in generator.uniform() }
    let x = Tensor(SeededGenerator.floats(count, seed: 2), shape: [count])
    let expected = zip(uniforms, x.elements).map { $0 < 0.3 ? 0 * $1 : 1 / (1 - 0.3) * $1 }
    let row = Mode.training(RandomKey(seed: 9), rows: [4])
    let found = Dropout(rate: 0.3)(x.reshaped(to: [1, count]), mode: row)
    #expect(found.isIdentical(to: Tensor(expected, shape: [1, count])))
  }

  /// The mask of an example is the same wherever it stands and whatever stands beside it, and its steps
  /// are one run of numbers.
  @Test func masksBelongToExamples() {
    let ones = SequenceBatch(Tensor(repeating: 1, shape: [4, 5, 3]), lengths: [5, 2, 0, 4])
    let layer = EachStep(Dropout(rate: 0.5))
    func masks(_ rows: [Int], _ batch: SequenceBatch) -> SequenceBatch {
      layer(batch, mode: .training(RandomKey(seed: 3), rows: rows))
    }
    let together = masks([7, 0, 3, 12], ones)
    for (place, row) in [7, 0, 3, 12].enumerated() {
      #expect(
        masks([row], ones.rows([place])).values.isIdentical(to: together.values.rows([place])))
    }
    let part = masks([12, 7], ones.rows([3, 0]))
    #expect(part.values.isIdentical(to: together.values.rows([3, 0])))
    // Other examples, other masks; other steps too.
    #expect(masks([7, 7, 7, 7], ones).values != together.values)
    #expect(Set((0..<5).map { step in (0..<3).map { together.values[0, step, $0] } }).count > 1)
  }

  /// On the way back the same elements are dropped.
  @Test func theGradientHasTheSameMask() throws {
    let x = Tensor(SeededGenerator.floats(77, seed: 3), shape: [7, 11])
    let mode = Mode.training(RandomKey(seed: 5))
    let factors = Dropout(rate: 0.4)(Tensor(repeating: 1, shape: [7, 11]), mode: mode)
    let upstream = Tensor(SeededGenerator.floats(77, seed: 4), shape: [7, 11])
    let (_, gradients) = valueAndGradients(of: x) {
      (Dropout(rate: 0.4)($0, mode: mode) * upstream).sum()
    }
    #expect(try #require(gradients.tensors[0]) == factors * upstream)
    let kept: Float = 1 / (1 - 0.4)
    #expect(Set(factors.elements) == [0, kept])
  }
}
