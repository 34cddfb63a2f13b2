import Foundation
import Recurrent
import TestSupport
import Testing

@Suite struct ValueAndGradientsTests {
  private let x = Tensor([0.5, -1.25, 2], shape: [3])

  @Test func aValueUsedTwiceGetsBothGradients() throws {
    let (value, gradients) = valueAndGradients(of: x) { x in
      let square = x * x
      return (square + square * x).sum()
    }
    #expect(value == x.elements.reduce(0) { $0 + $1 * $1 + $1 * $1 * $1 })
    let gradient = try #require(gradients.tensors[0])
    #expect(gradient.elements == x.elements.map { 2 * $0 + 3 * $0 * $0 })
  }

  @Test func gradientsAreNamedAndMissingWhereNothingDepends() throws {
    struct Two: Module {
      var used = Tensor([3, 4])
      var unused = Tensor([1, 2, 3])
      mutating func visitParameters(_ visitor: inout ParameterVisitor) {
        visitor.visit("used", &used)
        visitor.visit("unused", &unused)
      }
    }
    let (value, gradients) = valueAndGradients(of: Two()) { $0.used.squared().sum() }
    #expect(value == 25)
    #expect(gradients.names == ["used", "unused"])
    #expect(gradients["used"]?.elements == [6, 8])
    #expect(gradients["unused"] == nil && gradients["absent"] == nil)
    #expect(gradients.norm == 10)

    // A loss that depends on nothing.
    let (constant, none) = valueAndGradients(of: Two()) { _ in Tensor(2) }
    #expect(constant == 2 && none.tensors.allSatisfy { $0 == nil } && none.norm == 0)
  }

  @Test func theLossMayBeAnUnchangedParameter() {
    let (value, gradients) = valueAndGradients(of: Tensor(7)) { $0 }
    #expect(value == 7)
    #expect(gradients.tensors[0]?.elements == [1])
  }

  @Test func detachedValuesAreConstants() {
    let (_, gradients) = valueAndGradients(of: x) { ($0 * $0.detached).sum() }
    #expect(gradients.tensors[0] == x)
  }

  @Test func whatLeavesACallIsAConstant() {
    var leaked = x
    _ = valueAndGradients(of: x) { x in
      leaked = x.squared()
      return leaked.sum()
    }
    let expected = x.elements.map { $0 * $0 }
    #expect(leaked.elements == expected)
    // In later operations, and in a later call, where it would otherwise belong to another tape.
    #expect((leaked + leaked).elements == expected.map { 2 * $0 })
    let (_, gradients) = valueAndGradients(of: x) { [leaked] x in (x * leaked.detached).sum() }
    #expect(gradients.tensors[0]?.elements == expected)
  }

  @Test func whatLeavesACallMayEnterAnother() {
    var leaked = x
    _ = valueAndGradients(of: x) { x in
      leaked = x.squared()
      return leaked.sum()
    }
    let (_, gradients) = valueAndGradients(of: x) { [leaked] x in (x * leaked).sum() }
    #expect(gradients.tensors[0]?.elements == x.elements.map { $0 * $0 })
    let (_, swapped) = valueAndGradients(of: x) { [leaked] x in (leaked * x).sum() }
    #expect(swapped.tensors[0]?.elements == x.elements.map { $0 * $0 })
  }

  @Test func anErrorEndsTheCall() {
    struct Stop: Error {}
    var leaked = x
    #expect(throws: Stop.self) {
      _ = try valueAndGradients(of: x) { x -> Tensor in
        leaked = x * 2
        throw Stop()
      }
    }
    #expect((leaked + 1).elements == x.elements.map { 2 * $0 + 1 })
  }

  @Test func modelsAndTensorsAreNotChanged() {
    var model = [x, Tensor([1, 2])]
    let before = model.map(\.elements)
    _ = valueAndGradients(of: model) { ($0[0].sum() * $0[1]).sum() }
    #expect(model.map(\.elements) == before)
    // A copy changed in place is a copy.
    let copy = model
    model.updateParameters { $1.withUnsafeMutableElements { $0.update(repeating: 9) } }
    #expect(copy.map(\.elements) == before)
  }

  @Test func theGradientOfAnOutputIsCarriedBack() throws {
    let weights = Tensor([0.25, -2, 3], shape: [3])
    let (output, gradients) = outputAndGradients(of: x, from: weights) { $0.tanh() * $0 }
    let loss = valueAndGradients(of: x) { ($0.tanh() * $0 * weights).sum() }
    #expect(output.isIdentical(to: x.tanh() * x))
    let gradient = try #require(gradients.tensors[0])
    #expect(gradient.isIdentical(to: try #require(loss.gradients.tensors[0])))
  }

  @Test func callsRunSideBySide() async throws {
    let x = x
    let alone = valueAndGradients(of: x) { ($0.tanh() * $0.exp()).sum() }
    let expected = try #require(alone.gradients.tensors[0])
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          (0..<50).allSatisfy { _ in
            let (value, gradients) = valueAndGradients(of: x) { ($0.tanh() * $0.exp()).sum() }
            return value == alone.value && gradients.tensors[0]?.isIdentical(to: expected) == true
          }
        }
      }
      for await isEqual in group { #expect(isEqual) }
    }
  }
}
