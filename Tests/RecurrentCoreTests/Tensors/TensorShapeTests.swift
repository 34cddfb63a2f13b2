import Recurrent
import TestSupport
import Testing

@Suite struct TensorShapeTests {
  /// Along each dimension of each rank what a search by hand finds; the first of equal ones, and NaN
  /// before all numbers.
  @Test(arguments: [[7], [3, 5], [2, 3, 4], [2, 5, 1, 3]])
  func theLargestAlongADimension(shape: [Int]) {
    let count = shape.reduce(1, *)
    var elements = SeededGenerator.floats(count, seed: 4).map { ($0 * 3).rounded() }
    elements[count / 2] = .nan
    let tensor = Tensor(elements, shape: shape)
    for dimension in shape.indices {
      var expected: [Int: [Float]] = [:]
      var kept = shape
      kept.remove(at: dimension)
      for (place, index) in PlainArray.indices(of: shape).enumerated() {
        var rest = index
        rest.remove(at: dimension)
        let column = zip(rest, kept).reduce(0) { $0 * $1.1 + $1.0 }
        expected[column, default: []].append(elements[place])
      }
      let places = (0..<count / shape[dimension]).map { column -> Int in
        let values = expected[column] ?? []
        let best = values.contains(where: \.isNaN) ? Float.nan : values.max()
        return values.firstIndex { best?.isNaN == true ? $0.isNaN : $0 == best } ?? -1
      }
      #expect(tensor.argMax(along: dimension) == places)
      #expect(tensor.argMax(along: dimension - shape.count) == places)
    }
  }

  @Test func theLargestOfNothing() {
    #expect(Tensor.zeros([0, 3]).argMax(along: 1) == [])
    #expect(Tensor.zeros([3, 0, 2]).argMax(along: 0) == [])
  }

  @Test func ordersAndPaddingThatDoNotFitAreNamed() async {
    let order = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Tensor.zeros([2, 3]).permuted([0, 0]) }
    expectMessage(
      "an order of 2 dimensions names each of them once, and is not [0, 0]", of: order)
    let padding = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Tensor.zeros([2, 0]).padded(along: 1, before: 1, with: .reflect) }
    expectMessage(
      "dimension 1 of shape [2, 0] has no entry to put around it (reflect)", of: padding)
  }

  /// The product of two is no count of elements.
  @Test func negativeSizesAreNamed() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Tensor(repeating: 1, shape: [-2, -3]) }
    expectMessage("a tensor's sizes are at least 0, not [-2, -3]", of: result)
  }
}
