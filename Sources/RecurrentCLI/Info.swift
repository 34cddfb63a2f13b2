import ArgumentParser
import Foundation
import Recurrent

/// `recurrent info`
struct Info: ThreadedCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show version, kernels, threads and the measured speed of this machine.",
    discussion: flowing(
      """
      The peak is that of our own matrix product of 1024 by 1024 numbers, the best of several runs.
      RECURRENT_KERNELS=portable|avx2|avx512 chooses another path.

      Example:
        recurrent info
      """))

  @OptionGroup var threads: ThreadOptions
  @OptionGroup var answer: JSONFlag

  mutating func run() throws {
    if answer.json { return print(try jsonText(Report())) }
    print("recurrent \(LibraryVersion.current)")
    print(
      "kernels   \(Kernels.name) (on this machine: \(Kernels.available.joined(separator: ", ")))")
    print(
      "threads   \(ExecutionContext.current.threads) of \(ProcessInfo.processInfo.activeProcessorCount)"
    )
    let speed = Kernels.measuredPeak()
    print("peak      \(Int((speed / 1e9).rounded())) GFLOP/s (matrix product of 1024³)")
  }

  private struct Report: Encodable {
    var version = LibraryVersion.current
    var kernels = Kernels.name
    var available = Kernels.available
    var threads = ExecutionContext.current.threads
    var processors = ProcessInfo.processInfo.activeProcessorCount
    var gflops = Kernels.measuredPeak() / 1e9
  }
}
