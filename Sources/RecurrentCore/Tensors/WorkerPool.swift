import Foundation
internal import RecurrentKernels
import Synchronization

/// Threads that wait for parts of a job: awake for a moment, since the next job mostly comes within
/// microseconds, then asleep.
///
/// The pool serves one caller at a time. Who comes while it is taken, or from within a part, is
/// told so.
final class WorkerPool: Sendable {
  static let shared = WorkerPool()

  private let isTaken = Atomic(false)
  private let workers = Mutex<[Worker]>([])

  /// The threads so far, which is one less than the most parts of a job.
  var threadCount: Int { workers.withLock { $0.count } }

  /// Runs `body` for each part, all of them at the same time, part 0 on this thread. False if the
  /// pool is taken; nothing has run then.
  func run(parts: Int, _ body: @escaping @Sendable (_ part: Int) -> Void) -> Bool {
    guard isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
    else { return false }
    defer { isTaken.store(false, ordering: .releasing) }
    let helpers = workers.withLock { workers in
      while workers.count < parts - 1 { workers.append(Worker()) }
      return workers.prefix(parts - 1)
    }
    for (index, worker) in helpers.enumerated() { worker.start(part: index + 1, of: body) }
    body(0)
    for worker in helpers { worker.finish() }
    return true
  }

  /// One thread, and the part it is to run.
  private final class Worker: Sendable {
    private struct Job: Sendable {
      let part: Int
      let body: @Sendable (Int) -> Void
    }

    private let job = Mutex<Job?>(nil)
    private let started = Atomic(0)
    private let finished = Atomic(0)
    private let isAsleep = Atomic(false)
    private let alarm = DispatchSemaphore(value: 0)

    init() {
      let thread = Thread { [self] in work() }
      thread.qualityOfService = .userInitiated
      thread.name = "recurrent worker"
      thread.start()
    }

    func start(part: Int, of body: @escaping @Sendable (Int) -> Void) {
      job.withLock { $0 = Job(part: part, body: body) }
      started.add(1, ordering: .sequentiallyConsistent)
      if isAsleep.exchange(false, ordering: .sequentiallyConsistent) { alarm.signal() }
    }

    /// Waits until the part is done.
    func finish() {
      let goal = started.load(ordering: .relaxed)
      while !isSoon({ finished.load(ordering: .acquiring) == goal }) { sched_yield() }
    }

    private func work() {
      var done = 0
      while true {
        wait(after: done)
        done += 1
        if let job = job.withLock({ $0.take() }) { job.body(job.part) }
        finished.store(done, ordering: .releasing)
      }
    }

    private func wait(after done: Int) {
      if isSoon({ started.load(ordering: .acquiring) > done }) { return }
      isAsleep.store(true, ordering: .sequentiallyConsistent)
      if started.load(ordering: .sequentiallyConsistent) > done,
        isAsleep.exchange(false, ordering: .sequentiallyConsistent)
      {
        return  // started in between, by one who did not see this thread asleep
      }
      alarm.wait()
    }

    /// Whether the condition comes true within some 100 µs.
    private func isSoon(_ condition: () -> Bool) -> Bool {
      for _ in 0..<8_000 {
        if condition() { return true }
        rk_pause()
      }
      return condition()
    }
  }
}
