import Foundation

/// What Ctrl-C does.
///
/// Results are written at the end and in one step, so that stopping at any moment leaves nothing
/// half-written; the short time of writing itself is not interrupted.
enum Interruption {
  private static let signals = [SIGINT, SIGTERM, SIGHUP]

  /// From now on, Ctrl-C ends the line that a progress bar has begun, says what was left behind,
  /// and stops the program as usual.
  static func announceStop() {
    signal(SIGINT) { number in
      // Only what is safe in a signal handler: no allocation, no locks.
      let message: StaticString = "\nrecurrent: interrupted; nothing was written.\n"
      _ = write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount)
      signal(number, SIG_DFL)
      raise(number)
    }
  }

  /// Runs `body` to its end, whoever wants the program to stop.
  static func deferred<Result, Failure>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    for number in signals { signal(number, SIG_IGN) }
    defer { for number in signals { signal(number, SIG_DFL) } }
    return try body()
  }
}
