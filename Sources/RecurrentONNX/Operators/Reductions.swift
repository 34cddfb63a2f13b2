import Foundation
import RecurrentCore
import RecurrentFiles

// Operators that go along dimensions: sums, softmax, normalization, the largest.

extension Operators {
  static let reductions: [String: Maker] = [
    "ReduceSum": reduction(
      inputSince: 13, { $0.reduce(0) { $0 + Double($1) } }, { $0.reduce(0, &+) }),
    "ReduceMean": reduction(
      { $0.reduce(0) { $0 + Double($1) } / Double($0.count) },
      { $0.reduce(0, &+) / Int64(max($0.count, 1)) }),
    "ReduceMax": reduction({ Double($0.max() ?? -.infinity) }, { $0.max() ?? .min }),
    "ReduceMin": reduction({ Double($0.min() ?? .infinity) }, { $0.min() ?? .max }),
    "ReduceProd": reduction({ $0.reduce(1) { $0 * Double($1) } }, { $0.reduce(1, &*) }),
    "ReduceSumSquare": reduction { $0.reduce(0) { $0 + Double($1) * Double($1) } },
    "ReduceL1": reduction { $0.reduce(0) { $0 + Double($1.magnitude) } },
    "ReduceL2": reduction { $0.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() },
    "Softmax": softmax { $0.softmax() }, "LogSoftmax": softmax { $0.logSoftmax() },
    "TopK": topK, "ArgMax": extremePlace { $0 > $1 }, "ArgMin": extremePlace { $0 < $1 },
    "LayerNormalization": layerNormalization, "BatchNormalization": batchNormalization,
  ]

  /// The dimensions in an order that puts `axes` last, and the way back.
  private static func last(
    _ axes: [Int], of rank: Int
  ) -> (order: [Int], inverse: [Int]) {
    let order = (0..<rank).filter { !axes.contains($0) } + axes
    var inverse = order
    for (place, axis) in order.enumerated() { inverse[axis] = place }
    return (order, inverse)
  }

  private static func reduction(
    inputSince opset: Int = 18, _ floats: @escaping @Sendable (ArraySlice<Float>) -> Double,
    _ integers: (@Sendable (ArraySlice<Int64>) -> Int64)? = nil
  ) -> Maker {
    { (settings) throws(Problem) in
      let axes = try settings.list("axes", input: 1, since: opset)
      let keeps = try settings.integer("keepdims", default: 1) != 0
      let isIdle = try settings.integer("noop_with_empty_axes", default: 0) != 0
      return { (call) throws(Problem) in
        let x = try call.input(0)
        let stated = try axes(call) ?? []
        if stated.isEmpty, isIdle { return [x] }
        let axes = try normalized(
          stated.isEmpty ? Array(x.shape.indices) : stated, rank: x.shape.count
        ).sorted()
        let size = axes.reduce(1) { $0 * x.shape[$1] }
        let rest = x.shape.indices.filter { !axes.contains($0) }
        let shape =
          keeps
          ? x.shape.indices.map { axes.contains($0) ? 1 : x.shape[$0] } : rest.map { x.shape[$0] }
        let count = rest.reduce(1) { $0 * x.shape[$1] }
        try call.fitting(shape)
        let moved = x.transposed(last(axes, of: x.shape.count).order)
        switch moved.elements {
        case .floats(let tensor):
          let values = tensor.elements
          let result = (0..<count).map { Float(floats(values[$0 * size..<($0 + 1) * size])) }
          return [OnnxTensor(Tensor(result, shape: shape), x.elementType)]
        case .integers(let values):
          guard let integers else {
            throw Problem("input 0 has elements of type \(x.elementType), expected floats")
          }
          let result = (0..<count).map {
            x.elementType.wrapped(integers(values[$0 * size..<($0 + 1) * size]))
          }
          return [OnnxTensor(result, shape: shape, x.elementType)]
        }
      }
    }
  }

  private static func softmax(_ function: @escaping @Sendable (Tensor) -> Tensor) -> Maker {
    { (settings) throws(Problem) in
      // Before opset 13 all dimensions from the axis on were one.
      let isFlat = settings.opset < 13
      let axis = try settings.integer("axis", default: isFlat ? 1 : -1)
      return { (call) throws(Problem) in
        let x = OnnxTensor(try call.floats(0))
        if x.count == 0 || x.shape.isEmpty {
          return [OnnxTensor(Tensor(repeating: 1, shape: x.shape))]
        }
        let rank = x.shape.count
        let place = isFlat && axis == rank ? rank : try normalized(axis, rank: rank)
        if isFlat {
          let flat = x.reshaped(to: [
            x.shape[..<place].reduce(1, *), x.shape[place...].reduce(1, *),
          ])
          return flat.tensor.map { [OnnxTensor(function($0)).reshaped(to: x.shape)] } ?? []
        }
        let (order, inverse) = last([place], of: rank)
        let moved = x.transposed(order)
        return moved.tensor.map { [OnnxTensor(function($0)).transposed(inverse)] } ?? []
      }
    }
  }

  // MARK: The largest

