import Foundation

/// The memory of this process.
public enum ProcessMemory {
  /// The most bytes that were resident at once so far (`ru_maxrss`).
  public static var peakBytes: Int {
    var usage = rusage()
    getrusage(0, &usage)  // RUSAGE_SELF, which is of another type on each system
    #if canImport(Darwin)
      return usage.ru_maxrss
    #else
      return usage.ru_maxrss * 1024  // Linux counts in KiB
    #endif
  }
}
