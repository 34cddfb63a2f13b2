import Foundation

/// The memory that this program may use: the machine's, or less where it runs in a control group of Linux that has a
/// limit, as in a container, under a batch system, or as a service.
package struct AvailableMemory: Sendable, Equatable {
  /// How much it is, in bytes.
  package let bytes: Int
  private let isLimited: Bool

  /// That of this process.
  package static let current = AvailableMemory(
    machine: Int(clamping: ProcessInfo.processInfo.physicalMemory),
    groups: text("/proc/self/cgroup"), below: "/sys/fs/cgroup")

  /// - Parameters:
  ///   - machine: the machine's memory, in bytes.
  ///   - groups: what `/proc/self/cgroup` tells: lines of a number, controllers and the place of the group; of
  ///     version 2 no controller is named.
  ///   - folder: where groups are folders of files. In a container what is told may be the place outside, so that
  ///     only the topmost is found.
  init(machine: Int, groups: String, below folder: String) {
    var least = machine
    for line in groups.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let (root, file): (String, String)
      switch parts[1] {
      case "": (root, file) = (folder, "memory.max")
      case let names where names.split(separator: ",").contains("memory"):
        (root, file) = (folder + "/memory", "memory.limit_in_bytes")
      default: continue
      }
      // The limit of a group holds for all in it.
      var place = parts[2].split(separator: "/")
      while true {
        let path = ([root] + place.map(String.init) + [file]).joined(separator: "/")
        // Without a limit it is the word max, or more than any machine has.
        if let limit = Int(Self.text(path).trimmingCharacters(in: .whitespacesAndNewlines)),
          limit > 0
        {
          least = min(least, limit)
        }
        guard place.popLast() != nil else { break }
      }
    }
    bytes = least
    isLimited = least < machine
  }

  private static func text(_ path: String) -> String {
    guard let bytes = try? readFile(path, limit: 1 << 16) else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Whose memory it is and how much, as in "this machine has 16 GB".
  ///
  /// - Parameter format: how a number of bytes is said.
  package func words(_ format: (Double) -> String) -> String {
    (isLimited ? "this program may have " : "this machine has ") + format(Double(bytes))
  }
}
