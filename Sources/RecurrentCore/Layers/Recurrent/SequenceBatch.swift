import RecurrentFiles

/// A batch of sequences: values `[B, T, F]` and which steps of each row are valid.
///
/// What is valid travels with the values, so that layers, pooling, losses and metrics cannot count
/// padding. Rows may come in any order and may be empty. Most batches have lengths: the first steps
/// of a row are valid, the others padding. A mask may also have holes, or padding on the left.
/// Layers do not look at a step that is not valid, carry their state over it, and give zeros there.
///
/// ```swift
/// let batch = SequenceBatch(rows: [[[1, 2], [3, 4]], [[5, 6]]])  // two rows of 2 and 1 steps with 2 features
/// ```
public struct SequenceBatch: BatchValue {
  /// The values, `[B, T, F]`.
  public let values: Tensor
  /// The number of valid steps of each row, each in 0...T.
  public let lengths: [Int]
  /// The time of each row's steps in the order in which they run; nil: 0..<length.
  private let positions: [[Int]]?
  let layout: SequenceLayout
  /// Where the values come from, if that is a table.
  private(set) var origin: TableRows?

  /// Sequences of full length, `[B, T, F]`, or with the lengths given.
  public init(_ values: Tensor, lengths: [Int]? = nil) {
    let (batch, time) = Self.size(values)
    let lengths = lengths ?? Array(repeating: time, count: batch)
    require(
      lengths.count == batch && lengths.allSatisfy { (0...time).contains($0) },
      "a batch of \(batch) rows and \(time) steps has \(batch) lengths in 0...\(time), not \(lengths)"
    )
    self.init(values, lengths: lengths, positions: nil)
  }

  /// The rows of a table `[V, F]`, looked up already.
  init(_ values: Tensor, lengths: [Int], origin: TableRows) {
    self.init(values, lengths: lengths)
    self.origin = origin
  }

  /// Sequences `[B, T, F]` with a mask, `[B][T]`: a step whose entry is false is not there.
  public init(_ values: Tensor, mask: [[Bool]]) {
    let (batch, time) = Self.size(values)
    require(
      mask.count == batch && mask.allSatisfy { $0.count == time },
      "the mask of \(batch) rows and \(time) steps has as many rows and entries, not \(mask.count) rows of \(Set(mask.map(\.count)).sorted())"
    )
    self.init(
      values, positions: mask.map { row in row.indices.filter { row[$0] } })
  }

  private init(_ values: Tensor, positions: [[Int]]) {
    let isPrefix = positions.allSatisfy { $0.elementsEqual(0..<$0.count) }
    self.init(values, lengths: positions.map(\.count), positions: isPrefix ? nil : positions)
  }

  private init(_ values: Tensor, lengths: [Int], positions: [[Int]]?) {
    self.values = values
    self.lengths = lengths
    self.positions = positions
    layout = SequenceLayout(lengths: lengths, time: values.shape[1], positions: positions)
  }

  private init(_ values: Tensor, as other: SequenceBatch) {
    self.values = values
    lengths = other.lengths
    positions = other.positions
    layout = other.layout
  }

  private static func size(_ values: Tensor) -> (batch: Int, time: Int) {
    require(
      values.rank == 3, "a batch of sequences has shape [B, T, F], not \(values.shape)")
    return (values.shape[0], values.shape[1])
  }

