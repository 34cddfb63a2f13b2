import Foundation
import Recurrent
import RecurrentFiles

extension LabeledTexts {
  /// Reads labelled texts in any of these forms:
  ///
  /// - a CSV file: `reviews.csv`;
  /// - a file of columns between tabs (`.tsv`, or any other with a tab in its first line), in which
  ///   quotes are text;
  /// - a file of JSON objects, one a line (`.jsonl`, `.ndjson`);
  /// - a file a class, a text a line: `good.txt bad.txt`, or `label=file` for labels of one's own;
  /// - a folder of folders, one a class, with a file a text;
  /// - a file of lines as fastText reads them: `__label__good A quiet delight.`
  ///
  /// Rows with an empty text are left out and counted, and so is a header of numbered columns.
  ///
  /// - Throws: ``DataError`` with file and line.
  public static func read(
    _ paths: [String], columns: TextColumns = TextColumns(), encoding: TextEncoding = .utf8
  ) throws(DataError) -> LabeledTexts {
    try readAll(paths, columns: columns, encoding: encoding).withoutEmptyTexts()
  }

  private static func readAll(
    _ paths: [String], columns: TextColumns, encoding: TextEncoding
  ) throws(DataError) -> LabeledTexts {
    require(!paths.isEmpty, "there is at least one file to read")
    if paths.count > 1 || namesLabel(paths[0]) { return try filesByClass(paths, encoding) }
    let path = paths[0]
    if isFolder(path) { return try folders(path, encoding) }
    let file = try TextFile(path, encoding: encoding)
    guard !file.lines.isEmpty else {
      throw DataError(
        file: path, problem: "the file is empty", advice: "Expected texts with their labels")
    }
    if file.lines.allSatisfy({ $0.isEmpty || $0.hasPrefix(labelPrefix) }) {
      return try prefixed(file)
    }
    switch fileExtension(path) {
    case "jsonl", "ndjson", "json": return try objects(file, columns)
    case "csv": return try table(file, columns)
    default:
      return file.lines[0].contains("\t")
        ? try tabbed(file, columns) : try table(file, columns)
    }
  }

  // MARK: Tables

  private static func table(
    _ file: TextFile, _ columns: TextColumns
  ) throws(DataError) -> LabeledTexts {
    // Numbers are never names.
    let isNumbered = Int(columns.text) != nil && Int(columns.label) != nil
    let table = try file.table(hasHeader: !isNumbered)
    func column(_ name: String) throws(DataError) -> Int {
      do throws(DataError) { return try table.column(name) } catch {
        var error = error
        error.advice = (error.advice.map { $0 + ". " } ?? "") + columnAdvice
        throw error
      }
    }
    let text = try column(columns.text)
    let label = try column(columns.label)
    var examples: [Example] = []
    for row in 0..<table.rowCount {
      examples.append(
        try Example(
          text: table.text(row: row, column: text), label: table.text(row: row, column: label),
          file: file.source, line: table.line(ofRow: row)
        ).checked(columns))
    }
    let texts = LabeledTexts(examples, source: file.source, blankLines: 0, columns: columns)
    return isNumbered ? texts.withoutHeader() : texts
  }

