import Recurrent
import TestSupport
import Testing

@Suite struct TensorShapeTests {
  /// The product of two is no count of elements.
  @Test func negativeSizesAreNamed() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Tensor(repeating: 1, shape: [-2, -3]) }
    expectMessage("a tensor's sizes are at least 0, not [-2, -3]", of: result)
  }
}
