import Foundation
import Recurrent
import TestSupport
import Testing

/// Values and gradients of every tensor operation against its plain twin, differentiated
/// numerically in doubles.
@Suite struct OperationTests {
  @Test(arguments: OperationCase.all)
  func equalsItsTwin(_ test: OperationCase) throws {
    var generator = SeededGenerator(seed: 3)
    // Floats, so that both sides see the same numbers.
    let operands = test.shapes.enumerated().map { index, shape in
      generator.floats(
        shape.reduce(1, *), in: floatRange(test.ranges[min(index, test.ranges.count - 1)]))
    }
    func plain(_ flat: [Double]) -> [PlainArray] {
      var rest = flat[...]
      return test.shapes.map { shape in
        let count = shape.reduce(1, *)
        defer { rest = rest.dropFirst(count) }
        return PlainArray(Array(rest.prefix(count)), shape: shape)
      }
    }
    let point = operands.flatMap { $0.map(Double.init) }
    let tensors = zip(operands, test.shapes).map { Tensor($0, shape: $1) }
    let expected = test.twin(plain(point))
    let found = test.operation(tensors)
    expectClose(
      found.elements.map(Double.init), shape: found.shape, to: expected.elements,
      shape: expected.shape, within: 1e-6, "value")
    guard found.shape == expected.shape else { return }

    let cotangent = generator.floats(expected.elements.count)
    let slopes = finiteDifferenceGradient(at: point) { flat in
      zip(test.twin(plain(flat)).elements, cotangent).reduce(0) { $0 + $1.0 * Double($1.1) }
    }
    let (_, gradients) = valueAndGradients(of: tensors) {
      (test.operation($0) * Tensor(cotangent, shape: expected.shape)).sum()
    }
    for ((index, gradient), slope) in paired(Array(gradients.tensors.enumerated()), plain(slopes)) {
      let gradient = try #require(gradient)
      expectClose(
        gradient.elements.map(Double.init), shape: gradient.shape, to: slope.elements,
        shape: slope.shape, within: 5e-6, "gradient of operand \(index)")
    }

    // One operand alone gets the same gradient as among others, and tracking changes no value.
    for index in tensors.indices {
      let (_, alone) = valueAndGradients(of: tensors[index]) { tracked in
        var mixed = tensors
        mixed[index] = tracked
        let result = test.operation(mixed)
        #expect(result.isIdentical(to: found))
        return (result * Tensor(cotangent, shape: expected.shape)).sum()
      }
      let (a, b) = (try #require(alone.tensors[0]), try #require(gradients.tensors[index]))
      #expect(a.isIdentical(to: b), "operand \(index) alone")
    }
  }

  private func floatRange(_ range: ClosedRange<Double>) -> ClosedRange<Float> {
    Float(range.lowerBound)...Float(range.upperBound)
  }

  @Test func tiesAndKinksHaveTheirStatedGradients() throws {
    func gradient(_ x: [Float], _ loss: (Tensor) -> Tensor) throws -> [Float] {
      try #require(valueAndGradients(of: Tensor(x)) { loss($0).sum() }.gradients.tensors[0])
        .elements
    }
    #expect(try gradient([0, 1, -1]) { $0.relu() } == [0, 1, 0])
    #expect(try gradient([0, -0, 2, -2]) { $0.absolute() } == [0, 0, 1, -1])
    // A tie goes to the first.
    let a = Tensor([1, 2, 3])
    let b = Tensor([1, 5, 2])
    let (_, larger) = valueAndGradients(of: [a, b]) { Tensor.maximum($0[0], $0[1]).sum() }
    #expect(larger.tensors.map { $0?.elements } == [[1, 0, 1], [0, 1, 0]])
    let (_, smaller) = valueAndGradients(of: [a, b]) { Tensor.minimum($0[0], $0[1]).sum() }
    #expect(smaller.tensors.map { $0?.elements } == [[1, 1, 0], [0, 0, 1]])
    #expect(try gradient([-3, -1, 0, 1, 4]) { $0.clamped(to: -1...1) } == [0, 1, 1, 1, 0])
  }
}
