import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentData

/// Bytes, encodings and lines.
@Suite struct TextFileTests {
  private func error(
    _ bytes: [UInt8], _ encoding: TextEncoding = .utf8
  ) -> DataError? {
    do throws(DataError) {
      _ = try TextFile(bytes: bytes, source: "t.txt", encoding: encoding)
      return nil
    } catch {
      return error
    }
  }

  /// LF and CRLF end lines; nothing else does.
  @Test func lines() throws {
    let text = "one\r\ntwo\rstill two\n\nn\u{85}e\u{2028}l\u{2029}\u{0B}\u{0C}\nlast\r"
    let lines = try TextFile(bytes: Array(text.utf8), source: "t").lines
    let expected = ["one", "two\rstill two", "", "n\u{85}e\u{2028}l\u{2029}\u{0B}\u{0C}", "last"]
    #expect(lines.map { Array($0.utf8) } == expected.map { Array($0.utf8) })
    #expect(try TextFile(bytes: [], source: "t").lines == [])
    #expect(try TextFile(bytes: [0x0A], source: "t").lines == [""])
    #expect(try TextFile(bytes: [0x0D, 0x0A, 0x0A], source: "t").lines == ["", ""])
    #expect(try TextFile(bytes: [0xEF, 0xBB, 0xBF, 0x61], source: "t").lines == ["a"])
  }

