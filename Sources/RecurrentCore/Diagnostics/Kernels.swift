import Foundation
internal import RecurrentKernels

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
    let operations = 2 * Double(size * size * size)
    return best(seconds: seconds) { clock in
      operations / (clock.measure { _ = a.matrixProduct(a) } / .seconds(1))
    }
  }

  /// Operations per second of multiply-adds in registers on all threads, the best of the runs that
  /// fit in `seconds`: what no kernel can exceed.
  public static func measuredMultiplyAddPeak(seconds: Double = 0.2) -> Double {
    let threads = Parallelism.threads
    var rounds = 1 << 12
    return best(seconds: seconds) { clock in
      let operations = 2 * Double(threads * rounds * Int(RK_MULTIPLY_ADDS_OF_A_ROUND))
      let time =
        clock.measure {
          Parallelism.run(parts: threads) { part in
            _ = rk_multiply_add_rounds(Int64(rounds), Float(part))
          }
        } / .seconds(1)
      // Long enough that starting the threads does not count.
      if time < seconds / 10 { rounds *= 2 }
      return operations / time
    }
  }

  /// The highest of the rates that `body` measures until the time is over.
  private static func best(seconds: Double, _ body: (ContinuousClock) -> Double) -> Double {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(seconds)
    var best = 0.0
    repeat { best = max(best, body(clock)) } while clock.now < end
    return best
  }
}
