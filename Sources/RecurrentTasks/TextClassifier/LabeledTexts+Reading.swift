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
  let columns: TextColumns
  let encoding: TextEncoding
  /// Bytes of a part of a table.
  let partSize: Int
  private let store: TextStore
  var result = LabeledTexts(source: "")

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
  mutating func add(
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
  mutating func addRow(
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
    case .table: try readColumns { reading throws(DataError) in try reading.readTable(file) }
    case .tabbed: try readColumns { reading throws(DataError) in try reading.readTabbed(file) }
    }
  }

  // MARK: Names

  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  static func fileExtension(_ path: String) -> String {
    let name = Packing.plainName(splitPath(path).name)
    return name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]).lowercased() } ?? ""
  }
}
