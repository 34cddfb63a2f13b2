import RecurrentCore
import RecurrentFiles

/// A convolution over one or two dimensions: `[B, C, …]` to `[B, O, …]`.
///
/// It is the product of what lies under the kernel at each place, `[places, C/G·K]`, and the weights of each group.
/// What lies there is not written down: the kernels of the product read it where it stands, by a table of places and
/// one of what is under the kernel at the first.
struct Convolution: PlannedNode {
  private enum Padding: Sendable, Equatable {
    case explicit([Int])
    /// Padding for as many outputs as inputs, divided by the stride; whether an odd one goes to the front.
    case same(lower: Bool)
  }

  private let padding: Padding
  private let strides: [Int]?
  private let dilations: [Int]?
  private let groups: Int
  private let factors: Factors?

  /// The weights of each group, `[C/G·K, O/G]`.
  fileprivate struct Factors: Sendable {
    let groups: [ProductFactor]
    /// `[O, C/G, K…]`.
    let shape: [Int]

    init(_ weights: Tensor, groups count: Int) throws(Problem) {
      guard (3...4).contains(weights.rank), weights.shape[0] % count == 0,
        weights.shape.allSatisfy({ $0 > 0 })
      else {
        throw Problem(
          "the weights have shape \(weights.shape) in \(count) groups, expected [O, C, K] or "
            + "[O, C, K, K]")
      }
      shape = weights.shape
      let outputs = weights.shape[0] / count
      let matrix = weights.reshaped(to: [weights.shape[0], -1])
      groups = (0..<count).map { group in
        // Spectra are convolutions whose terms cancel.
        ProductFactor(
          matrix.slice(group * outputs..<(group + 1) * outputs, along: 0).transposed(), depth: 64)
      }
    }
  }

  init(_ settings: NodeSettings) throws(Problem) {
    strides = try settings.integers("strides")
    dilations = try settings.integers("dilations")
    groups = try settings.integer("group", default: 1)
    let least: [Int] = (strides ?? []) + (dilations ?? []) + [groups]
    guard least.allSatisfy({ $0 >= 1 && $0 < 1 << 31 }) else {
      throw Problem("strides, dilations or groups are below 1")
    }
    switch try settings.text("auto_pad", default: "NOTSET") {
    case "NOTSET": padding = .explicit(try settings.integers("pads") ?? [])
    case "VALID": padding = .explicit([])
    case "SAME_UPPER": padding = .same(lower: false)
    case "SAME_LOWER": padding = .same(lower: true)
    case let other: throw Problem("the padding \(quoted(other)) is unknown")
    }
    if case .explicit(let pads) = padding, !pads.allSatisfy({ $0 >= 0 && $0 < 1 << 31 }) {
      throw Problem("the padding \(pads) is below 0")
    }
    factors = try settings.constant(1)?.tensor.map { [groups] (weights) throws(Problem) in
      try Factors(weights, groups: groups)
    }
  }

  func callAsFunction(_ call: Call) throws(Problem) -> [OnnxTensor] {
    let x = try call.floats(0)
    let weights =
      if let factors { factors } else { try Factors(try call.floats(1), groups: groups) }
    let bias = try call.optionalFloats(2)
    let way = try way(x.shape, weights, biasShape: bias?.shape, call)
    let scratch = Tensor(shape: [way.scratchSize]) { _ in }
    let y = Tensor(shape: try call.fitting(way.shape)) { y in
      way(x.pointer, bias: bias.map { UnsafePointer($0.pointer) }, y, scratch: scratch.pointer)
    }
    withExtendedLifetime((x, bias, scratch)) {}
    return [OnnxTensor(y)]
  }

  func placed(_ inputs: [PlacedNode.Input]) -> PlacedNode? {
    let bias = inputs.count > 2 ? inputs[2].known?.tensor : nil
    guard let factors, inputs.count < 3 || bias != nil,
      let way = try? way(
        inputs[0].shape, factors, biasShape: bias?.shape, Call(inputs: [], room: .max))
    else { return nil }
    return PlacedNode(reads: [0], scratch: way.scratchSize) { x, _, y, scratch in
      way(x, bias: bias.map { UnsafePointer($0.pointer) }, y, scratch: scratch)
    }
  }

  private func courses(_ sizes: [Int], kernel: [Int]) throws(Problem) -> [Course] {
    let rank = sizes.count
    let (strides, dilations) = (
      strides ?? Array(repeating: 1, count: rank), dilations ?? Array(repeating: 1, count: rank)
    )
    var pads = [Int](repeating: 0, count: 2 * rank)
    if case .explicit(let stated) = padding, !stated.isEmpty { pads = stated }
    guard strides.count == rank, dilations.count == rank, pads.count == 2 * rank else {
      throw Problem("strides, dilations or padding are not for \(rank) dimensions")
    }
    var courses: [Course] = []
    for axis in 0..<rank {
      let (size, stride) = (sizes[axis], strides[axis])
      let reach = (kernel[axis] - 1) * dilations[axis] + 1
      var (before, after) = (pads[axis], pads[axis + rank])
      if case .same(let lower) = padding {
        let all = max(0, ((size + stride - 1) / stride - 1) * stride + reach - size)
        before = lower ? (all + 1) / 2 : all / 2
        after = all - before
      }
      let room = size + before + after - reach
      courses.append(
        Course(
          size: size, kernel: kernel[axis], stride: stride, dilation: dilations[axis],
          before: before, outputs: room < 0 ? 0 : room / stride + 1))
    }
    return courses
  }

