import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentData

/// Texts that are read in pieces: the same characters, however large the pieces are.
@Suite struct LongTextTests {
  /// Lines of all lengths and ends, characters of several scalars, marks at the start of a file that
  /// belong to the last character of the one before.
  private static let files = [
    "a\nb\r\n\r\nüe\u{301} 👩‍👩‍👧\n\n" + String(repeating: "long ", count: 9) + "\r\nend",
    "\u{301}x\ny\r", "\nz\n", "", "last",
  ]

  private func withFiles(_ body: ([String]) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let paths = Self.files.indices.map { "\(folder)/\($0).txt" }
      for (path, text) in zip(paths, Self.files) {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      }
      try body(paths)
    }
  }

  @Test func pieces() throws {
    let whole = Self.files.joined()
    try withFiles { paths in
      for size in [1, 2, 3, 5, 8, 13, 64, 1 << 18] {
        for text in [
          try LongText(paths, pieceSize: size),
          try LongText(paths.map { try TextFile($0) }, pieceSize: size),
        ] {
          #expect(text.count == whole.count)
          for range in [0..<whole.count, 0..<0, 3..<9, 5..<whole.count, 17..<18] {
            let expected = String(whole.dropFirst(range.lowerBound).prefix(range.count))
            var (pieces, starts) = ([String](), [Bool]())
            try text.part(range).forEachPiece { piece, isFirst in
              pieces.append(piece)
              starts.append(isFirst)
            }
            #expect(pieces.joined().utf8.elementsEqual(expected.utf8), "\(size) \(range)")
            #expect(starts == pieces.indices.map { $0 == 0 })
            #expect(pieces.dropLast().allSatisfy { $0.last?.isNewline == true })
          }
        }
      }
    }
  }

  /// What is wrong is told with its line and its byte, in whichever piece it stands.
  @Test func errors() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/t"
      for (bad, found) in [(UInt8(0xFF), "byte 0xFF"), (0, "a zero byte")] {
        let bytes = Array("one\ntwo\nth".utf8) + [bad] + Array("ree\nfour\n".utf8)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        for size in [1, 4, 7, 1000] {
          let error = try dataError { _ = try LongText([path], pieceSize: size) }
          #expect(
            error.line == 3 && error.problem.hasPrefix("found \(found) (byte 10 of the file)"))
        }
      }
      #expect(try dataError { _ = try LongText([folder + "/no"]) }.kind == .missingFile)
      try Data("one\ntwo\n".utf8).write(to: URL(fileURLWithPath: path))
      let text = try LongText([path])
      try Data("one\n".utf8).write(to: URL(fileURLWithPath: path))
      let error = try dataError { _ = try text.part(0..<5).read() }
      #expect(error.problem == "found 4 characters, and 8 when it was read first")
    }
  }
}
