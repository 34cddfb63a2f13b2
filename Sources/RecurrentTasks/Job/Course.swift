import Foundation
import Recurrent

/// What of the options follows the size of the data.
public enum CourseMember: Sendable, CaseIterable {
  /// Examples in a training step.
  case batchSize
  /// The learning rate of the optimizer.
  case learningRate
  /// Epochs at most.
  case epochs
  /// Epochs without a better score before training stops.
  case patience
}

extension JobOptions {
  /// The options for a training part of so many examples. The defaults are those for
  /// ``fullSize`` of them and more. Where there are f times fewer, an epoch would have f times fewer
  /// updates: the batch is halved for each factor of 2 in f, down to a quarter, and epochs and
  /// patience are multiplied by what is left of f, at most by 8. A training then has about as many
  /// updates as one on the full size, as long as f is below 32. A quarter of the batch takes the
  /// learning rate of ``quarterBatchRate``, half of it the geometric mean of that and the default.
  ///
  /// - Parameter given: what stays as it is. What is not the default stays too.
  public func following(size: Int, keeping given: Set<CourseMember> = []) -> Self {
    let standard = Self()
    let factor = Double(Self.fullSize) / Double(max(1, size))
    guard factor > 1 else { return self }
    var result = self
    if !given.contains(.batchSize), batchSize == standard.batchSize {
      let halvings = min(2, Int(log2(factor)))
      result.batchSize = max(min(2, batchSize), batchSize >> halvings)
      if !given.contains(.learningRate), learningRate == standard.learningRate {
        let share = Float(halvings) / 2
        result.learningRate *= pow(Self.quarterBatchRate / learningRate, share)
      }
    }
    guard !given.contains(.epochs), epochs == standard.epochs else { return result }
    let left = factor * Double(result.batchSize) / Double(standard.batchSize)
    let growth = min(8, max(1, left))
    result.epochs = Int((Double(epochs) * growth).rounded())
    if !given.contains(.patience), patience == standard.patience {
      result.patience = Int((Double(patience) * growth).rounded())
    }
    return result
  }
}

extension JobPlan {
  /// The plan whose batch, learning rate, epochs and patience follow the size of the training part
  /// (``JobOptions/following(size:keeping:)``).
  public func followingSize(keeping given: Set<CourseMember> = []) -> Self {
    var plan = self
    plan.options = options.following(size: size.count, keeping: given)
    return plan
  }

  /// How long training takes at most, and what of it was chosen for the size of the data, as lines.
  public var courseDescription: String {
    let (count, unit) = size
    func counted(_ count: Int, _ unit: String) -> String {
      "\(NumberFormat.grouped(count)) \(unit)\(count == 1 ? "" : "s")"
    }
    let full = NumberFormat.grouped(Trained.Configuration.Options.fullSize)
    let text =
      "course      at most \(counted(options.epochs, "epoch")) of "
      + "\(counted(updatesPerEpoch, "update")), batch \(options.batchSize), "
      + "learning rate \(NumberFormat.short(options.learningRate)), patience \(options.patience)"
    let usual = [
      usual("batch", \.batchSize), usual("learning rate", \.learningRate),
      usual("epochs", \.epochs), usual("patience", \.patience),
    ].compactMap(\.self)
    guard !usual.isEmpty else { return text }
    return text
      + "\n            chosen for \(NumberFormat.grouped(count)) \(unit); from \(full) on: "
      + usual.joined(separator: ", ")
  }

  /// What a number of the course that was chosen for the size of the data would be otherwise; nil
  /// for one that was told or is what it always is.
  private func usual<Number: Equatable>(
    _ name: String, _ member: WritableKeyPath<Trained.Configuration.Options, Number>
  ) -> String? {
    let standard = Trained.Configuration.Options()
    guard options[keyPath: member] != standard[keyPath: member] else { return nil }
    // Once with the batch that it has, once with one that follows.
    let isChosen = [options.batchSize, standard.batchSize].contains { batch in
      var before = options
      (before.batchSize, before.epochs) = (batch, standard.epochs)
      before[keyPath: member] = standard[keyPath: member]
      let after = before.following(size: size.count)
      return after[keyPath: member] == options[keyPath: member]
        && after.batchSize == options.batchSize
    }
    return isChosen ? "\(name) \(standard[keyPath: member])" : nil
  }
}
