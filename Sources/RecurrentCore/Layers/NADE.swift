import RecurrentFiles
internal import RecurrentKernels

/// A distribution over D variables of 0 and 1 that depend on each other, one after the other: a
/// neural autoregressive distribution estimator (Larochelle and Murray 2011). Each row has biases of
/// its own, so that what a network has read says which combinations are likely, as in RNN-NADE
/// (Boulanger-Lewandowski et al. 2012, arXiv:1206.6392).
///
///     a_i = c + Σ_{j<i} x_j·W_j
///     logit p(x_i = 1 | x_0 … x_{i-1}) = b_i + V_i·σ(a_i)
///
/// The likelihood is exact: the product of the conditional probabilities.
///
/// ```swift
/// let nade = NADE(variables: 88, units: 256, using: &generator)
/// let head = Dense(inputSize: 200, outputSize: nade.biasCount, using: &generator)
/// let loss = nade.negativeLogLikelihood(of: chords, biases: head(hidden)).mean()
/// ```
public struct NADE: Module {
  /// W, `[D, K]`: what a variable that is 1 adds to the hidden units of those behind it.
  public var weights: Tensor
  /// V, `[D, K]`: from the hidden units to the variables.
  public var outputWeights: Tensor

  /// Normal weights of deviation 0.05.
  ///
  /// - Parameters:
  ///   - variables: D.
  ///   - units: K, the hidden units.
  public init(variables: Int, units: Int, using generator: inout some RandomNumberGenerator) {
    require(
      variables >= 1 && units >= 1,
      "a NADE has at least one variable and one hidden unit, not \(variables) and \(units)")
    weights = Initializer.normal(0.05)([variables, units], using: &generator)
    outputWeights = Initializer.normal(0.05)([variables, units], using: &generator)
  }

  /// D, the number of variables.
  public var variables: Int { weights.shape[0] }
  /// K, the number of hidden units.
  public var units: Int { weights.shape[1] }
  /// D + K: what a row of biases holds, b and then c.
  public var biasCount: Int { variables + units }

  /// The logit of each variable given those before it, `[N, D]`.
  ///
  /// - Parameters:
  ///   - x: `[N, D]`, the variables: 0 or 1. No gradient goes to them.
  ///   - biases: `[N, D + K]`, b and c of each row.
  ///   - mask: `[N, K]`, factors of the hidden units, as dropout draws them; nil: 1.
  public func logits(of x: Tensor, biases: Tensor, mask: Tensor? = nil) -> Tensor {
    let rows = x.shape.first ?? 0
    require(
      x.shape == [rows, variables] && biases.shape == [rows, biasCount]
        && mask.map { $0.shape == [rows, units] } ?? true,
      "a NADE of \(variables) variables and \(units) units needs values [N, \(variables)] and biases [N, \(biasCount)], not \(x.shape) and \(biases.shape)"
    )
    let pass = Pass(
      x: x.detached, weights: weights.detached, outputWeights: outputWeights.detached,
      biases: biases.detached, mask: mask?.detached)
    return pass.logits().recorded(from: [biases, weights, outputWeights], pullback: pass.gradients)
  }

  /// -log p of each row, `[N]`, in nats; parameters as of ``logits(of:biases:mask:)``.
  public func negativeLogLikelihood(
    of x: Tensor, biases: Tensor, mask: Tensor? = nil
  ) -> Tensor {
    let logits = logits(of: x, biases: biases, mask: mask)
    return (logits.softplus() - logits * x).sum(along: 1)
  }

  /// Goes through the variables of one row in their order: each is what `choose` says, which is given
  /// its number and its logit given those before it, computed if it is asked for. The logits are those
  /// of ``logits(of:biases:mask:)``, bit by bit.
  ///
  /// - Parameter biases: D + K, b and c.
  public func draw(
    biases: [Float], choose: (_ variable: Int, _ logit: @escaping () -> Double) -> Bool
  ) -> [Bool] {
    require(
      biases.count == biasCount, "a row has \(biasCount) biases, not \(biases.count)")
    let (w, v, count) = (weights.matrix, outputWeights.matrix, Int64(units))
    let sums = Storage(count: 2 * units)
    let (a, hidden) = (sums.pointer, sums.pointer + units)
    for unit in 0..<units { a[unit] = biases[variables + unit] }
    var isCurrent = false
    var result: [Bool] = []
    for variable in 0..<variables {
      let isSet = choose(variable) {
        if !isCurrent { rk_map(RK_SIGMOID, a, hidden, count) }
        isCurrent = true
        return Double(biases[variable] + rk_dot(v.row(variable), hidden, count))
      }
      if isSet {
        rk_add_scaled(1, w.row(variable), a, count)
        isCurrent = false
      }
      result.append(isSet)
    }
    withExtendedLifetime(sums) {}
    return result
  }

  /// Visits `weights` and `output_weights`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("weights", &weights)
    visitor.visit("output_weights", &outputWeights)
  }
}

/// The arguments of the kernels.
private struct Pass: Sendable {
  let x: Tensor
  let weights: Tensor
  let outputWeights: Tensor
  let biases: Tensor
  let mask: Tensor?

  private var variables: Int { weights.shape[0] }
  private var units: Int { weights.shape[1] }
  private var rows: Int { x.shape[0] }

  private func withKernel(_ body: (UnsafePointer<rk_nade>) -> Void) {
    let nade = rk_nade(
      variables: Int64(variables), units: Int64(units), x: x.pointer, weights: weights.pointer,
      output_weights: outputWeights.pointer, biases: biases.pointer, mask: mask?.pointer)
    withUnsafePointer(to: nade, body)
    withExtendedLifetime((x, weights, outputWeights, biases, mask)) {}
  }

  func logits() -> Tensor {
    var result = Tensor(shape: [rows, variables]) { _ in }
    let logits = result.mutableMatrix()
    let parts = Parallelism.parts(operations: 2 * rows * variables * units, atMost: rows)
    let workspace = Storage(count: parts * 2 * units)
    withKernel { nade in
      Parallelism.run(parts: parts) { part in
        let range = Parallelism.range(part, of: parts, count: rows, granularity: 1)
        rk_run_nade(
          nade, Int64(range.lowerBound), Int64(range.upperBound), logits.storage.pointer,
          workspace.pointer + part * 2 * units)
      }
    }
    return result
  }

  /// Those of the biases and of both weights. Threads share the hidden units, each of which goes
  /// through all rows in their order.
  func gradients(_ dy: Tensor) -> [Tensor?] {
    // b's gradient is that of the logits.
    var dBiases = Tensor.concatenated([dy, .zeros([rows, units])], along: 1)
    var (dWeights, dOutput) = (Tensor.zeros(weights.shape), Tensor.zeros(weights.shape))
    let (biasGradient, weightGradient, outputGradient) = (
      dBiases.mutableMatrix(), dWeights.mutableMatrix(), dOutput.mutableMatrix()
    )
    let parts = Parallelism.parts(
      operations: 4 * rows * variables * units, atMost: (units + 15) / 16)
    let workspace = Storage(count: (variables + 2) * units)
    withKernel { nade in
      Parallelism.run(parts: parts) { part in
        let range = Parallelism.range(part, of: parts, count: units, granularity: 16)
        rk_run_nade_backward(
          nade, Int64(rows), Int64(range.lowerBound), Int64(range.upperBound), dy.pointer,
          biasGradient.storage.pointer, weightGradient.storage.pointer,
          outputGradient.storage.pointer,
          workspace.pointer + (variables + 2) * range.lowerBound)
      }
    }
    withExtendedLifetime(dy) {}
    return [dBiases, dWeights, dOutput]
  }
}
