import Recurrent
import TestSupport
import Testing

@Suite struct TableFuzzTests {
  /// SplitMix64: the same mutations every time.
  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  private static let seeds = [
    "Date,Open,Volume\r\n1/3/2012,325.25,\"7,380,500\"\r\n1/4/2012,331.27,\"5,749,400\"\r\n",
    "shop;day;sold\nA;2020-01-01 10:00;1,5\nB;2020-01-01T10:00Z;-\nA;2020-01-02 10:00;2.000,5\n",
    "\u{FEFF}\"x\"\"y\",t\n\"a\nb\",1700.0\n,1e18\n",
  ]

  /// Random damage never crashes: a file parses, or throws an error that names a line within it.
  @Test(arguments: seeds) func mutations(_ seed: String) throws {
    let special = Array("\",;\t|\r\n 0159.-+eE/:TZnNaA\0\u{FEFF}é".utf8) + [0xFF, 0xC3, 0xE2]
    var parsed = 0
    var refused = 0
    try Mutations.forEach("csv", count: 2000) { generator in
      var bytes = Array(seed.utf8)
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let at = Int.random(in: 0...bytes.count, using: &generator)
        let byte = special[Int.random(in: 0..<special.count, using: &generator)]
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes.insert(byte, at: at)
        case 1 where at < bytes.count: bytes[at] = byte
        case 2 where at < bytes.count: bytes.remove(at: at)
        case 3: bytes.removeSubrange(at..<min(at + 7, bytes.count))
        default: bytes.insert(contentsOf: bytes[at..<min(at + 9, bytes.count)], at: at)
        }
      }
      let lines = bytes.count { $0 == 0x0A || $0 == 0x0D } + 1
      do throws(DataError) {
        let table = try Table(csvBytes: bytes)
        parsed += 1
        _ = table.firstRows(3)
        for row in 0..<table.rowCount { #expect((1...lines).contains(table.line(ofRow: row))) }
        for name in table.columnNames {
          for missing in MissingValues.allCases {
            let numbers = try? table.numbers(name, missing: missing)
            if let numbers {
              #expect(missing == .drop || numbers.count == table.rowCount)
              #expect(numbers.allSatisfy { $0.magnitude <= 1e18 })
            }
          }
          if let axis = try? table.times(name) {
            #expect(axis.next(3).labels.count == 3)
            _ = (axis.gaps, axis.holidays, axis.labels)
          }
          for group in table.columnNames {
            _ = try? Series.read(table, value: name, groupedBy: group, missing: .forwardFill)
          }
          for missing in [MissingValues.forwardFill, .drop] {
            _ = try? Series.read(table, value: name, missing: missing)
          }
          _ = table.remark(onNumbersOf: name)
        }
      } catch {
        refused += 1
        #expect(!error.description.isEmpty)
        if let line = error.line { #expect((1...lines).contains(line)) }
      }
    }
    #expect(!Mutations.isTest || (parsed > 100 && refused > 100))
  }

  /// Splitting what was joined gives the cells again, for any cells and delimiter.
  @Test func joinedCellsComeBack() throws {
    var generator = Generator(state: 12)
    let letters = Array("ab\",;|\t\r\n é7")
    for _ in 0..<500 {
      let columns = Int.random(in: 2...5, using: &generator)
      let rows = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
        (0..<columns).map { _ in
          String(
            (0..<Int.random(in: 0...5, using: &generator)).map { _ in
              letters[Int.random(in: 0..<letters.count, using: &generator)]
            })
        }
      }
      let delimiter = [",", ";", "\t", "|"][Int.random(in: 0..<4, using: &generator)]
      let header = (0..<columns).map { "c\($0)" }
      let text = ([header] + rows).map { row in
        row.map { cell in
          var quoted = "\""
          for scalar in cell.unicodeScalars { quoted += scalar == "\"" ? "\"\"" : "\(scalar)" }
          return quoted + "\""
        }.joined(separator: delimiter)
      }.joined(separator: "\r\n")
      let table = try Table(csvText: text)
      #expect(
        cells(table).map { $0.map { Array($0.utf8) } } == rows.map { $0.map { Array($0.utf8) } })
    }
  }
}
