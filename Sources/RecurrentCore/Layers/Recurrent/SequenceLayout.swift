internal import RecurrentKernels

/// How the rows of a batch run through time: the tables that kernels follow so that a step that is
/// not valid costs nothing.
///
/// Rows are sorted by their number of steps, most first, so the rows still running at step s are
/// the first `active[s]`. A step has a place in packed order: step 0 of all rows, then step 1 of
/// those that have one, and so on. Where it stands in the values is a table too, so holes in a
/// mask and the reverse direction are nothing special.
final class SequenceLayout: Sendable {
  /// The rows, B.
  let batchSize: Int
  /// The padded length, T.
  let time: Int
  /// The most steps that a row has.
  let steps: Int
  /// The valid steps of all rows, N.
  let packedCount: Int
  /// All tables, one after the other: offset (64-bit), batch row, length, active, place.
  private let tables: Storage

  /// The layout of rows with so many steps. `positions` tells the time of each row's steps in the
  /// order in which they run; nil: 0, 1, 2 and so on.
  init(lengths: [Int], time: Int, positions: [[Int]]? = nil) {
    let batch = lengths.count
    let steps = lengths.max() ?? 0
    batchSize = batch
    self.time = time
    self.steps = steps
    packedCount = lengths.reduce(0, +)
    tables = Storage(count: 3 * steps + 2 * batch + packedCount)

    let uniform = lengths.allSatisfy { $0 == steps }
    let order =
      uniform
      ? Array(0..<batch)
      : lengths.indices.sorted { (lengths[$0], $1) > (lengths[$1], $0) }  // ties keep their order
    let (offset, row, length, active, place) = (
      offset, batchRow, self.length, self.active, self.place
    )
    for (j, index) in order.enumerated() {
      row[j] = Int32(index)
      length[j] = Int32(lengths[index])
    }
    var packed = 0
    var running = batch
    for step in 0..<steps {
      while running > 0, Int(length[running - 1]) <= step { running -= 1 }
      active[step] = Int32(running)
      offset[step] = Int64(packed)
      if let positions {
        for j in 0..<running {
          place[packed + j] = row[j] * Int32(time) + Int32(positions[Int(row[j])][step])
        }
      } else {
        for j in 0..<running { place[packed + j] = row[j] * Int32(time) + Int32(step) }
      }
      packed += running
    }
  }

  private var words: UnsafeMutableRawPointer { UnsafeMutableRawPointer(tables.pointer) }
  private func table(_ start: Int) -> UnsafeMutablePointer<Int32> {
    (words + 4 * start).assumingMemoryBound(to: Int32.self)
  }

  /// `[steps]` the first packed place of each step.
  var offset: UnsafeMutablePointer<Int64> { words.assumingMemoryBound(to: Int64.self) }
  /// `[B]` the batch row of each sorted row.
  var batchRow: UnsafeMutablePointer<Int32> { table(2 * steps) }
  /// `[B]` the length of each sorted row.
  var length: UnsafeMutablePointer<Int32> { table(2 * steps + batchSize) }
  /// `[steps]` the rows running at each step.
  var active: UnsafeMutablePointer<Int32> { table(2 * steps + 2 * batchSize) }
  /// `[N]` row b·T + t of the values, for each packed place.
  var place: UnsafeMutablePointer<Int32> { table(3 * steps + 2 * batchSize) }

  /// The batch rows of the sorted rows as a table that keeps the layout's buffer.
  var batchRows: IndexTable { IndexTable(tables, from: 2 * steps) }
  var places: IndexTable { IndexTable(tables, from: 3 * steps + 2 * batchSize) }

  /// Whether every step of every row is valid.
  var isFull: Bool { packedCount == batchSize * time }

  /// Values `[B, T, width]` whose valid steps are still to be written; the others are zeros.
  func room(for width: Int) -> Tensor {
    let shape = [batchSize, time, width]
    return isFull ? Tensor(shape: shape) { _ in } : .zeros(shape)
  }

  /// The packed places of the steps in a range.
  func packed(_ range: Range<Int>) -> Range<Int> {
    func start(_ step: Int) -> Int { step < steps ? Int(offset[step]) : packedCount }
    return start(range.lowerBound)..<start(range.upperBound)
  }

  /// From the last packed place of the steps in `range` to their first: the rows of the values, and
  /// those of one step before, which at step 0 are batch rows.
  func descendingPlaces(_ range: Range<Int>) -> (now: IndexTable, before: IndexTable) {
    let packed = packed(range)
    let now = IndexTable(count: packed.count)
    let before = IndexTable(count: packed.count)
    var next = 0
    for step in range.reversed() {
      let start = Int(offset[step])
      for j in (0..<Int(active[step])).reversed() {
        now[next] = place[start + j]
        before[next] = step > 0 ? place[Int(offset[step - 1]) + j] : batchRow[j]
        next += 1
      }
    }
    return (now, before)
  }

  /// Calls `body` with the tables as kernels take them.
  func withKernelLayout<R>(_ body: (UnsafePointer<rk_sequence_layout>) -> R) -> R {
    var layout = rk_sequence_layout(
      rows: Int32(batchSize), steps: Int32(steps), batch_row: batchRow, length: length,
      active: active, offset: offset, place: place)
    return withExtendedLifetime(self) { body(&layout) }
  }
}
