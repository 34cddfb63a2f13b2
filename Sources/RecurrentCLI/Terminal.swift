import ArgumentParser
@preconcurrency import Foundation
import Recurrent

/// What is known about the terminal that standard output may be.
enum Terminal {
  /// The columns of the terminal, or what `COLUMNS` says; nil where neither is known, as in a pipe.
  static var width: Int? {
    var size = winsize()
    if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
      return Int(size.ws_col)
    }
    let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) }
    return columns.flatMap { (1...10_000).contains($0) ? $0 : nil }
  }

  /// The columns of charts: those of the terminal, at most 100; 80 where there is none.
  static var chartWidth: Int { width.map { min(max($0, 30), 100) } ?? 80 }

  /// Whether standard output is a terminal that wants colour.
  static var wantsColour: Bool {
    let environment = ProcessInfo.processInfo.environment
    return isatty(STDOUT_FILENO) == 1 && (environment["NO_COLOR"] ?? "").isEmpty
      && environment["TERM"] != "dumb"
  }
}

/// Text whose paragraphs are one line each, so that help breaks them where the reader's terminal ends.
/// Indented lines, as of examples, and those before them stay.
func flowing(_ text: String) -> String {
  text.split(separator: "\n", omittingEmptySubsequences: false).reduce(into: "") { result, line in
    let last = result.split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
    let goesOn = !last.isEmpty && !line.isEmpty && last.first != " " && line.first != " "
    result += (result.isEmpty ? "" : goesOn ? " " : "\n") + line
  }
}

/// Prints text for people, its lines broken between words where the terminal is narrow.
func printText(_ text: String) {
  guard let width = Terminal.width else { return print(text) }
  print(TextWidth.wrapped(text, columns: width))
}

/// Refuses the name of a picture that says it is of another kind than SVG, the only one that is
/// drawn.
func checkDrawing(_ flag: String, _ path: String?) throws(ValidationError) {
  guard let path else { return }
  let name = splitPath(path).name
  guard let dot = name.lastIndex(of: "."), dot > name.startIndex,
    name[dot...].lowercased() != ".svg"
  else { return }
  throw ValidationError(
    "\(flag) draws SVG: name a file that ends in .svg, such as \(path.prefix(path.count - name[dot...].count)).svg, not "
      + "\"\(path)\".")
}

/// Refuses to write over a file that is read.
func checkKept(_ inputs: [String?], whenWriting outputs: [String?]) throws(DataError) {
  func place(_ path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  }
  let read = Set(inputs.compactMap(\.self).map(place))
  for output in outputs.compactMap(\.self) where read.contains(place(output)) {
    throw DataError(
      .unwritable, file: output, problem: "is read, and what is written would take its place",
      advice: "Choose another place to write to")
  }
}

/// Text on standard error.
func note(_ text: String) {
  guard Ranks.isFirst else { return }
  complain(text)
}

/// Writes text to standard error, whichever rank this process is.
func complain(_ text: String) {
  // Where it cannot be written, nobody can be told.
  try? FileHandle.standardError.write(contentsOf: Data("\(text)\n".utf8))
}

/// Writes a warning of one line to standard error, behind the program's name.
func warn(_ message: String) { note("recurrent: \(message)") }

/// Brings what was printed to where it goes: before work that takes long, and at the end.
///
/// - Throws: ``DataError`` if some of it, now or before, could not be written, because a disk is
///   full, or, unless `readerMayLeave`, because nobody reads it any more.
func flushOutput(readerMayLeave: Bool = false) throws(DataError) {
  // What did not fit the buffer was written when it was printed, and then says why.
  var problem = errno
  if fflush(nil) != 0 { problem = errno } else if ferror(stdout) == 0 { return }
  if readerMayLeave, problem == EPIPE { return clearerr(stdout) }
  let reason = String(cString: strerror(problem))
  throw DataError(
    .unwritable, file: "standard output", problem: "cannot be written (\(reason))",
    advice: "Make room, or write elsewhere")
}

/// Opens `/dev/null` in place of standard input, output or error where a caller closed them, so
/// that no file of ours gets their numbers and what is printed lands in it.
func fillStandardStreams() {
  for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
    _ = open("/dev/null", O_RDWR)
  }
}
