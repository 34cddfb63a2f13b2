import RecurrentCore
import RecurrentFiles

/// What recurrent nodes carry from call to call, by the place of their step; nil: they start anew.
typealias CarriedStates = [Int: [Tensor]]

/// A run of a block.
struct Runner {
  let source: String
  /// The most elements of a value.
  let room: Int
  var slots: [OnnxTensor?]
  var carried: CarriedStates?
  /// The forms of all values that nodes gave.
  private(set) var forms: [Int: ValueForm] = [:]

  mutating func run(_ block: Block, isOuter: Bool = true) throws(DataError) {
    for (index, step) in block.steps.enumerated() {
      do throws(Problem) {
        let inputs = step.inputs.map { $0 < 0 ? nil : slots[$0] }
        let call = Call(inputs: inputs, room: room)
        switch step.body {
        case .kernel, .planned, .recurrent:
          var states = isOuter ? carried : nil
          put(try step(call, at: index, carried: &states), into: step.outputs)
          if isOuter { carried = states }
        case .branch(let yes, let no):
          guard inputs[0]?.count == 1, let condition = inputs[0]?.integers?.first else {
            throw Problem("the condition is not one truth value")
          }
          let block = condition != 0 ? yes : no
          try run(block, of: "branch")
          for (slot, result) in zip(step.outputs, block.outputs) where slot >= 0 {
            slots[slot] = slots[result]
          }
        case .loop(let loop): put(try run(loop, call), into: step.outputs)
        }
      } catch {
        throw DataError(
          file: source, place: step.label, problem: error.text, advice: error.advice)
      }
      for slot in step.releases { slots[slot] = nil }
    }
  }

  /// Runs a graph that stands in a node.
  private mutating func run(_ block: Block, of what: String) throws(Problem) {
    do throws(DataError) {
      try run(block, isOuter: false)
    } catch {
      throw Problem("in its \(what), \(error.place ?? ""): \(error.problem)")
    }
  }

  /// Runs the body of a Scan once for each step, and gives its last states and what the steps gave.
  private mutating func run(_ loop: ScanNode, _ call: Call) throws(Problem) -> [OnnxTensor] {
    let (first, sequences) = try loop.begin(call)
    var (states, given) = (first, [[OnnxTensor]]())
    for step in 0..<(sequences.first?.count ?? 0) {
      let steps = sequences.map { $0.step(step) }
      for (slot, value) in zip(loop.inputs, states + steps) { define(slot, value) }
      try run(loop.body, of: "body")
      let results = loop.body.outputs.compactMap { slots[$0] }
      guard results.count == loop.body.outputs.count else {
        throw Problem("its body does not give all that it says")
      }
      states = Array(results.prefix(states.count))
      given.append(Array(results.dropFirst(states.count)))
    }
    return states + (try loop.joined(given, call))
  }

  private mutating func put(_ results: [OnnxTensor], into outputs: [Int]) {
    for (slot, result) in zip(outputs, results) where slot >= 0 { define(slot, result) }
  }

  /// Puts a value where it is looked for.
  mutating func define(_ slot: Int, _ value: OnnxTensor) {
    slots[slot] = value
    forms[slot] = ValueForm(shape: value.shape, elementType: value.elementType)
  }
}

extension Step {
  /// What it gives, if no graph stands in it. A recurrent node begins with what is carried of the step at this place, and leaves
  /// there what it ends with.
  func callAsFunction(
    _ call: Call, at index: Int, carried: inout CarriedStates?
  ) throws(Problem) -> [OnnxTensor] {
    switch body {
    case .kernel(let kernel): return try kernel(call)
    case .planned(let node): return try node(call)
    case .recurrent(let node):
      var state = carried.map { $0[index] ?? [] }
      let results = try node(call, state: &state)
      if let state { carried?[index] = state }
      return results
    case .branch, .loop: return []
    }
  }
}
