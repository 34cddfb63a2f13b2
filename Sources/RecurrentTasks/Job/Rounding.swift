import Recurrent

/// What it cost a model that its recurrent weights were rounded.
public struct Rounding: Sendable, Codable, Equatable {
  /// How far a matrix is from what it was.
  public struct WeightError: Sendable, Codable, Equatable {
    /// The parameter's name.
    public let name: String
    /// The root of the mean squared error, as a share of the root of the mean square.
    public let error: Double
  }

  /// A score on data whose answers are known.
  public struct Score: Sendable, Codable, Equatable {
    /// The measure's name.
    public let name: String
    /// The score with the weights as trained.
    public let before: Double
    /// The score with the rounded weights.
    public let after: Double
  }

  /// How far answers are from those of the weights as trained.
  public struct Answers: Sendable, Codable, Equatable {
    /// The answers that were compared, in words.
    public let of: String
    /// The largest difference, in the unit of the answers.
    public let largestDifference: Double
    /// The root of the mean squared difference.
    public let rmsDifference: Double
  }

  /// The precision that the weights were rounded to.
  public let precision: WeightPrecision
  /// Bytes of the weights' file before.
  public let bytesBefore: Int
  /// Bytes of it now.
  public let bytes: Int
  /// The matrices' errors.
  public let weights: [WeightError]
  /// How far answers are from what they were, where a job compares them.
  public let answers: Answers?
  /// The score on the data that was given; nil without.
  public let score: Score?
}

extension Rounding: CustomStringConvertible {
  /// Sizes, differences and errors as lines of text.
  public var description: String {
    func number(_ value: Double) -> String { NumberFormat.significant(value) }
    var lines = [
      "weights     \(precision.rawValue), rounded from float32",
      "file        \(NumberFormat.grouped(bytes)) bytes, \(NumberFormat.grouped(bytesBefore)) before",
    ]
    if let answers {
      lines += [
        "forecasts   differ by at most \(number(answers.largestDifference)), RMS "
          + number(answers.rmsDifference), "            (\(answers.of))",
      ]
    }
    if let score {
      let change = score.before != 0 ? 100 * (score.after / score.before - 1) : 0
      lines.append(
        score.name.padded(to: 12) + "\(number(score.after)), \(number(score.before)) before "
          + "(\(change < 0 ? "" : "+")\(NumberFormat.fixed(change, 2)) %)")
    }
    let table =
      [["weights", "RMS error"]] + weights.map { [$0.name, number($0.error * 100) + " %"] }
    return (lines + ["", TextTable(table).description]).joined(separator: "\n")
  }
}

extension String {
  /// With blanks behind it, at least one, up to a width.
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}

extension Job {
  /// The same model with recurrent weights rounded to a narrower precision, and a note of what that
  /// cost, which travels with it (``JobConfiguration/rounding``).
  ///
  /// - Parameter data: data whose answers are known, on which both are judged; nil: none.
  /// - Throws: ``DataError`` as ``evaluate(on:)``, and if the weights are rounded already.
  public func rounded(
    to precision: WeightPrecision, evaluatedOn data: Data? = nil
  ) throws(DataError) -> Self {
    guard models.weightPrecision == .float32 else {
      throw DataError(
        file: "the model",
        problem: "has weights of \(models.weightPrecision.rawValue), expected float32",
        advice: "Round the model that training wrote")
    }
    var parts = parts
    parts.models = models.rounded(to: precision)
    parts.histories = []
    var result = Self(parts)
    func bytes(_ model: Self) -> Int { SafetensorsFile.encode(model.storedTensors).count }
    let score = try data.map { data throws(DataError) -> Rounding.Score in
      let (before, after) = (
        try evaluate(on: data).headline, try result.evaluate(on: data).headline
      )
      return Rounding.Score(name: before.name, before: before.value, after: after.value)
    }
    let errors =
      options.networks == nil
      ? result.model.roundingErrors(of: model) : result.models.roundingErrors(of: models)
    result.configuration.rounding = Rounding(
      precision: precision, bytesBefore: bytes(self), bytes: bytes(result),
      weights: errors.map { .init(name: $0.name, error: $0.error) },
      answers: try compared(with: result, on: data), score: score)
    return result
  }

  /// Answers are not compared.
  public func compared(with rounded: Self, on data: Data?) throws(DataError) -> Rounding.Answers? {
    nil
  }
}
