import Recurrent
import RecurrentFiles

/// What follows a training: the interval, the report, and a training on rows that were held out.
extension ForecastPlan {
  /// Rows that are forecast at once for a report.
  static var rowsAtOnce: Int { 100_000 }

  /// Ranks share the windows that are forecast for the report, and so the series.
  public func shared(by ranks: any Communicator) -> ForecastPlan {
    var plan = self
    plan.ranks = ranks
    return plan
  }

  /// The interval, from the errors on rows that were not learned, and how the test part goes. Where folds are
  /// held out, the last of their trainings completes the network that validation chose.
  public func complete(_ forecaster: inout Forecaster) throws(DataError) {
    if let fold {
      guard fold.isLast else { return }
      let errors = errors(in: fold, with: forecaster)
      forecaster = fold.judged
      return try whole(fold).judge(&forecaster, by: errors)
    }
    guard folds.isEmpty else { return }
    try judge(&forecaster, by: nil)
  }

  /// - Parameter errors: those on rows that were held out; nil: those of the validation part are found here.
  private func judge(
    _ forecaster: inout Forecaster, by errors: HeldOutErrors?
  ) throws(DataError) {
    if let former {
      forecaster.configuration.calibration = former.calibration
      forecaster.configuration.oneStepErrors = former.oneStepErrors
      forecaster.configuration.reaches = former.reaches
      forecaster.configuration.calibrationFolds = former.calibrationFolds
    } else {
      calibrate(&forecaster, by: errors)
    }
    let unlearned = unlearnedTest
    let test = ForecastExamples(
      channels, origins: unlearned.origins, options: options, places: places)
    guard test.count > 0 else {
      forecaster.configuration.evaluation = former?.evaluation
      return
    }
    // That of the training which follows is the one that counts.
    guard former != nil || refit == .none || refit == .after || !hasValidation else { return }
    var sums = ForecastEvaluation.Sums()
    let (units, rivals) = (units, rivals)
    for part in test.parts {
      func windows(_ range: Range<Int>) -> [JudgedWindow] {
        let part = test[range]
        return WindowForecasts(part, by: forecaster).judged(units, rivals: rivals.on(part))
      }
      let judged = try ranks.map { ranks throws(DataError) in try ranks.shared(part, windows) }
      for window in judged ?? windows(part) { sums.add(window) }
    }
    var evaluation = ForecastEvaluation(
      sums, nominalCoverage: forecaster.nominalCoverage, of: unlearned.isNone ? .learned : nil)
    evaluation.calibrationFolds = forecaster.configuration.calibrationFolds
    forecaster.configuration.evaluation = evaluation
  }

  /// Finds which shares of what came lay below what the network said, on rows that it was not trained on
  /// if there are any. What it says of its own errors is moved only by enough of them.
  private func calibrate(_ forecaster: inout Forecaster, by held: HeldOutErrors?) {
    let isOfNumber = options.loss.isOfNumber
    guard hasValidation || held != nil || isOfNumber else { return }
    let errors = held ?? ownErrors(of: forecaster)
    let isHeldOut = hasValidation || held != nil
    if let held {
      forecaster.configuration.calibrationFolds = CalibrationFolds(
        count: held.networks - (hasValidation ? 1 : 0), hasValidation: hasValidation,
        windows: held.scores[0].count)
    }
    if isHeldOut, options.transform != nil { forecaster.configuration.reaches = errors.reaches }
    forecaster.configuration.oneStepErrors = isHeldOut ? OneStepErrors(errors.scores[0]) : nil
    let (scores, independent) = (errors.centred, errors.horizons)
    guard !isOfNumber else {
      forecaster.configuration.calibration = ForecastCalibration(scores, independent: independent)
      if held != nil { forecaster.configuration.intervalSource = .heldOutResiduals }
      return
    }
    let all = scores.flatMap(\.self)
    guard errors.scores.reduce(0, { $0 + $1.count }) >= Self.fewestScores else { return }
    let isEnough = errors.scores.allSatisfy { $0.count >= Self.fewestScores }
    forecaster.configuration.calibration = ForecastCalibration(
      isEnough ? scores : scores.map { _ in all }, independent: independent)
    forecaster.configuration.intervalSource = .calibrated
  }

  /// Fewer scores tell less of a share than the network does.
  private static var fewestScores: Int { 50 }

  var refit: ForecastRefit { options.refit ?? .none }

