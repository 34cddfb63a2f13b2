import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentFiles

#if os(Linux) || os(macOS)
  /// A write that is killed at each of its system calls, one after the other.
  ///
  /// After the kill no call does anything, those that clean up included, as if the process were
  /// gone. The switch holds for a whole process, so each test has one of its own.
  @Suite struct KilledWriteTests {
    /// Calls `body` and kills it before its system call number `calls`, from 0; whether it came to
    /// that.
    static func isKilled(after calls: Int, _ body: () throws -> Void) -> Bool {
      systemCallsUntilKill.store(calls, ordering: .relaxed)
      try? body()
      return systemCallsUntilKill.exchange(.max, ordering: .relaxed) < 0
    }

    /// Calls `body` with 0, 1, 2, … until it says that nothing was killed; how often.
    static func forEachCall(_ body: (Int) throws -> Bool) rethrows -> Int {
      var calls = 0
      while try body(calls) { calls += 1 }
      return calls
    }

    static func write(_ version: UInt8, to path: String) throws {
      try writeFolderAtomically(
        to: path,
        files: [
          ("words", [version]), ("a", [version, 1]), ("config.json", [version]),
          ("zeros", [version]),
        ], marker: "config.json")
    }

    /// The version that all files of a folder are of; nil if there is none.
    static func version(of path: String) throws -> UInt8? {
      guard let bytes = try? readFolderFile("config.json", in: path) else {
        #expect(throws: DataError.self) { try readFolderFile("a", in: path) }
        return nil
      }
      for name in ["words", "a", "zeros"] {
        #expect(try readFolderFile(name, in: path).first == bytes[0])
      }
      return bytes[0]
    }

    /// What is in the folder when all is well.
    static let whole = ["a", "config.json", "mine", "words", "zeros"]

    /// Fresh, and of one that is there: the whole old or the whole new, and nothing is left after
    /// the next write.
    @Test func afterAKillTheOldOrTheNewIsThere() async throws {
      await #expect(processExitsWith: .success) {
        try withTemporaryFolder { folder in
          for isThere in [false, true] {
            let path = folder + "/on/the/way"
            var isNew = false
            let calls = try Self.forEachCall { calls in
              removeAll(folder + "/on")
              if isThere {
                try Self.write(1, to: path)
                try writeAtomically("mine", to: path + "/mine")
              }
              let isKilled = Self.isKilled(after: calls) { try Self.write(2, to: path) }
              let version = try Self.version(of: path)
              #expect(version == 2 || !isNew && version == (isThere ? 1 : nil), "call \(calls)")
              isNew = version == 2
              try Self.write(3, to: path)
              #expect(try Self.version(of: path) == 3)
              #expect(
                try folderContents(path) == Self.whole.filter { isThere || $0 != "mine" })
              #expect(try folderContents(folder + "/on/the") == ["way"])
              #expect(try folderContents(folder) == ["on"])
              return isKilled
            }
            #expect(isNew && calls > 25)
          }
        }
      }
    }

    /// Killed again while the next write ends what the first began, and in the current folder, in
    /// which a shell may stand.
    @Test func twoKills() async throws {
      await #expect(processExitsWith: .success) {
        try withTemporaryFolder { folder in
          #expect(FileManager.default.changeCurrentDirectoryPath(folder))
          var kills = 0
          _ = try Self.forEachCall { first in
            var wasKilled = false
            // Every seventh call, in a debug build every thirtieth, each time others.
            let stride = isOptimized ? 7 : 30
            _ = try Self.forEachCall { count in
              let second = first % stride + stride * count
              for name in try folderContents(".") { removeAll(name) }
              try Self.write(1, to: ".")
              try writeAtomically("mine", to: "mine")
              wasKilled = Self.isKilled(after: first) { try Self.write(2, to: ".") }
              let old = try #require(try Self.version(of: "."))
              let isKilled = Self.isKilled(after: second) { try Self.write(3, to: ".") }
              let new = try #require(try Self.version(of: "."))
              #expect(new == 3 || isKilled && new == old, "calls \(first) and \(second)")
              try Self.write(4, to: ".")
              #expect(try Self.version(of: ".") == 4)
              #expect(try folderContents(".") == Self.whole)
              kills += 1
              return isKilled
            }
            return wasKilled
          }
          #expect(kills > (isOptimized ? 100 : 30))
          #expect(FileManager.default.changeCurrentDirectoryPath("/"))
        }
      }
    }

    /// Files that are to go are gone after any kill and the next write, and until then never while the
    /// old marker stands.
    @Test func whatGoesIsGone() async throws {
      await #expect(processExitsWith: .success) {
        try withTemporaryFolder { folder in
          let path = folder + "/model"
          let calls = try Self.forEachCall { calls in
            removeAll(path)
            try Self.write(1, to: path)
            try writeAtomically("mine", to: path + "/mine")
            let isKilled = Self.isKilled(after: calls) {
              try writeFolderAtomically(
                to: path, files: [("b", [2]), ("config.json", [2])],
                removing: ["a", "words", "zeros"], marker: "config.json")
            }
            let version = try readFolderFile("config.json", in: path)[0]
            for name in version == 1 ? ["words", "a", "zeros"] : ["b"] {
              #expect(try readFolderFile(name, in: path).first == version, "call \(calls)")
            }
            try writeFolderAtomically(
              to: path, files: [("b", [3]), ("config.json", [3])],
              removing: version == 1 ? ["a", "words", "zeros"] : [], marker: "config.json")
            #expect(try folderContents(path) == ["b", "config.json", "mine"], "call \(calls)")
            return isKilled
          }
          #expect(calls > 20)
        }
      }
    }

    @Test func filesAreOldOrNew() async throws {
      await #expect(processExitsWith: .success) {
        try withTemporaryFolder { folder in
          let path = folder + "/file"
          let calls = try Self.forEachCall { calls in
            try writeAtomically("old", to: path)
            let isKilled = Self.isKilled(after: calls) { try writeAtomically("new", to: path) }
            #expect(try ["old", "new"].contains(String(decoding: readFile(path), as: UTF8.self)))
            try writeAtomically("next", to: path)
            #expect(try String(decoding: readFile(path), as: UTF8.self) == "next")
            #expect(try folderContents(folder) == ["file"])
            return isKilled
          }
          #expect(calls > 8)
        }
      }
    }

    /// A run that is killed while it begins or ends keeps no other out, and the next leaves nothing.
    @Test func runsLeaveNothing() async throws {
      await #expect(processExitsWith: .success) {
        try withTemporaryFolder { folder in
          for isThere in [false, true] {
            let path = folder + "/on/model"
            if isThere { try Self.write(1, to: path) }
            _ = try Self.forEachCall { calls in
              let isKilled = Self.isKilled(after: calls) {
                let run = try RunFolder(for: path)
                try writeAtomically("checkpoint", to: run.path + "/checkpoint")
                run.remove()
              }
              let run = try RunFolder(for: path)
              run.remove()
              let names = try? folderContents(path)
              if isThere {
                #expect(try Self.version(of: path) == 1)
                #expect(names == Self.whole.filter { $0 != "mine" })
              } else {
                #expect(names == (isKilled ? names.map { _ in [] } : nil))
                removeAll(folder + "/on")
              }
              return isKilled
            }
          }
        }
      }
    }
  }
#endif
