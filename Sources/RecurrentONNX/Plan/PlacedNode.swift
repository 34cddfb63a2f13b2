import RecurrentCore

/// A node that can run among values whose places are planned, besides with tensors of its own. Both ways give the same
/// bits.
protocol PlannedNode: Sendable {
  func callAsFunction(_ call: Call) throws(Problem) -> [OnnxTensor]
  /// The node placed for such inputs; nil: it runs with tensors of its own only.
  func placed(_ inputs: [PlacedNode.Input]) -> PlacedNode?
}

/// How a node runs for inputs of known shapes: from floats to floats, with nothing looked up and nothing allocated.
struct PlacedNode: Sendable {
  /// What is known of an input before anything runs.
  struct Input {
    let shape: [Int]
    let isFloat: Bool
    /// The value, if it does not depend on what is given.
    let known: OnnxTensor?
  }

  typealias Body =
    @Sendable (
      _ x: UnsafePointer<Float>, _ second: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
      _ scratch: UnsafeMutablePointer<Float>
    ) -> Void

  /// The inputs that it reads, one or two; without a second the first stands for it.
  var reads: [Int]
  /// Floats that it needs besides.
  var scratch = 0
  /// Whether y may be an input of as many floats.
  var worksInPlace = false
  let body: Body
}

extension Operators {
  private static let elementKernels: [String: ElementKernel] = [
    "Sqrt": .squareRoot, "Exp": .exp, "Log": .log, "Reciprocal": .reciprocal, "Sigmoid": .sigmoid,
    "Tanh": .tanh, "Softplus": .softplus, "Relu": .relu, "Abs": .absolute,
  ]
  private static let pairKernels: [String: PairKernel] = [
    "Add": .sum, "Sub": .difference, "Mul": .product, "Div": .quotient, "Max": .maximum,
    "Min": .minimum,
  ]

  /// How an operator that acts on each element runs in place.
  static func placed(_ operation: String, _ inputs: [PlacedNode.Input]) -> PlacedNode? {
    guard inputs.allSatisfy(\.isFloat), let first = inputs.first else { return nil }
    let count = first.shape.reduce(1, *)
    func each(_ kernel: ElementKernel) -> PlacedNode {
      PlacedNode(reads: [0], worksInPlace: true) { x, _, y, _ in kernel(x, y, count: count) }
    }
    if inputs.count == 1 { return elementKernels[operation].map(each) }
    guard inputs.count == 2 else { return nil }
    let second = inputs[1].shape
    let secondCount = second.reduce(1, *)
    if operation == "Pow" {
      guard let exponent = inputs[1].known, exponent.count == 1, second.count <= first.shape.count
      else { return nil }
      return exponent.floats[0] == 2
        ? each(.squared) : exponent.floats[0] == 0.5 ? each(.squareRoot) : nil
    }
    guard let kernel = pairKernels[operation] else { return nil }
    func pairs(_ strides: (Int, Int), _ length: Int, _ steps: (Int, Int), of all: Int) -> PlacedNode
    {
      PlacedNode(reads: [0, 1], worksInPlace: true) { a, b, y, _ in
        var row = 0
        for start in stride(from: 0, to: all, by: max(length, 1)) {
          kernel(
            (a + row * steps.0, strides.0), (b + row * steps.1, strides.1), y + start,
            count: length)
          row += 1
        }
      }
    }
    if first.shape == second { return pairs((1, 1), count, (0, 0), of: count) }
    if secondCount == 1, second.count <= first.shape.count {
      return pairs((1, 0), count, (0, 0), of: count)
    }
    if count == 1, first.shape.count <= second.count {
      return pairs((0, 1), secondCount, (0, 0), of: secondCount)
    }
    // One row for each row of the other.
    if first.shape.suffix(second.count) == second[...] {
      return pairs((1, 1), secondCount, (secondCount, 0), of: count)
    }
    if second.suffix(first.shape.count) == first.shape[...] {
      return pairs((1, 1), count, (0, count), of: secondCount)
    }
    return nil
  }
}
