import RecurrentFiles
internal import RecurrentKernels

// a + b and its kin. Shapes broadcast as in NumPy: aligned at the end, a size of 1 stands for any.
// The gradient of an operand that was broadcast is summed back to its shape.

extension Tensor {
  /// The sum, element by element.
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    combined(RK_ADD, a, b).recorded(from: [a, b]) { [from = (a.shape, b.shape)] dy in
      [dy.reduced(to: from.0), dy.reduced(to: from.1)]
    }
  }

  /// The difference, element by element.
  public static func - (a: Tensor, b: Tensor) -> Tensor {
    combined(RK_SUBTRACT, a, b).recorded(from: [a, b]) { [from = (a.shape, b.shape)] dy in
      [dy.reduced(to: from.0), (-dy).reduced(to: from.1)]
    }
  }

  /// The product, element by element.
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    combined(RK_MULTIPLY, a, b).recorded(from: [a, b]) { [a = Operand(a), b = Operand(b)] dy in
      [
        a.isTracked ? (dy * b.values).reduced(to: a.values.shape) : nil,
        b.isTracked ? (dy * a.values).reduced(to: b.values.shape) : nil,
      ]
    }
  }

  /// The quotient, element by element.
  public static func / (a: Tensor, b: Tensor) -> Tensor {
    let y = combined(RK_DIVIDE, a, b)
    return y.recorded(from: [a, b]) { [a = Operand(a), b = Operand(b)] dy in
      let da = dy / b.values
      return [
        a.isTracked ? da.reduced(to: a.values.shape) : nil,
        b.isTracked ? (-(da * y)).reduced(to: b.values.shape) : nil,
      ]
    }
  }

  /// The larger of the two, element by element; where they are equal the gradient goes to the
  /// first.
  public static func maximum(_ a: Tensor, _ b: Tensor) -> Tensor {
    extremum(RK_MAXIMUM, a, b) { $0 >= $1 }
  }

  /// The smaller of the two, element by element; where they are equal the gradient goes to the
  /// first.
  public static func minimum(_ a: Tensor, _ b: Tensor) -> Tensor {
    extremum(RK_MINIMUM, a, b) { $0 <= $1 }
  }

  private static func extremum(
    _ op: rk_operator, _ a: Tensor, _ b: Tensor,
    firstWins: @escaping @Sendable (Float, Float) -> Bool
  ) -> Tensor {
    combined(op, a, b).recorded(from: [a, b]) { [a = a.detached, b = b.detached] dy in
      let shape = dy.shape
      let first = Tensor.zipped(a.broadcast(to: shape), b.broadcast(to: shape)) {
        firstWins($0, $1) ? 1 : 0
      }
      return [(dy * first).reduced(to: a.shape), (dy * (1 - first)).reduced(to: b.shape)]
    }
  }

  /// Every element with its sign changed.
  public static prefix func - (x: Tensor) -> Tensor { x.scaled(by: -1) }

  /// The number added to every element.
  public static func + (x: Tensor, number: Float) -> Tensor { x.scaled(by: 1, shiftedBy: number) }
  /// The number added to every element.
  public static func + (number: Float, x: Tensor) -> Tensor { x + number }
  /// The number subtracted from every element.
  public static func - (x: Tensor, number: Float) -> Tensor { x + -number }
  /// Every element subtracted from the number.
  public static func - (number: Float, x: Tensor) -> Tensor {
    x.scaled(by: -1, shiftedBy: number)
  }
  /// Every element times the number.
  public static func * (x: Tensor, number: Float) -> Tensor { x.scaled(by: number) }
  /// Every element times the number.
  public static func * (number: Float, x: Tensor) -> Tensor { x.scaled(by: number) }
  /// Every element divided by the number.
  public static func / (x: Tensor, number: Float) -> Tensor { x / Tensor(number) }

  private func scaled(by scale: Float, shiftedBy shift: Float = 0) -> Tensor {
    Tensor(shape: shape) { rk_scale(scale, shift, pointer, $0, Int64(count)) }
      .recorded(from: [self]) { [$0.scaled(by: scale)] }
  }

  /// Every element limited to `range`; the gradient is 0 where the limit acts.
  public func clamped(to range: ClosedRange<Float>) -> Tensor {
    .minimum(.maximum(self, Tensor(range.lowerBound)), Tensor(range.upperBound))
  }

  /// Adds `other`, of the same shape, in place. For accumulation: not recorded.
  mutating func add(_ other: Tensor, scale: Float = 1) {
    require(shape == other.shape, "cannot add shape \(other.shape) to shape \(shape) in place")
    let (source, target, count) = (other.pointer, mutablePointer(), count)
    let parts = Parallelism.parts(operations: 4 * count, atMost: (count + 63) / 64)
    Parallelism.run(parts: parts) { part in
      let range = Parallelism.range(part, of: parts, count: count, granularity: 64)
      rk_add_scaled(scale, source + range.lowerBound, target + range.lowerBound, Int64(range.count))
    }
    withExtendedLifetime(other) {}
  }

  /// f(x) for each element; not recorded.
  func mapped(_ f: (Float) -> Float) -> Tensor {
    Tensor(shape: shape) { y in for i in 0..<count { y[i] = f(pointer[i]) } }
  }

  /// f(a, b) for each pair of elements; same shapes; not recorded.
  static func zipped(_ a: Tensor, _ b: Tensor, _ f: (Float, Float) -> Float) -> Tensor {
    Tensor(shape: a.shape) { y in for i in 0..<a.count { y[i] = f(a.pointer[i], b.pointer[i]) } }
  }

  /// a ∘ b with broadcasting; not recorded.
  private static func combined(_ op: rk_operator, _ a: Tensor, _ b: Tensor) -> Tensor {
    if a.shape == b.shape { return combinedRows(op, a, b, shape: a.shape, b.count, 1, 1) }
    if b.count == 1, b.rank <= a.rank {
      return combinedRows(op, a, b, shape: a.shape, a.count, 1, 0)
    }
    if a.count == 1, a.rank <= b.rank {
      return combinedRows(op, a, b, shape: b.shape, b.count, 0, 1)
    }
    if a.shape.hasSuffix(b.shape) { return combinedRows(op, a, b, shape: a.shape, b.count, 1, 1) }
    let shape = broadcastShape(a.shape, b.shape)
    let (a, b) = (a.broadcast(to: shape), b.broadcast(to: shape))
    return combinedRows(op, a, b, shape: shape, a.count, 1, 1)
  }

  /// Row after row of a, each of `length`, with the one row of b (or with row after row, if there
  /// is but one).
  private static func combinedRows(
    _ op: rk_operator, _ a: Tensor, _ b: Tensor, shape: [Int], _ length: Int, _ strideA: Int64,
    _ strideB: Int64
  ) -> Tensor {
    Tensor(shape: shape) { y in
      guard length > 0 else { return }
      for start in stride(from: 0, to: shape.reduce(1, *), by: length) {
        rk_combine(
          op, a.pointer + start * Int(strideA), strideA, b.pointer, strideB, y + start,
          Int64(length))
      }
    }
  }
}

/// An operand as its pullback needs it: the values, and whether anyone wants its gradient.
struct Operand: Sendable {
  let values: Tensor
  let isTracked: Bool

  init(_ tensor: Tensor) {
    values = tensor.detached
    isTracked = tensor.isTracked
  }
}

extension [Int] {
  func hasSuffix(_ suffix: [Int]) -> Bool {
    count >= suffix.count && self[(count - suffix.count)...].elementsEqual(suffix)
  }
}
