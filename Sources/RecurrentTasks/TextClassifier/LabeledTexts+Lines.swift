import Foundation
import Recurrent
import RecurrentFiles

// Files with a text and its label in each line.

extension LabeledTexts {
  // MARK: Labels in front

  static let labelPrefix = "__label__"

  /// Lines with the label in front of the text.
  static func prefixed(_ file: TextFile) throws(DataError) -> LabeledTexts {
    var examples: [Example] = []
    var blankLines = 0
    for (index, line) in file.lines.enumerated() {
      if line.isEmpty {
        blankLines += 1
        continue
      }
      let parts = line.dropFirst(labelPrefix.count).split(
        separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
      let text = parts.count > 1 ? String(parts[1]) : ""
      guard !text.hasPrefix(labelPrefix), let label = parts.first, !label.isEmpty else {
        throw DataError(
          file: file.source, line: index + 1,
          problem:
            "found \(text.hasPrefix(labelPrefix) ? "several labels" : "no label"), expected one",
          advice: "A text belongs to one class; keep one label in each line")
      }
      examples.append(
        Example(text: text, label: String(label), file: file.source, line: index + 1))
    }
    return LabeledTexts(examples, source: file.source, blankLines: blankLines)
  }

  // MARK: JSON

  static func objects(
    _ file: TextFile, _ columns: TextColumns
  ) throws(DataError) -> LabeledTexts {
    var examples: [Example] = []
    var blankLines = 0
    for (index, line) in file.lines.enumerated() {
      if line.allSatisfy(\.isWhitespace) {
        blankLines += 1
        continue
      }
      let object: JSONLine
      do throws(DataError) {
        object = try decodeJSON(JSONLine.self, from: Array(line.utf8), file: file.source)
      } catch {
        var error = error
        error.line = index + 1
        error.advice =
          "Expected one object a line, as {\"\(columns.text)\": …, \"\(columns.label)\": …}"
        throw error
      }
      func member(_ name: String) throws(DataError) -> String {
        if let value = object.members[name] { return value }
        throw DataError(
          file: file.source, line: index + 1, place: "member \"\(name)\"",
          problem: "there is no such string or number in the object",
          advice: "Name members with --text and --label")
      }
      examples.append(
        try Example(
          text: try member(columns.text), label: try member(columns.label), file: file.source,
          line: index + 1
        ).checked(columns))
    }
    return LabeledTexts(
      examples, source: file.source, blankLines: blankLines, columns: columns)
  }
}

extension LabeledTexts.Example {
  /// The example, if it has a label.
  func checked(_ columns: TextColumns) throws(DataError) -> Self {
    guard label.isEmpty else { return self }
    throw DataError(
      file: file, line: line, place: "column \"\(columns.label)\"",
      problem: "found no label, expected the class of the text",
      advice: "Label the text or remove it")
  }
}

/// The members of an object that are strings, numbers or truth values, as text.
private struct JSONLine: Decodable {
  var members: [String: String] = [:]

  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
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
