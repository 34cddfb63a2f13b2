import RecurrentFiles
internal import RecurrentKernels

/// Each row shifted and scaled to mean 0 and variance 1 over its features, then by learned numbers
/// (Ba, Kiros and Hinton 2016, arXiv:1607.06450): `[…, F]` to the same shape.
///
///     n = (x - mean(x)) / √(var(x) + ε)        y = gain·n + bias
///
/// The variance is that of the F features themselves (divided by F). ε is 1e-5 as in PyTorch; Keras
/// has 1e-3.
public struct LayerNorm: StepLayer {
  /// `[F]`, at first 1.
  public var gain: Tensor
  /// `[F]`, at first 0.
  public var bias: Tensor
  /// ε, which keeps divisors from 0.
  public let epsilon: Float

  /// A layer for `size` features.
  public init(size: Int, epsilon: Float = 1e-5) {
    var nothingToDraw = SystemRandomNumberGenerator()
    self.init(size: size, epsilon: epsilon, using: &nothingToDraw)
  }

  /// A normalization drawn by `generator`: its shapes alone if that is ``ShapesOnly``.
  public init(
    size: Int, epsilon: Float = 1e-5, using generator: inout some RandomNumberGenerator
  ) {
    require(size >= 1, "a layer norm has at least 1 feature, not \(size)")
    self.init(
      gain: Initializer.constant(1)([size], using: &generator),
      bias: Initializer.zeros([size], using: &generator), epsilon: epsilon)
  }

  /// A layer with these parameters, `[F]` each; without a bias it is zeros.
  public init(gain: Tensor, bias: Tensor? = nil, epsilon: Float = 1e-5) {
    let bias = bias ?? .zeros(gain.shape)
    require(
      gain.rank == 1 && gain.shape == bias.shape,
      "gain and bias have one shape [F], not \(gain.shape) and \(bias.shape)")
    require(epsilon >= 0, "ε is at least 0, not \(epsilon)")
    self.gain = gain
    self.bias = bias
    self.epsilon = epsilon
  }

  /// `[…, F]` to the same shape.
  public func forward(_ input: Tensor, state: inout NoState, mode: Mode) -> Tensor {
    let features = gain.count
    require(
      input.shape.last == features,
      "a layer norm of \(features) features got shape \(input.shape)")
    let (rows, x) = (input.count / features, input.matrix)
    let width = Int64(features)
    var scales = [Float](repeating: 0, count: rows)  // 1 / √(var + ε)
    let normalized = Tensor(shape: input.shape) { n in
      for row in 0..<rows {
        scales[row] = Self.normalize(
          x.row(row), n + row * features, features, epsilon: epsilon)
      }
    }
    let output = normalized * gain.detached + bias.detached
    return output.recorded(from: [input, gain, bias]) {
      [gain = gain.detached, scales] dy in
      // dn = gain·dy    dx = (dn - mean(dn) - n·mean(n·dn)) / √(var + ε)
      let (n, dn) = (normalized.matrix, (dy * gain).matrix)
      let dx = Tensor(shape: dy.shape) { dx in
        for row in 0..<rows {
          let (n, dn, dx) = (n.row(row), dn.row(row), dx + row * features)
          let mean = rk_sum(dn, width) / Float(features)
          let overlap = rk_dot(n, dn, width) / Float(features)
          rk_scale(scales[row], -scales[row] * mean, dn, dx, width)
          rk_add_scaled(-scales[row] * overlap, n, dx, width)
        }
      }
      return [
        dx, (dy * normalized).reduced(to: [features]), dy.reduced(to: [features]),
      ]
    }
  }

  /// n of one row x, and the scale 1 / √(var + ε).
  @inline(__always) @discardableResult
  static func normalize(
    _ x: UnsafePointer<Float>, _ n: UnsafeMutablePointer<Float>, _ features: Int, epsilon: Float
  ) -> Float {
    let width = Int64(features)
    rk_scale(1, -rk_sum(x, width) / Float(features), x, n, width)
    let variance = Float(rk_sum_of_squares(n, width) / Double(features))
    let scale = 1 / (variance + epsilon).squareRoot()
    rk_scale(scale, 0, n, n, width)
    return scale
  }

  /// Visits `gain` and `bias`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("gain", &gain)
    visitor.visit("bias", &bias)
  }
}