  private static func tabbed(
    _ file: TextFile, _ columns: TextColumns
  ) throws(DataError) -> LabeledTexts {
    let lines = file.lines
    func cells(_ line: String) -> [String] {
      line.unicodeScalars.split(separator: "\t", omittingEmptySubsequences: false).map {
        String($0)
      }
    }
    let header = cells(lines[0])
    let (textNumber, labelNumber) = (Int(columns.text), Int(columns.label))
    // Numbers are never names: a first line "Wow.⇥1" is no header with a column 1.
    let isNumbered = textNumber != nil && labelNumber != nil
    func place(_ name: String, _ number: Int?) throws(DataError) -> Int {
      if isNumbered {
        if let number, header.indices.contains(number - 1) { return number - 1 }
      } else if let index = header.firstIndex(of: name) {
        return index
      }
      throw DataError(
        file: file.source, line: 1, place: "column \"\(name)\"",
        problem: "there is no such column; the first line has "
          + header.prefix(20).map { "\"\($0.prefix(40))\"" }.joined(separator: ", "),
        advice: columnAdvice)
    }
    let text = try place(columns.text, textNumber)
    let label = try place(columns.label, labelNumber)
    var examples: [Example] = []
    var blankLines = 0
    for (index, line) in lines.enumerated().dropFirst(isNumbered ? 0 : 1) {
      if line.isEmpty {
        blankLines += 1
        continue
      }
      let cells = cells(line)
      guard cells.count == header.count else {
        throw DataError(
          file: file.source, line: index + 1,
          problem: "expected \(header.count) columns as in the first line, found \(cells.count)",
          advice: "Columns are separated by one tab")
      }
      examples.append(
        try Example(
          text: cells[text], label: cells[label], file: file.source, line: index + 1
        ).checked(columns))
    }
    let texts = LabeledTexts(
      examples, source: file.source, blankLines: blankLines, columns: columns)
    return isNumbered ? texts.withoutHeader() : texts
  }

  /// What can be done where a column is not there.
  private static let columnAdvice =
    "Name columns with --text and --label, or number both (--text 1 --label 2) if there is no header"

  // MARK: Files and folders by class

  private static func namesLabel(_ path: String) -> Bool {
    path.contains("=") && !FileManager.default.fileExists(atPath: path)
  }

  private static func filesByClass(
    _ paths: [String], _ encoding: TextEncoding
  ) throws(DataError) -> LabeledTexts {
    let names = paths.map { splitPath($0).name }
    let stems = names.map { String($0.prefix { $0 != "." }) }
    // good.txt and bad.txt differ in the name, rt-polarity.pos and .neg behind it.
    let guesses =
      Set(stems).count == stems.count ? stems : names.map { fileExtension($0) }
    var examples: [Example] = []
    var blankLines = 0
    var seen: Set<String> = []
    for (path, guess) in zip(paths, guesses) {
      let parts = path.split(separator: "=", maxSplits: 1).map(String.init)
      let isNamed = namesLabel(path) && parts.count == 2
      let label = isNamed ? parts[0] : guess
      guard !label.isEmpty, isNamed || Set(guesses).count == guesses.count || paths.count == 1
      else {
        throw DataError(
          file: path, problem: "cannot tell the labels of the files from their names",
          advice: "Say them as label=file")
      }
      seen.insert(label)
      let file = try TextFile(isNamed ? parts[1] : path, encoding: encoding)
      let lines = file.lines
      for (index, line) in lines.enumerated() {
        if line.allSatisfy(\.isWhitespace) {
          blankLines += 1
        } else {
          examples.append(
            Example(text: line, label: label, file: file.source, line: index + 1))
        }
      }
      if lines.isEmpty {
        throw DataError(
          file: file.source, problem: "the file is empty", advice: "Expected a text a line")
      }
    }
    return LabeledTexts(
      examples, source: paths.joined(separator: ", "), blankLines: blankLines)
  }

  private static func folders(
    _ path: String, _ encoding: TextEncoding
  ) throws(DataError) -> LabeledTexts {
    var examples: [Example] = []
    for label in try visibleNames(path) where isFolder(path + "/" + label) {
      for name in try visibleNames(path + "/" + label) {
        let file = path + "/" + label + "/" + name
        if isFolder(file) { continue }
        let text = try TextFile(file, encoding: encoding).text
        examples.append(Example(text: text, label: label, file: file))
      }
    }
    guard !examples.isEmpty else {
      throw DataError(
        file: path, problem: "there are no files in folders in it",
        advice: "Expected one folder a class, with one file a text")
    }
    return LabeledTexts(examples, source: path, blankLines: 0)
  }

  private static func visibleNames(_ path: String) throws(DataError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path)
        .filter { !$0.hasPrefix(".") }.sorted()
    } catch {
      throw DataError(file: path, problem: "the folder cannot be read")
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  private static func fileExtension(_ path: String) -> String {
    let name = Packing.plainName(splitPath(path).name)
    return name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]).lowercased() } ?? ""
  }
}
