import Foundation
import RecurrentFiles
import Synchronization

/// Dividing work among the threads of the ``ExecutionContext`` of the call. Results do not depend on
/// it, not in a single bit.
enum Parallelism {
  /// The number of threads, at least 1.
  static var threads: Int { ExecutionContext.withCurrent { $0.threads } }

  /// The number of parts to divide work into.
  static func parts(operations: Int, atMost limit: Int) -> Int {
    ExecutionContext.withCurrent {
      max(1, min($0.threads, limit, operations / $0.thresholds.smallestShare))
    }
  }

  /// Runs `body` for each part, side by side, and returns when all are done. The parts must write
  /// to disjoint memory: this is what kernels on plain pointers promise and the compiler cannot
  /// see.
  static func run(parts: Int, _ body: (_ part: Int) -> Void) {
    if parts == 1 {
      body(0)
    } else {
      withoutActuallyEscaping(body) { body in
        nonisolated(unsafe) let body = body
        ExecutionContext.current.workers.run(parts: parts) { body($0) }
      }
    }
  }

  /// Runs `body` for parts that wait for each other, all at the same time; as one part alone where the threads are
  /// busy.
  static func runTogether(parts: Int, _ body: (_ part: Int, _ parts: Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      nonisolated(unsafe) let body = body
      let workers = ExecutionContext.current.workers
      if parts == 1 || !workers.runTogether(parts: parts, { body($0, parts) }) { body(0, 1) }
    }
  }

  /// The results of two functions that run at the same time.
  static func both<First, Second>(_ first: () -> First, _ second: () -> Second) -> (First, Second) {
    var one: First?
    var other: Second?
    run(parts: 2) { part in
      if part == 0 { one = first() } else { other = second() }
    }
    guard let one, let other else { trap("both parts have run") }
    return (one, other)
  }

  /// Runs `body` for each cell of a grid, on several threads: behind the cell of one row less and that of one column
  /// less.
  static func wave(rows: Int, columns: Int, _ body: (_ row: Int, _ column: Int) -> Void) {
    enum Turn {
      case cell(row: Int, column: Int)
      case wait
      case end
    }
    let state = Mutex(
      (done: [Int](repeating: 0, count: rows), isBusy: [Bool](repeating: false, count: rows)))
    run(parts: min(threads, rows)) { _ in
      var waits = 0
      while true {
        let turn = state.withLock { state -> Turn in
          // The last row that can go on, so that rows end together.
          for row in (0..<rows).reversed() where !state.isBusy[row] && state.done[row] < columns {
            guard row == 0 || state.done[row - 1] > state.done[row] else { continue }
            state.isBusy[row] = true
            return .cell(row: row, column: state.done[row])
          }
          return state.done[rows - 1] == columns ? .end : .wait
        }
        switch turn {
        case .cell(let row, let column):
          waits = 0
          body(row, column)
          state.withLock {
            $0.done[row] += 1
            $0.isBusy[row] = false
          }
        case .wait:
          waits += 1
          if waits < 200 { sched_yield() } else { usleep(20) }
        case .end: return
        }
      }
    }
  }

  /// `body` of each index below `count`, on several threads where that pays, in the order of the
  /// indices.
  static func map<Result: Sendable>(
    _ count: Int, operations: Int, _ body: (_ index: Int) -> Result
  ) -> [Result] {
    let parts = parts(operations: operations, atMost: count)
    guard parts > 1 else { return (0..<count).map(body) }
    let shares = Mutex([[Result]](repeating: [], count: parts))
    run(parts: parts) { part in
      let share = range(part, of: parts, count: count, granularity: 1).map(body)
      shares.withLock { $0[part] = share }
    }
    return shares.withLock { $0.flatMap(\.self) }
  }

  /// The share `part` of `parts` of `0..<count`, in multiples of `granularity` but for the end.
  static func range(_ part: Int, of parts: Int, count: Int, granularity: Int) -> Range<Int> {
    let units = (count + granularity - 1) / granularity
    let bound = { min($0 * units / parts * granularity, count) }
    return bound(part)..<bound(part + 1)
  }
}
