/// How often each class was taken for each: what accuracy, precision, recall and F1 come from.
public struct ConfusionMatrix: Sendable, Codable, Equatable {
  /// `[C][C]`: the row is the class it is, the column the class it was taken for.
  public private(set) var counts: [[Int]]

  /// The counts of predictions beside what was true; classes lie in 0..<C.
  public init(classCount: Int, actual: [Int], predicted: [Int]) {
    precondition(
      actual.count == predicted.count,
      "\(actual.count) classes need as many predictions, not \(predicted.count)")
    counts = Array(repeating: Array(repeating: 0, count: classCount), count: classCount)
    for (actual, predicted) in zip(actual, predicted) { counts[actual][predicted] += 1 }
  }

  /// C.
  public var classCount: Int { counts.count }

  /// How many predictions there were.
  public var total: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }

  /// How many are of this class.
  public func support(_ index: Int) -> Int { counts[index].reduce(0, +) }

  /// The share of right predictions; 0 if there are none at all.
  public var accuracy: Double {
    ratio(counts.indices.reduce(0) { $0 + counts[$1][$1] }, total)
  }

  /// Of what was taken for this class, the share that is; 0 if nothing was.
  public func precision(_ index: Int) -> Double {
    ratio(counts[index][index], counts.reduce(0) { $0 + $1[index] })
  }

  /// Of what is of this class, the share that was taken for it; 0 if nothing is.
  public func recall(_ index: Int) -> Double { ratio(counts[index][index], support(index)) }

  /// The harmonic mean of precision and recall, 2·right / (taken + is); 0 if both are.
  public func f1(_ index: Int) -> Double {
    let taken = counts.reduce(0) { $0 + $1[index] }
    return ratio(2 * counts[index][index], taken + support(index))
  }

  /// The mean F1 over the classes, each counting the same.
  public var macroF1: Double {
    counts.indices.reduce(0) { $0 + f1($1) } / Double(max(1, classCount))
  }

  private func ratio(_ part: Int, _ whole: Int) -> Double {
    whole == 0 ? 0 : Double(part) / Double(whole)
  }
}
