import Foundation
import Recurrent
import RecurrentFiles

extension LabeledTexts {
  /// Reads labelled texts in any of these forms:
  ///
  /// - CSV files: `reviews.csv`, or several with the same columns;
  /// - files of columns between tabs (`.tsv`, or any other with a tab in its first line), in which
  ///   quotes are text;
  /// - files of JSON objects, one a line (`.jsonl`, `.ndjson`);
  /// - a file a class, a text a line: `good.txt bad.txt`, or `label=file` for labels of one's own;
  /// - a folder of folders, one a class, with a file a text;
  /// - files of lines as fastText reads them: `__label__good A quiet delight.`
  ///
  /// Rows with an empty text are left out and counted, and so is a header of numbered columns. Files are read in
  /// pieces; texts that are together more than 64 MiB lie in a temporary file without a name.
  ///
  /// - Throws: ``DataError`` with file and line.
  public static func read(
    _ paths: [String], columns: TextColumns = TextColumns(), encoding: TextEncoding = .utf8
  ) throws(DataError) -> LabeledTexts {
    var reading = LabeledTextReading(columns: columns, encoding: encoding)
    return try reading.texts(of: paths)
  }
}

/// Reads labelled texts, file by file.
struct LabeledTextReading {
  private let columns: TextColumns
  private let encoding: TextEncoding
  /// Bytes of a part of a table.
  private let partSize: Int
  private let store: TextStore
  private(set) var result = LabeledTexts(source: "")

  init(
    columns: TextColumns = TextColumns(), encoding: TextEncoding = .utf8,
    mostKept: Int = TextStore.mostKept, partSize: Int = 1 << 24
  ) {
    (self.columns, self.encoding, self.partSize) = (columns, encoding, partSize)
    store = TextStore(mostKept: mostKept)
  }

  /// All texts of files or a folder.
  mutating func texts(of paths: [String]) throws(DataError) -> LabeledTexts {
    require(!paths.isEmpty, "there is at least one file to read")
    result.source = paths.joined(separator: ", ")
    if paths.count == 1, Self.isFolder(paths[0]) {
      try readFolders(paths[0])
    } else {
      let files = try sets(paths)
      if let files {
        for (file, form) in files { try read(file, form) }
      } else {
        try readFilesByClass(paths)
      }
    }
    guard !result.examples.isEmpty || result.emptyTexts == 0 else {
      throw DataError(
        file: result.source, problem: "all \(result.emptyTexts) texts are empty",
        advice: "Name the column of the texts with --text")
    }
    result.diskSize = store.fileSize
    return result
  }

  /// Takes a text, unless it is empty.
  private mutating func add(
    _ text: String, _ label: String, file: String, line: Int? = nil
  ) throws(DataError) {
    guard !text.allSatisfy(\.isWhitespace) else {
      result.emptyTexts += 1
      return
    }
    let example = LabeledTexts.Example(text: text, label: label, file: file, line: line)
    result.examples.append(try LabeledTexts.Example(example, in: store))
  }

  /// Takes a text of a table, which has a label.
  private mutating func addRow(
    _ text: String, _ label: String, file: String, line: Int
  ) throws(DataError) {
    guard !label.isEmpty else {
      throw DataError(
        file: file, line: line, place: "column \"\(columns.label)\"",
        problem: "found no label, expected the class of the text",
        advice: "Label the text or remove it")
    }
    try add(text, label, file: file, line: line)
  }

  // MARK: Forms

  /// How a file that tells its labels is written.
  private enum Form {
    case prefixed, objects, table, tabbed
  }

  /// The files that tell the labels of their texts; nil if each of several files is a class.
  private func sets(_ paths: [String]) throws(DataError) -> [(TextPieces, Form)]? {
    if paths.contains(where: Self.namesLabel) { return nil }
    var files: [(TextPieces, Form)] = []
    for path in paths {
      let file = try TextPieces(path, encoding: encoding)
      var (first, isPrefixed) = (String?.none, true)
      try file.forEachLine { _, line in
        if first == nil { first = line }
        isPrefixed = line.isEmpty || line.hasPrefix(Self.labelPrefix)
        return isPrefixed
      }
      guard let first else {
        throw DataError(
          file: file.source, problem: "the file is empty",
          advice: paths.count == 1 ? "Expected texts with their labels" : "Expected a text a line")
      }
      let form: Form
      switch Self.fileExtension(path) {
      case _ where isPrefixed: form = .prefixed
      case "jsonl", "ndjson", "json": form = .objects
      case "csv": form = .table
      case "tsv" where first.contains("\t"): form = .tabbed
      default:
        if paths.count > 1 { return nil }
        form = first.contains("\t") ? .tabbed : .table
      }
      files.append((file, form))
    }
    return files
  }

