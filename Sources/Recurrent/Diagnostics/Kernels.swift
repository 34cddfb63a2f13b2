import Foundation
import RecurrentKernels

/// Which implementation of the arithmetic this process uses.
public enum Kernels {
  /// `avx512`, `avx2`, `neon` or `portable`.
  public static var name: String { String(cString: rk_kernels_current().pointee.name) }

  /// What this machine could use, best first.
  public static var available: [String] {
    (0..<rk_path_count()).compactMap { rk_path($0).map { String(cString: $0.pointee.name) } }
  }

  /// False if the environment variable `RECURRENT_KERNELS` asks for a path that this machine lacks.
  public static var choiceIsHonoured: Bool { rk_kernels_choice_honoured() }

  /// Operations per second of a matrix product of `size`³, the best of the runs that fit in
  /// `seconds`.
  public static func measuredPeak(size: Int = 1024, seconds: Double = 0.5) -> Double {
    let a = Tensor(repeating: 1, shape: [size, size])
    var best = 0.0
    let end = ProcessInfo.processInfo.systemUptime + seconds
    repeat {
      let start = ProcessInfo.processInfo.systemUptime
      _ = a.matrixProduct(a)
      let time = ProcessInfo.processInfo.systemUptime - start
      best = max(best, 2 * Double(size * size * size) / time)
    } while ProcessInfo.processInfo.systemUptime < end
    return best
  }
}
