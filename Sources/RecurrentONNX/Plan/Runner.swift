import RecurrentCore
import RecurrentFiles

/// What recurrent nodes carry from call to call, by the place of their step; nil: they start anew.
typealias CarriedStates = [Int: [Tensor]]

/// One run of a block.
struct Runner {
  let source: String
  /// The most elements of a value.
  let room: Int
  var slots: [OnnxTensor?]
  var carried: CarriedStates?

  mutating func run(_ block: Block, isOuter: Bool = true) throws(DataError) {
    for (index, step) in block.steps.enumerated() {
      do throws(Problem) {
        let inputs = step.inputs.map { $0 < 0 ? nil : slots[$0] }
        let call = Call(inputs: inputs, room: room)
        switch step.body {
        case .kernel(let kernel): put(try kernel(call), into: step.outputs)
        case .recurrent(let node):
          var state = isOuter ? carried.map { $0[index] ?? [] } : nil
          put(try node(call, state: &state), into: step.outputs)
          if let state { carried?[index] = state }
        case .branch(let yes, let no):
          guard inputs[0]?.count == 1, let condition = inputs[0]?.integers?.first else {
            throw Problem("the condition is not one truth value")
          }
          let block = condition != 0 ? yes : no
          do throws(DataError) {
            try run(block, isOuter: false)
          } catch {
            throw Problem("in its branch, \(error.place ?? ""): \(error.problem)")
          }
          for (slot, result) in zip(step.outputs, block.outputs) where slot >= 0 {
            slots[slot] = slots[result]
          }
        }
      } catch {
        throw DataError(
          file: source, place: step.label, problem: error.text, advice: error.advice)
      }
      for slot in step.releases { slots[slot] = nil }
    }
  }

  private mutating func put(_ results: [OnnxTensor], into outputs: [Int]) {
    for (slot, result) in zip(outputs, results) where slot >= 0 { slots[slot] = result }
  }
}