  private static func topK(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let axis = try settings.integer("axis", default: -1)
    let takesLargest = try settings.integer("largest", default: 1) != 0
    let stated = settings.opset < 10 ? try settings.integer("k", default: 0) : nil
    return { (call) throws(Problem) in
      let x = try call.input(0)
      let axis = try normalized(axis, rank: x.shape.count)
      let size = x.shape[axis]
      let k = if let stated { stated } else { try call.integer(1) }
      guard (0...size).contains(k) else {
        throw Problem("\(k) of \(size) entries are asked for, expected at most \(size)")
      }
      let (order, inverse) = last([axis], of: x.shape.count)
      let moved = x.transposed(order)
      // Whole numbers are compared as such: rounding would make some equal.
      let (floats, integers) = (moved.tensor?.elements, moved.integers)
      func isBefore(_ a: Int, _ b: Int) -> Bool {
        if let floats, floats[a] != floats[b] { return (floats[a] > floats[b]) == takesLargest }
        if let integers, integers[a] != integers[b] {
          return (integers[a] > integers[b]) == takesLargest
        }
        return a < b
      }
      let chosen = (0..<(size > 0 ? x.count / size : 0)).flatMap { row in
        (row * size..<(row + 1) * size).sorted(by: isBefore).prefix(k)
      }
      var shape = moved.shape
      shape[shape.count - 1] = k
      let flat = moved.reshaped(to: [x.count]).picked(chosen, along: 0).reshaped(to: shape)
      let places = OnnxTensor(chosen.map { Int64($0 % max(size, 1)) }, shape: shape, .int64)
      return [flat.transposed(inverse), places.transposed(inverse)]
    }
  }

  private static func extremePlace(
    _ isBetter: @escaping @Sendable (Float, Float) -> Bool
  ) -> Maker {
    { (settings) throws(Problem) in
      let axis = try settings.integer("axis", default: 0)
      let keeps = try settings.integer("keepdims", default: 1) != 0
      let takesLast = try settings.integer("select_last_index", default: 0) != 0
      return { (call) throws(Problem) in
        let x = try call.input(0)
        let axis = try normalized(axis, rank: x.shape.count)
        let size = x.shape[axis]
        guard size > 0 else { throw Problem("there is nothing along axis \(axis)") }
        let values = x.transposed(last([axis], of: x.shape.count).order).floats
        let places = stride(from: 0, to: values.count, by: size).map { row -> Int64 in
          var best = 0
          for place in 1..<max(size, 1) {
            let (value, old) = (values[row + place], values[row + best])
            if isBetter(value, old) || (takesLast && value == old) { best = place }
          }
          return Int64(best)
        }
        var shape = x.shape
        shape[axis] = 1
        if !keeps { shape.remove(at: axis) }
        return [OnnxTensor(places, shape: shape, .int64)]
      }
    }
  }

  // MARK: Normalization

  private static func layerNormalization(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let axis = try settings.integer("axis", default: -1)
    let epsilon = Double(try settings.float("epsilon", default: 1e-5))
    return { (call) throws(Problem) in
      let (x, scale) = (try call.floats(0), try call.floats(1))
      let bias = try call.optionalFloats(2)
      let axis = try normalized(axis, rank: x.rank)
      let own = Array(x.shape[axis...])
      guard try call.broadcast(own, scale.shape) == own,
        try bias.map({ (bias) throws(Problem) in try call.broadcast(own, bias.shape) == own })
          ?? true
      else { throw Problem("scale or bias do not fit shape \(own)") }
      let (size, values) = (own.reduce(1, *), x.elements)
      var (result, means, deviations) = ([Float](), [Float](), [Float]())
      for row in stride(from: 0, to: values.count, by: max(size, 1)) {
        let part = values[row..<row + size]
        let mean = part.reduce(0) { $0 + Double($1) } / Double(size)
        let variance =
          part.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(size)
        let factor = 1 / (variance + epsilon).squareRoot()
        result += part.map { Float((Double($0) - mean) * factor) }
        means.append(Float(mean))
        deviations.append(Float(factor))
      }
      var y = Tensor(result, shape: x.shape) * scale
      if let bias { y = y + bias }
      let shape = x.shape[..<axis] + own.map { _ in 1 }
      return [
        OnnxTensor(y), OnnxTensor(Tensor(means, shape: Array(shape))),
        OnnxTensor(Tensor(deviations, shape: Array(shape))),
      ]
    }
  }

  private static func batchNormalization(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let epsilon = try settings.float("epsilon", default: 1e-5)
    guard try settings.integer("training_mode", default: 0) == 0 else {
      throw Problem("it is in training mode", advice: "Export the model after model.eval()")
    }
    return { (call) throws(Problem) in
      let x = try call.floats(0)
      guard x.rank >= 2 else { throw Problem("input 0 has shape \(x.shape), expected [B, C, …]") }
      var parts: [[Float]] = []
      for index in 1...4 {
        let part = try call.floats(index)
        guard part.shape == [x.shape[1]] else {
          throw Problem("input \(index) has shape \(part.shape), expected [\(x.shape[1])]")
        }
        parts.append(part.elements)
      }
      let factors = zip(parts[0], parts[3]).map { $0 / ($1 + epsilon).squareRoot() }
      let shifts = zip(parts[1], zip(parts[2], factors)).map { $0 - $1.0 * $1.1 }
      let shape = [x.shape[1]] + x.shape[2...].map { _ in 1 }
      return [OnnxTensor(x * Tensor(factors, shape: shape) + Tensor(shifts, shape: shape))]
    }
  }
}
