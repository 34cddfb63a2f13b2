import Foundation
import Testing

@testable import RecurrentCLI

/// What signals do around the writing of results.
@Suite struct InterruptionTests {
  /// SIGHUP stays without effect, as nohup leaves it, and SIGTERM goes to its handler; in between
  /// neither ends the program.
  @Test func whatWasChosenBeforeIsChosenAgain() async {
    await #expect(processExitsWith: .exitCode(7)) {
      // Whoever runs the tests may have left signals blocked.
      var none = sigset_t()
      sigemptyset(&none)
      pthread_sigmask(SIG_SETMASK, &none, nil)
      signal(SIGHUP, SIG_IGN)
      signal(SIGTERM) { _ in _exit(7) }
      Interruption.deferred {
        raise(SIGTERM)
        raise(SIGHUP)
      }
      raise(SIGHUP)
      raise(SIGTERM)
      _exit(8)
    }
  }
}
