import ArgumentParser
import Foundation
import Recurrent

/// `recurrent info`
struct Info: ThreadedCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show version, kernels, threads and the measured speed of this machine.",
    discussion: """
      The peak is that of our own matrix product of 1024 by 1024 numbers, the best of several runs.
      RECURRENT_KERNELS=portable|avx2|avx512 chooses another path.

      Example:
        recurrent info
      """)

  @OptionGroup var threads: ThreadOptions

  mutating func run() throws {
    print("recurrent \(LibraryVersion.current)")
    print(
      "kernels   \(Kernels.name) (on this machine: \(Kernels.available.joined(separator: ", ")))")
    print(
      "threads   \(ExecutionContext.current.threads) of \(ProcessInfo.processInfo.activeProcessorCount)"
    )
    let speed = Kernels.measuredPeak()
    print("peak      \(Int((speed / 1e9).rounded())) GFLOP/s (matrix product of 1024³)")
  }
}
