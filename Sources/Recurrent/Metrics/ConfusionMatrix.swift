/// How often each class was taken for each.
public struct ConfusionMatrix: Sendable, Codable, Equatable {
  /// The classes.
  public let classes: [String]
  /// `[C, C]`: rows by the true class, columns by the predicted one.
  public private(set) var counts: [[Int]]

  /// Nothing counted yet.
  public init(classes: [String]) {
    self.classes = classes
    counts = classes.map { _ in classes.map { _ in 0 } }
  }

  /// Counts one example.
  public mutating func add(truth: Int, prediction: Int) { counts[truth][prediction] += 1 }

  /// All examples.
  public var total: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }

  /// Those predicted rightly.
  public var correct: Int { classes.indices.reduce(0) { $0 + counts[$1][$1] } }

  /// The share predicted rightly; 0 of none.
  public var accuracy: Double { Double(correct) / Double(max(1, total)) }

  /// A 95 % interval of the accuracy on more examples of the same kind (Wilson 1927).
  public var accuracyInterval: ClosedRange<Double> {
    let (n, p, z) = (Double(max(1, total)), accuracy, 1.959964)
    let middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, middle - half)...min(1, middle + half)
  }

  /// Of the examples of class `index`, the share predicted rightly; nil if there are none.
  public func recall(_ index: Int) -> Double? {
    let all = counts[index].reduce(0, +)
    return all > 0 ? Double(counts[index][index]) / Double(all) : nil
  }

  /// Of the predictions of class `index`, the share that is right; nil if there are none.
  public func precision(_ index: Int) -> Double? {
    let all = counts.reduce(0) { $0 + $1[index] }
    return all > 0 ? Double(counts[index][index]) / Double(all) : nil
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
}
