import RecurrentKernels
import Testing

/// One table of kernels that this machine can run.
struct KernelPath: CustomTestStringConvertible, Sendable {
  let index: Int32

  /// Every path of this machine, best first.
  static let all: [KernelPath] = (0..<rk_path_count()).map(KernelPath.init).filter {
    rk_path($0.index) != nil
  }

  /// The path of this name, if the machine can run it.
  static func named(_ name: String) -> KernelPath? { all.first { $0.name == name } }

  var table: rk_kernels {
    guard let table = rk_path(index) else { preconditionFailure("path \(index) does not run here") }
    return table.pointee
  }

  var name: String { String(cString: table.name) }
  var testDescription: String { name }
}

/// Floats at a fixed address, with a margin behind them that must stay as it is.
final class FloatBuffer {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int
  private static let margin = 32
  private static let mark = Float(bitPattern: 0x7fc1_2345)

  /// Fills the floats with `value`; by default with one that is no number, so reading it shows.
  init(count: Int, of value: Float? = nil) {
    self.count = count
    pointer = .allocate(capacity: count + Self.margin)
    pointer.initialize(repeating: Self.mark, count: count + Self.margin)
    if let value { pointer.update(repeating: value, count: count) }
  }

  convenience init(_ values: [Float]) {
    self.init(count: values.count)
    for (index, value) in values.enumerated() { pointer[index] = value }
  }

  deinit { pointer.deallocate() }

  var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
  var bits: [UInt32] { values.map(\.bitPattern) }

  var isFinite: Bool { values.allSatisfy { $0.isFinite } }

  /// No kernel wrote behind the end.
  var marginIsIntact: Bool {
    (count..<count + Self.margin).allSatisfy { pointer[$0].bitPattern == Self.mark.bitPattern }
  }

  /// The element was never written.
  func isUntouched(_ index: Int) -> Bool { pointer[index].bitPattern == Self.mark.bitPattern }
}

/// Reproducible numbers (SplitMix64).
struct TestNumbers {
  private var state: UInt64

  init(seed: Int) { state = UInt64(bitPattern: Int64(seed)) &* 0x9e37_79b9_7f4a_7c15 }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Between -scale and scale.
  mutating func float(_ scale: Float = 1) -> Float {
    (Float(next() >> 40) / Float(1 << 23) - 1) * scale
  }

  mutating func floats(_ count: Int, _ scale: Float = 1) -> [Float] {
    (0..<count).map { _ in float(scale) }
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  mutating func shuffled(_ count: Int) -> [Int32] {
    var order = (0..<Int32(count)).map { $0 }
    for index in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(index, below(index + 1))
    }
    return order
  }
}

/// The sizes at which tiles and vectors of every path begin and end.
let awkwardSizes = Array(1...17) + Array(31...33) + Array(63...65)