  /// The first training, those without a fold, those of known rows and of all rows.
  public var stages: Int { 1 + folds.count + refits }

  /// Trainings on rows that were held out.
  var refits: Int {
    switch refit {
    case .none: 0
    case .after: hasValidation || hasTest ? 1 : 0
    case .known: hasValidation ? 1 : 0
    case .all: (hasValidation ? 1 : 0) + (hasTest ? 1 : 0)
    }
  }

  /// The training that leaves out the next fold; behind the last one that on rows that were held out, if the
  /// options ask for it.
  public func sequel(to trained: Forecaster) throws(DataError) -> ForecastPlan? {
    if let fold {
      guard fold.isLast else {
        return without(
          FoldTraining(
            folds: fold.folds, number: fold.number + 1, judged: fold.judged,
            errors: errors(in: fold, with: trained), epochs: fold.epochs,
            ridgePenalty: fold.ridgePenalty))
      }
      return try whole(fold).refitPlan(after: trained)
    }
    let folds = folds
    guard !folds.isEmpty else { return try refitPlan(after: trained) }
    return without(
      FoldTraining(
        folds: folds, number: 0, judged: trained,
        errors: hasValidation ? ownErrors(of: trained) : HeldOutErrors(horizon: options.horizon),
        epochs: options.epochs, ridgePenalty: chosenPenalty))
  }

  /// The penalty of the ridge regression that validation chooses, or chose.
  private var chosenPenalty: Double? {
    hasValidation
      ? RidgeForecast(training: trainingExamples, validation: validationExamples)?.penalty
      : ridgePenalty
  }

  private func refitPlan(after trained: Forecaster) throws(DataError) -> ForecastPlan? {
    let learnsTest = refit == .after || refit == .all && !hasValidation
    guard refit != .none, hasValidation || hasTest && learnsTest else { return nil }
    let splits = splits.map { split in
      ForecastSplit(
        count: split.count, validationStart: learnsTest ? split.count : split.testStart,
        testStart: learnsTest ? split.count : split.testStart, options: self.options)
    }
    var options = options
    options.epochs = max(1, trained.configuration.bestEpoch)
    // Those that were found stay; a model's own are not looked for again.
    if origin == nil { options.findsSeasons = nil }
    // Scales and bases may follow the rows that are known now.
    var plan = try ForecastPlan(
      series, options: options, columns: columns, splits: splits, from: origin,
      in: ValueStore(mostKept: store.mostKept))
    require(
      plan.series.count == series.count,
      "a series that was learned from still can be with more rows")
    plan.leftOut = leftOut
    plan.former = trained.configuration
    plan.ridgePenalty = chosenPenalty
    plan.scheduleEpochs = scheduleEpochs ?? self.options.epochs
    plan.stage = stage + 1
    return plan
  }

  /// The network that validation chose is as good as before; where a training without a fold ran away, its
  /// interval is that of the validation part.
  public func withoutSequel(_ trained: Forecaster, _ error: NonFiniteError) -> Forecaster? {
    guard fold?.isLast ?? true else { return nil }
    var kept = trained
    if fold == nil, !folds.isEmpty, (try? judge(&kept, by: nil)) == nil { return nil }
    guard refit == .after || kept.configuration.evaluation != nil else { return nil }
    kept.configuration.refitted = Refitted(
      rows: splits.reduce(0) { $0 + $1.count }, of: splits.reduce(0) { $0 + $1.count }, epochs: 0,
      problem: "\(error)")
    return kept
  }

  var hasTest: Bool { splits.contains { !$0.test.isEmpty } }

  /// What errors of each series are divided by.
  var units: [SeriesUnit] {
    zip(series, splits).map { series, split in
      SeriesUnit(
        trainingRows: series.target[..<split.validationStart], season: options.season,
        name: series.name)
    }
  }

  /// Forecasts that are fitted without a network, on the training rows.
  var rivals: FittedRivals {
    let trainingRows = splits.map { max(1, $0.validationStart) }
    return FittedRivals(
      classical: ClassicalForecast.Method.allCases.map { method in
        zip(series, trainingRows).map { series, rows in
          let forecast = ClassicalForecast(
            method, series.target, trainingRows: rows, season: options.season)
          // Where there is no room on the disk, the memory may have some.
          return (try? forecast.stored(in: store)) ?? forecast
        }
      },
      ridge: RidgeForecast(
        training: trainingExamples, validation: validationExamples, penalty: ridgePenalty))
  }
}
