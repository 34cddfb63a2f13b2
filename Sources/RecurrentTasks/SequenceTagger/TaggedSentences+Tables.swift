import Recurrent
import RecurrentFiles

// Tables of tokens: a row a token, as in `Sentence #,Word,POS,Tag`.

extension TaggedSentences {
  /// What columns and members are called that hold tokens, tags, and what is the same in all rows of a
  /// sentence; the likelier first, by their letters alone.
  enum KnownNames {
    static let tokens = ["word", "words", "token", "tokens", "form"]
    static let tags = ["nertags", "nertag", "ner", "tag", "tags", "iob", "bio", "labels", "label"]
    static let sentences = ["sentence", "sentenceid", "sentenceidx", "sentid", "sentenceno"]

    /// The place of the likeliest of some names; nil if there is none.
    static func place(of known: [String], in names: [String]) -> Int? {
      let plain = names.map { $0.lowercased().filter(\.isLetter) }
      return known.lazy.compactMap { plain.firstIndex(of: $0) }.first
    }
  }

  /// The sentences of a table; nil if the file is none: its first line names no columns of tokens and
  /// tags, and nobody said which they are.
  static func table(
    _ file: TextFile, _ columns: TagColumns
  ) throws(DataError) -> TaggedSentences? {
    let isAsked =
      columns.hasNames
      || Packing.plainName(file.source.lowercased()).hasSuffix(".csv") && columns != TagColumns()
    guard let first = file.lines.first, isAsked || first.contains(where: { ",;".contains($0) })
    else { return nil }
    let header = first.split(whereSeparator: { ",;".contains($0) }).map(String.init)
    guard
      isAsked
        || KnownNames.place(of: KnownNames.tokens, in: header) != nil
          && KnownNames.place(of: KnownNames.tags, in: header) != nil
    else { return nil }
    let table = try file.table()
    let names = table.columnNames
    func column(
      _ name: String?, _ number: Int?, _ known: [String], _ what: String
    ) throws(DataError) -> Int {
      if let name { return try table.column(name) }
      if let number, names.indices.contains(number - 1) { return number - 1 }
      if number == nil, let place = KnownNames.place(of: known, in: names) { return place }
      throw DataError(
        file: file.source, line: 1,
        problem: "there is no column of \(what)"
          + (number.map { " \($0)" } ?? "") + " among "
          + names.prefix(20).map { "\"\($0.prefix(40))\"" }.joined(separator: ", "),
        advice: "`recurrent train tagger` takes columns by name or number: --token-column, "
          + "--tag-column and --sentence-column")
    }
    let token = try column(
      columns.tokenName, columns.token == 1 ? nil : columns.token, KnownNames.tokens, "tokens")
    let tag = try column(
      columns.tagName, columns.tag.map { $0 > 0 ? $0 : names.count + 1 + $0 }, KnownNames.tags,
      "tags")
    let place = columns.sentenceName.flatMap { Int($0) }
    let sentence = try column(
      place == nil ? columns.sentenceName : nil, place, KnownNames.sentences, "sentences")
    var result = TaggedSentences([], source: file.source)
    result.columns = columns
    var (current, id) = (Sentence(tokens: [], tags: [], file: file.source), "")
    for row in 0..<table.rowCount {
      let own = table.text(row: row, column: sentence)
      if !own.isEmpty, own != id {
        if !current.tokens.isEmpty { result.sentences.append(current) }
        current = Sentence(tokens: [], tags: [], file: file.source)
        id = own
      }
      let text = table.text(row: row, column: token)
      guard !text.isEmpty else {
        result.emptyTokens += 1
        continue
      }
      let found = table.text(row: row, column: tag)
      guard !found.isEmpty else {
        throw DataError(
          file: file.source, line: table.line(ofRow: row), place: "column \"\(names[tag])\"",
          problem: "found nothing, expected a tag", advice: "Say O for a token outside")
      }
      if current.line == nil { current.line = table.line(ofRow: row) }
      current.tokens.append(text)
      current.tags.append(found)
    }
    if !current.tokens.isEmpty { result.sentences.append(current) }
    guard !result.sentences.isEmpty else {
      throw DataError(file: file.source, problem: "there is no token in it")
    }
    guard result.sentences.count == 1 || result.sentences.contains(where: { $0.tokens.count > 1 })
    else {
      throw DataError(
        file: file.source, place: "column \"\(names[sentence])\"",
        problem:
          "is another in each row, expected the same in all rows of a sentence, or one in its "
          + "first row alone",
        advice: "`recurrent train tagger` takes another column by --sentence-column")
    }
    result.reading =
      "a table: tokens in column \"\(names[token])\", tags in \"\(names[tag])\", sentences by "
      + "\"\(names[sentence])\"; others by --token-column, --tag-column, --sentence-column"
      + table.remarks.map { "; " + $0 }.joined()
    return result
  }
}
