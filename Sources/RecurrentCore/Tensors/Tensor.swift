import RecurrentFiles

/// An array of 32-bit floats with a shape, row-major, with value semantics.
///
/// A copy costs nothing until one of the two is changed. Operations are functions from tensors to
/// tensors; inside ``valueAndGradients(of:_:)`` those that depend on a model's parameters also
/// remember how to go back.
///
/// ```swift
/// let a = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
/// let b = Tensor([10, 20, 30])
/// print(a * b)         // rows times [10, 20, 30]
/// print(a.sum())       // 21
/// ```
public struct Tensor: Sendable {
  /// The size of each dimension; empty for a single number.
  public let shape: [Int]
  private(set) var storage: Storage
  /// Where this value stands on the tape that records it; nil for a constant.
  var slot: Tape.Slot?

  init(storage: Storage, shape: [Int], slot: Tape.Slot? = nil) {
    self.shape = shape
    self.storage = storage
    self.slot = slot
  }

  /// A tensor whose floats `fill` writes, all of them.
  package init(shape: [Int], fill: (UnsafeMutablePointer<Float>) -> Void) {
    let storage = Storage(count: shape.reduce(1, *))
    fill(storage.pointer)
    self.init(storage: storage, shape: shape)
  }

  /// A tensor without elements, for its shape alone; it counts at most `Int.max`.
  init(withoutElements shape: [Int]) {
    require(shape.allSatisfy { $0 >= 0 }, "a shape has sizes of at least 0, not \(shape)")
    self.init(
      storage: Storage(withoutFloats: elementCount(ofShape: shape) ?? .max), shape: shape)
  }

  /// False for a parameter of a model that was built for its shapes alone (``ShapesOnly``): to read
  /// an element of it is a programmer's error.
  public var hasElements: Bool { storage.hasFloats }

  /// A tensor of `shape` with these elements, in row-major order.
  public init(_ elements: [Float], shape: [Int]) {
    require(
      shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == elements.count,
      "a tensor of shape \(shape) has \(shape.reduce(1, *)) elements, not \(elements.count)")
    self.init(shape: shape) { y in
      elements.withUnsafeBufferPointer {
        if let x = $0.baseAddress { y.update(from: x, count: $0.count) }
      }
    }
  }

  /// A vector.
  public init(_ elements: [Float]) {
    self.init(elements, shape: [elements.count])
  }

  /// A single number, of shape `[]`.
  public init(_ value: Float) {
    self.init([value], shape: [])
  }

  /// A tensor whose elements are all `value`.
  public init(repeating value: Float, shape: [Int]) {
    require(shape.allSatisfy { $0 >= 0 }, "a tensor's sizes are at least 0, not \(shape)")
    self.init(shape: shape) { $0.update(repeating: value, count: shape.reduce(1, *)) }
  }

  /// A tensor of zeros.
  public static func zeros(_ shape: [Int]) -> Tensor {
    Tensor(repeating: 0, shape: shape)
  }

  /// The number of elements.
  public var count: Int { storage.count }

  /// The number of dimensions.
  public var rank: Int { shape.count }

  /// The elements in row-major order.
  public var elements: [Float] {
    Array(UnsafeBufferPointer(start: storage.pointer, count: count))
  }

  /// The only element of a tensor that has one.
  public var value: Float {
    require(count == 1, "value needs a tensor with one element; this has shape \(shape)")
    return storage.pointer[0]
  }

  /// The element at one index a dimension.
  public subscript(indices: Int...) -> Float {
    require(
      indices.count == rank && zip(indices, shape).allSatisfy { (0..<$1).contains($0) },
      "index \(indices) lies outside a tensor of shape \(shape)")
    return storage.pointer[zip(indices, shape).reduce(0) { $0 * $1.1 + $1.0 }]
  }

  /// The element at a place in row-major order, for code of the host that goes through them one by one.
  subscript(flat index: Int) -> Float { storage.pointer[index] }

  /// Calls `body` with the elements in row-major order.
  public func withUnsafeElements<R>(_ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R
  {
    let result = try body(UnsafeBufferPointer(start: storage.pointer, count: count))
    withExtendedLifetime(storage) {}
    return result
  }

  /// Calls `body` with the elements in row-major order, which it may change.
  public mutating func withUnsafeMutableElements<R>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> R
  ) rethrows -> R {
    try body(UnsafeMutableBufferPointer(start: mutablePointer(), count: count))
  }

  /// The elements' address after making sure that nobody else sees them; the tensor becomes a
  /// constant.
  mutating func mutablePointer() -> UnsafeMutablePointer<Float> {
    if isKnownUniquelyReferenced(&storage) {
      storage.willChange()
    } else {
      storage = storage.copy()
    }
    slot = nil
    return storage.pointer
  }

  /// The tensor in a buffer that is meant to be kept.
  var lasting: Tensor {
    Tensor(storage: storage.copy(lasts: true), shape: shape)
  }

  /// The tensor as a constant: gradients do not flow through it.
  public var detached: Tensor {
    Tensor(storage: storage, shape: shape)
  }

  /// Whether ``valueAndGradients(of:_:)`` follows this value.
  var isTracked: Bool { slot?.tape.isRecording ?? false }

  package var pointer: UnsafeMutablePointer<Float> { storage.pointer }

  /// A number that no tensor with another content has.
  var stamp: UInt64 { storage.stamp }
}

extension Tensor: Equatable {
  /// True for the same shape and equal elements (as floats: 0 equals -0, a NaN equals nothing).
  public static func == (a: Tensor, b: Tensor) -> Bool {
    a.shape == b.shape
      && a.withUnsafeElements { a in b.withUnsafeElements { b in a.elementsEqual(b) } }
  }

  /// True for the same shape and the same bits in every element.
  public func isIdentical(to other: Tensor) -> Bool {
    shape == other.shape
      && withUnsafeElements { a in
        other.withUnsafeElements { b in
          a.elementsEqual(b) { $0.bitPattern == $1.bitPattern }
        }
      }
  }
}

extension Tensor: CustomStringConvertible {
  /// The shape and the elements, nested by dimension; long ones are cut.
  public var description: String {
    "Tensor\(shape) \(hasElements ? nested(0..<count, shape[...]) : "without elements")"
  }

  private func nested(_ range: Range<Int>, _ shape: ArraySlice<Int>) -> String {
    guard let size = shape.first else { return "\(storage.pointer[range.lowerBound])" }
    guard size > 0 else { return "[]" }
    let stride = range.count / size
    let shown = (0..<min(size, 8)).map {
      nested(
        range.lowerBound + $0 * stride..<range.lowerBound + ($0 + 1) * stride, shape.dropFirst())
    }
    return "[" + shown.joined(separator: ", ") + (size > 8 ? ", …" : "") + "]"
  }
}
