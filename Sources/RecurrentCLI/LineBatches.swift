import ArgumentParser
import Recurrent
import RecurrentTasks

/// What a line that cannot be answered does to the lines around it.
enum LineFault: String, ExpressibleByArgument, CaseIterable {
  case goOn = "continue"
  case stop
}

/// What `recurrent predict` is told by those who give it lines and take its answers, as batch engines do.
struct LineOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Whether lines behind one that cannot be answered are: continue or stop.",
      valueName: "what"))
  var onError = LineFault.goOn

  @Option(
    help: ArgumentHelp(
      "Lines have columns between tabs, and this one, a number from 1 or a name in the first line, goes "
        + "through unchanged: it stands first in the answer. Forecasters: what tells series apart.",
      valueName: "column"))
  var keyColumn: String?

  @OptionGroup var sharding: ShardOptions

  func validate() throws {
    if let keyColumn, let number = Int(keyColumn), !(1...100_000).contains(number) {
      throw ValidationError(
        "--key-column is a number from 1 or the name of a column, not \(keyColumn).")
    }
  }
}

extension Predict {
  /// The requests of the file, or of standard input as they come.
  private func lineRequests(bySeries: Bool) throws(DataError) -> LineRequests {
    let named = file == "-" ? nil : file
    let reader =
      try named.map { path throws(DataError) in
        try LineReader(contentsOf: path, encoding: encoding)
      } ?? LineReader(encoding: encoding)
    return LineRequests(
      reader, source: named ?? "standard input", key: lines.keyColumn, groups: bySeries)
  }

  /// Answers the lines of the file, or of standard input as they come, many at once.
  ///
  /// Something stands in place of a line that cannot be answered, so that lines in and out stay
  /// aligned.
  ///
  /// - Parameters:
  ///   - together: how many are answered at once, if they are there.
  ///   - begin: is shown the first of them.
  ///   - answer: one text for each request, without its last line end.
  ///   - end: What is printed behind the last answer.
  func forEachBatch(
    isJSON: Bool, bySeries: Bool = false, together: Int = .max,
    begin: ([LineRequest]) throws -> Void = { _ in },
    _ answer: ([LineRequest], [String]?) throws -> [String], end: () throws -> String = { "" }
  ) throws {
    func opened() throws(DataError) -> LineRequests { try lineRequests(bySeries: bySeries) }
    var output = try AnswerOutput(self, isJSON: isJSON, opened)
    var requests = try opened()
    let form = AnswerForm(isJSON: isJSON, hasKey: lines.keyColumn != nil)

    func fail(_ request: LineRequest, _ fault: DataError) throws {
      if lines.onError == .stop { throw fault }
      warn("\(fault)")
      // In a CoNLL file, an empty line too has its turn.
      let text =
        tagging.conll
        ? try answer([LineRequest(text: "", line: request.line)], nil)[0]
        : form.fault(fault, of: request)
      try output.take(text, fault: fault)
    }
    func answerAll(_ requests: ArraySlice<LineRequest>, _ names: [String]?) throws {
      do {
        for (request, text) in zip(requests, try answer(Array(requests), names)) {
          try output.take(tagging.conll ? text : form.answer(text, to: request))
        }
      } catch let fault as DataError where fault.kind == .invalid && !tagging.conll {
        guard requests.count == 1, let request = requests.first else {
          for one in requests.indices { try answerAll(requests[one...one], names) }
          return
        }
        try fail(request, fault)
      }
    }
    var isFirst = true
    while let some = try requests.next() {
      var rest = some[...]
      if isFirst { try begin(some.filter { $0.fault == nil }) }
      isFirst = false
      while let first = rest.first {
        if output.isThere {
          try output.pass()
          rest = rest.dropFirst()
        } else if let fault = first.fault {
          try fail(first, fault)
          rest = rest.dropFirst()
        } else {
          let sound = rest.prefix(min(together, output.room)).prefix { $0.fault == nil }
          try answerAll(sound, requests.names)
          rest = rest[sound.endIndex...]
          try output.flush()
        }
      }
      try output.flush()
    }
    try output.end(try end())
    if output.hasFaults { throw ExitCode(65) }
  }
}

/// How answers are written, with the key that belongs to them.
private struct AnswerForm {
  let isJSON: Bool
  let hasKey: Bool

  /// An answer of one line or several, an empty one behind them.
  func answer(_ text: String, to request: LineRequest) -> String {
    guard hasKey else { return text + "\n" }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.map { line in
      if line.isEmpty, lines.count > 1 { return "\n" }
      guard isJSON else { return "\(request.key ?? "")\t\(line)\n" }
      return line.hasPrefix("[")
        ? "{\(key(of: request))\"translations\":\(line)}\n"
        : "{\(key(of: request))\(line.dropFirst())\n"
    }.joined()
  }

  func fault(_ fault: DataError, of request: LineRequest) -> String {
    isJSON
      ? "{\(key(of: request))\"error\":\("\(fault)".jsonText)}\n"
      : hasKey ? "\(request.key ?? "")\t\n" : "\n"
  }

  private func key(of request: LineRequest) -> String {
    hasKey ? "\"key\":\(request.key?.jsonText ?? "null")," : ""
  }
}
