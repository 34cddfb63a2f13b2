import RecurrentCore
import RecurrentFiles

/// A Scan node: a body that runs once for each step of tensors along one dimension each, from states to states.
struct ScanNode: Sendable {
  /// A tensor that is gone through, step by step.
  struct Sequence {
    let value: OnnxTensor
    let axis: Int
    let isReversed: Bool

    var count: Int { value.shape[axis] }

    /// A step without the dimension of steps.
    func step(_ step: Int) -> OnnxTensor {
      var shape = value.shape
      shape.remove(at: axis)
      return value.picked([isReversed ? count - 1 - step : step], along: axis).reshaped(to: shape)
    }
  }

  /// Which dimension has the steps, and whether they run from the last one.
  private struct Course {
    let axis: Int
    let isReversed: Bool
  }

  let body: Block
  /// The slots of the body's inputs: states, then steps.
  let inputs: [Int]
  private let scanned: [Course]
  private let joins: [Course]

  private var stateCount: Int { inputs.count - scanned.count }

  init(_ settings: NodeSettings, body: Block, inputs: [Int]) throws(Problem) {
    let count = try settings.integer("num_scan_inputs", default: 0)
    let given = settings.node.inputs.count
    guard count >= 1, count <= given, inputs.count == given,
      body.outputs.count == settings.node.outputs.count, body.outputs.count >= given - count
    else {
      throw Problem("its body does not have its inputs and outputs, or it goes through nothing")
    }
    func courses(_ kind: String, _ count: Int) throws(Problem) -> [Course] {
      let axes = try settings.integers("scan_\(kind)_axes") ?? Array(repeating: 0, count: count)
      let directions =
        try settings.integers("scan_\(kind)_directions") ?? Array(repeating: 0, count: count)
      guard axes.count == count, directions.count == count else {
        throw Problem("it does not say an axis and a direction for each \(kind)")
      }
      return zip(axes, directions).map { Course(axis: $0, isReversed: $1 != 0) }
    }
    (self.body, self.inputs) = (body, inputs)
    scanned = try courses("input", count)
    joins = try courses("output", body.outputs.count - (given - count))
  }

  /// The first states, and what is gone through: tensors of equally many steps.
  func begin(_ call: Call) throws(Problem) -> (states: [OnnxTensor], sequences: [Sequence]) {
    var states: [OnnxTensor] = []
    for index in 0..<stateCount { states.append(try call.input(index)) }
    var sequences: [Sequence] = []
    for (index, course) in scanned.enumerated() {
      let value = try call.input(stateCount + index)
      let axis = try normalized(course.axis, rank: value.shape.count)
      sequences.append(Sequence(value: value, axis: axis, isReversed: course.isReversed))
    }
    guard let first = sequences.first, sequences.allSatisfy({ $0.count == first.count }) else {
      throw Problem("what it goes through has \(sequences.map(\.count)) steps, expected as many")
    }
    guard first.count > 0 else { throw Problem("what it goes through has no steps") }
    return (states, sequences)
  }

  /// What the steps gave, beside one another along a dimension of their own.
  func joined(_ given: [[OnnxTensor]], _ call: Call) throws(Problem) -> [OnnxTensor] {
    var results: [OnnxTensor] = []
    for (index, course) in joins.enumerated() {
      let steps = given.map { $0[index] }
      guard let first = steps.first,
        steps.allSatisfy({ $0.shape == first.shape && $0.elementType == first.elementType })
      else { throw Problem("output \(stateCount + index) has another shape at another step") }
      let axis = try normalized(course.axis, rank: first.shape.count + 1)
      var shape = first.shape
      shape.insert(steps.count, at: axis)
      try call.fitting(shape)
      shape[axis] = 1
      let ordered = (course.isReversed ? steps.reversed() : steps).map { $0.reshaped(to: shape) }
      guard let result = OnnxTensor.concatenated(ordered, along: axis) else { continue }
      results.append(result)
    }
    return results
  }
}
