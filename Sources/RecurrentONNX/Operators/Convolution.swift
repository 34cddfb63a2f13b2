import RecurrentCore
import RecurrentFiles

/// A convolution over one or two dimensions: `[B, C, …]` to `[B, O, …]`.
///
/// What lies under the kernel at each place becomes a row, `[places, C/G·K]`, and the rows are
/// multiplied with the weights of each group.
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

    /// Where under the kernel entry `tap` of output `place` lies; may be outside.
    func source(_ place: Int, _ tap: Int) -> Int { place * stride + tap * dilation - before }
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
    let width = depth * courses[0].kernel * courses[1].kernel
    try call.fitting([batch, places, width])
    var parts: [Tensor] = []
    for (group, factor) in weights.groups.enumerated() {
      let rows = Self.rows(
        x, channels: group * depth..<(group + 1) * depth, courses[0], courses[1])
      let share = outputs / groups
      let bias = bias.map { $0.slice(group * share..<(group + 1) * share, along: 0) }
      parts.append(factor.product(rows.reshaped(to: [batch, places, width]), bias: bias))
    }
    let result = parts.count == 1 ? parts[0] : .concatenated(parts, along: 2)
    return OnnxTensor(result).transposed([0, 2, 1]).reshaped(to: shape).tensor ?? result
  }

  /// What lies under the kernel at each place, `[B·places, channels·K]`; zeros outside.
  private static func rows(
    _ x: Tensor, channels: Range<Int>, _ lines: Course, _ columns: Course
  ) -> Tensor {
    let (batch, all) = (x.shape[0], x.shape[1])
    let plane = lines.size * columns.size
    let width = channels.count * lines.kernel * columns.kernel
    return Tensor(shape: [batch * lines.outputs * columns.outputs, width]) { y in
      var target = y
      for b in 0..<batch {
        for line in 0..<lines.outputs {
          for column in 0..<columns.outputs {
            let first = columns.source(column, 0)
            let isInside =
              columns.dilation == 1 && first >= 0 && first + columns.kernel <= columns.size
            for channel in channels {
              let source = x.pointer + (b * all + channel) * plane
              for tapLine in 0..<lines.kernel {
                let from = lines.source(line, tapLine)
                if !(0..<lines.size).contains(from) {
                  target.update(repeating: 0, count: columns.kernel)
                } else if isInside {
                  target.update(from: source + from * columns.size + first, count: columns.kernel)
                } else {
                  for tap in 0..<columns.kernel {
                    let place = columns.source(column, tap)
                    target[tap] =
                      (0..<columns.size).contains(place) ? source[from * columns.size + place] : 0
                  }
                }
                target += columns.kernel
              }
            }
          }
        }
      }
    }
  }
}
