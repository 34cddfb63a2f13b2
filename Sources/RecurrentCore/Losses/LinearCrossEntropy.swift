import RecurrentFiles
internal import RecurrentKernels

/// Cross-entropy of the classes that a linear layer gives, for large vocabularies: what
/// ``categoricalCrossEntropy(logits:classes:labelSmoothing:ignoring:classWeights:)-(Tensor,_,_,_,_)``
/// gives for the logits `head(hidden)` `[N, V]`, which are never there all at once.
///
/// Blocks of rows go from logits to loss, and on to their part of the gradients, before the next
/// block begins. So memory grows with V·H and with a block, not with N·V.
///
/// ```swift
/// let (loss, gradients) = valueAndGradients(of: model) { model in
///   linearCrossEntropy(
///     hidden: model.recurrent(model.embedding(tokens)), head: model.head, classes: nextTokens)
/// }
/// ```
///
/// - Parameters:
///   - hidden: `[…, H]`; dimensions before the last are rows, in row-major order.
///   - head: from H features to V classes, without an activation.
///   - classes: one class in 0..<V for each row.
///   - labelSmoothing: ε; the target is 1 - ε on the class plus ε / V on every class.
///   - ignoring: rows with this class do not count. If no row counts, the loss is 0.
///   - classWeights: how much each class counts, V numbers; the mean becomes Σ w·loss / Σ w.
public func linearCrossEntropy(
  hidden: Tensor, head: Dense, classes: [Int], labelSmoothing: Float = 0,
  ignoring ignored: Int? = nil, classWeights: [Float]? = nil
) -> Tensor {
  require(
    hidden.rank >= 1 && classes.count == hidden.shape.dropLast().reduce(1, *),
    "hidden values of shape \(hidden.shape) need a class for each row, not \(classes.count)")
  return LinearCrossEntropy(
    head: head, labelSmoothing: labelSmoothing, ignored: ignored, classWeights: classWeights
  )(hidden, rows: Array(classes.indices), classes: classes)
}

/// The same over the valid steps of `hidden` `[B, T, H]`; `classes` has one list a row, as long as
/// the row.
public func linearCrossEntropy(
  hidden: SequenceBatch, head: Dense, classes: [[Int]], labelSmoothing: Float = 0,
  ignoring ignored: Int? = nil, classWeights: [Float]? = nil
) -> Tensor {
  require(
    classes.map(\.count) == hidden.lengths,
    "classes have the lengths of the rows, \(hidden.lengths), not \(classes.map(\.count))")
  return LinearCrossEntropy(
    head: head, labelSmoothing: labelSmoothing, ignored: ignored, classWeights: classWeights
  )(hidden.values, rows: hidden.placesByRow.flatMap(\.self), classes: classes.flatMap(\.self))
}

/// The same where the vectors of an embedding `[V, H]` are also the weights of the head (Press and
/// Wolf 2017, arXiv:1608.05859); nothing is transposed for it. `bias` is added to the logits, `[V]`.
public func linearCrossEntropy(
  hidden: SequenceBatch, embedding: Embedding, bias: Tensor? = nil, classes: [[Int]],
  labelSmoothing: Float = 0, ignoring ignored: Int? = nil, classWeights: [Float]? = nil
) -> Tensor {
  require(
    classes.map(\.count) == hidden.lengths,
    "classes have the lengths of the rows, \(hidden.lengths), not \(classes.map(\.count))")
  return LinearCrossEntropy(
    embedding: embedding, bias: bias, labelSmoothing: labelSmoothing, ignored: ignored,
    classWeights: classWeights
  )(hidden.values, rows: hidden.placesByRow.flatMap(\.self), classes: classes.flatMap(\.self))
}

/// The primitive behind ``linearCrossEntropy(hidden:head:classes:labelSmoothing:ignoring:classWeights:)-(Tensor,_,_,_,_,_)``.
struct LinearCrossEntropy {
  /// `[H, V]`, or `[V, H]` where each class has its weights in a row.
  let weights: Tensor
  let bias: Tensor?
  let hasClassRows: Bool
  let labelSmoothing: Float
  let ignored: Int?
  let classWeights: [Float]?
  /// The rows of a block; nil: as many as fit into 32 MiB of logits, and at least 128, so that
  /// products dwarf the reading of the weights. Sums go from row to row whatever the blocks are, so
  /// this changes no bit.
  let blockSize: Int?

  init(
    head: Dense, labelSmoothing: Float = 0, ignored: Int? = nil, classWeights: [Float]? = nil,
    blockSize: Int? = nil
  ) {
    require(
      head.activation == .identity,
      "the head gives logits, without an activation, not \(head.activation)")
    (weights, bias, hasClassRows) = (head.weights, head.bias, false)
    (self.labelSmoothing, self.ignored) = (labelSmoothing, ignored)
    (self.classWeights, self.blockSize) = (classWeights, blockSize)
  }

