import RecurrentCore
import RecurrentFiles

/// What a value was in a run: by that a program is built.
struct ValueForm: Sendable {
  let shape: [Int]
  let elementType: OnnxTensor.ElementType
}

/// Makes a program of a block and the forms that its values had.
struct ProgramBuilder {
  private enum Value {
    /// Does not depend on what is given.
    case known(OnnxTensor)
    case floats(Program.Place)
    /// Whole numbers that depend on it.
    case kept
  }

  /// Operators that only move elements, so that their own kernels tell where each comes from.
  private static let moving: Set = [
    "Transpose", "Concat", "Slice", "Split", "Gather", "Pad", "Expand", "Tile", "Reshape",
    "Squeeze", "Unsqueeze", "Flatten", "Identity",
  ]
  /// Elements of a value that is moved one by one by a table.
  private static let mostMoved = 1 << 21
  /// Nodes of a graph that is planned; to plan takes as long as the square of them.
  private static let mostSteps = 4096

  private let block: Block
  private let forms: [Int: ValueForm]
  private var values: [Int: Value]
  private var operations: [Program.Operation] = []
  private var stretches = Stretches()

  /// A program; nil for a block with branches, or values of which no form is told.
  static func program(
    of block: Block, constants: [Int: OnnxTensor], inputs: [Int], forms: [Int: ValueForm],
    source: String, room: Int
  ) -> Program? {
    guard block.steps.count <= mostSteps else { return nil }
    var builder = ProgramBuilder(block: block, forms: forms, constants: constants)
    var targets: [Program.Target] = []
    for slot in inputs {
      guard let target = builder.define(slot) else { return nil }
      targets.append(target)
    }
    for index in block.steps.indices {
      guard (try? builder.add(index, room: room)) == true else { return nil }
      for slot in block.steps[index].releases { builder.values[slot] = nil }
    }
    var outputs: [Program.Source] = []
    for slot in block.outputs {
      guard let output = builder.source(slot, usedAt: .max) else { return nil }
      outputs.append(output)
    }
    let (starts, size) = builder.stretches.layout()
    return Program(
      block: block, source: source, room: room, operations: builder.operations, inputs: targets,
      outputs: outputs, starts: starts, size: size)
  }

  private init(block: Block, forms: [Int: ValueForm], constants: [Int: OnnxTensor]) {
    (self.block, self.forms) = (block, forms)
    values = constants.mapValues { .known($0) }
  }

  private func count(_ slot: Int) -> Int { forms[slot]?.shape.reduce(1, *) ?? 0 }

  /// A new place for a value, or none for whole numbers.
  private mutating func define(_ slot: Int, over place: Program.Place? = nil) -> Program.Target? {
    guard slot >= 0 else { return Program.Target.none }
    guard let form = forms[slot] else { return nil }
    guard form.elementType.isFloat else {
      values[slot] = .kept
      return .kept(slot: slot, shape: form.shape)
    }
    let place =
      place ?? Program.Place(stretch: stretches.add(count(slot), at: operations.count))
    values[slot] = .floats(place)
    return .floats(place, shape: form.shape, form.elementType)
  }

  /// A value as an operation reads it.
  private mutating func source(_ slot: Int, usedAt operation: Int) -> Program.Source? {
    guard slot >= 0 else { return Program.Source.none }
    switch values[slot] {
    case nil: return nil
    case .known(let value): return .known(value)
    case .kept: return .kept(slot: slot)
    case .floats(let place):
      guard let form = forms[slot] else { return nil }
      stretches.use(place, at: operation)
      return .floats(place, shape: form.shape, form.elementType)
    }
  }

  /// The floats of a value, known or not.
  private mutating func place(_ slot: Int) -> Program.Place? {
    switch values[slot] {
    case .known(let value): return value.tensor.map { Program.Place(constant: $0) }
    case .floats(let place):
      stretches.use(place, at: operations.count)
      return place
    default: return nil
    }
  }

  private func input(_ slot: Int) -> PlacedNode.Input? {
    switch values[slot] {
    case .known(let value):
      PlacedNode.Input(shape: value.shape, isFloat: value.tensor != nil, known: value)
    case nil: nil
    default:
      forms[slot].map {
        PlacedNode.Input(shape: $0.shape, isFloat: $0.elementType.isFloat, known: nil)
      }
    }
  }

  /// Adds a step; false if it cannot stand in a program.
  private mutating func add(_ index: Int, room: Int) throws(Problem) -> Bool {
    let step = block.steps[index]
    switch step.body {
    case .branch, .loop: return false
    default: break
    }
    let known = step.inputs.map { slot -> OnnxTensor? in
      if case .known(let value) = values[slot] { return value }
      return nil
    }
    if case .kernel(let kernel) = step.body {
      let isKnown = zip(step.inputs, known).allSatisfy { $0 < 0 || $1 != nil }
      if isKnown || ["Shape", "Size"].contains(step.operation) {
        // Of shapes it takes nothing but the shape.
        let inputs = zip(step.inputs, known).map { slot, value in
          value ?? forms[slot].map { OnnxTensor(.zeros($0.shape)) }
        }
        for (slot, value) in zip(step.outputs, try kernel(Call(inputs: inputs, room: room)))
        where slot >= 0 { values[slot] = .known(value) }
        return true
      }
      if Self.moving.contains(step.operation), try addMoves(step, kernel, room: room) {
        return true
      }
    }
    if case .recurrent(let node) = step.body, addRecurrent(step, node, at: index) { return true }
    if addPlaced(step) { return true }
    var sources: [Program.Source] = []
    for slot in step.inputs {
      guard let source = source(slot, usedAt: operations.count) else { return false }
      sources.append(source)
    }
    var targets: [Program.Target] = []
    for slot in step.outputs {
      // An output that nobody reads may never have been there.
      guard slot < 0 || forms[slot] != nil else {
        targets.append(.none)
        continue
      }
      guard let target = define(slot) else { return false }
      targets.append(target)
    }
    operations.append(.whole(index, sources, targets))
    return true
  }

