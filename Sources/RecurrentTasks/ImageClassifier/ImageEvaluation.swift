import Recurrent

/// How a classifier did on images whose classes are known, beside the majority class.
public struct ImageEvaluation: JobEvaluation {
  /// An image that was taken for another class.
  public struct Mistake: Sendable, Codable, Equatable {
    /// The image's place among the images, from 0.
    public let index: Int
    /// The image's class.
    public let truth: String
    /// The class that the image was taken for.
    public let prediction: String
    /// The probability given to that, 0 to 1.
    public let probability: Double
  }

  /// How often each class was taken for each.
  public let confusion: ConfusionMatrix
  /// The class most frequent in training.
  public let majorityClass: String
  /// The images of that class.
  public let majorityCount: Int
  /// The mean of -log(probability of the true class), in nats.
  public let crossEntropy: Double
  /// The mistakes, the surest first; at most 60.
  public let mistakes: [Mistake]
  /// Images of classes that training does not have, which nothing here counts; nil if there are none.
  public let unknown: UnknownLabels?

  /// The share of images whose class was found.
  public var accuracy: Double { confusion.accuracy }

  /// Accuracy, baseline and confusion matrix.
  public var description: String {
    func percent(_ share: Double) -> String { NumberFormat.fixed(100 * share, 2) + " %" }
    let total = confusion.total
    let interval = confusion.accuracyInterval
    let rows = [
      ["", "accuracy", "right", "of", "95 % interval"],
      [
        "model", percent(accuracy), NumberFormat.grouped(confusion.correct),
        NumberFormat.grouped(total),
        "\(percent(interval.lowerBound)) to \(percent(interval.upperBound))",
      ],
      [
        "majority class \(majorityClass)", percent(Double(majorityCount) / Double(max(1, total))),
        NumberFormat.grouped(majorityCount), NumberFormat.grouped(total), "",
      ],
    ]
    return "\(TextTable(rows))\n\ncross-entropy \(NumberFormat.significant(crossEntropy)) nats an "
      + "image\n\n\(matrix)" + (unknown.map { "\n\n\($0)." } ?? "")
  }

  /// The whole matrix of few classes, the most frequent confusions of many.
  private var matrix: String {
    let classes = confusion.classes
    guard classes.count <= 15 else {
      let rows = confusion.confusions(15).map {
        [classes[$0.truth], classes[$0.prediction], "\($0.count)"]
      }
      return "Most frequent mistakes:\n\(TextTable([["class", "taken for", "times"]] + rows))"
    }
    let names = classes.map { $0.count > 12 ? $0.prefix(11) + "…" : $0 }
    var rows = [["class \\ taken for"] + names + ["found"]]
    for (truth, counts) in confusion.counts.enumerated() {
      rows.append(
        [names[truth]] + counts.map { $0 == 0 ? "·" : "\($0)" }
          + [
            confusion.support(truth) == 0
              ? "-" : NumberFormat.fixed(100 * confusion.recall(truth), 1) + " %"
          ])
    }
    let right = classes.indices.map { index in
      confusion.predictions(index) == 0
        ? "-" : NumberFormat.fixed(100 * confusion.precision(index), 0)
    }
    rows.append(["right in % of those said"] + right + [""])
    return TextTable(rows).description
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ImageEvaluation {
  public var headline: EpochScore { EpochScore("accuracy", accuracy, isHigherBetter: true) }
  public var size: String { "\(NumberFormat.grouped(confusion.total)) images" }
}
