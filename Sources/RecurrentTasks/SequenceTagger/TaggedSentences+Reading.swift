import Recurrent

extension TaggedSentences {
  /// Reads sentences of a CoNLL file, a table or JSON objects.
  ///
  /// In a CoNLL file there is a token a line, columns separated by tabs or blanks, sentences by empty
  /// lines. A table (``TagColumns``) has a first line that names a column of tokens and one of tags;
  /// JSON is an object a sentence, with a list of tokens and one of tags.
  ///
  /// Lines `-DOCSTART-` are left out, and, before a sentence, lines that begin with `#` and have
  /// other columns than the tokens. Where the first column counts the words of each sentence, as in
  /// CoNLL-U, ranges and empty nodes are left out too, and the token stands in the second column if
  /// nothing else is said; of ten columns, the tag in the fourth.
  ///
  /// - Throws: ``DataError`` with file and line for a byte that is no text, a line with more or fewer
  ///   columns than the first, a column that is not there, or an empty token or tag.
  public static func read(
    _ path: String, columns: TagColumns = TagColumns(), encoding: TextEncoding = .utf8
  ) throws(DataError) -> TaggedSentences {
    try read(TextFile(path, encoding: encoding), columns: columns)
  }

  /// Reads the text of such a file.
  public static func read(
    _ file: TextFile, columns: TagColumns = TagColumns()
  ) throws(DataError) -> TaggedSentences {
    if let found = try objects(file, columns) { return found }
    if let found = try table(file, columns) { return found }
    let lines = file.lines
    var reader = ConllLines(source: file.source, first: lines, columns: columns)
    var result = TaggedSentences([], source: file.source)
    let columns = reader.columns
    result.columns = columns
    result.hasNumbers = reader.hasNumbers
    var sentence = Sentence(tokens: [], tags: [], file: file.source)
    func end() {
      if !sentence.tokens.isEmpty { result.sentences.append(sentence) }
      sentence = Sentence(tokens: [], tags: [], file: file.source)
    }
    for (index, line) in lines.enumerated() {
      func cell(_ cells: [String], _ column: Int, _ flag: String) throws(DataError) -> String {
        guard cells.indices.contains(column - 1) else {
          throw DataError(
            file: file.source, line: index + 1, place: "column \(column)",
            problem: "there is no such column, only \(cells.count)",
            advice: "Columns are counted from 1; say which one it is with \(flag)")
        }
        guard !cells[column - 1].isEmpty else {
          throw DataError(
            file: file.source, line: index + 1, place: "column \(column)",
            problem: "found nothing, expected a \(flag == "--tag-column" ? "tag" : "token")",
            advice: "Columns are separated by one tab")
        }
        return cells[column - 1]
      }
      switch try reader.take(line) {
      case .end: end()
      case .comment: result.comments += 1
      case .node(let isRange):
        if isRange { result.ranges += 1 } else { result.emptyNodes += 1 }
        if sentence.line != nil { sentence.gaps.append(sentence.tokens.count) }
      case .document:
        end()
        result.documents += 1
      case .token(let cells):
        if sentence.line == nil { sentence.line = index + 1 }
        if cells.count == 1, columns.tag.map({ $0 < 0 }) ?? true {
          throw DataError(
            file: file.source, line: index + 1,
            problem: "found one column, expected a token and its tag",
            advice: "Columns are separated by tabs or blanks"
              + (line.contains(",") ? ", not by commas" + ConllLines.tableAdvice : ""))
        }
        sentence.tokens.append(try cell(cells, columns.token, "--token-column"))
        sentence.tags.append(try cell(cells, columns.tag(of: cells.count), "--tag-column"))
      }
    }
    end()
    guard !result.sentences.isEmpty else {
      throw DataError(
        file: file.source, problem: lines.isEmpty ? "the file is empty" : "there is no token in it",
        advice: "Expected a token and its tag a line, and an empty line between sentences")
    }
    if let first = result.sentences.first,
      result.sentences.allSatisfy({ $0.tags.allSatisfy { $0.contains(",") } })
    {
      throw DataError(
        file: file.source, line: first.line,
        problem: "found \"\(first.tags[0].prefix(40))\" for a tag, and commas in all others",
        advice: "Columns are separated by tabs or blanks, not by commas" + ConllLines.tableAdvice)
    }
    return result
  }
}
