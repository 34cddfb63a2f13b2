import Foundation
import TestSupport
import Testing

@testable import RecurrentCLI

/// What signals do to training and around the writing of results.
@Suite(.optimized) struct InterruptionTests {
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

  // MARK: Training

  /// Runs lines of a shell in which `train` begins an endless training, `started` waits until it has
  /// done epochs, and `over` prints its exit code and is the end of it.
  private func shell(_ lines: String) async throws -> (CommandResult, [String: Data?]) {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let script = """
        set -m
        ulimit -t 200
        train() {
          "$recurrent" train forecaster t.csv --window 8 --hidden 4 --layers 1 --progress lines \
            --epochs 1000000 --patience 1000000 --output model "$@" 2>errors >output &
        }
        started() { until grep -q ^epoch errors 2>/dev/null; do sleep 0.05; done; }
        over() { wait $!; echo "exit $?"; cat errors >&2; }
        \(lines)
        """
      let result = try await CommandRunner.run(
        "/bin/bash", ["-c", script],
        environment: ["recurrent": CommandRunner.commandPath()],
        workingDirectory: workspace.path, timeout: 300)
      return (result, try workspace.contents())
    }
  }

  @Test(arguments: [("INT", 130), ("TERM", 143), ("HUP", 129)])
  func signalsStopAfterTheStep(_ name: String, _ code: Int) async throws {
    let (result, contents) = try await shell("train; started; kill -\(name) $!; over")
    #expect(result.output == "exit \(code)\n")
    let message = result.errorOutput
    #expect(message.contains("recurrent: stopping after this step; Ctrl-C again ends at once.\n"))
    #expect(message.contains("\nrecurrent: training was stopped in epoch "), "\(message)")
    #expect(message.hasSuffix(". It goes on with: recurrent resume model\n"), "\(message)")
    #expect(contents["model/.recurrent-run/run.json"] != nil)
    #expect(contents["model/config.json"] == nil)
  }

  /// A step that takes minutes is not waited for.
  @Test func aSecondInterruptEndsAtOnce() async throws {
    let (result, _) = try await shell(
      """
      "$recurrent" train forecaster --hidden 256 --batch 2000 --output model 2>errors >output &
      until [ -s output ]; do sleep 0.05; done
      sleep 1; kill -INT $!; sleep 0.3; kill -0 $! && kill -INT $!; over
      """)
    #expect(result.output == "exit 130\n")
    #expect(result.errorOutput.contains("stopping after this step"))
    #expect(!result.errorOutput.contains("nothing was written"))
  }

  @Test func ignoredSignalsStayIgnored() async throws {
    let (result, _) = try await shell(
      """
      trap '' INT HUP; train; started
      kill -INT $!; kill -HUP $!; kill -INT $!; sleep 0.3; kill -TERM $!; over
      """)
    #expect(result.output == "exit 143\n")
  }

  /// Who reads progress or the report may go away; the model is written all the same.
  @Test(arguments: ["2>&1 >output | head -1", "2>errors | true", "2>&1 | true"])
  func readersMayGoAway(_ reader: String) async throws {
    let (result, contents) = try await shell(
      """
      "$recurrent" train forecaster t.csv --window 8 --hidden 4 --layers 1 --progress lines \
        --epochs 30 --patience 30 --output model \(reader)
      """)
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect(contents.keys.contains("model/model.safetensors"))
  }
}
