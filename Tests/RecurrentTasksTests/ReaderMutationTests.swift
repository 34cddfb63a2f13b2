import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Damaged input of the readers that have no such test beside their own, and of all of them input of
/// almost a megabyte: whatever it is, an answer or a ``DataError`` comes soon.
@Suite struct ReaderMutationTests {
  private static let conllText =
    "-DOCSTART-\tO\n\n# a comment\nso\tO\nAda\tB-PER\nNo7\tI-PER\r\n\n"
    + "é\tS-LOC\n \t\nx\tO\n"
  private static let jsonSample = """
    {"a": [1, -2.5e-3, 0, 18446744073709551615], "b\\u00e9": {"c": "\\ud83d\\ude42\\n"},
     "d": [true, false, null, [], {}], "e": "é", "f": 1e308}

    """

  private static let conllTokens = ["\t", " ", "\n", "\r\n", "#", "-DOCSTART-", "B-", "E-PER", "O"]
  private static let jsonTokens = [
    "{", "}", "[", "]", "\"", ",", ":", "-", "1e999", "\\u", "\\ud800", "null", "\"a\":", "00", ".",
  ]
  private static let tableTokens = [
    ",", ";", "\t", "\"", "\n", "\r", "1e999", "2012-01-01", "NaN", "é",
  ]

  private func damaged(
    _ bytes: [UInt8], _ tokens: [String], using generator: inout SeededGenerator
  ) -> [UInt8] {
    Mutations.damaged(
      bytes, tokens: tokens.map { Array($0.utf8) } + [[0], [0xFF]], using: &generator)
  }

  /// Whether it is read.
  private func isRead(_ body: () throws -> Void) throws -> Bool {
    do {
      try body()
      return true
    } catch let error as DataError {
      #expect(!error.problem.isEmpty && error.file == "t")
      return false
    }
  }

  private static let tagColumns = [nil, -2, 1]

  private func readConll(_ bytes: [UInt8], columns: [Int?] = tagColumns) throws {
    let file = try TextFile(bytes: bytes, source: "t")
    for column in columns {
      let sentences = try TaggedSentences.read(file, columns: TagColumns(tag: column))
      #expect(sentences.sentences.allSatisfy { $0.tokens.count == $0.tags.count })
      _ = try TagComparison(sentences, sentences).description
    }
  }

  private func readJSON(_ bytes: [UInt8]) throws {
    _ = try decodeJSON(JSONValue.self, from: bytes, file: "t")
  }

  @Test func conll() throws {
    var read = 0
    try Mutations.forEach("conll", count: 1000) { generator in
      let bytes = damaged(Array(Self.conllText.utf8), Self.conllTokens, using: &generator)
      if try isRead({ try readConll(bytes) }) { read += 1 }
    }
    #expect(!Mutations.isTest || (20..<980).contains(read), "\(read) read")
  }

  @Test func json() throws {
    var read = 0
    try Mutations.forEach("json", count: 2000) { generator in
      let bytes = damaged(Array(Self.jsonSample.utf8), Self.jsonTokens, using: &generator)
      if try isRead({ try readJSON(bytes) }) { read += 1 }
    }
    #expect(!Mutations.isTest || (20..<1980).contains(read), "\(read) read")
  }

  /// What is read of large JSON, as readers do it: by a type, which ends at the first misfit. A value of any
  /// type is found by trying, and each error that is thrown in a test makes it walk the stack.
  private struct JSONSample: Decodable {
    var a: [Double]
    var e: String
    var f: Double
  }

  /// Readers, and sound input of almost a megabyte.
  private static let largeInputs: [(kind: String, bytes: [UInt8], tokens: [String])] = {
    func repeated(_ text: String) -> [UInt8] {
      Array(String(repeating: text, count: 900_000 / text.utf8.count).utf8)
    }
    let notes = (0..<100_000).map { MIDINote(pitch: UInt8($0 % 128), start: 10 * $0, duration: 9) }
    let tensors = (0..<9000).map { index in
      (name: "layer.\(index)", tensor: StoredTensor(shape: [1, 4], values: [1, 2, 3, 4]))
    }
    return [
      ("large csv", repeated("\"Shop, 1\",1/3/2012,\"7,380.5\",x\n"), tableTokens),
      ("large csv", repeated("\"a\n\"\"b\",1\n"), tableTokens),
      ("large conll", repeated(conllText), conllTokens),
      (
        "large json", Array("[".utf8) + repeated(jsonSample + ",").dropLast() + Array("]".utf8),
        ["["] + jsonTokens
      ),
      (
        "large json",
        Array("{".utf8)
          + Array((0..<60_000).map { "\"a\($0)\":\($0)" }.joined(separator: ",").utf8)
          + Array("}".utf8), jsonTokens
      ),
      ("large midi", Array(MIDIFile(notes: notes).bytes.prefix(1_000_000)), []),
      ("large safetensors", SafetensorsFile.encode(tensors), jsonTokens),
      ("large npz", NumPyFile.encode(tensors.prefix(4000).map { ($0.name, $0.tensor) }), ["PK"]),
    ]
  }()

  /// What takes the square of its length is not seen in short input.
  @Test(arguments: largeInputs.indices) func large(_ index: Int) throws {
    let (kind, sound, tokens) = Self.largeInputs[index]
    #expect(sound.count <= 1_000_000)
    try Mutations.forEach(kind, count: 2) { generator in
      let bytes = damaged(sound, tokens, using: &generator)
      let column = Self.tagColumns.randomElement(using: &generator) ?? nil
      _ = try isRead {
        switch kind {
        case "large csv":
          let table = try Table(csvBytes: bytes, source: "t")
          for name in table.columnNames.prefix(4) {
            _ = try? table.numbers(name)
            _ = try? table.times(name)
          }
        // One answer, not three, has the time of one.
        case "large conll": try readConll(bytes, columns: [column])
        case "large json" where tokens.first == "[":
          _ = try decodeJSON([JSONSample].self, from: bytes, file: "t")
        case "large json": _ = try decodeJSON([String: Double].self, from: bytes, file: "t")
        case "large midi":
          let midi = try MIDIFile(bytes: bytes, source: "t")
          _ = try midi.tunes(stepsPerBeat: 4, source: "t")
        case "large npz":
          let file = try NumPyFile(bytes: bytes, source: "t")
          for name in file.names { _ = try? file.floats(name) }
        default:
          let file = try SafetensorsFile(bytes: bytes, source: "t")
          for name in file.names { _ = try? file.floats(name) }
        }
      }
    }
  }
}
