import RecurrentCore
import RecurrentFiles

/// A convolution over one or two dimensions: `[B, C, …]` to `[B, O, …]`.
///
/// It is the product of what lies under the kernel at each place, `[places, C/G·K]`, and the weights of each group.
/// What lies there is not written down: the kernels of the product read it where it stands, by a table of places and
/// one of what is under the kernel at the first.
struct Convolution: Sendable {
  private enum Padding: Sendable, Equatable {
    case explicit([Int])
    /// As many outputs as inputs, divided by the stride; whether an odd one goes to the front.
    case same(lower: Bool)
  }

  private let padding: Padding
  private let strides: [Int]?
  private let dilations: [Int]?
  private let groups: Int
  private let factors: Factors?

  /// The weights of each group, `[C/G·K, O/G]`.
  private struct Factors: Sendable {
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

  var kernel: Kernel {
    { (call) throws(Problem) in [OnnxTensor(try forward(call))] }
  }

  /// One dimension: how the kernel goes along it.
  private struct Course {
    let size, kernel, stride, dilation, before, outputs: Int

    /// The entries that the kernel passes over, counted from the first, which may lie outside.
    var reach: Int { max(0, outputs - 1) * stride + (kernel - 1) * dilation + 1 }
    /// Whether it goes over entries only that are there.
    var staysInside: Bool { before == 0 && reach <= size }
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

  private func forward(_ call: Call) throws(Problem) -> Tensor {
    let x = try call.floats(0)
    let weights =
      if let factors { factors } else { try Factors(try call.floats(1), groups: groups) }
    let (outputs, depth) = (weights.shape[0], weights.shape[1])
    guard x.rank == weights.shape.count, x.shape[1] == depth * groups else {
      throw Problem(
        "input 0 has shape \(x.shape), expected \(weights.shape.count) dimensions and "
          + "\(depth * groups) channels")
    }
    let bias = try call.optionalFloats(2)
    guard bias.map({ $0.shape == [outputs] }) ?? true else {
      throw Problem("the bias has shape \(bias?.shape ?? []), expected [\(outputs)]")
    }
    var courses = try courses(Array(x.shape[2...]), kernel: Array(weights.shape[2...]))
    let shape = try call.fitting([x.shape[0], outputs] + courses.map(\.outputs))
    // One dimension is two of which the first has one entry.
    if courses.count == 1 {
      courses.insert(
        Course(size: 1, kernel: 1, stride: 1, dilation: 1, before: 0, outputs: 1), at: 0)
    }
    let (batch, places) = (x.shape[0], courses[0].outputs * courses[1].outputs)
    guard batch * places > 0 else { return .zeros(shape) }
    let (source, lines, columns) = try padded(x, courses[0], courses[1], call)
    let plane = lines * columns
    guard source.count < 1 << 31 else {
      throw Problem("its input of \(source.count) elements is more than can be addressed")
    }
    let depths = (0..<depth).flatMap { channel in
      (0..<courses[0].kernel).flatMap { line in
        (0..<courses[1].kernel).map { column in
          Int32(
            channel * plane + line * courses[0].dilation * columns + column * courses[1].dilation)
        }
      }
    }
    let share = outputs / groups
    let parts = weights.groups.enumerated().map { group, factor in
      factor.product(
        source,
        rows: (0..<batch).flatMap { b in
          (0..<courses[0].outputs).flatMap { line in
            (0..<courses[1].outputs).map { column in
              Int32(
                (b * groups + group) * depth * plane + line * courses[0].stride * columns
                  + column * courses[1].stride)
            }
          }
        }, depth: depths,
        bias: bias?.slice(group * share..<(group + 1) * share, along: 0))
    }
    return Tensor(shape: shape) { y in
      for (group, part) in parts.enumerated() {
        part.withUnsafeElements { values in
          for b in 0..<batch {
            for output in 0..<share {
              let target = y + (b * outputs + group * share + output) * places
              var place = b * places * share + output
              for index in 0..<places {
                target[index] = values[place]
                place += share
              }
            }
          }
        }
      }
    }
  }

  /// The input with zeros around it as far as kernels reach, and how many lines and columns it has then.
  private func padded(
    _ x: Tensor, _ lines: Course, _ columns: Course, _ call: Call
  ) throws(Problem) -> (Tensor, lines: Int, columns: Int) {
    if lines.staysInside && columns.staysInside { return (x, lines.size, columns.size) }
    let planes = x.shape[0] * x.shape[1]
    try call.fitting([planes, lines.reach, columns.reach])
    let (first, width) = (min(columns.before, columns.reach), columns.reach)
    let kept = max(0, min(columns.size, width - first))
    let result = Tensor(shape: [planes, lines.reach, width]) { y in
      for plane in 0..<planes {
        for line in 0..<lines.reach {
          let target = y + (plane * lines.reach + line) * width
          let from = line - lines.before
          guard (0..<lines.size).contains(from) else {
            target.update(repeating: 0, count: width)
            continue
          }
          target.update(repeating: 0, count: first)
          (target + first).update(
            from: x.pointer + (plane * lines.size + from) * columns.size, count: kept)
          (target + first + kept).update(repeating: 0, count: width - first - kept)
        }
      }
      withExtendedLifetime(x) {}
    }
    return (result, lines.reach, width)
  }
}
