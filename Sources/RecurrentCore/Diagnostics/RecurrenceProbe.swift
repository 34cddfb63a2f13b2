import RecurrentFiles
import Synchronization

/// Follows the recurrent layers of one pass step by step.
///
/// A layer whose weights are on a tape with a probe runs one step at a time. A zero is added to the
/// input of each step and to the hidden state behind it: the gradient with respect to such a zero is
/// that with respect to the input or the state, ∂L/∂h_t. The values are those of the pass without it.
final class RecurrenceProbe: Sendable {
  /// What the probed pass differentiates.
  enum Purpose {
    /// The loss of the whole network.
    case loss
    /// The last state of each layer, each layer alone: its inputs and first state are constants.
    case memory
  }

  /// A step of the layer, of the rows that run then.
  struct Step: Sendable {
    /// Batch rows.
    let rows: [Int]
    /// The time of each row's step, from 0.
    let times: [Int]
    /// The zeros, by their place among the leaves.
    let input: Int
    let hidden: Int
  }

  /// The steps of a layer from one first state on, in the order in which they run.
  struct Sequence: Sendable {
    let layer: String
    let batchSize: Int
    var time = 0
    var steps: [Step] = []
    /// h behind the last step of each row, `[B, H]`.
    var final: Tensor
  }

  private struct State {
    var leaves: [Tensor] = []
    var sequences: [Sequence] = []
    var layers: [LayerTally] = []
  }

  let purpose: Purpose
  private let state = Mutex(State())
  private let names: [String]

  /// - Parameter names: those of the parameters that the tape tracks first.
  init(_ purpose: Purpose, names: [String]) {
    self.purpose = purpose
    self.names = names
  }

  /// The probe of the tape that these input weights are on, and the name of their layer.
  static func following(
    _ inputWeights: Tensor
  ) -> (probe: RecurrenceProbe, tape: Tape, layer: String)? {
    guard let slot = inputWeights.slot, let probe = slot.tape.probe, slot.tape.isRecording,
      slot.number < probe.names.count
    else { return nil }
    let path = probe.names[slot.number].split(separator: ".").dropLast()
      .filter { $0 != "layer" && $0 != "weights" }
    return (probe, slot.tape, path.isEmpty ? "recurrent" : path.joined(separator: "."))
  }

  var leaves: [Tensor] { state.withLock { $0.leaves } }
  var sequences: [Sequence] { state.withLock { $0.sequences } }
  var layers: [LayerTally] { state.withLock { $0.layers } }

  /// Σ v·h over the last states, v random signs: the gradient of a state by it has the norm of
  /// ∂h_T/∂h_t in the mean over v.
  var lastStates: Tensor {
    var generator = RandomGenerator(seed: 0)
    return sequences.reduce(Tensor(0)) { sum, sequence in
      let signs = Tensor(shape: sequence.final.shape) { v in
        for index in 0..<sequence.final.count { v[index] = generator.next() & 1 == 0 ? 1 : -1 }
      }
      return sum + (sequence.final * signs).sum()
    }
  }

  /// Runs a layer step by step: the hidden states, `[B, T, H]`, and the state behind them.
  func run(
    _ layer: ProbedLayer, on tape: Tape, _ input: SequenceBatch, from first: [Tensor]
  ) -> (output: SequenceBatch, state: [Tensor]) {
    let sequence = begin(layer, input, from: first[0])
    let isNew = state.withLock { $0.sequences[sequence].time == 0 }
    var running = ProbedState(
      tensors: purpose == .memory && isNew ? first.map(\.detached) : first)
    let steps = Recurrence(
      ProbedStep(
        layer: layer, probe: self, tape: tape, sequence: sequence, layout: input.layout,
        counter: StepCounter()))
    let output = steps.forward(input, state: &running, mode: .prediction)
    state.withLock {
      $0.sequences[sequence].time += input.time
      $0.sequences[sequence].final = running.tensors[0]
    }
    return (output, running.tensors)
  }

  /// The sequence that goes on from a state: a new one, unless the layer left that state.
  private func begin(_ layer: ProbedLayer, _ input: SequenceBatch, from hidden: Tensor) -> Int {
    state.withLock { state in
      if !state.layers.contains(where: { $0.name == layer.name }) {
        state.layers.append(
          LayerTally(name: layer.name, kind: layer.kind, units: hidden.shape[1]))
      }
      if let last = state.sequences.lastIndex(where: { $0.layer == layer.name }),
        state.sequences[last].final.pointer == hidden.pointer
      {
        return last
      }
      state.sequences.append(
        Sequence(layer: layer.name, batchSize: input.batchSize, final: hidden))
      return state.sequences.count - 1
    }
  }

  fileprivate func step(
    _ cell: ProbedStep, _ input: Tensor, _ before: [Tensor]
  ) -> [Tensor] {
    let layout = cell.layout
    let (index, count) = (cell.counter.next(), input.shape[0])
    let zero = cell.tape.track(.zeros(input.shape))
    let x = (purpose == .memory ? input.detached : input) + zero
    var after = cell.layer.step(SequenceBatch(x.reshaped(to: [count, 1, x.shape[1]])), before)
    let shift = cell.tape.track(.zeros(after[0].shape))
    after[0] = after[0] + shift
    let gates =
      purpose == .loss
      ? cell.layer.gates(x.detached, before.map(\.detached), after.map(\.detached)) : []
    let hidden = after[0].detached
    state.withLock { state in
      let places = Int(layout.offset[index])
      let start = state.sequences[cell.sequence].time
      state.sequences[cell.sequence].steps.append(
        Step(
          rows: (0..<count).map { Int(layout.batchRow[$0]) },
          times: (0..<count).map { start + Int(layout.place[places + $0]) % layout.time },
          input: state.leaves.count, hidden: state.leaves.count + 1))
      state.leaves += [zero, shift]
      if let place = state.layers.firstIndex(where: { $0.name == cell.layer.name }) {
        state.layers[place].add(gates, hidden: hidden)
      }
    }
    return after
  }
}

/// A recurrent layer as a probe runs it.
struct ProbedLayer: Sendable {
  /// The layer's place in the network, as in the names of its parameters.
  let name: String
  /// The layer's kind: `LSTM`.
  let kind: String
  /// A sequence of one step, and the state before it, to the state behind it, h first.
  let step: @Sendable (SequenceBatch, [Tensor]) -> [Tensor]
  /// The gates of a step, from its input and the states before and behind it.
  let gates: @Sendable (_ x: Tensor, _ before: [Tensor], _ after: [Tensor]) -> [GateValues]
}

/// The values of a gate at one step, `[B, H]`.
struct GateValues: Sendable {
  let name: String
  let values: Tensor
  let activation: Activation
  /// Whether it says how much of the state is kept.
  var keeps = false
}

private struct ProbedState: LayerState {
  var tensors: [Tensor]
}

/// Counts the steps of one call.
private final class StepCounter: Sendable {
  private let count = Mutex(0)

  func next() -> Int {
    count.withLock { count in
      count += 1
      return count - 1
    }
  }
}

private struct ProbedStep: Cell {
  let layer: ProbedLayer
  let probe: RecurrenceProbe
  let tape: Tape
  let sequence: Int
  let layout: SequenceLayout
  let counter: StepCounter

  func initialState(batchSize: Int) -> ProbedState { ProbedState(tensors: []) }

  func step(_ input: Tensor, state: inout ProbedState) -> Tensor {
    state.tensors = probe.step(self, input, state.tensors)
    return state.tensors[0]
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {}
}
