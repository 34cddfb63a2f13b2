import ArgumentParser
import Recurrent

/// What a line that is no text does to the lines around it.
enum LineFault: String, ExpressibleByArgument, CaseIterable {
  case goOn = "continue"
  case stop
}

extension Predict {
  /// Prints an answer to the lines of the file, or of standard input as they come, many at once.
  ///
  /// Something stands in place of a line that is no text, so that lines in and out stay aligned.
  ///
  /// - Parameter end: What is printed behind the last answer.
  func forEachBatch(
    isJSON: Bool, _ answer: ([String]) throws -> String,
    end: () throws -> String = { "" }
  ) throws {
    var input =
      try file.map { try LineReader(contentsOf: $0, encoding: encoding) }
      ?? LineReader(encoding: encoding)
    var hasFaults = false
    func show(_ text: String) throws {
      print(text, terminator: "")
      try flushOutput()
    }
    while let lines = try input.next() {
      var sound: [String] = []
      for line in lines {
        guard case .failure(let fault) = line else {
          sound.append(try line.get())
          continue
        }
        if !sound.isEmpty { try show(answer(sound)) }
        sound = []
        if onError == .stop { throw fault }
        hasFaults = true
        warn("\(fault)")
        // In a CoNLL file, an empty line too has its turn.
        try show(
          tagging.conll ? answer([""]) : isJSON ? "{\"error\":\("\(fault)".jsonText)}\n" : "\n")
      }
      if !sound.isEmpty { try show(answer(sound)) }
    }
    try show(end())
    if hasFaults { throw ExitCode(65) }
  }
}
