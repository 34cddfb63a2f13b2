import ArgumentParser
import Foundation
import Recurrent

/// The command `recurrent`.
///
/// Results go to standard output, progress and errors to standard error. Exit codes: 0 done, 64 wrong flags, 66 a file that
/// is not there, 65 anything else that is wrong with files or data, 70 training that ran away.
@main
struct RecurrentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recurrent",
    abstract: "Recurrent neural networks: train them, understand them, put them to work.",
    discussion: """
      Start with a forecaster on the bundled prices of GOOG, then look beyond their end:

        recurrent train forecaster --output model
        recurrent predict model --steps 5

      Exit codes: 0 done; 64 wrong flags; 66 a file is missing; 65 anything else wrong with
      files or data; 70 training ran away.
      """,
    version: LibraryVersion.current,
    subcommands: [Train.self, Predict.self, Evaluate.self, Inspect.self, Info.self])

  static func main() {
    if !Kernels.choiceIsHonoured {
      warn("RECURRENT_KERNELS names a path this machine does not have; using \(Kernels.name)")
    }
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as DataError {
      fail("\(error)", code: error.kind == .missingFile ? 66 : 65)
    } catch let error as NonFiniteError {
      fail("\(error)", code: 70)
    } catch {
      exit(withError: error)
    }
  }

  private static func fail(_ message: String, code: Int32) -> Never {
    FileHandle.standardError.write(Data("recurrent: \(message)\n".utf8))
    Foundation.exit(code)
  }
}

/// One line on standard error.
func warn(_ message: String) {
  FileHandle.standardError.write(Data("recurrent: \(message)\n".utf8))
}

/// Whether standard output is a terminal that wants colour.
var standardOutputWantsColour: Bool {
  isatty(1) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
    && ProcessInfo.processInfo.environment["TERM"] != "dumb"
}
