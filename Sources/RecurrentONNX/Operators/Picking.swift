import RecurrentCore
import RecurrentFiles

// Operators that move elements.

extension Operators {
  static let picking: [String: Maker] = [
    "Transpose": transpose, "Concat": concat, "Slice": slice, "Gather": gather, "Split": split,
    "Pad": pad, "Expand": { _ in expand }, "Tile": { _ in tile },
  ]

  private static func transpose(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let order = try settings.integers("perm")
    return { (call) throws(Problem) in
      let x = try call.input(0)
      let order = order ?? x.shape.indices.reversed()
      guard order.sorted() == Array(x.shape.indices) else {
        throw Problem("the order \(order) is none of the dimensions of shape \(x.shape)")
      }
      return [x.transposed(order)]
    }
  }

  private static func concat(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let axis = try settings.integer("axis", default: 1)
    return { (call) throws(Problem) in
      let first = try call.input(0)
      let axis = try normalized(axis, rank: first.shape.count)
      var (tensors, total) = ([OnnxTensor](), 0)
      for index in call.inputs.indices {
        let tensor = try call.input(index)
        var (mine, others) = (tensor.shape, first.shape)
        guard mine.count == others.count else {
          throw Problem("shapes \(others) and \(mine) have different numbers of dimensions")
        }
        total += mine[axis]
        (mine[axis], others[axis]) = (0, 0)
        guard mine == others, (tensor.tensor == nil) == (first.tensor == nil) else {
          throw Problem(
            "shapes \(first.shape) and \(tensor.shape) cannot stand one after the other along \(axis)"
          )
        }
        tensors.append(tensor)
      }
      var shape = first.shape
      shape[axis] = total
      try call.fitting(shape)
      return OnnxTensor.concatenated(tensors, along: axis).map { [$0] } ?? []
    }
  }

  private static func slice(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let starts = try settings.list("starts", input: 1, since: 10)
    let ends = try settings.list("ends", input: 2, since: 10)
    let axes = try settings.list("axes", input: 3, since: 10)
    let steps = try settings.list("steps", input: 4, since: 10)
    return { (call) throws(Problem) in
      let x = try call.input(0)
      guard let starts = try starts(call), let ends = try ends(call), starts.count == ends.count
      else { throw Problem("it has no starts and ends, or not as many of both") }
      let axes = try normalized(
        try axes(call) ?? Array(starts.indices), rank: x.shape.count)
      let steps = try steps(call) ?? starts.map { _ in 1 }
      guard axes.count == starts.count, steps.count == starts.count else {
        throw Problem(
          "it has \(starts.count) starts, \(axes.count) axes and \(steps.count) steps, expected as "
            + "many of each")
      }
      var result = x
      for (index, axis) in axes.enumerated() {
        let places = try slice(
          size: x.shape[axis], from: starts[index], to: ends[index], by: steps[index])
        if places != Array(0..<x.shape[axis]) { result = result.picked(places, along: axis) }
      }
      return [result]
    }
  }

  /// The entries of a dimension that a slice takes; bounds beyond it count as its own.
  private static func slice(
    size: Int, from start: Int, to end: Int, by step: Int
  ) throws(Problem) -> [Int] {
    guard step != 0, step != .min else { throw Problem("a step is \(step)") }
    func place(_ index: Int, _ range: ClosedRange<Int>) -> Int {
      let index = index < 0 ? index + size : index
      return min(max(index, range.lowerBound), range.upperBound)
    }
    guard size > 0 else { return [] }
    if step > 0 {
      let (first, last) = (place(start, 0...size), place(end, 0...size))
      return first < last ? Array(stride(from: first, to: last, by: step)) : []
    }
    let (first, last) = (place(start, 0...size - 1), place(end, -1...size - 1))
    return first > last ? Array(stride(from: first, to: last, by: step)) : []
  }

  private static func gather(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let axis = try settings.integer("axis", default: 0)
    return { (call) throws(Problem) in
      let (x, indices) = (try call.input(0), try call.integers(1))
      let axis = try normalized(axis, rank: x.shape.count)
      let size = x.shape[axis]
      for index in indices where !(-size..<size).contains(index) {
        throw Problem("entry \(index) does not exist among \(size) along axis \(axis)")
      }
      let shape = try call.fitting(
        x.shape[..<axis] + (try call.input(1).shape) + x.shape[(axis + 1)...])
      return [
        x.picked(indices.map { $0 < 0 ? $0 + size : $0 }, along: axis).reshaped(to: shape)
      ]
    }
  }