  private mutating func read(_ file: TextPieces, _ form: Form) throws(DataError) {
    switch form {
    case .prefixed: try readPrefixed(file)
    case .objects: try readObjects(file)
    case .table: try readTable(file)
    case .tabbed: try readTabbed(file)
    }
  }

  // MARK: Tables

  /// Whether both columns are numbers, which are never names.
  private var isNumbered: Bool { Int(columns.text) != nil && Int(columns.label) != nil }

  private mutating func readTable(_ file: TextPieces) throws(DataError) {
    result.columns = columns
    let former = result.examples
    result.examples = []
    try Table.forEachPart(of: file, format: TableFormat(hasHeader: !isNumbered), size: partSize) {
      table throws(DataError) in
      let (text, label) = (
        try column(columns.text, of: table), try column(columns.label, of: table)
      )
      for row in 0..<table.rowCount {
        try addRow(
          table.text(row: row, column: text), table.text(row: row, column: label),
          file: file.source, line: table.line(ofRow: row))
      }
    }
    if isNumbered { result.removeHeader() }
    result.examples = former + result.examples
  }

  private func column(_ name: String, of table: Table) throws(DataError) -> Int {
    do throws(DataError) { return try table.column(name) } catch {
      var error = error
      error.advice = (error.advice.map { $0 + ". " } ?? "") + Self.columnAdvice
      throw error
    }
  }

  private mutating func readTabbed(_ file: TextPieces) throws(DataError) {
    result.columns = columns
    let former = result.examples
    result.examples = []
    var (places, width) = ((text: 0, label: 0), 0)
    try file.forEachLine { number, line throws(DataError) in
      let cells = line.unicodeScalars.split(separator: "\t", omittingEmptySubsequences: false)
        .map { String($0) }
      if number == 1 {
        width = cells.count
        places = (
          try place(columns.text, in: cells, of: file),
          try place(columns.label, in: cells, of: file)
        )
        // A first line "Wow.⇥1" is no header with a column 1.
        if !isNumbered { return true }
      }
      if line.isEmpty {
        result.blankLines += 1
        return true
      }
      guard cells.count == width else {
        throw DataError(
          file: file.source, line: number,
          problem: "expected \(width) columns as in the first line, found \(cells.count)",
          advice: "Columns are separated by one tab")
      }
      try addRow(cells[places.text], cells[places.label], file: file.source, line: number)
      return true
    }
    if isNumbered { result.removeHeader() }
    result.examples = former + result.examples
  }

  private func place(
    _ name: String, in header: [String], of file: TextPieces
  ) throws(DataError) -> Int {
    if isNumbered {
      if let number = Int(name), header.indices.contains(number - 1) { return number - 1 }
    } else if let index = header.firstIndex(of: name) {
      return index
    }
    throw DataError(
      file: file.source, line: 1, place: "column \"\(name)\"",
      problem: "there is no such column; the first line has "
        + header.prefix(20).map { "\"\($0.prefix(40))\"" }.joined(separator: ", "),
      advice: Self.columnAdvice)
  }

  /// What can be done where a column is not there.
  private static let columnAdvice =
    "Name columns with --text and --label, or number both (--text 1 --label 2) if there is no header"

  // MARK: Labels in front

  private static let labelPrefix = "__label__"

