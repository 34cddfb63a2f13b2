import RecurrentCore
import RecurrentFiles

/// Why a node cannot be run; whoever runs it adds which node.
struct Problem: Error {
  var text: String
  var advice: String?
  /// Whether a result would have more elements than there is room for.
  var isTooLarge = false

  init(_ text: String, advice: String? = nil) {
    self.text = text
    self.advice = advice
  }
}

/// What a node computes. Settings and constants were looked at when it was made.
typealias Kernel = @Sendable (_ call: Call) throws(Problem) -> [OnnxTensor]

/// The values that a node gets. Sizes come from files and callers, so each is checked here before
/// anything is computed with it.
struct Call {
  /// Nil for one that is left out.
  let inputs: [OnnxTensor?]
  /// The most elements of a result.
  let room: Int

  /// An input that must be there.
  func input(_ index: Int) throws(Problem) -> OnnxTensor {
    if let value = optional(index) { return value }
    throw Problem("input \(index) is left out, expected a value")
  }

  /// An input that may be left out.
  func optional(_ index: Int) -> OnnxTensor? {
    inputs.indices.contains(index) ? inputs[index] : nil
  }

  /// An input of floating-point numbers.
  func floats(_ index: Int) throws(Problem) -> Tensor {
    let value = try input(index)
    if let tensor = value.tensor { return tensor }
    throw Problem("input \(index) has elements of type \(value.elementType), expected floats")
  }

  /// An input of floating-point numbers, if it is there.
  func optionalFloats(_ index: Int) throws(Problem) -> Tensor? {
    optional(index) == nil ? nil : try floats(index)
  }

  /// An input of whole numbers, in row-major order.
  func integers(_ index: Int) throws(Problem) -> [Int] {
    let value = try input(index)
    if let integers = value.integers { return integers.map { Int($0) } }
    throw Problem(
      "input \(index) has elements of type \(value.elementType), expected whole numbers")
  }

  /// An input of whole numbers, if it is there.
  func optionalIntegers(_ index: Int) throws(Problem) -> [Int]? {
    optional(index) == nil ? nil : try integers(index)
  }

  /// The only whole number of an input.
  func integer(_ index: Int) throws(Problem) -> Int {
    let values = try integers(index)
    guard values.count == 1 else {
      throw Problem("input \(index) has \(values.count) elements, expected one")
    }
    return values[0]
  }

  /// The only element of an input.
  func number(_ index: Int) throws(Problem) -> Float {
    let value = try input(index)
    guard value.count == 1 else {
      throw Problem("input \(index) has \(value.count) elements, expected one")
    }
    return value.floats[0]
  }

  /// `shape`, if a result may have it.
  @discardableResult
  func fitting(_ shape: [Int]) throws(Problem) -> [Int] {
    if let count = elementCount(ofShape: shape), count <= room { return shape }
    var problem = Problem("the result would have shape \(shape), more than there is room for")
    problem.isTooLarge = true
    throw problem
  }

  /// The shape of what is combined element by element: sizes aligned at the end, equal or 1.
  func broadcast(_ shapes: [Int]...) throws(Problem) -> [Int] {
    let rank = shapes.map(\.count).max() ?? 0
    var result = [Int](repeating: 1, count: rank)
    for shape in shapes {
      for (index, size) in zip(result.indices.suffix(shape.count), shape) where size != 1 {
        guard result[index] == 1 || result[index] == size else {
          throw Problem(
            "shapes \(shapes.map { "\($0)" }.joined(separator: " and ")) do not fit: aligned at the "
              + "end, sizes must be equal or 1")
        }
        result[index] = size
      }
    }
    return try fitting(result)
  }
}

/// `axis` of as many dimensions counted from the start.
func normalized(_ axis: Int, rank: Int) throws(Problem) -> Int {
  guard (-rank..<rank).contains(axis) else {
    throw Problem("axis \(axis) does not exist in \(rank) dimensions")
  }
  return axis < 0 ? axis + rank : axis
}

/// Axes of as many dimensions counted from the start, each once.
func normalized(_ axes: [Int], rank: Int) throws(Problem) -> [Int] {
  var result: [Int] = []
  for axis in axes {
    let place = try normalized(axis, rank: rank)
    guard !result.contains(place) else { throw Problem("axis \(axis) comes twice") }
    result.append(place)
  }
  return result
}
