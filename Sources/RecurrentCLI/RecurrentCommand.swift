import ArgumentParser
import Foundation
import Recurrent

/// The command `recurrent`.
///
/// Results go to standard output, progress and errors to standard error; ``HelpTopic`` has the table of
/// exit codes.
@main
struct RecurrentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recurrent",
    abstract: "Recurrent neural networks: train them, understand them, put them to work.",
    discussion: flowing(
      """
      Start with a forecaster of carbon dioxide in the air, a series that comes with the
      program, then look beyond its end:

        recurrent train forecaster --output model
        recurrent predict model --steps 5

      Results go to standard output, progress and errors to standard error.

      Exit codes: 0 done; 64 wrong flags; 65 something is wrong with a file or its data;
      66 a file is missing; 70 training ran away; more by recurrent help exit-codes.

      recurrent help TOPIC tells of \(listedWithAnd(HelpTopic.all.map(\.name))).
      """),
    version: LibraryVersion.current,
    subcommands: [
      Train.self, TuneCommand.self, FindRateCommand.self, Update.self, Resume.self, Diff.self,
      Predict.self,
      Evaluate.self,
      Backtest.self, Anomalies.self, Score.self,
      Generate.self,
      Compose.self,
      Inspect.self, Convert.self, Run.self,
      Quantize.self, Info.self, Bench.self,
    ])

  static func main() {
    fillStandardStreams()
    // A file that may not grow is told of by its write.
    signal(SIGXFSZ, SIG_IGN)
    if !Kernels.choiceIsHonoured {
      warn("RECURRENT_KERNELS names a path this machine does not have; using \(Kernels.name).")
    }
    do {
      try Ranks.begin()
      let ending = Result { try answer() }
      try flushOutput()
      try ending.get()
      Ranks.end()
    } catch let error as DataError {
      fail("\(error)", code: error.kind == .missingFile ? 66 : 65)
    } catch let error as NonFiniteError {
      fail(
        "training ran away at epoch \(error.epoch), step \(error.step): \(error.tensor) is not a "
          + "finite number. Nothing was written. Try a smaller --learning-rate.", code: 70)
    } catch let code as ExitCode {
      // All ranks have it.
      Ranks.end()
      Foundation.exit(code.rawValue)
    } catch {
      guard Ranks.all != nil else { exit(withError: error) }
      Ranks.fail(code: exitCode(for: error).rawValue) { complain(fullMessage(for: error)) }
    }
  }

  private static func answer() throws {
    do {
      if let text = try HelpTopic.text(for: Array(CommandLine.arguments.dropFirst())) {
        return print(text)
      }
      var command = try parsed()
      if Ranks.sitsOut(command) { return }
      let threads = (command as? any ThreadedCommand)?.threads.threads ?? Ranks.threads
      try ExecutionContext(threads: threads).run { try command.run() }
    } catch  where exitCode(for: error) == .success {
      // Help and version are printed, and checked, as any result.
      print(HelpTopic.completing(message(of: error)))
    }
  }

  /// The parser counts a command whose flags another one has, as `tune` has those of `train`, among the
  /// commands that were named.
  private static func message(of error: any Error) -> String {
    fullMessage(for: error).replacing(#/tune ([a-z-]+) \1/#) { "tune \($0.1)" }
  }

  /// The command that the arguments say; ends the program where they are wrong, with what may have been
  /// meant.
  private static func parsed() throws -> any ParsableCommand {
    let words = try OptionReuse.words.get()
    do {
      return try parseAsRoot(words.arguments)
    } catch  where exitCode(for: error) == .validationFailure {
      if let problem = words.problem(in: message(of: error)) { throw problem }
      let suggestions = Suggestions(arguments: words.arguments)
      Ranks.fail(code: ExitCode.validationFailure.rawValue) {
        complain(suggestions.improved(message(of: error)))
      }
    }
  }

  private static func fail(_ message: String, code: Int32) -> Never {
    Ranks.fail(code: code) { complain("recurrent: \(message)") }
  }
}
