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
    // Whoever started this program may have left the signal blocked, as some thread pools do.
    var interrupt = sigset_t()
    sigemptyset(&interrupt)
    sigaddset(&interrupt, SIGINT)
    pthread_sigmask(SIG_UNBLOCK, &interrupt, nil)
  }

  /// Runs `body` to its end, whoever wants the program to stop; what happened on a signal before, as
  /// nohup and this program chose it, happens again afterwards.
  static func deferred<Result, Failure>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let before = signals.map { number in
      var action = sigaction()
      sigaction(number, nil, &action)
      signal(number, SIG_IGN)
      return (number, action)
    }
    defer {
      for case (let number, var action) in before { sigaction(number, &action, nil) }
    }
    return try body()
  }
}