  /// Lines with the label in front of the text.
  private mutating func readPrefixed(_ file: TextPieces) throws(DataError) {
    try file.forEachLine { number, line throws(DataError) in
      if line.isEmpty {
        result.blankLines += 1
        return true
      }
      let parts = line.dropFirst(Self.labelPrefix.count).split(
        separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
      let text = parts.count > 1 ? String(parts[1]) : ""
      guard !text.hasPrefix(Self.labelPrefix), let label = parts.first, !label.isEmpty else {
        throw DataError(
          file: file.source, line: number,
          problem:
            "found \(text.hasPrefix(Self.labelPrefix) ? "several labels" : "no label"), expected one",
          advice: "A text belongs to one class; keep one label in each line")
      }
      try add(text, String(label), file: file.source, line: number)
      return true
    }
  }

  // MARK: JSON

  private mutating func readObjects(_ file: TextPieces) throws(DataError) {
    result.columns = columns
    try file.forEachLine { number, line throws(DataError) in
      if line.allSatisfy(\.isWhitespace) {
        result.blankLines += 1
        return true
      }
      let object: JSONLine
      do throws(DataError) {
        object = try decodeJSON(JSONLine.self, from: Array(line.utf8), file: file.source)
      } catch {
        var error = error
        error.line = number
        error.advice =
          "Expected one object a line, as {\"\(columns.text)\": …, \"\(columns.label)\": …}"
        throw error
      }
      func member(_ name: String) throws(DataError) -> String {
        if let value = object.members[name] { return value }
        throw DataError(
          file: file.source, line: number, place: "member \"\(name)\"",
          problem: "there is no such string or number in the object",
          advice: "Name members with --text and --label")
      }
      try addRow(
        try member(columns.text), try member(columns.label), file: file.source, line: number)
      return true
    }
  }

  // MARK: Files and folders by class

  private static func namesLabel(_ path: String) -> Bool {
    path.contains("=") && !FileManager.default.fileExists(atPath: path)
  }

  private mutating func readFilesByClass(_ paths: [String]) throws(DataError) {
    let names = paths.map { splitPath($0).name }
    let stems = names.map { String($0.prefix { $0 != "." }) }
    // good.txt and bad.txt differ in the name, rt-polarity.pos and .neg behind it.
    let guesses =
      Set(stems).count == stems.count ? stems : names.map { Self.fileExtension($0) }
    for (path, guess) in zip(paths, guesses) {
      let parts = path.split(separator: "=", maxSplits: 1).map(String.init)
      let isNamed = Self.namesLabel(path) && parts.count == 2
      let label = isNamed ? parts[0] : guess
      guard !label.isEmpty, isNamed || Set(guesses).count == guesses.count || paths.count == 1
      else {
        throw DataError(
          file: path, problem: "cannot tell the labels of the files from their names",
          advice: "Say them as label=file")
      }
      let file = try TextPieces(isNamed ? parts[1] : path, encoding: encoding)
      var isEmpty = true
      try file.forEachLine { number, line throws(DataError) in
        isEmpty = false
        if line.allSatisfy(\.isWhitespace) {
          result.blankLines += 1
        } else {
          try add(line, label, file: file.source, line: number)
        }
        return true
      }
      if isEmpty {
        throw DataError(
          file: file.source, problem: "the file is empty", advice: "Expected a text a line")
      }
    }
  }

  private mutating func readFolders(_ path: String) throws(DataError) {
    for label in try Self.visibleNames(path) where Self.isFolder(path + "/" + label) {
      for name in try Self.visibleNames(path + "/" + label) {
        let file = path + "/" + label + "/" + name
        if Self.isFolder(file) { continue }
        try add(TextFile(file, encoding: encoding).text, label, file: file)
      }
    }
    guard !result.examples.isEmpty || result.emptyTexts > 0 else {
      throw DataError(
        file: path, problem: "there are no files in folders in it",
        advice: "Expected one folder a class, with one file a text")
    }
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

/// The members of an object that are strings, numbers or truth values, as text.
private struct JSONLine: Decodable {
  var members: [String: String] = [:]

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: AnyKey.self)
    for key in container.allKeys {
      if let text = try? container.decode(String.self, forKey: key) {
        members[key.stringValue] = text
      } else if let value = try? container.decode(Bool.self, forKey: key) {
        members[key.stringValue] = "\(value)"
      } else if let number = try? container.decode(Int.self, forKey: key) {
        members[key.stringValue] = "\(number)"
      } else if let number = try? container.decode(Double.self, forKey: key) {
        members[key.stringValue] = "\(number)"
      }
    }
  }
}
