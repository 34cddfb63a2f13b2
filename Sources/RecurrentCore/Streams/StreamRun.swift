import RecurrentFiles

/// A plan, its constants, and the memory of one stream.
///
/// A copy shares the memory: who steps makes sure that it is alone (``copy()``, or
/// ``makeUnique()``).
package struct StreamRun: Sendable {
  let plan: StreamPlan
  private let constants: Storage
  private(set) var memory: Storage
  let input, output: StreamPlan.Values
  /// From step to step the weights are read in the other direction.
  private var backwards = false

  /// The layout of a model, in its initial state.
  init<Model: Layer>(_ model: Model, inputSize: Int, rows: Int) {
    var plan = StreamPlan(rows: rows)
    let input = plan.values(inputSize)
    let output = plan.add(model, from: input)
    self.init(plan, model, input: input, output: output)
  }

  /// The same; nil if what is laid out once would be more than so many floats.
  package init?<Model: Layer>(_ model: Model, inputSize: Int, rows: Int, mostConstants: Int) {
    var plan = StreamPlan(rows: rows)
    let input = plan.values(inputSize)
    let output = plan.add(model, from: input)
    guard plan.constantsSize <= mostConstants else { return nil }
    self.init(plan, model, input: input, output: output)
  }

  private init<Model: Layer>(
    _ plan: StreamPlan, _ model: Model, input: StreamPlan.Values, output: StreamPlan.Values
  ) {
    var plan = plan
    (self.input, self.output) = (input, output)
    constants = plan.writeConstants()
    memory = Storage(count: plan.memorySize, lasts: true)
    memory.pointer.update(repeating: 0, count: plan.memorySize)
    self.plan = plan
    set(model.initialState(batchSize: plan.rows))
  }

  /// Whether a step calls no layer.
  var isLaidOut: Bool { plan.calls.isEmpty }

  /// Runs one step, `[B, I]` to `[B, O]`.
  mutating func step(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>) {
    let memory = memory.pointer
    Self.copy(from, to: memory + input.place, count: plan.rows * input.width)
    run(memory)
    backwards.toggle()
    Self.copy(memory + output.place, to: to, count: plan.rows * output.width)
  }

  /// Floats of a stream's memory.
  package var memorySize: Int { plan.memorySize }

  /// One step on memory that the caller has: this run's own, and its state, stay as they are.
  ///
  /// - Parameters:
  ///   - from: `[B, I]`.
  ///   - before: The tensors of the state, two at most; nil: zeros.
  ///   - to: `[B, O]`.
  ///   - after: What the state's tensors become.
  ///   - memory: Room for ``memorySize`` floats.
  package func step(
    _ from: UnsafePointer<Float>, before: (UnsafePointer<Float>?, UnsafePointer<Float>?),
    to: UnsafeMutablePointer<Float>,
    after: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>),
    memory: UnsafeMutablePointer<Float>
  ) {
    memory.update(repeating: 0, count: plan.memorySize)
    (memory + input.place).update(from: from, count: plan.rows * input.width)
    let state = plan.state
    for index in state.indices {
      guard let tensor = index == 0 ? before.0 : before.1 else { continue }
      (memory + state[index].lowerBound).update(from: tensor, count: state[index].count)
    }
    run(memory)
    to.update(from: memory + output.place, count: plan.rows * output.width)
    for index in state.indices {
      (index == 0 ? after.0 : after.1).update(
        from: memory + state[index].lowerBound, count: state[index].count)
    }
  }

  @inline(__always)
  private func run(_ memory: UnsafeMutablePointer<Float>) {
    plan.operations.withUnsafeBufferPointer { operations in
      let constants = constants.pointer
      for index in operations.indices {
        operations[index].run(memory, constants, backwards: backwards) {
          plan.calls[$0].run(memory)
        }
      }
    }
  }

  /// One number, as a sample of audio is, is moved in less time than it takes to call for it.
  @inline(__always)
  private static func copy(
    _ from: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>, count: Int
  ) {
    if count == 1 { to.pointee = from.pointee } else { to.update(from: from, count: count) }
  }

  /// A run at the same step with a memory of its own.
  func copy() -> StreamRun {
    var copy = self
    copy.memory = memory.copy()
    return copy
  }

  /// Takes a memory of its own if another copy has the same.
  mutating func makeUnique() {
    if !isKnownUniquelyReferenced(&memory) { memory = memory.copy() }
  }

  /// The state, in tensors of the shapes of `state`.
  func state<State: LayerState>(like state: State) -> State {
    var state = state
    state.tensors = zip(state.tensors, plan.state).map { tensor, place in
      Tensor(
        Array(UnsafeBufferPointer(start: memory.pointer + place.lowerBound, count: place.count)),
        shape: tensor.shape)
    }
    return state
  }

  /// Goes on from another state.
  func set(_ state: some LayerState) {
    let tensors = state.tensors
    require(
      tensors.map(\.count) == plan.state.map(\.count),
      "a state of tensors of \(plan.state.map(\.count)) elements is expected, not of \(tensors.map(\.count))"
    )
    for (tensor, place) in zip(tensors, plan.state) {
      (memory.pointer + place.lowerBound).update(from: tensor.pointer, count: place.count)
    }
  }
}
