import Recurrent

/// How good forecasts were on windows whose future is known, beside the naive forecasts on the same
/// windows.
public struct ForecastEvaluation: JobEvaluation {
  /// The errors of one forecast, overall and by step of the horizon.
  public struct Errors: Sendable, Codable, Equatable {
    /// Over all steps.
    public let overall: ForecastErrors
    /// Step by step, the first being the next row.
    public let steps: [ForecastErrors]
  }

  /// A forecast that the network stands beside.
  public struct Rival: Sendable, Codable, Equatable {
    /// The rival's name in reports.
    public let name: String
    /// The rival's errors on the same windows.
    public let errors: Errors
  }

  /// Rows that are no test part.
  public enum Rows: String, Sendable, Codable {
    /// Rows that an update brought, before they were learned.
    case newer
    /// Rows that were learned before: errors on them tell nothing of forecasts.
    case learned
  }

  /// The rows, where they are no test part.
  public var rows: Rows?
  /// The windows.
  public let windows: Int
  /// The network's errors.
  public let model: Errors
  /// The last value repeated.
  public let naive: Errors
  /// The last season repeated, if a season is known.
  public let seasonalNaive: Errors?
  /// What else was fitted on the training rows: drift, theta, damped trend, and a ridge regression on
  /// the network's window. nil where there are no such rows, and in older model folders.
  public var rivals: [Rival]?
  /// The share of values inside the interval.
  public let coverage: Double
  /// The share that should be.
  public let nominalCoverage: Double
  /// Parts of the training rows that the interval was calibrated on; nil: none were.
  public internal(set) var calibrationFolds: CalibrationFolds?
  /// The share inside, step by step; nil in older model folders.
  public var coverageBySteps: [Double]?
  /// How many series the windows are of; nil in older model folders.
  public var seriesCount: Int?
  /// How good all that is said of the values is, not the forecast alone; nil in older model folders.
  public var probability: Probability?
  /// Series by series; nil of one series, and in older model folders.
  public var bySeries: SeriesComparison?

  /// Whether the windows are of several series, which have units of their own: then MASE, not RMSE,
  /// tells which forecast is better.
  private var isOfMany: Bool { (seriesCount ?? 1) > 1 && model.overall.mase != nil }

  private func measure(_ errors: Errors) -> Double {
    isOfMany ? errors.overall.mase ?? errors.overall.rmse : errors.overall.rmse
  }

  private var measureName: String { isOfMany ? "MASE" : "RMSE" }

  /// The better of the naive forecasts by RMSE, of several series by MASE, and its name.
  public var bestNaive: (name: String, errors: Errors) {
    if let seasonalNaive, measure(seasonalNaive) < measure(naive) {
      return ("seasonal naive forecast", seasonalNaive)
    }
    return ("naive forecast", naive)
  }

  /// 1 - RMSE / RMSE of the better naive forecast, of several series MASE / MASE: 0 is as good, 1 is
  /// perfect, below 0 is worse.
  public var skill: Double {
    let reference = measure(bestNaive.errors)
    return reference > 0 ? 1 - measure(model) / reference : 0
  }

  /// Whether the model is worth having: beside the naive forecasts, and beside the best of the others
  /// if that is better than the model.
  public var verdict: String {
    guard rows != .learned else {
      return
        "The model has learned these rows: the errors tell how closely it follows them, not how "
        + "well it forecasts."
    }
    let best = rivals?.min { measure($0.errors) < measure($1.errors) }
    guard let best, measure(best.errors) < measure(bestNaive.errors) else { return naiveVerdict }
    let share = 1 - measure(best.errors) / measure(model)
    guard share > 0.0005 else { return naiveVerdict }
    return naiveVerdict + "\nBetter is \(best.name): its \(measureName) is "
      + "\(NumberFormat.fixed(share * 100, 1)) % below the model's."
      + (bySeries?.verdict(beside: best.name).map { " " + $0 } ?? "")
  }

  /// What measures say that do not agree with the one that decides, as a sentence with a blank before it. The
  /// RMSE of several series, which have units of their own, says nothing.
  private var otherMeasures: String {
    let reference = bestNaive.errors.overall
    let pairs =
      [
        ("RMSE", model.overall.rmse, reference.rmse),
        ("sMAPE", model.overall.smape, reference.smape),
      ] + (model.overall.mase.flatMap { own in reference.mase.map { [("MASE", own, $0)] } } ?? [])
    let against = pairs.compactMap { name, own, its -> String? in
      let share = its > 0 ? own / its - 1 : 0
      guard name != measureName, name != "RMSE" || !isOfMany, abs(share) > 0.0005,
        (share > 0) == (skill > 0)
      else { return nil }
      return "its \(name) is \(NumberFormat.fixedOrShort(abs(share) * 100, 1)) % "
        + (share > 0 ? "higher" : "lower")
    }
    return against.isEmpty ? "" : " But " + against.joined(separator: ", and ") + "."
  }

