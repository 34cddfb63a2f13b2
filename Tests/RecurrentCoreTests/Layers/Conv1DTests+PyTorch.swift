import Foundation
import Recurrent
import TestSupport
import Testing

/// Convolutions of any padding beside PyTorch's.
extension Conv1DTests {
  /// What `torch.nn.Conv1d` gives, by PyTorch 2.13:
  ///
  ///     x = torch.arange(10.).reshape(1, 2, 5).sin().requires_grad_()     # [B, I, T]
  ///     conv = nn.Conv1d(2, 3, 3, stride, padding, dilation, padding_mode=mode)
  ///     conv.weight.data = (torch.arange(18.).reshape(3, 2, 3) / 10).cos()  # [O, I, K]
  ///     conv.bias.data = torch.tensor([0.1, -0.2, 0.3])
  ///     y = conv(x)                                                       # y[0].T
  ///     (y * y).sum().backward()                                          # x.grad[0].T
  struct Reference: Sendable {
    let mode: PaddingMode
    let padding: Int
    let stride: Int
    let dilation: Int
    let output: [Float]
    let gradient: [Float]
  }

  private static let references = [
    Reference(
      mode: .zeros, padding: 3, stride: 1, dilation: 1,
      output: [
        0.1, -0.2, 0.3, -0.741535, -0.634964, 0.423552, -0.20374, -0.258592, 0.507024, 1.231545,
        0.628067, 0.535321, 3.190965, 1.918337, 0.705713, 2.308566, 1.261018, 0.503094, 0.812855,
        0.1753, 0.206643, -0.263091, -0.568439, 0.054919, 0.1, -0.2, 0.3,
      ],
      gradient: [
        1.16373, 0.53858, 13.17051, 10.77489, 20.19643, 16.55311, 18.02466, 14.54533, 7.02484,
        5.53939,
      ]),
    Reference(
      mode: .reflect, padding: 1, stride: 1, dilation: 1,
      output: [
        0.370795, 0.262216, 0.792172, 1.231545, 0.628067, 0.535321, 3.190965, 1.918337, 0.705713,
        2.308566, 1.261018, 0.503094, 1.819405, 0.722389, 0.103155,
      ],
      gradient: [
        5.45058, 4.12978, 16.86783, 13.32882, 20.19643, 16.55311, 25.47375, 20.95615, 11.23408,
        9.19242,
      ]),
    Reference(
      mode: .reflect, padding: 2, stride: 1, dilation: 2,
      output: [
        2.221445, 1.372276, 0.773866, 2.260994, 1.360521, 0.714912, 0.313735, -0.085971, 0.27449,
        2.73276, 1.510384, 0.490521, 2.731237, 1.534219, 0.531388,
      ],
      gradient: [
        7.61835, 6.06126, 22.56306, 18.8746, 30.49021, 24.72321, 22.2096, 17.69626, 8.65483,
        7.06006,
      ]),
    Reference(
      mode: .reflect, padding: 3, stride: 2, dilation: 1,
      output: [
        3.275657, 2.041423, 0.824196, 0.370795, 0.262216, 0.792172, 3.190965, 1.918337, 0.705713,
        1.819405, 0.722389, 0.103155, 3.275657, 2.041423, 0.824196,
      ],
      gradient: [
        1.5628, 0.92014, 32.26079, 25.19052, 29.82658, 24.2939, 39.71825, 33.19671, 4.78085,
        4.12616,
      ]),
    Reference(
      mode: .edge, padding: 3, stride: 2, dilation: 1,
      output: [
        -2.540859, -1.74915, 0.383721, -1.119836, -0.854669, 0.439192, 3.190965, 1.918337,
        0.705713, 0.432806, -0.165034, 0.024912, -1.016575, -1.264939, -0.341289,
      ],
      gradient: [
        -29.13791, -25.86561, 6.82328, 5.72762, 9.66205, 7.9099, 9.7789, 7.78442, -11.13122,
        -8.4057,
      ]),
  ]

  @Test(arguments: references.indices)
  func givesWhatPyTorchGives(_ index: Int) throws {
    let test = Self.references[index]
    let x = Tensor((0..<10).map { Float(sin(Double($0))) }, shape: [1, 2, 5])
    let weight = Tensor((0..<18).map { Float(cos(Double($0) / 10)) }, shape: [3, 2, 3])
    let layer = Conv1D(
      weights: weight.permuted([2, 1, 0]), bias: Tensor([0.1, -0.2, 0.3]), stride: test.stride,
      dilation: test.dilation, padding: .explicit(left: test.padding, right: test.padding),
      paddingMode: test.mode)
    let problem = Problem(input: x.permuted([0, 2, 1]), layer: layer)
    // Padding behind the row does not matter.
    let input = Tensor.concatenated(
      [problem.input, Tensor(repeating: .nan, shape: [1, 2, 2])], along: 1)
    let padded = layer(SequenceBatch(input, lengths: [5]))
    let steps = test.output.count / 3
    #expect(padded.lengths == [steps])
    expectClose(
      padded.validSteps.elements, shape: [steps, 3], to: test.output, shape: [steps, 3],
      within: 2e-6)
    let (_, gradients) = valueAndGradients(of: problem) { problem in
      problem.layer(SequenceBatch(problem.input)).values.squared().sum()
    }
    expectClose(
      try #require(gradients["input"]).elements, shape: [5, 2], to: test.gradient, shape: [5, 2],
      within: 2e-6)
  }
}
