import RecurrentCore
import RecurrentFiles

// Operators that make shapes, read them or change them; no element moves.

extension Operators {
  static let shaping: [String: Maker] = [
    "Constant": constant, "ConstantOfShape": constantOfShape, "Shape": shape,
    "Size": { _ in
      { (call) throws(Problem) in
        [OnnxTensor([Int64(try call.input(0).count)], shape: [], .int64)]
      }
    },
    "Reshape": reshape, "Squeeze": squeeze, "Unsqueeze": unsqueeze, "Flatten": flatten,
    "Range": { _ in range },
  ]

  private static func constant(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let value: OnnxTensor?
    if settings.has("value") {
      value = try settings.tensor("value")
    } else if settings.has("value_float") {
      value = OnnxTensor(Tensor(try settings.float("value_float", default: 0)))
    } else if settings.has("value_int") {
      value = OnnxTensor(
        [Int64(try settings.integer("value_int", default: 0))], shape: [], .int64)
    } else if settings.has("value_floats") {
      value = OnnxTensor(Tensor(try settings.floats("value_floats")))
    } else {
      value = try settings.integers("value_ints").map {
        OnnxTensor($0.map { Int64($0) }, shape: [$0.count], .int64)
      }
    }
    guard let value else {
      throw Problem("its value is a text or a sparse tensor, expected numbers")
    }
    return { _ in [value] }
  }

  private static func constantOfShape(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let value = try settings.tensor("value") ?? OnnxTensor(Tensor([0]))
    guard value.count == 1 else {
      throw Problem("its value has \(value.count) elements, expected 1")
    }
    return { (call) throws(Problem) in
      let shape = try call.fitting(try call.integers(0))
      let count = shape.reduce(1, *)
      switch value.elements {
      case .floats(let tensor):
        return [OnnxTensor(Tensor(repeating: tensor.elements[0], shape: shape), value.elementType)]
      case .integers(let values):
        return [
          OnnxTensor(
            [Int64](repeating: values[0], count: count), shape: shape, value.elementType)
        ]
      }
    }
  }

  private static func shape(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let start = try settings.integer("start", default: 0)
    let end = try settings.integer("end", default: .max)
    return { (call) throws(Problem) in
      let shape = try call.input(0).shape
      func place(_ index: Int) -> Int {
        min(max(index < 0 ? index + shape.count : index, 0), shape.count)
      }
      let part = shape[place(start)..<max(place(start), place(end))]
      return [OnnxTensor(part.map { Int64($0) }, shape: [part.count], .int64)]
    }
  }

  private static func reshape(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let allowsZero = try settings.integer("allowzero", default: 0) != 0
    return { (call) throws(Problem) in
      let x = try call.input(0)
      var shape = try call.integers(1)
      if !allowsZero {
        for axis in shape.indices where shape[axis] == 0 {
          guard axis < x.shape.count else {
            throw Problem("dimension \(axis) is to stay, but shape \(x.shape) has none")
          }
          shape[axis] = x.shape[axis]
        }
      }
      let open = shape.indices.filter { shape[$0] == -1 }
      let known = elementCount(ofShape: shape.filter { $0 != -1 })
      if open.count == 1, let known, known > 0 { shape[open[0]] = x.count / known }
      if open.count == 1, known == 0 { shape[open[0]] = 0 }
      guard elementCount(ofShape: shape) == x.count else {
        throw Problem("\(x.count) elements of shape \(x.shape) do not fill shape \(shape)")
      }
      return [x.reshaped(to: shape)]
    }
  }

  private static func squeeze(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let axes = try settings.list("axes", input: 1, since: 13)
    return { (call) throws(Problem) in
      let x = try call.input(0)
      let gone: [Int]
      if let axes = try axes(call) {
        gone = try normalized(axes, rank: x.shape.count)
        guard gone.allSatisfy({ x.shape[$0] == 1 }) else {
          throw Problem("axes \(axes) of shape \(x.shape) are to go, expected sizes of 1")
        }
      } else {
        gone = x.shape.indices.filter { x.shape[$0] == 1 }
      }
      return [
        x.reshaped(to: x.shape.indices.filter { !gone.contains($0) }.map { x.shape[$0] })
      ]
    }
  }

  private static func unsqueeze(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let axes = try settings.list("axes", input: 1, since: 13)
    return { (call) throws(Problem) in
      let x = try call.input(0)
      let axes = try axes(call) ?? []
      guard axes.count <= 64 else { throw Problem("\(axes.count) axes are to be added") }
      let rank = x.shape.count + axes.count
      let added = try normalized(axes, rank: rank)
      var sizes = x.shape[...]
      return [
        x.reshaped(to: (0..<rank).map { added.contains($0) ? 1 : sizes.popFirst() ?? 1 })
      ]
    }
  }

  private static func flatten(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let axis = try settings.integer("axis", default: 1)
    return { (call) throws(Problem) in
      let x = try call.input(0)
      let rank = x.shape.count
      let place = axis == rank ? rank : try normalized(axis, rank: rank)
      return [
        x.reshaped(to: [x.shape[..<place].reduce(1, *), x.shape[place...].reduce(1, *)])
      ]
    }
  }

  @Sendable private static func range(_ call: Call) throws(Problem) -> [OnnxTensor] {
    let (start, limit, step) = (try call.input(0), try call.number(1), try call.number(2))
    guard step != 0 else { throw Problem("the step is 0") }
    let first = try call.number(0)
    let steps = ((Double(limit) - Double(first)) / Double(step)).rounded(.up)
    let count = Int(exactly: max(0, steps)) ?? .max
    try call.fitting([count])
    if start.tensor != nil {
      return [OnnxTensor(Tensor((0..<count).map { first + Float($0) * step }), start.elementType)]
    }
    let (from, by) = (try call.integer(0), try call.integer(2))
    return [
      OnnxTensor((0..<count).map { Int64(from &+ $0 &* by) }, shape: [count], start.elementType)
    ]
  }
}
