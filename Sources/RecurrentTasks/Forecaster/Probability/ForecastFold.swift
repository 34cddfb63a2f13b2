import Recurrent

/// Rows that a training leaves out, so that its errors on them tell how far forecasts are off.
struct ForecastFold: Sendable, Equatable {
  /// Origins of the windows that forecast these rows alone, by series.
  let held: [Range<Int>]
  /// Origins of the windows that forecast rows before them, and behind them.
  let before, behind: [Range<Int>]

  /// - Parameters:
  ///   - rows: those that are held out, by series.
  ///   - origins: those of all windows that may be learned.
  init(_ rows: [Range<Int>], of origins: [Range<Int>], horizon: Int) {
    func part(_ from: Int, _ to: Int) -> Range<Int> { from..<max(from, to) }
    let pairs = Array(zip(rows, origins))
    held = rows.map { $0.isEmpty ? 0..<0 : part($0.lowerBound, $0.upperBound - horizon + 1) }
    before = pairs.map { rows, own in
      rows.isEmpty ? own : part(own.lowerBound, min(own.upperBound, rows.lowerBound - horizon + 1))
    }
    behind = pairs.map { rows, own in
      rows.isEmpty ? 0..<0 : part(max(own.lowerBound, rows.upperBound), own.upperBound)
    }
  }

  var isUsable: Bool {
    held.contains { !$0.isEmpty } && (before + behind).contains { !$0.isEmpty }
  }
}

/// A training of the rows outside of a fold, after others.
struct FoldTraining: Sendable {
  let folds: [ForecastFold]
  /// Which of them.
  let number: Int
  /// The network that validation chose.
  let judged: Forecaster
  /// Errors that are known before.
  let errors: HeldOutErrors
  /// Epochs at most of the plan that the network was chosen by.
  let epochs: Int
  /// The ridge penalty of that plan.
  let ridgePenalty: Double?

  var fold: ForecastFold { folds[number] }
  var isLast: Bool { number == folds.count - 1 }
}

extension ForecastPlan {
  /// More of them cost more trainings than they tell.
  private static var mostFolds: Int { 5 }

  /// Parts of the rows that training windows forecast, each held out once; none where the validation part tells
  /// enough, or rows are too few.
  ///
  /// A series has as many as it has room for, and those of series with less lie in different folds.
  var folds: [ForecastFold] {
    guard former == nil, usesFolds else { return [] }
    let horizon = options.horizon
    let rows = splits.map { split in
      split.training.isEmpty
        ? 0..<0 : split.training.lowerBound..<split.training.upperBound + horizon - 1
    }
    let pieces = rows.map { min(Self.mostFolds, max(1, $0.count / (2 * horizon - 1))) }
    let count = min(Self.mostFolds, pieces.reduce(0, +))
    guard count > 1 else { return [] }
    // Validation rows are learned too: it is the fold whose network validation chose.
    let origins = splits.map { split in
      let first = split.training.lowerBound
      return first..<max(first, split.testStart - horizon + 1)
    }
    return (0..<count).map { number in
      let held = rows.indices.map { place -> Range<Int> in
        let (own, piece) = (rows[place], (number + place) % count)
        guard piece < pieces[place] else { return 0..<0 }
        return own.lowerBound + own.count * piece / pieces[place]..<own.lowerBound + own.count
          * (piece + 1) / pieces[place]
      }
      return ForecastFold(held, of: origins, horizon: horizon)
    }.filter(\.isUsable)
  }

  private var usesFolds: Bool {
    switch options.calibration ?? .validation {
    case .validation: false
    case .folds: true
    case .auto: !hasValidation || validationHorizons < CalibrationRows.enoughHorizons
    }
  }

  private var validationHorizons: Double {
    splits.reduce(0) { sum, split in
      sum
        + (split.validation.isEmpty
          ? 0
          : Double(split.validation.count + options.horizon - 1) / Double(options.horizon))
    }
  }

  /// The windows that a training without a fold learns from: those of each series before it, then those
  /// behind it.
  func trainingExamples(without fold: ForecastFold) -> ForecastExamples {
    ForecastExamples(
      channels + channels, origins: fold.before + fold.behind, options: options,
      places: places + places)
  }

  /// The errors of a network on the validation part, on the training part where there is none.
  func ownErrors(of forecaster: Forecaster) -> HeldOutErrors {
    var errors = HeldOutErrors(horizon: options.horizon)
    let part = hasValidation ? \ForecastSplit.validation : \.training
    errors.add(examples(part), splits.map { $0[keyPath: part] }, by: forecaster)
    return errors
  }

  /// What is known of errors with those of the network that this training made.
  func errors(in training: FoldTraining, with trained: Forecaster) -> HeldOutErrors {
    var errors = training.errors
    let held = training.fold.held
    errors.add(
      ForecastExamples(channels, origins: held, options: options, places: places), held, by: trained
    )
    return errors
  }

  /// The training behind this one, of the rows outside of a fold.
  func without(_ training: FoldTraining) -> ForecastPlan {
    var plan = self
    plan.fold = training
    plan.stage = stage + 1
    plan.scheduleEpochs = scheduleEpochs ?? training.epochs
    plan.ridgePenalty = training.ridgePenalty
    plan.options.epochs = max(1, training.judged.configuration.bestEpoch)
    return plan
  }

  /// The plan that the trainings without a fold came from, as it was.
  func whole(_ training: FoldTraining) -> ForecastPlan {
    var plan = self
    plan.fold = nil
    plan.options.epochs = training.epochs
    return plan
  }

  /// What the interval costs, in words; nil: nothing.
  var foldText: String? {
    let count = folds.count
    guard count > 0 else { return nil }
    let parts = CalibrationFolds(count: count, hasValidation: hasValidation, windows: 0)
    return "from \(parts):\n            \(count) more "
      + (count == 1 ? "training" : "trainings") + " (--calibration validation: none)"
  }
}
