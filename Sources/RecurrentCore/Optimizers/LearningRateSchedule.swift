import Foundation
import RecurrentFiles

/// How the learning rate changes in the course of training. A value with the little state that a
/// plateau needs.
public struct LearningRateSchedule: Sendable, Codable, Equatable {
  /// The rule.
  public enum Rule: Sendable, Codable, Equatable {
    /// Always the same.
    case constant
    /// Times `factor` after every `epochs` epochs, at least 1.
    case step(epochs: Int, factor: Double)
    /// Rises in a line over the first `warmUp` epochs, then falls along half a cosine to `floor`
    /// times the rate at epoch `epochs` (Loshchilov and Hutter 2017, arXiv:1608.03983).
    case cosine(epochs: Double, warmUp: Double = 0, floor: Double = 0)
    /// Along half a cosine to `floor` again and again, at first over `first` epochs, then each time over
    /// `growth` times as many, at least as many (the warm restarts of the same paper).
    case restarts(first: Double, growth: Double = 2, floor: Double = 0)
    /// Times `factor` whenever the deciding loss (``EpochRecord/decidingLoss``) has not fallen for
    /// more than `patience` epochs by the relative amount `threshold`; then waits `cooldown` epochs;
    /// never below `floor` times the rate. PyTorch's `ReduceLROnPlateau`.
    case onPlateau(
      factor: Double = 0.1, patience: Int = 10, threshold: Double = 1e-4, cooldown: Int = 0,
      floor: Double = 0)

    /// What is wrong with the rule, as a sentence; nil if nothing is.
    public var problem: String? {
      switch self {
      case .step(let epochs, _) where epochs < 1:
        return "the learning rate steps after 1 epoch at least, not after \(epochs)"
      case .restarts(let first, let growth, _)
      where !(first > 0 && first.isFinite && growth >= 1 && growth.isFinite):
        return "restarts come after more than 0 epochs, and each as late as the last at least, "
          + "not after \(first) times \(growth)"
      default: return nil
      }
    }
  }

  /// The rule.
  public let rule: Rule
  private var scale = 1.0
  private var best: Double?
  private var badEpochs = 0
  private var cooling = 0

  /// A schedule at its beginning.
  public init(_ rule: Rule = .constant) {
    if let problem = rule.problem { trap(problem) }
    self.rule = rule
  }

  /// The factor of the learning rate after `progress` epochs (2.5: in the middle of the third).
  public func factor(after progress: Double) -> Double {
    switch rule {
    case .constant: return 1
    case .step(let epochs, let factor):
      return pow(factor, (progress / Double(epochs)).rounded(.down))
    case .cosine(let epochs, let warmUp, let floor):
      if progress < warmUp { return progress / warmUp }
      let share = min(1, (progress - warmUp) / max(epochs - warmUp, .leastNonzeroMagnitude))
      return floor + (1 - floor) * (1 + cos(.pi * share)) / 2
    case .restarts(let first, let growth, let floor):
      var (start, length) = (0.0, first)
      if growth == 1 { start = (progress / length).rounded(.down) * length }
      while growth > 1, progress >= start + length {
        (start, length) = (start + length, length * growth)
      }
      return floor + (1 - floor) * (1 + cos(.pi * (progress - start) / length)) / 2
    case .onPlateau: return scale
    }
  }

  /// What its memory of so many epochs cannot be, if it is that.
  func problem(epochs: Int) -> String? {
    (0...epochs).contains(badEpochs) ? nil : "\(badEpochs) of \(epochs) epochs were bad"
  }

  /// Takes note of an epoch's deciding loss.
  public mutating func epochEnded(loss: Double) {
    guard case .onPlateau(let factor, let patience, let threshold, let cooldown, let floor) = rule
    else { return }
    // A score of which more is better comes with its sign changed.
    if best.map({ loss < $0 * (1 - ($0 < 0 ? -threshold : threshold)) }) ?? true {
      best = loss
      badEpochs = 0
    } else {
      badEpochs += 1
    }
    if cooling > 0 {
      cooling -= 1
      badEpochs = 0
    }
    if badEpochs > patience {
      scale = max(scale * factor, floor)
      cooling = cooldown
      badEpochs = 0
    }
  }
}
