import Recurrent

// Scores by which plans of other options can be compared, where the validation loss depends on them.

extension ForecastPlan {
  /// The mean absolute error of the forecasts of the validation windows, by the mean step of each series'
  /// training rows (MASE with a season of 1): it depends on neither scaling, transform nor loss.
  public func tuningScore(of model: ForecastModel, after history: TrainingHistory) -> EpochScore? {
    let validation = validationExamples
    guard validation.count > 0, !history.epochs.isEmpty else { return nil }
    let units = zip(series, splits).map { series, split in
      SeriesUnit(trainingRows: series.target[..<split.validationStart], season: nil)
    }
    var options = options
    options.members = nil
    var configuration = configuration(after: [history])
    configuration.options = options
    let forecaster = Forecaster(
      JobParts(configuration: configuration, extras: extras, models: [model]))
    var (scaled, plain) = ((sum: 0.0, count: 0), (sum: 0.0, count: 0))
    for range in validation.parts {
      let part = validation[range]
      let windows = WindowForecasts(part, by: forecaster)
      for (window, origin) in part.origins.enumerated() {
        let unit = units[origin.series].naiveScale
        for (value, row) in zip(windows.actual[window], windows.rows[window]) {
          let error = abs(value - row.value)
          plain = (plain.sum + error, plain.count + 1)
          if unit > 0 { scaled = (scaled.sum + error / unit, scaled.count + 1) }
        }
      }
    }
    let (name, mean) = scaled.count > 0 ? ("validation_MASE", scaled) : ("validation_MAE", plain)
    return EpochScore(name, mean.sum / Double(mean.count), isHigherBetter: false)
  }
}

extension TextClassifierPlan {
  /// The cross entropy of the validation part without smoothing or weights of classes.
  public func tuningScore(
    of model: TextClassifierModel, after history: TrainingHistory
  ) -> EpochScore? {
    let validation = validationExamples
    guard validation.count > 0, !history.epochs.isEmpty else { return nil }
    var plain = self
    (plain.options.labelSmoothing, plain.options.classWeights) = (0, .none)
    let loss = plain.trainer(of: model, member: 1).evaluate(model, on: validation)
    return EpochScore("validation_loss", loss, isHigherBetter: false)
  }
}

extension TextGeneratorPlan {
  /// The validation loss over as many streams, whatever training has.
  public func tuningScore(
    of model: TextGeneratorModel, after history: TrainingHistory
  ) -> EpochScore? {
    guard tuningSize > 0, !history.epochs.isEmpty else { return nil }
    var plain = self
    (plain.options.streams, plain.options.steps) = (8, 100)
    let examples = plain.validationExamples
    guard examples.count > 0 else { return nil }
    let loss = plain.trainer(of: model, member: 1).evaluate(model, on: examples)
    return EpochScore("validation_loss", loss, isHigherBetter: false)
  }

  /// The tokens of the validation part.
  public var tuningSize: Int { validationTokens.targets.count }
}