  private var naiveVerdict: String {
    let percent = "\(NumberFormat.fixed(abs(skill) * 100, 1)) %"
    let name = bestNaive.name
    let bySeries =
      bySeries?.verdict(beside: JudgedWindow.name(ofNaive: name)).map { " " + $0 } ?? ""
    if skill > 0.0005 {
      return "The model beats the \(name): its \(measureName) is \(percent) lower." + otherMeasures
        + bySeries
    }
    if skill >= -0.0005 {
      return "The model does NOT beat the \(name): it is no better. Use the \(name) instead."
        + bySeries
    }
    let worse =
      skill > -9 ? "\(percent) higher" : "\(NumberFormat.significant(1 - skill)) times as high"
    return
      "The model does NOT beat the \(name): its \(measureName) is \(worse). Use the \(name) instead."
      + otherMeasures + bySeries
  }
}

extension ForecastEvaluation {

  /// Tables: overall, by step, and the verdict.
  public var description: String {
    let isStandardized = isOfMany && model.overall.standardizedMSE != nil
    var rows = [
      ["", "RMSE", "MAE", "MAPE %", "sMAPE %", "MASE"]
        + (isStandardized ? ["MSE/σ²", "MAE/σ"] : [])
    ]
    func add(_ name: String, _ errors: Errors) {
      rows.append(
        [name] + errors.overall.cells + (isStandardized ? errors.overall.standardized : []))
    }
    add("model", model)
    add("naive (last value)", naive)
    if let seasonalNaive { add("seasonal naive", seasonalNaive) }
    for rival in rivals ?? [] { add(rival.name, rival.errors) }
    var text = TextTable(rows).description
    if isStandardized { text += "\nσ: the deviation of a series over its training rows." }
    if model.steps.count > 1 {
      var steps = [
        ["step", "RMSE", "naive"] + (seasonalNaive == nil ? [] : ["seasonal"]) + ["MAE", "naive"]
          + (seasonalNaive == nil ? [] : ["seasonal"]) + (coverageBySteps == nil ? [] : ["held %"])
      ]
      for step in shownSteps {
        let others = [naive.steps[step]] + (seasonalNaive.map { [$0.steps[step]] } ?? [])
        let all = [model.steps[step]] + others
        steps.append(
          ["\(step + 1)"] + all.map { NumberFormat.significant($0.rmse) }
            + all.map { NumberFormat.significant($0.mae) }
            + (coverageBySteps.map { [NumberFormat.fixed($0[step] * 100, 0)] } ?? []))
      }
      text += "\n\nBy step of the horizon:\n" + TextTable(steps).description
    }
    if let bySeries { text += "\n\n\(bySeries)" }
    let inside = NumberFormat.fixed(coverage * 100, 0)
    let wanted = NumberFormat.fixed(nominalCoverage * 100, 0)
    return text + "\n\nThe \(wanted) % interval held \(inside) % of the values.\n"
      + (calibrationFolds.map { "It was calibrated on \($0).\n" } ?? "")
      + (probability.map { "\($0)\n" } ?? "") + verdict
  }

  /// The steps that tables show: all up to 24, then about as many, evenly spread.
  private var shownSteps: [Int] {
    let count = model.steps.count
    guard count > 24 else { return Array(0..<count) }
    let stride = (count + 23) / 24
    return (0..<count).filter { ($0 + 1) % stride == 0 || $0 == 0 || $0 == count - 1 }
  }
}

extension ForecastErrors {
  fileprivate var standardized: [String] {
    [standardizedMSE, standardizedMAE].map { $0.map { NumberFormat.fixedOrShort($0, 4) } ?? "–" }
  }

  fileprivate var cells: [String] {
    [
      NumberFormat.significant(rmse), NumberFormat.significant(mae),
      mape.map { NumberFormat.fixedOrShort($0, 2) } ?? "–", NumberFormat.fixed(smape, 2),
      mase.map { NumberFormat.fixedOrShort($0, 3) } ?? "–",
    ]
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ForecastEvaluation {
  public var headline: EpochScore { EpochScore("RMSE", model.overall.rmse, isHigherBetter: false) }
  public var size: String { "\(windows) windows" }

  public var part: String {
    switch rows {
    case nil: "the test part"
    case .newer: "the newest rows, before they were learned"
    case .learned: "rows that were learned before"
    }
  }
}
