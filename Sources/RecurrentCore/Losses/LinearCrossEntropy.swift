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
  precondition(
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
  precondition(
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
  precondition(
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
    precondition(
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
    precondition(
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
    precondition(
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
    let (dHidden, dWeights) = (gradients[0]?.mutablePointer(), gradients[1]?.mutablePointer())
    let dBias = inputs.count == 3 ? gradients[2]?.mutablePointer() : nil
    let factors = classWeights.map { Tensor($0) }
    let rule = rk_cross_entropy(
      columns: Int64(vocabulary), own: 1 - labelSmoothing,
      smoothing: labelSmoothing / Float(vocabulary),
      class_weights: factors.map { UnsafePointer($0.pointer) },
      weight_sum: classWeights.map { $0.reduce(0, +) } ?? Float(vocabulary),
      gradient_scale: weight > 0 ? 1 / weight : 0,
      gradients: gradients.contains { $0 != nil })

    let blockSize = max(1, min(count, self.blockSize ?? max(128, (1 << 23) / vocabulary)))
    let logits = Storage(count: blockSize * vocabulary)
    let losses = Storage(count: blockSize)
    let (x, w) = (hidden.pointer, weights.pointer)
    // The steps between features and between classes in the weights.
    let (feature, `class`) = hasClassRows ? (1, Int64(size)) : (Int64(vocabulary), 1)
    let block = hasClassRows && dWeights != nil ? Storage(count: blockSize * size) : nil
    var sum = 0.0
    for start in stride(from: 0, to: count, by: blockSize) {
      let n = min(blockSize, count - start)
      var product = rk_matrix_product(
        rows: n, columns: vocabulary, depth: size, a: x, b: w, c: logits.pointer)
      product.a_row_index = places.pointer + start
      (product.b_depth_stride, product.b_column_stride) = (feature, `class`)
      product.bias = bias.map { UnsafePointer($0.pointer) }
      product.run()
      run(rule, logits, targets.pointer + start, losses, rows: n)
      for row in 0..<n { sum += Double(losses.pointer[row]) }
      // From here on the logits are their gradient d.
      if let dHidden {
        // dx = d·wᵀ
        var product = rk_matrix_product(
          rows: n, columns: size, depth: vocabulary, a: logits.pointer, b: w, c: dHidden)
        (product.b_depth_stride, product.b_column_stride) = (`class`, feature)
        product.c_row_index = places.pointer + start
        product.run()
      }
      if let dWeights, let block {
        // dw += dᵀ·x
        for row in 0..<n {
          (block.pointer + row * size).update(
            from: x + Int(places[start + row]) * size, count: size)
        }
        var product = rk_matrix_product(
          rows: vocabulary, columns: size, depth: n, a: logits.pointer, b: block.pointer,
          c: dWeights)
        (product.a_row_stride, product.a_depth_stride) = (1, Int64(vocabulary))
        product.accumulate = true
        product.run()
      } else if let dWeights {
        // dw += xᵀ·d
        var product = rk_matrix_product(
          rows: size, columns: vocabulary, depth: n, a: x, b: logits.pointer, c: dWeights)
        (product.a_row_stride, product.a_depth_stride) = (1, Int64(size))
        product.a_depth_index = places.pointer + start
        product.accumulate = true
        product.run()
      }
      if let dBias { addColumns(of: logits, rows: n, columns: vocabulary, to: dBias) }
    }
    withExtendedLifetime((inputs, factors, places, targets, block)) {}
    let loss = Tensor(weight > 0 ? Float(sum / Double(weight)) : 0)
    return loss.recorded(from: inputs) { [gradients] dy in
      let upstream = dy.value
      return gradients.map { upstream == 1 ? $0 : $0.map { $0 * upstream } }
    }
  }

  private func run(
    _ rule: rk_cross_entropy, _ logits: Storage, _ classes: UnsafePointer<Int32>, _ losses: Storage,
    rows: Int
  ) {
    let columns = Int(rule.columns)
    withUnsafePointer(to: rule) { rule in
      // Two exponentials an element.
      let parts = Parallelism.parts(operations: 60 * rows * columns, atMost: rows)
      Parallelism.run(parts: parts) { part in
        let range = Parallelism.range(part, of: parts, count: rows, granularity: 1)
        rk_run_cross_entropy(
          rule, logits.pointer + range.lowerBound * columns, Int64(range.count),
          classes + range.lowerBound, losses.pointer + range.lowerBound)
      }
    }
  }

  private func addColumns(
    of logits: Storage, rows: Int, columns: Int, to sums: UnsafeMutablePointer<Float>
  ) {
    let parts = Parallelism.parts(operations: 4 * rows * columns, atMost: (columns + 63) / 64)
    Parallelism.run(parts: parts) { part in
      let range = Parallelism.range(part, of: parts, count: columns, granularity: 64)
      rk_column_sums(
        logits.pointer + range.lowerBound, Int64(rows), Int64(range.count), Int64(columns), true,
        sums + range.lowerBound)
    }
  }
}