  private static func split(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let axis = try settings.integer("axis", default: 0)
    let sizes = try settings.list("split", input: 1, since: 13)
    let outputs = settings.node.outputs.count
    return { (call) throws(Problem) in
      let x = try call.input(0)
      let axis = try normalized(axis, rank: x.shape.count)
      let size = x.shape[axis]
      let part = (size + outputs - 1) / max(outputs, 1)
      let sizes = try sizes(call) ?? (0..<outputs).map { max(0, min(part, size - $0 * part)) }
      guard sizes.count == outputs, sizes.allSatisfy({ (0...size).contains($0) }),
        sizes.reduce(0, +) == size
      else { throw Problem("the sizes \(sizes) do not divide \(size) among \(outputs) outputs") }
      var start = 0
      return sizes.map { size in
        defer { start += size }
        return x.picked(Array(start..<start + size), along: axis)
      }
    }
  }

  private static func pad(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let mode = try settings.text("mode", default: "constant")
    guard ["constant", "reflect", "edge", "wrap"].contains(mode) else {
      throw Problem("the mode \(quoted(mode)) is none of constant, reflect, edge and wrap")
    }
    let pads = try settings.list("pads", input: 1, since: 11)
    let value = OnnxTensor(Tensor(try settings.float("value", default: 0)))
    let isOld = settings.opset < 11
    return { (call) throws(Problem) in
      let x = try call.input(0)
      let pads = try pads(call) ?? []
      let axes = try normalized(
        (isOld ? nil : try call.optionalIntegers(3)) ?? Array(x.shape.indices),
        rank: x.shape.count)
      guard pads.count == 2 * axes.count else {
        throw Problem(
          "\(pads.count) sizes of padding for \(axes.count) axes, expected two for each")
      }
      let fill = isOld ? value : call.optional(2)
      guard fill.map({ $0.count == 1 }) ?? true else {
        throw Problem("what is put around has more than one element")
      }
      var (result, shape) = (x, x.shape)
      for (index, axis) in axes.enumerated() {
        let (before, after) = (pads[index], pads[index + axes.count])
        let size = x.shape[axis]
        guard before.magnitude < 1 << 40, after.magnitude < 1 << 40,
          mode != "reflect" || max(before, after) < max(size, 1),
          mode == "constant" || size > 0 || max(before, after) <= 0
        else {
          throw Problem("\(before) and \(after) cannot be put around \(size) entries (\(mode))")
        }
        shape[axis] = max(0, size + before + after)
        try call.fitting(shape)
        let places = (-before..<max(-before, size + after)).map { place -> Int in
          if (0..<size).contains(place) { return place }
          return switch mode {
          case "reflect": PaddingMode.reflect.source(of: place, size: size) ?? -1
          case "edge": PaddingMode.edge.source(of: place, size: size) ?? -1
          case "wrap": ((place % size) + size) % size
          default: -1
          }
        }
        result = result.picked(places, along: axis, fill: fill)
      }
      return [result]
    }
  }

  @Sendable private static func expand(_ call: Call) throws(Problem) -> [OnnxTensor] {
    let x = try call.input(0)
    return [x.broadcast(to: try call.broadcast(x.shape, try call.integers(1)))]
  }

  @Sendable private static func tile(_ call: Call) throws(Problem) -> [OnnxTensor] {
    let (x, repeats) = (try call.input(0), try call.integers(1))
    guard repeats.count == x.shape.count, repeats.allSatisfy({ $0 >= 0 && $0 < 1 << 40 }) else {
      throw Problem("the repeats \(repeats) do not fit shape \(x.shape)")
    }
    var (result, shape) = (x, x.shape)
    for (axis, count) in repeats.enumerated() where count != 1 {
      let (size, isTooLarge) = shape[axis].multipliedReportingOverflow(by: count)
      shape[axis] = isTooLarge ? .max : size
      try call.fitting(shape)
      let size0 = x.shape[axis]
      result = result.picked((0..<size).map { $0 % max(size0, 1) }, along: axis)
    }
    return [result]
  }
}
