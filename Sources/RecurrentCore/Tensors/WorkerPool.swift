import Foundation
internal import RecurrentKernels
import Synchronization

/// The threads of an ``ExecutionContext``, which wait for parts of a job: awake for a moment, since
/// the next job mostly comes within microseconds, then asleep.
///
/// A caller gets those that no other caller has. They end with the pool.
final class WorkerPool: Sendable {
  private struct State {
    /// The workers that nobody has; the last one was busy last, so it may still be awake.
    var idle: [Worker] = []
    var made = 0
  }

  /// The most workers.
  private let size: Int
  private let state = Mutex(State())

  init(size: Int) {
    self.size = size
    state.withLock { $0.idle.reserveCapacity(size) }
  }

  deinit {
    for worker in state.withLock({ $0.idle }) { worker.end() }
  }

  /// The workers so far.
  var threadCount: Int { state.withLock { $0.made } }

  /// Runs `body` for each part, on this thread and on as many workers as are free.
  func run(parts: Int, _ body: @escaping @Sendable (_ part: Int) -> Void) {
    let helpers = claim(parts - 1)
    let threads = helpers.count + 1
    let share: @Sendable (Int) -> Void = { first in
      for part in stride(from: first, to: parts, by: threads) { body(part) }
    }
    for (index, worker) in helpers.enumerated() { worker.start { share(index + 1) } }
    share(0)
    giveBack(helpers)
  }

  /// Runs `body` for each part, all of them at the same time. False, and nothing has run, if there
  /// are not enough free workers for that.
  func runTogether(parts: Int, _ body: @escaping @Sendable (_ part: Int) -> Void) -> Bool {
    let helpers = claim(parts - 1)
    guard helpers.count == parts - 1 else {
      state.withLock { $0.idle += helpers }
      return false
    }
    for (index, worker) in helpers.enumerated() { worker.start { body(index + 1) } }
    body(0)
    giveBack(helpers)
    return true
  }

  /// At most `count` workers that nobody else has.
  private func claim(_ count: Int) -> [Worker] {
    state.withLock { state in
      while state.idle.count < count, state.made < size {
        state.idle.append(Worker())
        state.made += 1
      }
      let taken = Array(state.idle.suffix(count))
      state.idle.removeLast(taken.count)
      return taken
    }
  }

  /// Waits until they are done.
  private func giveBack(_ helpers: [Worker]) {
    for worker in helpers { worker.finish() }
    state.withLock { $0.idle += helpers }
  }
}

/// A thread, and the work that it is to run.
private final class Worker: Sendable {
  private struct Job: Sendable {
    let body: @Sendable () -> Void
    /// The thread's context, as the caller's thread has it.
    nonisolated(unsafe) let place: rk_thread
  }

  private let job = Mutex<Job?>(nil)
  private let started = Milestone()
  private let finished = Milestone()

  init() {
    let thread = Thread { [self] in work() }
    thread.qualityOfService = .userInitiated
    thread.name = "recurrent worker"
    thread.start()
  }

  func start(_ body: @escaping @Sendable () -> Void) {
    job.withLock { $0 = Job(body: body, place: rk_thread_place().pointee) }
    started.advance()
  }

  /// Waits until what was started last is done.
  func finish() { finished.wait(for: started.count) }

  /// Lets the thread end; it has nothing to do.
  func end() { started.advance() }

  private func work() {
    var done = 0
    repeat {
      done += 1
      started.wait(for: done)
    } while runJob()
  }

  /// False if there is none. What was started is let go of before it counts as finished: it may not
  /// outlive its caller.
  private func runJob() -> Bool {
    do {
      guard let job = job.withLock({ $0.take() }) else { return false }
      rk_thread_place().pointee = job.place
      job.body()
    }
    finished.advance()
    return true
  }
}

/// A count that one thread advances and another one waits for: awake for some 100 µs, then asleep.
final class Milestone: Sendable {
  private let reached = Atomic(0)
  private let isAsleep = Atomic(false)
  private let alarm = DispatchSemaphore(value: 0)

  var count: Int { reached.load(ordering: .relaxed) }

  func advance() {
    reach()
    wake()
  }

  func wait(for goal: Int) {
    for _ in 0..<8_000 {
      if reached.load(ordering: .acquiring) >= goal { return }
      rk_pause()
    }
    repeat {
      isAsleep.store(true, ordering: .sequentiallyConsistent)
      if reached.load(ordering: .sequentiallyConsistent) >= goal,
        isAsleep.exchange(false, ordering: .sequentiallyConsistent)
      {
        return  // advanced in between, by one who did not see this thread asleep
      }
      alarm.wait()
      // It may have been the alarm of an advance that this thread saw long ago, awake: between its two
      // halves the system may let other threads run.
    } while reached.load(ordering: .sequentiallyConsistent) < goal
  }

  /// The first half of an advance: who is awake sees it.
  func reach() { reached.add(1, ordering: .sequentiallyConsistent) }

  /// The second half.
  func wake() {
    if isAsleep.exchange(false, ordering: .sequentiallyConsistent) { alarm.signal() }
  }
}
