/// A batch of sequences: values `[B, T, F]` and the length of each row.
///
/// Lengths travel with the values, so that layers, pooling, losses and metrics cannot count
/// padding. Rows may come in any order and may be empty. Steps beyond a row's length are padding:
/// layers do not look at them, and give zeros there.
///
/// ```swift
/// let batch = SequenceBatch(rows: [[[1, 2], [3, 4]], [[5, 6]]])  // two rows of 2 and 1 steps with 2 features
/// ```
public struct SequenceBatch: BatchValue {
  /// The values, `[B, T, F]`.
  public let values: Tensor
  /// The number of valid steps of each row, each in 0...T.
  public let lengths: [Int]
  let layout: SequenceLayout

  /// Sequences of full length, `[B, T, F]`, or with the lengths given.
  public init(_ values: Tensor, lengths: [Int]? = nil) {
    precondition(
      values.rank == 3, "a batch of sequences has shape [B, T, F], not \(values.shape)")
    let (batch, time) = (values.shape[0], values.shape[1])
    let lengths = lengths ?? Array(repeating: time, count: batch)
    precondition(
      lengths.count == batch && lengths.allSatisfy { (0...time).contains($0) },
      "a batch of \(batch) rows and \(time) steps has \(batch) lengths in 0...\(time), not \(lengths)"
    )
    self.init(values, lengths: lengths, layout: SequenceLayout(lengths: lengths, time: time))
  }

  private init(_ values: Tensor, lengths: [Int], layout: SequenceLayout) {
    self.values = values
    self.lengths = lengths
    self.layout = layout
  }

  /// Ragged sequences, row by row, step by step; every step has the same number of features.
  public init(rows: [[[Float]]]) {
    let time = rows.map(\.count).max() ?? 0
    let features = rows.lazy.compactMap(\.first).first?.count ?? 0
    var values = [Float](repeating: 0, count: rows.count * time * features)
    for (b, row) in rows.enumerated() {
      for (t, step) in row.enumerated() {
        precondition(
          step.count == features,
          "row \(b), step \(t) has \(step.count) features; the first step has \(features)")
        let start = (b * time + t) * features
        values.replaceSubrange(start..<start + features, with: step)
      }
    }
    self.init(
      Tensor(values, shape: [rows.count, time, features]), lengths: rows.map(\.count))
  }

  /// The number of rows, B.
  public var batchSize: Int { values.shape[0] }
  /// The padded length, T.
  public var time: Int { values.shape[1] }
  /// The features of a step, F.
  public var features: Int { values.shape[2] }
  /// Whether no row is shorter than T.
  public var isFull: Bool { layout.packedCount == batchSize * time }

  /// Other values `[B, T, F']` with the same lengths.
  public func with(_ values: Tensor) -> SequenceBatch {
    precondition(
      values.rank == 3 && values.shape[0] == batchSize && values.shape[1] == time,
      "values for \(batchSize) rows of \(time) steps cannot have shape \(values.shape)")
    return SequenceBatch(values, lengths: lengths, layout: layout)
  }

  /// The valid steps of all rows as a matrix `[N, F]`, row after row.
  public var validSteps: Tensor {
    let flat = values.reshaped(to: [batchSize * time, features])
    return isFull ? flat : flat.rows(validRows)
  }

  /// The reverse of ``validSteps``: values `[N, F']` put back in their places, zeros elsewhere.
  public func with(validSteps: Tensor) -> SequenceBatch {
    precondition(
      validSteps.rank == 2 && validSteps.shape[0] == layout.packedCount,
      "\(layout.packedCount) valid steps cannot have shape \(validSteps.shape)")
    let flat =
      isFull ? validSteps : validSteps.scatteredRows(to: validRows, of: batchSize * time)
    return with(flat.reshaped(to: [batchSize, time, validSteps.shape[1]]))
  }

  private var validRows: [Int] {
    lengths.indices.flatMap { b in (0..<lengths[b]).map { b * time + $0 } }
  }

  /// The last valid step of each row, `[B, F]`; zeros for an empty row.
  public var lastValidSteps: Tensor {
    let flat = values.reshaped(to: [batchSize * time, features])
    let present = lengths.indices.filter { lengths[$0] > 0 }
    let last = flat.rows(present.map { $0 * time + lengths[$0] - 1 })
    return present.count == batchSize
      ? last : last.scatteredRows(to: present, of: batchSize)
  }

  /// A range of steps, with what remains of each row in it.
  public func steps(_ range: Range<Int>) -> SequenceBatch {
    SequenceBatch(
      values.slice(range, along: 1),
      lengths: lengths.map { min(max($0 - range.lowerBound, 0), range.count) })
  }

  /// The batch rows at `indices`, in that order.
  public func rows(_ indices: [Int]) -> SequenceBatch {
    SequenceBatch(values.rows(indices), lengths: indices.map { lengths[$0] })
  }
}
