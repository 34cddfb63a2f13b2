import Recurrent
import Testing

@Suite struct GradientClippingTests {
  /// Gradients of norm 13: 3, 4 and 12, 0; and a parameter without any.
  private let gradients: Gradients = {
    let model = [Tensor([1, 1]), Tensor([1, 1]), Tensor([1])]
    let scale = [Tensor([3, -4]), Tensor([12, 0])]
    return valueAndGradients(of: model) {
      ($0[0] * scale[0]).sum() + ($0[1] * scale[1]).sum()
    }.gradients
  }()

  private func elements(_ gradients: Gradients) -> [[Float]?] {
    gradients.tensors.map { $0?.elements }
  }

  private func scaled(_ first: Float, _ second: Float) -> [[Float]?] {
    [[3 * first, -4 * first], [12 * second, 0], nil]
  }

  @Test func norms() {
    #expect(gradients.norm == 13)
    let factor: Float = 6.5 / (13 + 1e-6)
    #expect(elements(gradients.clipped(toNorm: 6.5)) == scaled(factor, factor))
    #expect(elements(gradients.clipped(.norm(14))) == scaled(1, 1))
    let keras: Float = 6.5 * (1 / 13)
    #expect(elements(gradients.clipped(.kerasNorm(6.5))) == scaled(keras, keras))
    #expect(elements(gradients.clipped(.kerasNorm(14))) == scaled(14 * (1 / 14), 14 * (1 / 14)))
    #expect(elements(gradients.clipped(.normPerParameter(6))) == scaled(1, 0.5))
  }

  @Test func values() {
    #expect(elements(gradients.clipped(toValue: 3.5)) == [[3, -3.5], [3.5, 0], nil])
    #expect(elements(gradients.clipped(.value(20))) == scaled(1, 1))
  }

  @Test func theOriginalStays() {
    _ = gradients.clipped(toNorm: 1)
    #expect(elements(gradients) == scaled(1, 1))
  }

  @Test func zeroGradientsStayZero() {
    let (_, zero) = valueAndGradients(of: Tensor([1, 2])) { ($0 * 0).sum() }
    for rule in [GradientClipping.norm(1), .kerasNorm(1), .normPerParameter(1), .value(1)] {
      #expect(zero.clipped(rule).tensors[0]?.elements == [0, 0], "\(rule)")
    }
  }

  @Test func whatIsNotFiniteIsTold() {
    #expect(gradients.firstNonFinite == nil)
    let model = [Tensor([1]), Tensor([0])]
    let (_, infinite) = valueAndGradients(of: model) { ($0[0] + $0[1].log()).sum() }
    #expect(infinite.firstNonFinite == "1")
  }
}
