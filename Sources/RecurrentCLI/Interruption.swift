import Foundation
import Synchronization

/// What signals do: Ctrl-C, and whoever wants the program to end.
///
/// Training finishes its step and what it keeps is written; elsewhere signals end the program as
/// usual. Results are written in one step, so that stopping at any moment leaves nothing
/// half-written; the short time of writing itself is not interrupted.
enum Interruption {
  private static let signals = [SIGINT, SIGTERM, SIGHUP]
  private static let first = Atomic<CInt>(0)
  /// Whether this process says nothing.
  private static let isSilent = Atomic(false)

  /// The signal that asked training to stop; nil: none did.
  static var requested: CInt? {
    let number = first.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// From now on the first signal only asks to stop, and a Ctrl-C after it ends the program at once.
  /// Signals that whoever started this program chose to ignore, as nohup does, stay ignored.
  static func watch() {
    // Made now: a signal handler must not be who makes it.
    first.store(0, ordering: .relaxed)
    isSilent.store(!Ranks.isFirst, ordering: .relaxed)
    var watched = sigset_t()
    sigemptyset(&watched)
    for number in signals {
      let isIgnored = unsafeBitCast(signal(number, SIG_IGN), to: Int.self) == 1
      if isIgnored { continue }
      signal(number) { number in
        // Only what is safe in a signal handler: no allocation, no locks.
        let before = errno
        let isFirst = Interruption.first.compareExchange(
          expected: 0, desired: number, ordering: .relaxed
        ).exchanged
        if !isFirst, number == SIGINT { _exit(128 + number) }
        let message: StaticString =
          "\nrecurrent: stopping after this step; Ctrl-C again ends at once.\n"
        if isFirst, !Interruption.isSilent.load(ordering: .relaxed) {
          _ = write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount)
        }
        errno = before
      }
      sigaddset(&watched, number)
    }
    // Whoever started this program may have left them blocked, as some thread pools do.
    pthread_sigmask(SIG_UNBLOCK, &watched, nil)
  }

  /// Runs `body` to its end, whoever wants the program to stop; what happened on a signal before, as
  /// nohup and this program chose it, happens again afterwards.
  static func deferred<Result, Failure>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let before = signals.map { ($0, signal($0, SIG_IGN)) }
    defer { for (number, action) in before { signal(number, action) } }
    return try body()
  }
}
