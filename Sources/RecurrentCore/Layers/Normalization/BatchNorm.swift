import RecurrentFiles

/// Each feature shifted and scaled to mean 0 and variance 1 over all valid steps of the batch, then
/// by learned numbers (Ioffe and Szegedy 2015, arXiv:1502.03167): `[B, T, F]` to the same shape.
///
///     n = (x - mean) / √(var + ε)        y = gain·n + bias
///
/// In training, mean and variance are those of the N valid steps of the batch (divided by N): the
/// one layer whose rows depend on each other. In prediction they are the running ones, a row alone
/// is the row in the batch, and steps may come in chunks.
///
/// The running ones follow with every training step, like PyTorch's:
///
///     running = (1 - momentum)·running + momentum·batch        variance divided by N - 1
///
/// `forward` cannot do that, since it changes no layer. The change travels with the gradients, and
/// ``Optimizer/update(_:along:)`` applies it. A batch with fewer than two steps changes nothing.
public struct BatchNorm: Layer {
  /// `[F]`, at first 1.
  public var gain: Tensor
  /// `[F]`, at first 0.
  public var bias: Tensor
  /// `[F]`, at first 0. A statistic, not a parameter.
  public var runningMean: Tensor
  /// `[F]`, at first 1. A statistic, not a parameter.
  public var runningVariance: Tensor
  /// The share of the new batch in the running numbers. (Keras's momentum is 1 minus this.)
  public let momentum: Float
  /// ε, PyTorch's; Keras has 1e-3.
  public let epsilon: Float

  /// A layer for `size` features.
  public init(size: Int, momentum: Float = 0.1, epsilon: Float = 1e-5) {
    var nothingToDraw = SystemRandomNumberGenerator()
    self.init(size: size, momentum: momentum, epsilon: epsilon, using: &nothingToDraw)
  }

  /// A normalization drawn by `generator`: its shapes alone if that is ``ShapesOnly``.
  public init(
    size: Int, momentum: Float = 0.1, epsilon: Float = 1e-5,
    using generator: inout some RandomNumberGenerator
  ) {
    require(size >= 1, "a batch norm has at least 1 feature, not \(size)")
    require((0...1).contains(momentum), "the momentum lies in 0...1, not \(momentum)")
    require(epsilon >= 0, "ε is at least 0, not \(epsilon)")
    gain = Initializer.constant(1)([size], using: &generator)
    bias = Initializer.zeros([size], using: &generator)
    (runningMean, runningVariance) = (bias, gain)
    self.momentum = momentum
    self.epsilon = epsilon
  }

  /// `[B, T, F]` to the same shape.
  public func forward(_ input: SequenceBatch, state: inout NoState, mode: Mode) -> SequenceBatch {
    require(
      input.features == gain.count,
      "a batch norm of \(gain.count) features got sequences with \(input.features)")
    let steps = input.validSteps
    if case .training = mode, steps.shape[0] > 0 {
      return input.with(validSteps: normalizedByBatch(steps))
    }
    return input.with(validSteps: (steps - runningMean.detached) * predictionScale + bias)
  }

  /// gain / √(var + ε), `[F]`.
  var predictionScale: Tensor {
    (runningVariance.detached + epsilon).squareRoot().reciprocal() * gain
  }

  /// Steps `[N, F]` normalized by their own mean and variance.
  private func normalizedByBatch(_ steps: Tensor) -> Tensor {
    let (count, features) = (steps.shape[0], gain.count)
    let means = columnSums(steps) { x, _ in x }.map { $0 / Double(count) }
    let squares = columnSums(steps) { [means] x, column in
      (x - means[column]) * (x - means[column])
    }
    let variances = squares.map { $0 / Double(count) }
    let scales = variances.map { 1 / ($0 + Double(epsilon)).squareRoot() }
    let normalized = Tensor(shape: steps.shape) { n in
      for index in 0..<count * features {
        let column = index % features
        n[index] = Float((Double(steps[flat: index]) - means[column]) * scales[column])
      }
    }
    var changes: [Tensor?] = [nil, nil]
    if count > 1 {
      let mean = Tensor(means.map { Float($0) })
      let variance = Tensor(squares.map { Float($0 / Double(count - 1)) })
      changes = [
        (mean - runningMean.detached) * momentum, (variance - runningVariance.detached) * momentum,
      ]
    }
    let output = normalized * gain.detached + bias.detached
    return output.recorded(from: [steps, gain, bias, runningMean, runningVariance]) {
      [gain = gain.detached, changes] dy in
      // dgain = Σ dy·n    dbias = Σ dy    dx = gain / √(var + ε)·(dy - dbias / N - n·dgain / N)
      let dgain = columnSums(dy * normalized) { x, _ in x }
      let dbias = columnSums(dy) { x, _ in x }
      let dx = Tensor(shape: dy.shape) { dx in
        for index in 0..<count * features {
          let column = index % features
          let n = Double(normalized[flat: index])
          let centered =
            Double(dy[flat: index]) - (dbias[column] + n * dgain[column]) / Double(count)
          dx[index] = Float(Double(gain[flat: column]) * scales[column] * centered)
        }
      }
      // What reaches the running numbers is no derivative but their change; see the decision
      // batch-norm.md.
      return [dx, Tensor(dgain.map { Float($0) }), Tensor(dbias.map { Float($0) })] + changes
    }
  }

  /// Visits `gain` and `bias`, and the statistics `running_mean` and `running_variance`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("gain", &gain)
    visitor.visit("bias", &bias)
    visitor.visit(statistic: "running_mean", &runningMean)
    visitor.visit(statistic: "running_variance", &runningVariance)
  }
}

/// Σ f(x) over the rows of `[N, F]`, in their order and in double precision.
private func columnSums(
  _ x: Tensor, _ function: (_ x: Double, _ column: Int) -> Double
) -> [Double] {
  let columns = x.shape[1]
  var sums = [Double](repeating: 0, count: columns)
  for row in 0..<x.shape[0] {
    for column in 0..<columns {
      sums[column] += function(Double(x[flat: row * columns + column]), column)
    }
  }
  return sums
}
