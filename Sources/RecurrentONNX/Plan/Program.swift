import RecurrentCore
import RecurrentFiles

/// A block made ready for inputs of one shape each: every value has its place among the floats of one buffer, where
/// values that are not needed at the same time share theirs. What depends on shapes alone is computed already, elements
/// that need not move do not, and what acts on each element writes over what it reads where nobody reads that again.
///
/// It gives the bits that ``Runner`` gives. A class, for all threads run it: to count references of each of its parts anew in every
/// run, they would wait for each other.
final class Program: Sendable {
  /// Where the floats of a value begin: among those of a constant, or of the buffer.
  struct Place: Sendable {
    var constant: Tensor?
    /// Which stretch of the buffer, while it is built.
    var stretch = 0
    var offset = 0

    func pointer(_ buffer: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Float> {
      (constant.map(\.pointer) ?? buffer) + offset
    }
  }

  /// An input of a node that runs with tensors of its own.
  enum Source: Sendable {
    case none
    case known(OnnxTensor)
    case floats(Place, shape: [Int], OnnxTensor.ElementType)
    /// Whole numbers that are known when it runs.
    case kept(slot: Int)
  }

  enum Target: Sendable {
    case none
    case floats(Place, shape: [Int], OnnxTensor.ElementType)
    case kept(slot: Int, shape: [Int])
  }

  enum Operation: Sendable {
    case placed(PlacedNode.Body, x: Place, second: Place, y: Place, scratch: Place)
    case moves(Moves, [Place], y: Place)
    case recurrent(RecurrentStep, RecurrentStep.Places)
    /// The step of this place in the block.
    case whole(Int, [Source], [Target])
  }

  let block: Block
  let source: String
  let room: Int
  let operations: [Operation]
  let inputs: [Target]
  let outputs: [Source]
  let size: Int

  /// - Parameters:
  ///   - starts: Where each stretch begins.
  ///   - size: Floats of the buffer.
  init(
    block: Block, source: String, room: Int, operations: [Operation], inputs: [Target],
    outputs: [Source], starts: [Int], size: Int
  ) {
    (self.block, self.source, self.room, self.size) = (block, source, room, size)
    self.operations = operations.map { $0.settled(starts) }
    self.inputs = inputs.map { $0.settled(starts) }
    self.outputs = outputs.map { $0.settled(starts) }
  }

  /// The outputs for inputs in the order of the graph; nil if a value has another shape than it had when this was built,
  /// as one may that depends on whole numbers.
  func run(
    _ given: [OnnxTensor], carried: inout CarriedStates?
  ) throws(DataError) -> [OnnxTensor]? {
    let memory = Tensor(shape: [size]) { _ in }
    let buffer = memory.pointer
    var kept: [Int: OnnxTensor] = [:]
    var states = carried
    for (value, target) in zip(given, inputs) {
      guard Self.put(value, target, buffer, &kept) else { return nil }
    }
    for operation in operations {
      switch operation {
      case .placed(let body, let x, let second, let y, let scratch):
        body(
          x.pointer(buffer), second.pointer(buffer), y.pointer(buffer), scratch.pointer(buffer))
      case .moves(let moves, let places, let y):
        moves({ UnsafePointer(places[$0].pointer(buffer)) }, y.pointer(buffer))
      case .recurrent(let step, let places):
        guard step.run(places, buffer, &states) else { return nil }
      case .whole(let index, let sources, let targets):
        let step = block.steps[index]
        let call = Call(inputs: sources.map { Self.value($0, buffer, kept) }, room: room)
        let results: [OnnxTensor]
        do throws(Problem) {
          results = try step(call, at: index, carried: &states)
        } catch {
          throw DataError(
            file: source, place: step.label, problem: error.text, advice: error.advice)
        }
        for (value, target) in zip(results, targets) {
          guard Self.put(value, target, buffer, &kept) else { return nil }
        }
      }
    }
    carried = states
    let results = outputs.compactMap { Self.value($0, buffer, kept) }
    withExtendedLifetime(memory) {}
    return results.count == outputs.count ? results : nil
  }

  private static func put(
    _ value: OnnxTensor, _ target: Target, _ buffer: UnsafeMutablePointer<Float>,
    _ kept: inout [Int: OnnxTensor]
  ) -> Bool {
    switch target {
    case .none: return true
    case .kept(let slot, let shape):
      kept[slot] = value
      return value.tensor == nil && value.shape == shape
    case .floats(let place, let shape, let type):
      guard let tensor = value.tensor, tensor.shape == shape, value.elementType == type else {
        return false
      }
      place.pointer(buffer).update(from: tensor.pointer, count: tensor.count)
      withExtendedLifetime(tensor) {}
      return true
    }
  }

  private static func value(
    _ source: Source, _ buffer: UnsafeMutablePointer<Float>, _ kept: [Int: OnnxTensor]
  ) -> OnnxTensor? {
    switch source {
    case .none: nil
    case .known(let value): value
    case .kept(let slot): kept[slot]
    case .floats(let place, let shape, let type):
      OnnxTensor(
        Tensor(shape: shape) { y in
          y.update(from: place.pointer(buffer), count: shape.reduce(1, *))
        }, type)
    }
  }
}
