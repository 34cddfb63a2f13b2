import Foundation

/// How progress is shown.
public enum ProgressMode: String, Sendable, CaseIterable {
  /// A bar where standard error is a terminal, else lines.
  case automatic
  /// One line of a terminal, redrawn in place.
  case terminal
  /// One plain line an epoch, for logs.
  case lines
  /// No progress is shown.
  case silent
}

/// Where progress is written, and what the reader there can see.
public struct ProgressOutput: Sendable {
  /// Whether a line can be redrawn in place.
  public var isTerminal: Bool
  /// Whether colours are welcome.
  public var usesColour: Bool
  /// The width of the terminal in characters; asked again at every redraw, for windows change.
  public var columns: @Sendable () -> Int
  /// Writes text as it is.
  public var write: @Sendable (String) -> Void

  /// Creates an output.
  public init(
    isTerminal: Bool, usesColour: Bool = false, columns: @escaping @Sendable () -> Int = { 80 },
    write: @escaping @Sendable (String) -> Void
  ) {
    self.isTerminal = isTerminal
    self.usesColour = usesColour
    self.columns = columns
    self.write = write
  }

  /// Standard error of this process; without colours where the environment has a non-empty
  /// `NO_COLOR`, without redrawing where `TERM` is `dumb`.
  public static var standardError: ProgressOutput {
    let environment = ProcessInfo.processInfo.environment
    let isTerminal = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
    return ProgressOutput(
      isTerminal: isTerminal,
      usesColour: isTerminal && (environment["NO_COLOR"] ?? "").isEmpty,
      columns: {
        var size = winsize()
        let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return isKnown ? Int(size.ws_col) : 80
      },
      write: { text in
        // Progress that cannot be shown must not stop the training.
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
      })
  }
}
