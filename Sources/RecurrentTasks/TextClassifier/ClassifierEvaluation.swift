import Recurrent

/// How well texts were classified, beside what takes no network.
public struct ClassifierEvaluation: JobEvaluation {
  /// A yardstick's share of right answers and its macro F1.
  public struct Baseline: Sendable, Codable, Equatable {
    /// The share of right answers.
    public var accuracy: Double
    /// The mean F1 over the classes.
    public var macroF1: Double

    init(_ matrix: ConfusionMatrix) {
      accuracy = matrix.accuracy
      macroF1 = matrix.macroF1
    }
  }

  /// The labels, in the order of the matrix.
  public let labels: [String]
  /// The number of texts of each class that were taken for each class.
  public let confusion: ConfusionMatrix
  /// Whether the probabilities mean what they say.
  public let calibration: Calibration
  /// Always the most frequent class of the training part.
  public let majority: Baseline
  /// Naive Bayes over words and pairs of words; nil where its training part is not at hand.
  public let bagOfWords: Baseline?
  /// Texts that were cut to the maximum length.
  public let truncated: Int
  /// Texts without tokens.
  public let empty: Int
  /// The share of tokens that are not in the vocabulary.
  public let unknownShare: Double
  /// Texts with a label that training does not have, which nothing here counts; nil if there are none.
  public internal(set) var unknown: UnknownLabels?

  /// One line that says whether the model is worth having, with a 95 % interval of its accuracy
  /// (``ConfusionMatrix/accuracyInterval``).
  public var verdict: String {
    let accuracy = confusion.accuracy
    let named = [("majority class", majority)] + (bagOfWords.map { [("bag of words", $0)] } ?? [])
    guard let best = named.max(by: { $0.1.accuracy < $1.1.accuracy }) else { return "" }
    let points = "\(NumberFormat.fixed(abs(accuracy - best.1.accuracy) * 100, 1)) points"
    let ends = [confusion.accuracyInterval.lowerBound, confusion.accuracyInterval.upperBound]
      .map { NumberFormat.fixed($0 * 100, 1) }
    let chance = " (95 % interval of its accuracy: \(ends[0]) to \(ends[1]) %)"
    if accuracy > best.1.accuracy {
      return "The model beats the \(best.0) by \(points)\(chance)."
    }
    return accuracy == best.1.accuracy
      ? "The model does NOT beat the \(best.0): it is no better."
      : "The model does NOT beat the \(best.0): it is \(points) worse\(chance)."
  }
}

extension ClassifierEvaluation {

  /// Tables: overall, by class, the confusion matrix, calibration, and the verdict.
  public var description: String {
    func percent(_ share: Double) -> String { NumberFormat.fixed(share * 100, 1) }
    var overall = [["", "accuracy %", "macro F1 %"]]
    overall.append(["model", percent(confusion.accuracy), percent(confusion.macroF1)])
    if let bagOfWords {
      overall.append(
        ["bag of words", percent(bagOfWords.accuracy), percent(bagOfWords.macroF1)])
    }
    overall.append(["majority class", percent(majority.accuracy), percent(majority.macroF1)])
    var text = TextTable(overall).description

    let shown = shownClasses
    var classes = [["class", "precision %", "recall %", "F1 %", "texts"]]
    for index in shown {
      let scores = [confusion.precision(index), confusion.recall(index), confusion.f1(index)]
      classes.append(
        [labels[index]] + scores.map { confusion.occurs(index) ? percent($0) : "-" }
          + [NumberFormat.grouped(confusion.support(index))])
    }
    text += "\n\n" + TextTable(classes).description
    if shown.count < labels.count {
      text += "\n… and \(labels.count - shown.count) more classes"
    } else if labels.count <= 12 {
      var matrix = [["is \\ taken for"] + labels]
      for (label, row) in zip(labels, confusion.counts) {
        matrix.append([label] + row.map(NumberFormat.grouped))
      }
      text += "\n\n" + TextTable(matrix).description
    }
    text += "\n\nCalibration error (ECE, ten bins) \(percent(calibration.expectedError)) %, "
    text += "log loss \(NumberFormat.fixed(calibration.logLoss, 3)) nats."
    text += "\nUnknown tokens \(percent(unknownShare)) %"
    if truncated > 0 { text += "; \(truncated) texts cut to the maximum length" }
    if empty > 0 { text += "; \(empty) texts without tokens" }
    if let unknown { text += ".\n\(unknown)" }
    return text + ".\n\(verdict)"
  }

  /// The classes that tables show: all up to 30, then the most frequent.
  private var shownClasses: [Int] {
    let all = Array(labels.indices)
    guard all.count > 30 else { return all }
    return all.sorted { (confusion.support($1), $0) < (confusion.support($0), $1) }.prefix(30)
      .sorted()
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ClassifierEvaluation {
  public var headline: EpochScore {
    EpochScore("accuracy", confusion.accuracy, isHigherBetter: true)
  }

  public var size: String { "\(confusion.total) texts" }
}
