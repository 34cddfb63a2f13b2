import Foundation
import TestSupport
import Testing

@testable import RecurrentFiles

/// A control group's limit is the memory there is: what is told and checked beforehand keeps to it.
@Suite struct AvailableMemoryTests {
  /// What is found where these limits are in files below a folder.
  func found(_ groups: String, _ files: [String: String], machine: Int = 1 << 34) throws
    -> AvailableMemory
  {
    try withTemporaryFolder { folder in
      for (name, text) in files {
        let file = URL(fileURLWithPath: folder).appendingPathComponent(name)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: false, encoding: .utf8)
      }
      return AvailableMemory(machine: machine, groups: groups, below: folder)
    }
  }

  @Test func withoutLimitsItIsTheMachines() throws {
    let none = try found(
      "0::/user.slice\n", ["user.slice/memory.max": "max\n", "memory.max": "max\n"])
    #expect(none.bytes == 1 << 34)
    #expect(none.words { "\(Int($0))" } == "this machine has \(1 << 34)")
    #expect(try found("", [:]).bytes == 1 << 34)
    // Version 1 has a number for none.
    let old = try found("4:memory:/\n", ["memory/memory.limit_in_bytes": "9223372036854771712\n"])
    #expect(old.bytes == 1 << 34)
    #expect(try found("nonsense\n0:/x\n", ["memory.max": "5"]).bytes == 1 << 34)
    #expect(try found("0::/\n", ["memory.max": "-1"]).bytes == 1 << 34)
  }

  @Test func theLeastOfTheGroupsAboveHolds() throws {
    let files = [
      "a.slice/memory.max": "1000000\n", "a.slice/job/memory.max": "max\n",
      "a.slice/job/memory.high": "7\n",
    ]
    let limited = try found("0::/a.slice/job\n", files)
    #expect(limited.bytes == 1_000_000)
    #expect(limited.words { "\(Int($0))" } == "this program may have 1000000")
    let nested = try found(
      "9:cpu,memory:/a/b\n8:pids:/a\n",
      ["memory/a/memory.limit_in_bytes": "500", "memory/a/b/memory.limit_in_bytes": "600"])
    #expect(nested.bytes == 500)
  }

  /// Where the place is told as it is outside of the container.
  @Test func inAContainerTheTopmostIsItsOwn() throws {
    let own = try found(
      "4:memory:/docker/0123\n", ["memory/memory.limit_in_bytes": "2000000000"])
    #expect(own.bytes == 2_000_000_000)
  }

  @Test func thatOfThisProcessIsNoMoreThanTheMachines() {
    #expect(
      (1...ProcessInfo.processInfo.physicalMemory).contains(UInt64(AvailableMemory.current.bytes)))
  }
}
