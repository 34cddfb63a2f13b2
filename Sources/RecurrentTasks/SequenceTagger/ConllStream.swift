import Recurrent

/// Tags the sentences of a CoNLL file as its lines come: a line out for each line in, those of tokens
/// with their tag in one more column.
public struct ConllStream {
  private let tagger: SequenceTagger
  private let source: String
  private var reader: ConllLines?
  /// Lines of which the sentence has not ended yet, and the token in each; those inside it that are
  /// none have a column too, with `_`.
  private var waiting: [(line: String, token: String?, isInside: Bool)] = []

  /// A stream before its first line.
  public init(_ tagger: SequenceTagger, source: String) {
    self.tagger = tagger
    self.source = source
  }

  /// Takes lines.
  ///
  /// - Throws: ``DataError`` with the line if it has no token in the model's column, or other columns
  ///   than the lines before.
  /// - Returns: what is ready: all up to the last sentence that has ended.
  public mutating func take(_ lines: [String]) throws(DataError) -> String {
    var reader =
      reader
      ?? ConllLines(source: source, first: lines, columns: tagger.configuration.columns)
    var ready = 0
    let column = reader.columns.token
    for line in lines {
      switch try reader.take(line) {
      case .token(let cells):
        guard cells.indices.contains(column - 1), !cells[column - 1].isEmpty else {
          throw DataError(
            file: source, line: reader.number, place: "column \(column)",
            problem: "there is no token; found \(cells.count) columns",
            advice: "The model was trained with tokens in that column")
        }
        waiting.append((line, cells[column - 1], true))
      case .node: waiting.append((line, nil, true))
      case .end, .comment, .document:
        waiting.append((line, nil, false))
        ready = waiting.count
      }
    }
    self.reader = reader
    return answer(ready)
  }

  /// What is left at the end of the file.
  public mutating func end() -> String { answer(waiting.count) }

  private mutating func answer(_ count: Int) -> String {
    let lines = waiting[..<count]
    let sentences = lines.split { !$0.isInside }.map { $0.compactMap(\.token) }
    var tags = tagger.tags(of: sentences).joined().makeIterator()
    let separator = reader?.hasBlanks == true ? " " : "\t"
    var text = ""
    for (line, token, isInside) in lines {
      text += line
      if isInside { text += separator + (token == nil ? "_" : tags.next() ?? "_") }
      text += "\n"
    }
    waiting.removeFirst(count)
    return text
  }
}

extension SequenceTagger {
  /// A text and its entities as one JSON object on one line.
  public static func json(text: String, entities: [Entity]) -> String {
    let spans = entities.map { entity in
      "{\"type\":\(entity.type.jsonText),\"text\":\(entity.text.jsonText),"
        + "\"start\":\(entity.range.lowerBound),\"end\":\(entity.range.upperBound)}"
    }
    return "{\"text\":\(text.jsonText),\"spans\":[\(spans.joined(separator: ","))]}"
  }
}
