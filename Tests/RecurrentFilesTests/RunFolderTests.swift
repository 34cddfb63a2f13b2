import Foundation
import Recurrent
import Synchronization
import TestSupport
import Testing

@testable import RecurrentFiles

@Suite struct RunFolderTests {
  @Test func oneRunAtATime() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/link", withDestinationPath: "model")
      let path = folder + "/model"
      do {
        let run = try RunFolder(for: path)
        for other in [path, path + "/", folder + "/link", folder + "/./model"] {
          let error = try dataError { _ = try RunFolder(for: other) }
          #expect(error.kind == .unwritable && error.file == other)
          #expect(error.problem == "another training, process \(getpid()), is writing to it")
        }
        try writeAtomically("x", to: run.path + "/checkpoint")
      }
      // What a run keeps is there for the next.
      let run = try RunFolder(for: path)
      #expect(try folderContents(run.path) == ["checkpoint", "lock"])
      run.remove()
      #expect(try folderContents(path) == [])
      let other = try RunFolder(for: path)
      run.remove()
      #expect(throws: DataError.self) { try RunFolder(for: path) }
      other.remove()
      _ = try RunFolder(for: folder + "/new/model")
      #expect(try folderContents(folder) == ["link", "model"])
    }
  }

  @Test func temporaryFilesOfADeadRunAreRemoved() throws {
    try withTemporaryFolder { folder in
      do {
        let run = try RunFolder(for: folder)
        for name in [".recurrent-abc.tmp", "mine.tmp"] {
          try writeAtomically("x", to: run.path + "/" + name)
        }
      }
      let run = try RunFolder(for: folder)
      #expect(try folderContents(run.path) == ["lock", "mine.tmp"])
    }
  }

  /// A folder from elsewhere may hold links; what they lead to is not removed.
  @Test func linksAreNotFollowed() throws {
    try withTemporaryFolder { folder in
      let (path, home) = (folder + "/model", folder + "/home")
      try writeFolderAtomically(to: home, files: [("letter", [1])], marker: "letter")
      for name in [".recurrent-new", ".recurrent-new.tmp", ".recurrent-run"] {
        for target in ["../home", "../nowhere"] {
          try writeFolderAtomically(to: path, files: [("a", [1])], marker: "a")
          try FileManager.default.createSymbolicLink(
            atPath: path + "/" + name, withDestinationPath: target)
          try writeFolderAtomically(to: path, files: [("a", [2])], marker: "a")
          let run = try? RunFolder(for: path)
          #expect((run == nil) == (name == ".recurrent-run"))
          run?.remove()
          removeAll(path)
        }
      }
      #expect(try folderContents(home) == ["letter"])
    }
  }

  /// Many take turns, and only one holds it at any moment.
  @Test func turns() throws {
    try withTemporaryFolder { folder in
      let holders = Mutex((now: 0, most: 0, turns: 0))
      DispatchQueue.concurrentPerform(iterations: 800) { _ in
        guard let run = try? RunFolder(for: folder + "/a/model") else { return }
        holders.withLock {
          $0.now += 1
          $0.turns += 1
          $0.most = max($0.most, $0.now)
        }
        holders.withLock { $0.now -= 1 }
        run.remove()
      }
      #expect(holders.withLock { $0.most } == 1)
      #expect(holders.withLock { $0.turns } > 100)
      let left = try folderContents(folder)
      #expect(left.count <= 1)
    }
  }

  // MARK: Writers of one place

  @Test func foldersOfManyWriters() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      let problems = Mutex<[String]>([])
      DispatchQueue.concurrentPerform(iterations: 100) { writer in
        let bytes = [UInt8(writer)]
        do {
          try writeFolderAtomically(to: path, files: [("a", bytes), ("b", bytes)], marker: "b")
        } catch {
          problems.withLock { $0.append("\(error)") }
        }
      }
      #expect(problems.withLock { $0 } == [])
      let left = try folderContents(path)
      #expect(left == ["a", "b"])
      let (a, b) = (try readFile(path + "/a"), try readFile(path + "/b"))
      #expect(a == b)
    }
  }

  @Test func filesOfManyWriters() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/file"
      let problems = Mutex<[String]>([])
      DispatchQueue.concurrentPerform(iterations: 100) { writer in
        do {
          try writeAtomically([UInt8](repeating: UInt8(writer), count: 5000), to: path)
          let bytes = try readFile(path)
          if bytes.count != 5000 || Set(bytes).count != 1 {
            problems.withLock { $0.append("a mixture") }
          }
        } catch {
          problems.withLock { $0.append("\(error)") }
        }
      }
      #expect(problems.withLock { $0 } == [])
      let left = try folderContents(folder)
      #expect(left == ["file"])
    }
  }

  /// Who holds its temporary file is alive, and it is waited for.
  @Test func theFileOfALiveWriterIsNotRemoved() throws {
    try withTemporaryFolder { folder in
      let temporary = folder + "/" + temporaryName(for: "file")
      let owner = try #require(try openLocked(temporary, O_RDWR | O_CREAT))
      let writer = DispatchGroup()
      DispatchQueue(label: "writer").async(group: writer) {
        try? writeAtomically("next", to: folder + "/file")
      }
      #expect(writer.wait(timeout: .now() + 0.3) == .timedOut)
      #expect(try folderContents(folder) == [splitPath(temporary).name])
      close(owner)
      writer.wait()
      #expect(try folderContents(folder) == ["file"])
    }
  }

  // MARK: Sizes

  /// The files are as large as they say and take no room; reading one would take all memory.
  @Test func largeFilesAreNotRead() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/file"
      #expect(FileManager.default.createFile(atPath: path, contents: nil))
      #expect(truncate(path, 1 << 40) == 0)
      let error = try dataError { _ = try readFile(path) }
      #expect(error.problem == "holds more than \(memorySize) bytes, the most that are read of it")
      #expect(truncate(path, 5) == 0)
      #expect(try readFile(path, limit: 5) == [0, 0, 0, 0, 0])
      let small = try dataError { _ = try readFile(path, limit: 4) }
      #expect(small.problem == "holds more than 4 bytes, the most that are read of it")
    }
  }
}
