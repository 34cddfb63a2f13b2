import Recurrent
import RecurrentFiles

// A JSON object a line.

extension LabeledTextReading {
  mutating func readObjects(_ file: TextPieces) throws(DataError) {
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