  /// Ragged sequences, row by row, step by step; every step has the same number of features.
  public init(rows: [[[Float]]]) {
    let time = rows.map(\.count).max() ?? 0
    let features = rows.lazy.compactMap(\.first).first?.count ?? 0
    var values = [Float](repeating: 0, count: rows.count * time * features)
    for (b, row) in rows.enumerated() {
      for (t, step) in row.enumerated() {
        require(
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
  /// Whether every step of every row is valid.
  public var isFull: Bool { layout.isFull }

  /// A batch of other values, `[B, T, F']`, of which the same steps are valid.
  public func with(_ values: Tensor) -> SequenceBatch {
    require(
      values.rank == 3 && values.shape[0] == batchSize && values.shape[1] == time,
      "values for \(batchSize) rows of \(time) steps cannot have shape \(values.shape)")
    return SequenceBatch(values, as: self)
  }

  // MARK: Valid steps

  /// The time of each valid step of a row, in the order in which they run.
  public func validPositions(row: Int) -> [Int] {
    positions?[row] ?? Array(0..<lengths[row])
  }

  /// 1 for a valid step, else 0: `[B, T]`.
  public var stepMask: Tensor {
    var mask = Tensor.zeros([batchSize, time])
    mask.withUnsafeMutableElements { mask in
      for row in validRows { mask[row] = 1 }
    }
    return mask
  }

  /// The valid steps of all rows as a matrix `[N, F]`, row after row.
  public var validSteps: Tensor {
    let flat = values.reshaped(to: [batchSize * time, features])
    return isInOrder ? flat : flat.rows(validRows)
  }

  /// The reverse of ``validSteps``: values `[N, F']` put back in their places, zeros elsewhere.
  public func with(validSteps: Tensor) -> SequenceBatch {
    require(
      validSteps.rank == 2 && validSteps.shape[0] == layout.packedCount,
      "\(layout.packedCount) valid steps cannot have shape \(validSteps.shape)")
    let flat =
      isInOrder ? validSteps : validSteps.scatteredRows(to: validRows, of: batchSize * time)
    return with(flat.reshaped(to: [batchSize, time, validSteps.shape[1]]))
  }

  private var isInOrder: Bool { isFull && positions == nil }

  private var validRows: [Int] { placesByRow.flatMap(\.self) }

  /// For each row the places b·T + t of its valid steps among all steps, in the order in which they
  /// run.
  var placesByRow: [[Int]] {
    lengths.indices.map { b in validPositions(row: b).map { b * time + $0 } }
  }

  /// Values of which sums along time may take the first steps of each row whole, and how many: the
  /// valid steps, or, where these have holes, all steps with zeros in the holes.
  var leadingSteps: (values: Tensor, counts: [Int]) {
    positions == nil
      ? (values, lengths)
      : (with(validSteps: validSteps).values, Array(repeating: time, count: batchSize))
  }

  /// The last valid step of each row, `[B, F]`; zeros for an empty row.
  public var lastValidSteps: Tensor {
    let flat = values.reshaped(to: [batchSize * time, features])
    let present = lengths.indices.filter { lengths[$0] > 0 }
    let last = flat.rows(
      present.map { $0 * time + (positions?[$0].last ?? lengths[$0] - 1) })
    return present.count == batchSize
      ? last : last.scatteredRows(to: present, of: batchSize)
  }

  /// The values with each step that is not valid repeating the valid one before it, zeros where
  /// there is none: what Keras's layers give under a mask. `[B, T, F]`.
  public var heldValues: Tensor {
    if isFull { return values }
    let flat = values.reshaped(to: [batchSize * time, features])
    var (targets, sources): ([Int], [Int]) = ([], [])
    for b in lengths.indices {
      let valid = Set(validPositions(row: b))
      var last: Int?
      for t in 0..<time {
        if valid.contains(t) { last = t }
        guard let last else { continue }
        targets.append(b * time + t)
        sources.append(b * time + last)
      }
    }
    return flat.rows(sources).scatteredRows(to: targets, of: batchSize * time)
      .reshaped(to: values.shape)
  }

  // MARK: Parts

  /// The same steps run from the last to the first. Values stay where they are: a layer that gets
  /// this batch reads backwards, and puts each output at the time of its input.
  public var reversed: SequenceBatch {
    var batch = SequenceBatch(
      values, positions: lengths.indices.map { validPositions(row: $0).reversed() })
    batch.origin = origin
    return batch
  }

  /// A range of steps, with what remains of each row in it.
  public func steps(_ range: Range<Int>) -> SequenceBatch {
    let part = values.slice(range, along: 1)
    guard let positions else {
      return SequenceBatch(
        part, lengths: lengths.map { min(max($0 - range.lowerBound, 0), range.count) })
    }
    return SequenceBatch(
      part,
      positions: positions.map { $0.filter(range.contains).map { $0 - range.lowerBound } })
  }

  /// The batch rows at `indices`, in that order.
  public func rows(_ indices: [Int]) -> SequenceBatch {
    SequenceBatch(
      values.rows(indices), lengths: indices.map { lengths[$0] },
      positions: positions.map { positions in indices.map { positions[$0] } })
  }
}
