import RecurrentFiles
internal import RecurrentKernels
import Synchronization

/// The record of the operations inside one ``valueAndGradients(of:_:)``, in the order they ran.
///
/// A tensor that depends on a tracked one carries a slot: this tape and a number. Each operation
/// adds an entry with the slots it read, the slots it made, and its pullback. Going through the
/// entries backwards gives the gradients. The tape is used once: entries are dropped as they are
/// passed, so that what they kept is freed on the way.
final class Tape: Sendable {
  struct Slot: Sendable {
    let tape: Tape
    let number: Int
  }

  /// From the gradients of an operation's results (nil: zero) to those of its inputs (nil: zero or
  /// not wanted).
  typealias Pullback = @Sendable (_ results: [Tensor?]) -> [Tensor?]

  private struct Entry {
    let inputs: [Int?]
    let results: Range<Int>
    let pullback: @Sendable (_ results: [Tensor?]) -> [Gradient?]
  }

  private struct State {
    var slots = 0
    var entries: [Entry] = []
  }

  private let state = Mutex(State())
  private let isOpen = Atomic(true)

  /// What looks into the recurrent layers on the way; nil: nothing does.
  let probe: RecurrenceProbe?

  init(probe: RecurrenceProbe? = nil) {
    self.probe = probe
    rk_thread_place().pointee.recordings += 1
  }

  /// Whether this thread computes for a call that records.
  static var isRecordingHere: Bool { rk_thread_place().pointee.recordings > 0 }

  /// The tape that follows one of `tensors`.
  ///
  /// Values that outlived their own call are constants.
  static func following(_ tensors: [Tensor]) -> Tape? {
    tensors.lazy.compactMap { $0.isTracked ? $0.slot?.tape : nil }.first
  }

  /// Whether the call that this tape belongs to is still going on.
  var isRecording: Bool { isOpen.load(ordering: .acquiring) }

  /// A leaf: `tensor` with a slot of its own.
  func track(_ tensor: Tensor) -> Tensor {
    let number = state.withLock { state in
      state.slots += 1
      return state.slots - 1
    }
    return Tensor(
      storage: tensor.storage, shape: tensor.shape, slot: Slot(tape: self, number: number))
  }

  /// Adds an operation; `results` come back with their slots.
  func record(_ results: [Tensor], inputs: [Tensor], pullback: @escaping Pullback) -> [Tensor] {
    recordGradients(results, inputs: inputs) { pullback($0).map { $0.map(Gradient.init) } }
  }

  /// Adds an operation whose pullback may give rows of a gradient.
  func recordGradients(
    _ results: [Tensor], inputs: [Tensor],
    pullback: @escaping @Sendable (_ results: [Tensor?]) -> [Gradient?]
  ) -> [Tensor] {
    let numbers = inputs.map { input -> Int? in
      guard let slot = input.slot else { return nil }
      if slot.tape === self { return slot.number }
      require(
        !slot.tape.isRecording, "an operation mixes values of two nested valueAndGradients calls")
      return nil
    }
    let first: Int? = state.withLock { state in
      guard isRecording else { return nil }
      let first = state.slots
      state.slots += results.count
      state.entries.append(
        Entry(inputs: numbers, results: first..<state.slots, pullback: pullback))
      return first
    }
    guard let first else { return results }
    return results.enumerated().map { index, result in
      Tensor(
        storage: result.storage, shape: result.shape,
        slot: Slot(tape: self, number: first + index))
    }
  }

  /// From the gradient of `root` those of `leaves`; nil where it does not depend on them.
  ///
  /// Closes the tape: values that are still around become constants.
  ///
  /// - Parameter ready: hears of each leaf, by its place, as soon as nothing more is added to its
  ///   gradient.
  func gradients(
    of root: Tensor, along gradient: Tensor, withRespectTo leaves: [Tensor],
    ready: ((_ leaf: Int, Gradient?) -> Void)? = nil
  ) -> [Gradient?] {
    var (entries, slots) = state.withLock { state in
      defer {
        state.entries = []
        isOpen.store(false, ordering: .releasing)
        rk_thread_place().pointee.recordings -= 1
      }
      return (state.entries, state.slots)
    }
    var gradients = [Gradient?](repeating: nil, count: slots)
    guard let rootSlot = root.slot, rootSlot.tape === self else {
      for leaf in leaves.indices { ready?(leaf, nil) }
      return leaves.map { _ in nil }
    }
    gradients[rootSlot.number] = Gradient(gradient)
    var uses = ready == nil ? [:] : uses(of: leaves, in: entries)
    /// Tells of leaves that an entry read, if it was the last one to be passed that did.
    func passed(_ numbers: [Int?]) {
      guard let ready else { return }
      for case let number? in numbers {
        guard let use = uses[number] else { continue }
        uses[number]?.count -= 1
        if use.count == 1 { ready(use.leaf, gradients[number]) }
      }
    }
    for (number, use) in uses where use.count == 0 { ready?(use.leaf, gradients[number]) }
    while let entry = entries.popLast() {
      defer { passed(entry.inputs) }
      let incoming = entry.results.map { number in
        defer { gradients[number] = nil }
        return gradients[number]?.tensor
      }
      guard incoming.contains(where: { $0 != nil }) else { continue }
      for (number, gradient) in zip(entry.inputs, entry.pullback(incoming)) {
        guard let number, let gradient else { continue }
        if gradients[number] == nil {
          gradients[number] = gradient
        } else {
          gradients[number]?.add(gradient)
        }
      }
    }
    return leaves.map { $0.slot.flatMap { gradients[$0.number] } }
  }

  /// By slot: which leaf it is, and how often entries read it.
  private func uses(
    of leaves: [Tensor], in entries: [Entry]
  ) -> [Int: (leaf: Int, count: Int)] {
    var uses: [Int: (leaf: Int, count: Int)] = [:]
    for (leaf, tensor) in leaves.enumerated() {
      if let number = tensor.slot?.number { uses[number] = (leaf, 0) }
    }
    for entry in entries {
      for case let number? in entry.inputs { uses[number]?.count += 1 }
    }
    return uses
  }
}

extension Tensor {
  /// The result of an operation, with its way back if one of `inputs` is tracked.
  ///
  /// `pullback` maps the gradient of the result to those of the inputs, in their order. It must
  /// capture detached tensors only, and may leave out (nil) the gradient of an input that is not
  /// tracked.
  func recorded(
    from inputs: [Tensor], pullback: @escaping @Sendable (_ gradient: Tensor) -> [Tensor?]
  ) -> Tensor {
    guard let tape = Tape.following(inputs) else { return self }
    return tape.record([self], inputs: inputs) { gradients in
      guard let gradient = gradients[0] else { return [] }
      return pullback(gradient)
    }[0]
  }
}
