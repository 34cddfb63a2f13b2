import RecurrentFiles

/// Binary cross-entropy of logits x and targets t in 0...1 (probabilities or labels): mean of
/// softplus(x) - t·x.
public func binaryCrossEntropy(logits: Tensor, targets: Tensor) -> Tensor {
  require(
    logits.shape == targets.shape,
    "logits and targets have one shape, not \(logits.shape) and \(targets.shape)")
  return (logits.softplus() - logits * targets).mean()
}

/// Binary cross-entropy of probabilities, each kept `epsilon` away from 0 and 1 as Keras does.
public func binaryCrossEntropy(
  probabilities: Tensor, targets: Tensor, epsilon: Float = 1e-7
) -> Tensor {
  require(
    probabilities.shape == targets.shape,
    "probabilities and targets have one shape, not \(probabilities.shape) and \(targets.shape)")
  let p = probabilities.clamped(to: epsilon...(1 - epsilon))
  return -(targets * p.log() + (1 - targets) * (1 - p).log()).mean()
}

/// Cross-entropy of class logits: the mean of -log softmax(x)[class] over the rows that count.
///
/// - Parameters:
///   - logits: `[…, C]`; dimensions before the last are rows, in row-major order.
///   - classes: one class in 0..<C for each row.
///   - labelSmoothing: ε; the target is 1 - ε on the class plus ε / C on every class (Szegedy et
///     al. 2016).
///   - ignoring: rows with this class do not count. If no row counts, the loss is 0.
///   - classWeights: how much each class counts, C numbers; the mean becomes Σ w·loss / Σ w over
///     the rows, with w that of the row's class, as in PyTorch. With label smoothing each class's
///     part counts with its own weight.
public func categoricalCrossEntropy(
  logits: Tensor, classes: [Int], labelSmoothing: Float = 0, ignoring ignored: Int? = nil,
  classWeights: [Float]? = nil
) -> Tensor {
  guard let classCount = logits.shape.last, classCount > 0 else {
    trap("logits have shape […, C] with at least one class, not \(logits.shape)")
  }
  require(
    classes.count * classCount == logits.count,
    "\(logits.count / classCount) rows of logits \(logits.shape) need as many classes, not \(classes.count)"
  )
  let (counting, total) = countingRows(
    classes, of: classCount, labelSmoothing, ignoring: ignored, classWeights)
  guard total > 0 else { return logits.sum() * 0 }
  var rows = logits.reshaped(to: [classes.count, classCount])
  if counting.count < classes.count { rows = rows.rows(counting) }
  var logProbabilities = rows.logSoftmax()
  if let classWeights { logProbabilities = logProbabilities * Tensor(classWeights) }
  let chosen = logProbabilities.reshaped(to: [counting.count * classCount, 1])
    .rows(counting.enumerated().map { $0 * classCount + classes[$1] })
  let loss = -chosen.sum() / total
  guard labelSmoothing > 0 else { return loss }
  return loss * (1 - labelSmoothing)
    - logProbabilities.sum() * (labelSmoothing / (total * Float(classCount)))
}

/// The rows that count in a cross-entropy, and the sum of their weights. Traps if an option or a
/// class is not allowed.
func countingRows(
  _ classes: [Int], of classCount: Int, _ labelSmoothing: Float, ignoring ignored: Int?,
  _ classWeights: [Float]?
) -> (rows: [Int], weight: Float) {
  require(
    (0...1).contains(labelSmoothing), "label smoothing lies in 0...1, not \(labelSmoothing)")
  require(
    classWeights.map { $0.count == classCount && $0.allSatisfy { $0 >= 0 } } ?? true,
    "\(classCount) classes need as many weights of at least 0, not \(classWeights ?? [])")
  let rows = classes.indices.filter { classes[$0] != ignored }
  for row in rows {
    require(
      (0..<classCount).contains(classes[row]),
      "row \(row) has class \(classes[row]); classes lie in 0..<\(classCount)")
  }
  return (
    rows,
    classWeights.map { weights in rows.reduce(0) { $0 + weights[classes[$1]] } }
      ?? Float(rows.count)
  )
}

/// ``categoricalCrossEntropy(logits:classes:labelSmoothing:ignoring:classWeights:)-(Tensor,_,_,_,_)``
/// over the valid steps; `classes` has one list a row, as long as the row.
public func categoricalCrossEntropy(
  logits: SequenceBatch, classes: [[Int]], labelSmoothing: Float = 0, ignoring ignored: Int? = nil,
  classWeights: [Float]? = nil
) -> Tensor {
  require(
    classes.map(\.count) == logits.lengths,
    "classes have the lengths of the rows, \(logits.lengths), not \(classes.map(\.count))")
  return categoricalCrossEntropy(
    logits: logits.validSteps, classes: classes.flatMap(\.self), labelSmoothing: labelSmoothing,
    ignoring: ignored, classWeights: classWeights)
}
