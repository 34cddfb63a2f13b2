import RecurrentFiles

/// How often each class was taken for each: what accuracy, precision, recall and F1 come from.
public struct ConfusionMatrix: Sendable, Codable, Equatable {
  /// The names of the classes.
  public let classes: [String]
  /// `[C][C]`: the row is the class it is, the column the class it was taken for.
  public private(set) var counts: [[Int]]

  /// The counts of predictions beside what was true, none at first; classes lie in 0..<C.
  public init(classes: [String], actual: [Int] = [], predicted: [Int] = []) {
    require(
      actual.count == predicted.count,
      "\(actual.count) classes need as many predictions, not \(predicted.count)")
    self.classes = classes
    counts = classes.map { _ in classes.map { _ in 0 } }
    for (actual, predicted) in zip(actual, predicted) {
      add(truth: actual, prediction: predicted)
    }
  }

  /// Counts one example.
  public mutating func add(truth: Int, prediction: Int) { counts[truth][prediction] += 1 }

  /// The number of predictions.
  public var total: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }

  /// The number of right predictions.
  public var correct: Int { counts.indices.reduce(0) { $0 + counts[$1][$1] } }

  /// The number of examples of class `index`.
  public func support(_ index: Int) -> Int { counts[index].reduce(0, +) }

  /// How many were taken for this class.
  public func predictions(_ index: Int) -> Int { counts.reduce(0) { $0 + $1[index] } }

  /// The share of right predictions; 0 if there are none at all.
  public var accuracy: Double { ratio(correct, total) }

  /// A 95 % interval of the accuracy on more examples of the same kind (Wilson 1927).
  public var accuracyInterval: ClosedRange<Double> {
    let (n, p, z) = (Double(max(1, total)), accuracy, 1.959964)
    let middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, middle - half)...min(1, middle + half)
  }

  /// Of what was taken for this class, the share that is; 0 if nothing was.
  public func precision(_ index: Int) -> Double { ratio(counts[index][index], predictions(index)) }

  /// Of what is of this class, the share that was taken for it; 0 if nothing is.
  public func recall(_ index: Int) -> Double { ratio(counts[index][index], support(index)) }

  /// The harmonic mean of precision and recall, 2·right / (taken + is); 0 if both are.
  public func f1(_ index: Int) -> Double {
    ratio(2 * counts[index][index], predictions(index) + support(index))
  }

  /// Whether there is an example of this class, or one was taken for it: else nothing can be said of
  /// how it is found.
  public func occurs(_ index: Int) -> Bool { predictions(index) + support(index) > 0 }

  /// The mean F1 over the classes that occur, each counting the same; 0 without any.
  public var macroF1: Double {
    let occurring = counts.indices.filter(occurs)
    return occurring.reduce(0) { $0 + f1($1) } / Double(max(1, occurring.count))
  }

  /// The pairs of classes that are mistaken most often, true class first.
  public func confusions(_ count: Int) -> [(truth: Int, prediction: Int, count: Int)] {
    var pairs: [(truth: Int, prediction: Int, count: Int)] = []
    for (truth, row) in counts.enumerated() {
      for (prediction, count) in row.enumerated() where truth != prediction && count > 0 {
        pairs.append((truth, prediction, count))
      }
    }
    pairs.sort {
      $0.count != $1.count
        ? $0.count > $1.count : ($0.truth, $0.prediction) < ($1.truth, $1.prediction)
    }
    return Array(pairs.prefix(count))
  }

  /// What is wrong with it, as a sentence; nil if it can be told. One from a file can say anything.
  package var problem: String? {
    counts.count == classes.count
      && counts.allSatisfy { $0.count == classes.count && $0.allSatisfy(\.isCount) }
      ? nil : "a confusion matrix that is not square, or not of counts"
  }

  private func ratio(_ part: Int, _ whole: Int) -> Double {
    whole == 0 ? 0 : Double(part) / Double(whole)
  }
}
