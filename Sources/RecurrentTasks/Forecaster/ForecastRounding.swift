import Recurrent

/// What it cost a forecaster that its recurrent weights were rounded.
public struct ForecastRounding: Sendable, Codable, Equatable {
  /// How far a matrix is from what it was.
  public struct WeightError: Sendable, Codable, Equatable {
    /// The parameter's name.
    public let name: String
    /// The root of the mean squared error, as a share of the root of the mean square.
    public let error: Double
  }

  /// RMSE on windows whose future is known, in the unit of the target.
  public struct RMSE: Sendable, Codable, Equatable {
    /// With the weights as trained.
    public let before: Double
    /// With the rounded ones.
    public let after: Double
  }

  /// What the weights were rounded to.
  public let precision: WeightPrecision
  /// Bytes of the weights' file before.
  public let bytesBefore: Int
  /// Bytes of it now.
  public let bytes: Int
  /// The matrices' errors.
  public let weights: [WeightError]
  /// The data whose forecasts were compared, in words.
  public let comparedOn: String
  /// The windows that were forecast.
  public let windows: Int
  /// The largest difference of two forecasts of one value, in the unit of the target.
  public let largestDifference: Double
  /// The root of the mean squared difference.
  public let rmsDifference: Double
  /// How well both did, if the future of the windows is known.
  public let rmse: RMSE?
}

extension ForecastRounding: CustomStringConvertible {
  /// Sizes, differences and errors as lines of text.
  public var description: String {
    func number(_ value: Double) -> String { NumberFormat.significant(value) }
    var lines = [
      "weights     \(precision.rawValue), rounded from float32",
      "file        \(NumberFormat.grouped(bytes)) bytes, \(NumberFormat.grouped(bytesBefore)) before",
      "forecasts   differ by at most \(number(largestDifference)), RMS \(number(rmsDifference))",
      "            (\(windows) \(windows == 1 ? "window" : "windows") of \(comparedOn))",
    ]
    if let rmse {
      let change = rmse.before > 0 ? 100 * (rmse.after / rmse.before - 1) : 0
      lines.append(
        "RMSE        \(number(rmse.after)), \(number(rmse.before)) before "
          + "(\(change < 0 ? "" : "+")\(NumberFormat.fixed(change, 2)) %)")
    }
    let table =
      [["weights", "RMS error"]]
      + weights.map {
        [$0.name, NumberFormat.significant($0.error * 100) + " %"]
      }
    return (lines + ["", TextTable(table).description]).joined(separator: "\n")
  }
}

extension Forecaster {
  /// The same forecaster with recurrent weights rounded to a narrower precision, and a note of what
  /// that cost, which travels with it: ``Configuration/rounding``.
  ///
  /// - Parameter series: Series whose windows both forecast, to compare; without any, what comes
  ///   after the training data.
  /// - Throws: ``DataError`` as ``evaluate(on:)``, and if the weights are rounded already.
  public func rounded(
    to precision: WeightPrecision, evaluatedOn series: [Series] = []
  ) throws(DataError) -> Forecaster {
    guard model.weightPrecision == .float32 else {
      throw DataError(
        file: "the model",
        problem: "has weights of \(model.weightPrecision.rawValue), expected float32",
        advice: "Round the model that training wrote")
    }
    let examples = try series.isEmpty ? recentExamples : examples(of: series)
    let rounded = model.rounded(to: precision)
    var configuration = configuration
    configuration.rounding = nil
    var result = Forecaster(configuration: configuration, model: rounded, recent: recent)
    let (before, after) = (
      WindowForecasts(examples, by: self), WindowForecasts(examples, by: result)
    )
    let differences = zip(before.points.joined(), after.points.joined()).map {
      abs($0.value - $1.value)
    }
    func rmse(_ forecasts: WindowForecasts) -> Double {
      forecasts.evaluation(
        naiveScales: naiveScales(of: series), nominalCoverage: nominalCoverage
      ).model.overall.rmse
    }
    func bytes(_ model: ForecastModel) -> Int {
      SafetensorsFile.encode(model.storedTensors).count
    }
    let squares = differences.reduce(0) { $0 + $1 * $1 }
    result.configuration.rounding = ForecastRounding(
      precision: precision, bytesBefore: bytes(model), bytes: bytes(rounded),
      weights: rounded.roundingErrors(of: model).map { .init(name: $0.name, error: $0.error) },
      comparedOn: series.isEmpty
        ? "the end of the training data"
        : Set(series.map(\.source)).sorted().joined(separator: ", "),
      windows: examples.count, largestDifference: differences.max() ?? 0,
      rmsDifference: differences.isEmpty ? 0 : (squares / Double(differences.count)).squareRoot(),
      rmse: series.isEmpty ? nil : .init(before: rmse(before), after: rmse(after)))
    return result
  }

  /// The last window of each series of the training data; what came then is not known.
  private var recentExamples: ForecastExamples {
    ForecastExamples(
      recent.map { Channels($0, scales: scales(of: $0)) },
      origins: recent.map { $0.count..<$0.count + 1 }, options: options, base: configuration.base)
  }
}
