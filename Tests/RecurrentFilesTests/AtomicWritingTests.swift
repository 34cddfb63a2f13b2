import Foundation
import Recurrent
import TestSupport
import Testing

@Suite struct AtomicWritingTests {
  func contents(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  func text(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }

  // MARK: Files

  @Test func filesAreWrittenAndReplaced() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/file"
      try writeAtomically("old", to: path)
      #expect(try text(path) == "old")
      let large = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      try writeAtomically(large, to: path)
      #expect(try readFile(path) == large)
      try writeAtomically([], to: path)
      #expect(try readFile(path) == [])
      #expect(try contents(folder) == ["file"])
    }
  }

  @Test func permissionsAndLinksAreKept() throws {
    try withTemporaryFolder { folder in
      let (path, link) = (folder + "/file", folder + "/link")
      try writeAtomically("old", to: path)
      try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "file")
      try writeAtomically("new", to: link)
      #expect(try text(path) == "new")
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "file")
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.posixPermissions] as? Int == 0o640)
      #expect(try contents(folder) == ["file", "link"])
    }
  }

  @Test func placesThatCannotBeWrittenSaySo() throws {
    try withTemporaryFolder { folder in
      try writeAtomically("file", to: folder + "/file")
      let long = String(repeating: "x", count: 300)
      let cases = [
        (folder + "/none/x", "there is no such file or folder"),
        (folder + "/file/x", "a part of the path is not a folder"),
        (folder, "it is a folder"), (folder + "/", "it is a folder"), ("", "it is a folder"),
        (folder + "/" + long, "the name is too long"),
      ]
      for (path, problem) in cases {
        let error = #expect(throws: DataError.self, "\(path)") {
          try writeAtomically("new", to: path)
        }
        #expect(error?.kind == .unwritable)
        #expect(error?.file == path)
        #expect(error?.problem == "cannot be written: \(problem)")
      }
      #expect(try contents(folder) == ["file"])
      #expect(try text(folder + "/file") == "file")
    }
  }

  #if os(Linux)
    @Test func devicesAreWrittenAsTheyAre() throws {
      try writeAtomically("gone", to: "/dev/null")
      let error = #expect(throws: DataError.self) { try writeAtomically("x", to: "/dev/full") }
      #expect(error?.problem == "cannot be written: no space left")
      // Both are still devices.
      #expect(throws: DataError.self) { try readFile("/dev/null") }
      #expect(throws: DataError.self) { try readFile("/dev/full") }
      let system = #expect(throws: DataError.self) { try writeAtomically("x", to: "/proc/x") }
      #expect(system?.kind == .unwritable)
    }
  #endif

  #if os(Linux) || os(macOS)
    /// A limit on the size of files fails a write halfway, as a full disk does; it holds in a
    /// process of its own.
    @Test func aWriteThatFailsHalfwayLeavesTheOld() async throws {
      await #expect(processExitsWith: .success) {
        try withTemporaryFolder { folder in
          let path = folder + "/file"
          try writeAtomically("old", to: path)
          let model: [(name: String, bytes: [UInt8])] = [("a", [1]), ("config.json", [2])]
          try writeFolderAtomically(to: folder + "/model", files: model, marker: "config.json")

          signal(SIGXFSZ, SIG_IGN)
          var limit = rlimit(rlim_cur: 100_000, rlim_max: 100_000)
          #if os(Linux)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
          #else
            setrlimit(RLIMIT_FSIZE, &limit)
          #endif
          let large = [UInt8](repeating: 1, count: 1_000_000)
          let error = #expect(throws: DataError.self) { try writeAtomically(large, to: path) }
          #expect(error?.kind == .unwritable)
          #expect(error?.problem.contains("larger than the system allows") == true)
          #expect(throws: DataError.self) {
            try writeFolderAtomically(
              to: folder + "/model", files: [("a", [3]), ("b", large), ("config.json", [4])],
              marker: "config.json")
          }
          #expect(throws: DataError.self) {
            try writeFolderAtomically(
              to: folder + "/new/model", files: [("b", large), ("config.json", [4])],
              marker: "config.json")
          }

          #expect(try readFile(path) == Array("old".utf8))
          #expect(try readFile(folder + "/model/a") == [1])
          #expect(try readFile(folder + "/model/config.json") == [2])
          #expect(try folderContents(folder) == ["file", "model"])
          #expect(try folderContents(folder + "/model") == ["a", "config.json"])
        }
      }
    }
  #endif

  // MARK: Folders

  func write(
    _ files: [(name: String, bytes: [UInt8])], to path: String, marker: String = "config.json"
  ) throws {
    try writeFolderAtomically(to: path, files: files, marker: marker)
  }

  @Test func foldersAreWrittenWithThoseOnTheWay() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/runs/today/model/"
      try write([("config.json", [1]), ("weights", [2])], to: path)
      #expect(try contents(path) == ["config.json", "weights"])
      #expect(try contents(folder + "/runs/today") == ["model"])
      try FileManager.default.createDirectory(
        atPath: folder + "/empty", withIntermediateDirectories: false)
      try write([("config.json", [3])], to: folder + "/empty")
      #expect(try readFile(folder + "/empty/config.json") == [3])
    }
  }

  /// A large file comes one part after the other, and is there with the others or not at all.
  @Test func filesOfAFolderComeInParts() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      func write(_ version: UInt8, _ parts: Int) throws {
        try writeFolderAtomically(
          to: path, files: [("config.json", [version])],
          large: [
            (
              "table.csv",
              { append in
                for part in 0..<parts { [version, UInt8(part)].withUnsafeBytes(append) }
              }
            )
          ], marker: "config.json")
      }
      try write(7, 3)
      #expect(try readFile(path + "/table.csv") == [7, 0, 7, 1, 7, 2])
      try write(8, 1)
      #expect(try readFile(path + "/table.csv") == [8, 0])
      #expect(try contents(path) == ["config.json", "table.csv"])
      try FileManager.default.removeItem(atPath: path + "/table.csv")
      try self.write([("mine", [1])], to: path + "/table.csv", marker: "mine")
      let error = #expect(throws: DataError.self) { try write(9, 1) }
      #expect(error?.file == path + "/table.csv")
      #expect(try readFile(path + "/config.json") == [8])
    }
  }

  @Test func onlyFilesOfTheSameNamesAreReplaced() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      try write([("config.json", [1]), ("weights", [2]), ("words", [3])], to: path)
      try writeAtomically("mine", to: path + "/README")
      try FileManager.default.createDirectory(
        atPath: path + "/sub/deep", withIntermediateDirectories: true)
      try writeAtomically("deep", to: path + "/sub/deep/file")
      try FileManager.default.createSymbolicLink(
        atPath: path + "/link", withDestinationPath: "nowhere")
      try write([("config.json", [4]), ("weights", [5])], to: path)
      #expect(try readFile(path + "/config.json") == [4])
      #expect(try readFile(path + "/weights") == [5])
      #expect(try readFile(path + "/words") == [3])
      #expect(try text(path + "/README") == "mine")
      #expect(try text(path + "/sub/deep/file") == "deep")
      #expect(
        try FileManager.default.destinationOfSymbolicLink(atPath: path + "/link") == "nowhere")
      #expect(try contents(folder) == ["model"])
    }
  }

  @Test func aLinkToAFolderStaysALink() throws {
    try withTemporaryFolder { folder in
      try write([("config.json", [1])], to: folder + "/real")
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/link", withDestinationPath: "real")
      try write([("config.json", [2])], to: folder + "/link")
      #expect(try readFile(folder + "/real/config.json") == [2])
      #expect(try contents(folder) == ["link", "real"])
    }
  }

  @Test func aFolderInThePlaceOfAFileIsKept() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      try write([("config.json", [1]), ("loss.svg", [1])], to: path)
      try FileManager.default.removeItem(atPath: path + "/loss.svg")
      try write([("mine", [7])], to: path + "/loss.svg", marker: "mine")
      let error = #expect(throws: DataError.self) {
        try write([("config.json", [2]), ("loss.svg", [2])], to: path)
      }
      #expect(error?.file == path + "/loss.svg")
      #expect(error?.problem == "cannot be written: it is a folder")
      #expect(try readFile(path + "/loss.svg/mine") == [7])
      #expect(try readFile(path + "/config.json") == [1])
    }
  }

  // MARK: Paths, checksums

  @Test func pathsAreSplit() {
    #expect(splitPath("model") == (".", "model"))
    #expect(splitPath("a/b//") == ("a", "b"))
    #expect(splitPath("/a") == ("/", "a"))
    #expect(isFileName("a.b") && !isFileName("..") && !isFileName("a/b") && !isFileName(""))
  }

  @Test func checksumIsTheKnownOne() {
    // From the published test vectors of FNV-1a.
    #expect(checksum(of: []) == 0xcbf2_9ce4_8422_2325)
    #expect(checksum(of: Array("a".utf8)) == 0xaf63_dc4c_8601_ec8c)
    #expect(checksum(of: Array("foobar".utf8)) == 0x8594_4171_f739_67e8)
    #expect(checksumText(of: Array("a".utf8)) == "fnv1a64:af63dc4c8601ec8c")
  }
}
