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
    let found = RandomMask(key: key, rate: 0.3, low: 0, high: 1 / (1 - 0.3)).applied(to: x)
    #expect(found.isIdentical(to: Tensor(expected)))
    let layer = Dropout(rate: 0.3)(x.reshaped(to: [1, count]), mode: .training(key))
    #expect(layer.elements == expected)
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
    #expect(Set(factors.elements) == [0, 1 / (1 - 0.4)])
  }
}
