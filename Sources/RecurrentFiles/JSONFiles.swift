#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// `value` as JSON for people and programs: members sorted by name, indented, a line break at the
/// end.
///
/// Numbers read back to the same bits.
///
/// - Throws: ``DataError`` if a number is not finite, which JSON cannot say.
package func encodeJSON(_ value: some Encodable, file: String) throws(DataError) -> [UInt8] {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  do {
    return try Array(encoder.encode(value)) + [UInt8(ascii: "\n")]
  } catch EncodingError.invalidValue(let found, let context) {
    throw DataError(
      .unwritable, file: file, place: described(context.codingPath),
      problem: "found \(found), which JSON cannot hold")
  } catch {
    throw DataError(.unwritable, file: file, problem: "cannot be written as JSON: \(error)")
  }
}

/// A value from JSON text.
///
/// - Throws: ``DataError`` that tells the line of a syntax error, or the member that is missing or
///   of another kind.
package func decodeJSON<Value: Decodable>(
  _ type: Value.Type, from bytes: [UInt8], file: String
) throws(DataError) -> Value {
  var scanner = JSONScanner(bytes)
  do {
    try scanner.validate()
  } catch {
    let (line, column) = scanner.lineAndColumn(of: error.offset)
    throw DataError(
      file: file, line: line, place: "column \(column)", problem: error.problem,
      advice: "The file is not JSON as it should be")
  }
  do {
    return try JSONDecoder().decode(type, from: Data(bytes))
  } catch DecodingError.keyNotFound(let key, let context) {
    throw DataError(
      file: file, place: described(context.codingPath),
      problem: "expected a member \(quoted(key.stringValue))")
  } catch DecodingError.typeMismatch(let expected, let context) {
    throw DataError(
      file: file, place: described(context.codingPath),
      problem: "expected \(jsonName(of: expected))")
  } catch DecodingError.valueNotFound(let expected, let context) {
    throw DataError(
      file: file, place: described(context.codingPath),
      problem: "found null, expected \(jsonName(of: expected))")
  } catch DecodingError.dataCorrupted(let context) {
    // The text is JSON, as was checked above. The decoder does not say where it met a number that
    // it cannot convert.
    let place = described(context.codingPath)
    throw DataError(
      file: file, place: place,
      problem: place == nil
        ? "holds a number that its place does not take: a fraction where a whole number belongs, or "
          + "one too large" : withoutFullStop(context.debugDescription))
  } catch {
    throw DataError(file: file, problem: "cannot be read: \(error)")
  }
}

/// What JSON calls a value that the decoder wants as a Swift type.
private func jsonName(of type: any Any.Type) -> String {
  switch "\(type)".prefix(while: { $0 != "<" }) {
  case "Dictionary": "a JSON object"
  case "Array": "a JSON array"
  default: "a value of type \(type)"
  }
}

/// A path of members and indices as people write it: `configuration.layers[2].units`.
private func described(_ path: [any CodingKey]) -> String? {
  var text = ""
  for key in path {
    if let index = key.intValue {
      text += "[\(index)]"
    } else {
      text += (text.isEmpty ? "" : ".") + key.stringValue
    }
  }
  return text.isEmpty ? nil : text
}

private func withoutFullStop(_ text: String) -> String {
  text.hasSuffix(".") ? String(text.dropLast()) : text
}

/// A member of an object, whatever its name.
package struct AnyKey: CodingKey {
  package var stringValue: String
  package var intValue: Int? { nil }
  package init(stringValue: String) { self.stringValue = stringValue }
  package init?(intValue: Int) { nil }
}
