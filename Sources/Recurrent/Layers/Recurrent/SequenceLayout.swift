import RecurrentKernels

/// How the rows of a batch run through time: the tables that kernels follow so that a padded step
/// costs nothing.
///
/// Rows are sorted by length, longest first, so the rows still running at step s are the first
/// `active[s]`. A valid step has a place in packed order: step 0 of all rows, then step 1 of those
/// that have one, and so on.
final class SequenceLayout: Sendable {
  /// The rows, B.
  let batchSize: Int
  /// The padded length, T.
  let time: Int
  /// The longest length.
  let steps: Int
  /// The valid steps of all rows, N.
  let packedCount: Int
  /// Rows with at least one step.
  let startingRows: Int
  /// Whether the rows run from their last step to their first.
  let isReversed: Bool
  /// All tables, one after the other: offset (64-bit), batch row, length, active, time row.
  private let tables: Storage

  init(lengths: [Int], time: Int, isReversed: Bool = false) {
    let batch = lengths.count
    let steps = lengths.max() ?? 0
    batchSize = batch
    self.time = time
    self.steps = steps
    self.isReversed = isReversed
    packedCount = lengths.reduce(0, +)
    startingRows = lengths.count { $0 > 0 }
    tables = Storage(count: 3 * steps + 2 * batch + packedCount)

    let uniform = lengths.allSatisfy { $0 == steps }
    let order =
      uniform
      ? Array(0..<batch)
      : lengths.indices.sorted { (lengths[$0], $1) > (lengths[$1], $0) }  // ties keep their order
    let (offset, row, length, active, timeRow) = (
      offset, batchRow, self.length, self.active, self.timeRow
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
      for j in 0..<running {
        let t = isReversed ? Int(length[j]) - 1 - step : step
        timeRow[packed + j] = row[j] * Int32(time) + Int32(t)
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
  var timeRow: UnsafeMutablePointer<Int32> { table(3 * steps + 2 * batchSize) }

  /// `[N - startingRows]` the values' row one step before, for each packed place behind step 0. A
  /// row's place at step s - 1 is that of step s without the rows that ended.
  func previousTimeRows() -> Storage {
    let rows = Storage(count: max(0, packedCount - startingRows))
    let pointer = UnsafeMutableRawPointer(rows.pointer).assumingMemoryBound(to: Int32.self)
    let shift: Int32 = isReversed ? 1 : -1
    for place in startingRows..<max(startingRows, packedCount) {
      pointer[place - startingRows] = timeRow[place] + shift
    }
    return rows
  }

  /// Calls `body` with the tables as kernels take them.
  func withKernelLayout<R>(_ body: (UnsafePointer<rk_sequence_layout>) -> R) -> R {
    var layout = rk_sequence_layout(
      rows: Int32(batchSize), steps: Int32(steps), batch_row: batchRow, length: length,
      active: active, offset: offset, reverse: isReversed)
    return withExtendedLifetime(self) { body(&layout) }
  }
}