  /// How inputs of this shape are gone over.
  private func way(
    _ x: [Int], _ weights: Factors, biasShape: [Int]?, _ call: Call
  ) throws(Problem) -> Way {
    let (outputs, depth) = (weights.shape[0], weights.shape[1])
    guard x.count == weights.shape.count, x[1] == depth * groups else {
      throw Problem(
        "input 0 has shape \(x), expected \(weights.shape.count) dimensions and "
          + "\(depth * groups) channels")
    }
    guard biasShape.map({ $0 == [outputs] }) ?? true else {
      throw Problem("the bias has shape \(biasShape ?? []), expected [\(outputs)]")
    }
    var courses = try courses(Array(x[2...]), kernel: Array(weights.shape[2...]))
    let shape = try call.fitting([x[0], outputs] + courses.map(\.outputs))
    // One dimension is two of which the first has one entry.
    if courses.count == 1 {
      courses.insert(
        Course(size: 1, kernel: 1, stride: 1, dilation: 1, before: 0, outputs: 1), at: 0)
    }
    let isPadded = !(courses[0].staysInside && courses[1].staysInside)
    let sizes = isPadded ? courses.map(\.reach) : courses.map(\.size)
    let source = try call.fitting([x[0] * x[1]] + sizes)
    guard source.reduce(1, *) < 1 << 31 else {
      throw Problem("its input of shape \(source) has more elements than can be addressed")
    }
    return Way(
      shape: shape, planes: x[0] * x[1], lines: courses[0], columns: courses[1],
      isPadded: isPadded, weights: weights)
  }
}

/// A dimension of a convolution: how the kernel goes along it.
private struct Course: Sendable {
  let size, kernel, stride, dilation, before, outputs: Int

  /// The entries that the kernel passes over, counted from the first, which may lie outside.
  var reach: Int { max(0, outputs - 1) * stride + (kernel - 1) * dilation + 1 }
  /// Whether it goes over entries only that are there.
  var staysInside: Bool { before == 0 && reach <= size }
}

/// How a convolution goes over inputs of one shape.
private struct Way: Sendable {
  /// `[B, O, …]`.
  let shape: [Int]
  private let planes: Int
  private let lines, columns: Course
  private let isPadded: Bool
  private let weights: Convolution.Factors
  /// Where the products of each group find their left factor.
  private let lefts: [ProductFactor.Left]

  init(
    shape: [Int], planes: Int, lines: Course, columns: Course, isPadded: Bool,
    weights: Convolution.Factors
  ) {
    (self.shape, self.planes, self.lines, self.columns) = (shape, planes, lines, columns)
    (self.isPadded, self.weights) = (isPadded, weights)
    let depth = weights.shape[1]
    let width = isPadded ? columns.reach : columns.size
    let plane = (isPadded ? lines.reach : lines.size) * width
    func steps(_ size: Int, by step: Int) -> [Int] { (0..<size).map { $0 * step } }
    func sums(_ a: [Int], _ b: [Int]) -> [Int] { a.flatMap { a in b.map { a + $0 } } }
    let under = sums(
      steps(depth, by: plane),
      sums(
        steps(lines.kernel, by: lines.dilation * width), steps(columns.kernel, by: columns.dilation)
      ))
    let places = sums(
      steps(lines.outputs, by: lines.stride * width), steps(columns.outputs, by: columns.stride))
    lefts = weights.groups.indices.map { group in
      let first = group * depth * plane
      let rows = sums(steps(shape[0], by: weights.groups.count * depth * plane), places)
      return ProductFactor.Left(
        rows: rows.map { Int32(first + $0) }, depth: under.map { Int32($0) })
    }
  }

  private var places: Int { lines.outputs * columns.outputs }
  private var paddedSize: Int { isPadded ? planes * lines.reach * columns.reach : 0 }
  private var productSize: Int { shape[0] * places * (shape[1] / weights.groups.count) }
  /// With one group and one place, the product lies as the output does.
  private var isDirect: Bool { places == 1 && weights.groups.count == 1 }

  /// The input with what is around it, a product, and a part of its sums.
  var scratchSize: Int { paddedSize + 2 * productSize }

  /// y = the convolution of x.
  func callAsFunction(
    _ x: UnsafePointer<Float>, bias: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let (batch, outputs, places) = (shape[0], shape[1], places)
    guard batch * places > 0 else { return }
    if isPadded { pad(x, into: scratch) }
    let source = isPadded ? UnsafePointer(scratch) : x
    let product = scratch + paddedSize
    let share = outputs / weights.groups.count
    for (group, factor) in weights.groups.enumerated() {
      let product = isDirect ? y : product
      factor.multiply(
        source, lefts[group], bias: bias.map { $0 + group * share }, into: product,
        scratch: scratch + paddedSize + productSize)
      if isDirect { return }
      for b in 0..<batch {
        for output in 0..<share {
          let target = y + (b * outputs + group * share + output) * places
          var place = b * places * share + output
          for index in 0..<places {
            target[index] = product[place]
            place += share
          }
        }
      }
    }
  }

  /// The input with zeros around it as far as kernels reach.
  private func pad(_ x: UnsafePointer<Float>, into padded: UnsafeMutablePointer<Float>) {
    let (first, width) = (min(columns.before, columns.reach), columns.reach)
    let kept = max(0, min(columns.size, width - first))
    var target = padded
    for plane in 0..<planes {
      for line in -lines.before..<lines.reach - lines.before {
        if (0..<lines.size).contains(line) {
          target.update(repeating: 0, count: first)
          (target + first).update(
            from: x + (plane * lines.size + line) * columns.size, count: kept)
          (target + first + kept).update(repeating: 0, count: width - first - kept)
        } else {
          target.update(repeating: 0, count: width)
        }
        target += width
      }
    }
  }
}