  init(
    embedding: Embedding, bias: Tensor?, labelSmoothing: Float = 0, ignored: Int? = nil,
    classWeights: [Float]? = nil, blockSize: Int? = nil
  ) {
    require(
      bias.map { $0.shape == [embedding.weights.shape[0]] } ?? true,
      "the bias of \(embedding.weights.shape[0]) classes has as many elements, not shape \(bias?.shape ?? [])"
    )
    (weights, self.bias, hasClassRows) = (embedding.weights, bias, true)
    (self.labelSmoothing, self.ignored) = (labelSmoothing, ignored)
    (self.classWeights, self.blockSize) = (classWeights, blockSize)
  }

  /// The loss of the rows of `hidden` `[…, H]` at `rows`, each with its class.
  func callAsFunction(_ hidden: Tensor, rows: [Int], classes: [Int]) -> Tensor {
    let (size, vocabulary) =
      hasClassRows
      ? (weights.shape[1], weights.shape[0]) : (weights.shape[0], weights.shape[1])
    require(
      hidden.shape.last == size,
      "a head for \(size) features got hidden values of shape \(hidden.shape)")
    let (counting, weight) = countingRows(
      classes, of: vocabulary, labelSmoothing, ignoring: ignored, classWeights)
    let (count, places, targets) = (
      counting.count, IndexTable(count: counting.count), IndexTable(count: counting.count)
    )
    for (index, row) in counting.enumerated() {
      places[index] = Int32(rows[row])
      targets[index] = Int32(classes[row])
    }

    let inputs = [hidden, weights] + (bias.map { [$0] } ?? [])
    // Of inputs that are not tracked nothing is computed.
    var gradients = inputs.map { $0.isTracked ? Tensor.zeros($0.shape) : nil }
    let (dHidden, dWeights) = (gradients[0]?.mutableMatrix(), gradients[1]?.mutableMatrix())
    let dBias = inputs.count == 3 ? gradients[2]?.mutableMatrix() : nil
    let factors = classWeights.map { Tensor($0) }
    let rule = rk_cross_entropy(
      columns: Int64(vocabulary), own: 1 - labelSmoothing,
      smoothing: labelSmoothing / Float(vocabulary),
      class_weights: factors?.pointer,
      weight_sum: classWeights.map { $0.reduce(0, +) } ?? Float(vocabulary),
      gradient_scale: weight > 0 ? 1 / weight : 0,
      gradients: gradients.contains { $0 != nil })

    let blockSize = max(1, min(count, self.blockSize ?? max(128, (1 << 23) / vocabulary)))
    let logits = Matrix(rows: blockSize, columns: vocabulary)
    let losses = Matrix(rows: blockSize, columns: 1)
    let w = hasClassRows ? weights.matrix.transposed : weights.matrix
    let block = hasClassRows && dWeights != nil ? Matrix(rows: blockSize, columns: size) : nil
    var sum = 0.0
    for start in stride(from: 0, to: count, by: blockSize) {
      let n = min(blockSize, count - start)
      let places = places.suffix(from: start)
      let (x, d) = (hidden.matrix.rows(at: places, count: n), logits.rows(0..<n))
      Matrix.multiply(x, w, into: d, bias: bias)
      run(rule, d, targets.suffix(from: start), losses)
      for row in 0..<n { sum += Double(losses.row(row).pointee) }
      // From here on the logits are their gradient d.
      if let dHidden {
        // dx = d·wᵀ
        Matrix.multiply(d, w.transposed, into: dHidden.rows(at: places, count: n))
      }
      if let dWeights, let block {
        // dw += dᵀ·x
        let x = block.rows(0..<n).copying(x)
        Matrix.multiply(d.transposed, x, into: dWeights, accumulate: true)
      } else if let dWeights {
        // dw += xᵀ·d
        Matrix.multiply(x.transposed, d, into: dWeights, accumulate: true)
      }
      dBias?.addColumnSums(of: d)
    }
    withExtendedLifetime(factors) {}
    let loss = Tensor(weight > 0 ? Float(sum / Double(weight)) : 0)
    return loss.recorded(from: inputs) { [gradients] dy in
      let upstream = dy.value
      return gradients.map { upstream == 1 ? $0 : $0.map { $0 * upstream } }
    }
  }

  /// The losses of rows of logits, which become their gradients.
  private func run(
    _ rule: rk_cross_entropy, _ logits: Matrix, _ classes: IndexTable, _ losses: Matrix
  ) {
    withUnsafePointer(to: rule) { rule in
      // Two exponentials an element.
      let parts = Parallelism.parts(
        operations: 60 * logits.rows * logits.columns, atMost: logits.rows)
      Parallelism.run(parts: parts) { part in
        let range = Parallelism.range(part, of: parts, count: logits.rows, granularity: 1)
        rk_run_cross_entropy(
          rule, logits.row(range.lowerBound), Int64(range.count),
          classes.pointer + range.lowerBound, losses.row(range.lowerBound))
      }
    }
  }
}