  /// Each kind of ill-formed UTF-8 is told with its line and its offset.
  @Test(
    arguments: [
      [0xFF], [0x80], [0xC0, 0xAF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
      [0xF4, 0x90, 0x80, 0x80],
      [0xE2, 0x82], [0xF3, 0x41],
    ] as [[UInt8]]) func illFormed(_ bad: [UInt8]) throws
  {
    let found = try #require(error(Array("ab\ncé\n".utf8) + bad))
    #expect(found.line == 3 && found.file == "t.txt" && found.kind == .invalid)
    let hex = String(bad[0], radix: 16, uppercase: true)
    #expect(found.problem == "found byte 0x\(hex) (byte 7 of the file), expected utf-8 text")
    #expect(found.advice?.contains("--encoding windows-1252") == true)
  }

  @Test func binaryAndArchives() throws {
    #expect(try #require(error([0x61, 0x0A, 0])).problem.contains("a zero byte (byte 2"))
    #expect(try #require(error([0x61, 0x0A, 0], .latin1)).problem.contains("a zero byte (byte 2"))
    #expect(try #require(error([0x1F, 0x8B, 8])).problem.contains("gzip"))
    #expect(try #require(error([0xFF, 0xFE, 0x61], .windows1252)).problem.contains("UTF-16"))
  }

  /// 0x85 is an ellipsis for Windows and a character that ends no line in Latin-1.
  @Test func westernEncodings() throws {
    let bytes: [UInt8] = [0x85, 0x80, 0x9F, 0xE9, 0x0A, 0xA0, 0x92]
    let windows = try TextFile(bytes: bytes, source: "t", encoding: .windows1252)
    #expect(windows.lines == ["…€Ÿé", "\u{A0}’"])
    let latin = try TextFile(bytes: bytes, source: "t", encoding: .latin1)
    #expect(latin.lines == ["\u{85}\u{80}\u{9F}é", "\u{A0}\u{92}"])
    for byte: UInt8 in [0x81, 0x8D, 0x8F, 0x90, 0x9D] {
      #expect(try #require(error([0x41, 0x0A, byte], .windows1252)).line == 2)
      #expect(error([0x41, 0x0A, byte], .latin1) == nil)
    }
    // All others are as Foundation has them.
    let all = (1...255).map(UInt8.init).filter { ![0x81, 0x8D, 0x8F, 0x90, 0x9D].contains($0) }
    let text = try TextFile(bytes: all, source: "t", encoding: .windows1252).text
    #expect(text == String(data: Data(all), encoding: .windowsCP1252))
  }

  /// Lines from a pipe, cut anywhere, are those of the file; an error comes after the lines before
  /// it, with its place in the whole.
  @Test func lineReader() throws {
    func read(_ chunks: [[UInt8]]) throws -> (lines: [String], error: DataError?) {
      let pipe = Pipe()
      for chunk in chunks { try pipe.fileHandleForWriting.write(contentsOf: Data(chunk)) }
      try pipe.fileHandleForWriting.close()
      var reader = LineReader(
        descriptor: pipe.fileHandleForReading.fileDescriptor, source: "pipe")
      var lines: [String] = []
      do throws(DataError) {
        while let some = try reader.next() {
          #expect(!some.isEmpty)
          for line in some { lines.append(try line.get()) }
        }
      } catch {
        return (lines, error)
      }
      return (lines, nil)
    }
    let bytes = Array("één\r\n\ntwo\u{85}\nlast".utf8)
    let expected = try TextFile(bytes: bytes, source: "t").lines
    for cut in 0...bytes.count {
      #expect(try read([Array(bytes[..<cut]), Array(bytes[cut...])]).lines == expected)
    }
    #expect(try read([]).lines == [])
    let bad = try read([Array("a\nb\nc".utf8) + [0xFF, 0x0A] + Array("d\n".utf8)])
    #expect(bad.lines == ["a", "b"])
    #expect(bad.error?.line == 3 && bad.error?.problem.contains("byte 5 of the file") == true)
  }
  /// The lines that a reader gives of a file, and the errors between them.
  private func read(
    _ bytes: [UInt8], longestLine: Int, encoding: TextEncoding = .utf8
  ) throws -> (lines: [String], errors: [DataError]) {
    try withTemporaryFolder { folder in
      let path = folder + "/lines"
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      var reader = LineReader(
        descriptor: file.fileDescriptor, encoding: encoding, source: "f", longestLine: longestLine)
      var (lines, errors, thrown) = ([String](), [DataError](), 0)
      while thrown < 9 {
        do throws(DataError) {
          guard let some = try reader.next() else { break }
          for line in some {
            switch line {
            case .success(let text): lines.append(text)
            case .failure(let error): errors.append(error)
            }
          }
        } catch {
          errors.append(error)
          thrown += 1
        }
      }
      return (lines, errors)
    }
  }

  /// Each byte of a line is looked at once, however long it is: 2^24 bytes take a moment.
  @Test(.timeLimit(.minutes(1))) func lineReaderIsLinear() throws {
    let long = [UInt8](repeating: 0x61, count: 1 << 24)
    let (lines, errors) = try read(long, longestLine: 1 << 24)
    #expect(lines.map(\.utf8.count) == [1 << 24] && errors.isEmpty)
    // What is longer is told once, and what comes behind it is read.
    let refused = try read(long + Array("\nb".utf8), longestLine: 1 << 20)
    #expect(refused.lines == ["b"] && refused.errors.count == 1)
    let error = try #require(refused.errors.first)
    #expect(error.line == 1 && error.problem.hasPrefix("found a line of more than 1048576 bytes"))
  }

  /// Whether a line is too long does not depend on how it comes, nor on what its end is.
  @Test func longLines() throws {
    for end in ["\n", "\r\n", ""] {
      for length in [9, 10, 11, 12, 70_000] {
        let text = "ab\n\n" + String(repeating: "x", count: length) + end
        let more = end.isEmpty ? "" : "c\u{0}\nd"
        let (lines, errors) = try read(Array((text + more).utf8), longestLine: 10)
        let long = length <= 10 ? [String(repeating: "x", count: length)] : []
        #expect(lines == ["ab", ""] + long + (end.isEmpty ? [] : ["d"]))
        #expect(errors.map(\.line) == (length <= 10 ? [] : [3]) + (end.isEmpty ? [] : [4]))
        // Offsets go on behind what was passed over.
        if !end.isEmpty {
          #expect(errors.last?.problem.contains("byte \(text.utf8.count + 1) of") == true)
        }
      }
    }
  }

  /// What is wrong is told with its place, and what stands around it is read.
  @Test func linesBetweenErrors() throws {
    let text = Array("PK\u{3}\u{4}".utf8)
    let start = Array("a\n".utf8) + text + Array("\nc".utf8) + [0xFF, 0x0A, 0xFE, 0x0A]
    let (lines, errors) = try read(start + Array("e".utf8), longestLine: 10)
    #expect(lines == ["a", "PK\u{3}\u{4}", "e"])
    #expect(errors.map(\.line) == [3, 4])
    #expect(errors.allSatisfy { $0.problem.contains("of the file") })
    #expect(errors.last?.problem.contains("byte \(start.count - 2) of the file") == true)
    let long = try read(start + Array("longer line\ne\n".utf8), longestLine: 10)
    #expect(long.lines == ["a", "PK\u{3}\u{4}", "e"])
    #expect(long.errors.map(\.line) == [3, 4, 5])
    // What begins as a file of another kind is one wrong line in a pipe, and none where it is text.
    let gzip = try read([0x1F, 0x8B, 8, 0x0A] + Array("PAR1\nb".utf8), longestLine: 10)
    #expect(gzip.lines == ["PAR1", "b"] && gzip.errors.map(\.line) == [1])
    let marked = try read([0xFF, 0xFE, 0x61, 0x0A, 0x62], longestLine: 10)
    #expect(marked.lines == ["b"] && marked.errors.map(\.line) == [1])
    // Lines before a wrong one are given at once.
    let many = [UInt8](repeating: 0x0A, count: 60_000) + [0xFF, 0x0A]
    let found = try read(many, longestLine: 10)
    #expect(found.lines.count == 60_000 && found.errors.map(\.line) == [60_001])
    // So are many wrong ones.
    let wrong = (0..<300_000).flatMap { _ in [0xFF, 0x0A] as [UInt8] }
    #expect(try read(wrong, longestLine: 10).errors.map(\.line) == Array(1...300_000))
  }

  @Test func readerOfAFile() throws {
    try withTemporaryFolder { folder in
      try Data("a\nb".utf8).write(to: URL(fileURLWithPath: folder + "/t"))
      var reader = try LineReader(contentsOf: folder + "/t")
      #expect(try reader.next()?.map { try $0.get() } == ["a"])
      #expect(try reader.next()?.map { try $0.get() } == ["b"])
      #expect(try reader.next() == nil)
      #expect(try dataError { _ = try LineReader(contentsOf: folder) }.problem.contains("a folder"))
      let missing = try dataError { _ = try LineReader(contentsOf: folder + "/no") }
      #expect(missing.kind == .missingFile && missing.file == folder + "/no")
    }
  }

  /// Lines of a gzip file of two members with padding behind them (Python's `gzip.compress`), and where
  /// it ends too early.
  @Test func readerOfAPackedFile() throws {
    let first: [UInt8] = [
      31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 75, 228, 74, 2, 0, 251, 144, 7, 239, 3, 0, 0, 0,
    ]
    let second: [UInt8] = [
      31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 75, 230, 74, 225, 2, 0, 154, 69, 4, 228, 4, 0, 0, 0,
    ]
    func lines(_ bytes: [UInt8]) throws -> (lines: [String], error: DataError?) {
      try withTemporaryFolder { folder in
        try Data(bytes).write(to: URL(fileURLWithPath: folder + "/t.gz"))
        var (lines, reader) = ([String](), try LineReader(contentsOf: folder + "/t.gz"))
        do throws(DataError) {
          while let some = try reader.next() { for line in some { lines.append(try line.get()) } }
          #expect(try TextFile(folder + "/t.gz").lines == lines)
        } catch {
          #expect(try dataError { _ = try TextFile(folder + "/t.gz") } == error)
          return (lines, error)
        }
        return (lines, nil)
      }
    }
    #expect(try lines(first + second + [0, 0, 0]).lines == ["a", "bc", "d"])
    let cut = try lines(first + second.dropLast(12))
    #expect(cut.lines == ["a"])
    let place = first.count + second.count - 12
    #expect(
      cut.error?.problem.hasPrefix(
        "ends in the middle of its packed bytes (byte \(place) of the file, ") == true)
    var wrong = second
    wrong[second.count - 8] ^= 1
    let damaged = try lines(first + wrong)
    #expect(damaged.error?.problem.hasPrefix("holds packed bytes that are damaged (byte ") == true)
    for count in 2..<first.count {
      #expect(try lines(Array(first[..<count])).error?.problem.hasPrefix("ends in the") == true)
    }
  }
}