  /// Adds a node that moves floats: numbers run through its kernel in place of them.
  private mutating func addMoves(
    _ step: Step, _ kernel: Kernel, room: Int
  ) throws(Problem) -> Bool {
    var (inputs, sources, sizes): ([OnnxTensor?], [Int], [Int]) = ([], [], [])
    var next: Int64 = 1
    // The first input moves, of Concat each; the others say how.
    let moved = step.operation == "Concat" ? step.inputs.count : 1
    for (index, slot) in step.inputs.enumerated() {
      guard slot >= 0 else {
        inputs.append(nil)
        continue
      }
      guard let input = input(slot), index < moved || input.known != nil,
        index >= moved || input.isFloat
      else { return false }
      guard index < moved else {
        // What is put around is 0, whatever the kernel puts among numbers.
        if step.operation == "Pad", index == 2, let fill = input.known, fill.tensor != nil {
          guard fill.floats == [0] else { return false }
          inputs.append(nil)
        } else {
          inputs.append(input.known)
        }
        continue
      }
      let count = input.shape.reduce(1, *)
      guard count <= Self.mostMoved else { return false }
      inputs.append(
        OnnxTensor(integers: (0..<count).map { next + Int64($0) }, shape: input.shape))
      next += Int64(count)
      sources.append(slot)
      sizes.append(count)
    }
    let results = try kernel(Call(inputs: inputs, room: min(room, Self.mostMoved)))
    guard results.count == step.outputs.count,
      zip(step.outputs, results).allSatisfy({ $0 < 0 || forms[$0]?.shape == $1.shape })
    else { return false }
    // In old opsets a setting says what Pad puts around.
    let isOldPad = step.operation == "Pad" && step.inputs.count == 1
    if isOldPad, results.contains(where: { $0.integers?.contains(0) ?? true }) { return false }
    for (slot, result) in zip(step.outputs, results) where slot >= 0 {
      let moves = Moves(result.integers ?? [], sizes: sizes)
      if let (source, from) = moves.view(of: result.count), var place = place(sources[source]) {
        place.offset += from
        if place.constant == nil {
          values[slot] = .floats(place)
          continue
        }
      }
      let places = sources.compactMap { place($0) }
      guard places.count == sources.count, case .floats(let y, _, _)? = define(slot) else {
        return false
      }
      operations.append(.moves(moves, places, y: y))
    }
    return true
  }

  private mutating func addPlaced(_ step: Step) -> Bool {
    let inputs = step.inputs.compactMap { input($0) }
    guard inputs.count == step.inputs.count, step.outputs.count == 1, step.outputs[0] >= 0
    else { return false }
    let found: PlacedNode? =
      switch step.body {
      case .planned(let node): node.placed(inputs)
      case .kernel: Operators.placed(step.operation, inputs)
      default: nil
      }
    guard let node = found else { return false }
    let output = step.outputs[0]
    let places = node.reads.compactMap { place(step.inputs[$0]) }
    guard places.count == node.reads.count, let x = places.first, let second = places.last else {
      return false
    }
    // Whether the step's own releases name it tells that nobody reads it again by this name; by others, the stretch.
    var over: Program.Place?
    if node.worksInPlace {
      for (index, place) in zip(node.reads, places)
      where place.constant == nil && step.releases.contains(step.inputs[index])
        && isAlone(step.inputs[index], place, size: count(output))
      { over = place }
    }
    guard case .floats(let y, _, _)? = define(output, over: over) else { return false }
    if over != nil { stretches.use(y, at: operations.count) }
    let scratch = Program.Place(stretch: stretches.add(node.scratch, at: operations.count))
    operations.append(.placed(node.body, x: x, second: second, y: y, scratch: scratch))
    return true
  }

  /// Adds a recurrent node that is given a single step.
  private mutating func addRecurrent(_ step: Step, _ node: RecurrentNode, at index: Int) -> Bool {
    guard let own = node.step(step.inputs.map { input($0) }, at: index) else { return false }
    func given(_ index: Int) -> Program.Place? {
      step.inputs.indices.contains(index) ? place(step.inputs[index]) : nil
    }
    guard let x = given(0) else { return false }
    let (hidden, cell) = (given(5), given(6))
    // Outputs that nobody reads have a place too, for the state is carried on from there.
    var outputs: [Program.Place] = []
    for index in 0..<3 {
      if step.outputs.indices.contains(index), forms[step.outputs[index]] != nil,
        case .floats(let place, _, _)? = define(step.outputs[index])
      {
        outputs.append(place)
      } else {
        outputs.append(Program.Place(stretch: stretches.add(own.width, at: operations.count)))
      }
    }
    let scratch = Program.Place(stretch: stretches.add(own.scratch, at: operations.count))
    operations.append(
      .recurrent(
        own,
        RecurrentStep.Places(
          x: x, hidden: hidden, cell: cell, y: outputs[0], nextHidden: outputs[1],
          nextCell: outputs[2], scratch: scratch)))
    return true
  }

  /// Whether a value has a stretch for itself, and all of it.
  private func isAlone(_ slot: Int, _ place: Program.Place, size: Int) -> Bool {
    stretches.size(place) == size && place.offset == 0
      && !values.contains { other, value in
        if case .floats(let own) = value { return other != slot && own.stretch == place.stretch }
        return false
      }
  }
}
