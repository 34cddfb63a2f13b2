import Foundation
internal import RecurrentKernels

/// The exponential moving average of a model's weights over the steps of its training (Polyak and
/// Juditsky 1992), free of the bias towards its start, as Adam's moments are:
///
///     a += (1 - β) / (1 - βᵗ) · (w - a)
///
/// After t steps that is the mean of all weights so far, those of k steps ago with the weight βᵏ: at
/// first nearly the plain mean, later the mean of about the last 1 / (1 - β) steps.
///
/// Statistics, as ``BatchNorm``'s, are averaged like weights: they were measured on layers with the
/// weights that the average is made of, and not with those of the last step alone.
public struct WeightAverage<Model: Module>: Sendable {
  /// β, the decay of the average.
  public let decay: Double
  /// The average; before the first step, the weights that training starts from, which then no longer
  /// count.
  public internal(set) var model: Model
  /// t, the number of updates so far.
  public internal(set) var steps = 0

  init(of model: Model, decay: Double) {
    self.model = model
    self.decay = decay
  }

  /// Takes in the weights after a step.
  mutating func add(_ current: Model) {
    steps += 1
    if steps == 1 {
      model = current
      return
    }
    let share = Float((1 - decay) / (1 - pow(decay, Double(steps))))
    var (parameters, statistics) = (current.parameters[...], current.statistics[...])
    model.updateParameters { _, average in
      if let weights = parameters.popFirst() { average.move(by: share, towards: weights.tensor) }
    }
    model.updateStatistics { _, average in
      if let weights = statistics.popFirst() { average.move(by: share, towards: weights.tensor) }
    }
  }
}

extension Tensor {
  fileprivate mutating func move(by share: Float, towards target: Tensor) {
    let (from, to, count) = (target.pointer, mutablePointer(), count)
    let parts = Parallelism.parts(operations: 2 * count, atMost: count)
    Parallelism.run(parts: parts) { part in
      let range = Parallelism.range(part, of: parts, count: count, granularity: 1)
      rk_update_average(
        share, from + range.lowerBound, to + range.lowerBound, Int64(range.count))
    }
    withExtendedLifetime(target) {}
  }
}
