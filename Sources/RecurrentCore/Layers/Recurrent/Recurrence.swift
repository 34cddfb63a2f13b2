import RecurrentFiles

/// A cell of one's own: one method that takes a step. ``Recurrence`` makes a layer of it; nobody
/// writes a backward pass.
///
/// ```swift
/// /// h' = a·h + (1 - a)·tanh(W x), with a learned rate a for each unit.
/// struct LeakyCell: Cell {
///   var weights: Tensor   // [I, H]
///   var rate: Tensor      // [H]
///
///   func initialState(batchSize: Int) -> HiddenState {
///     HiddenState(hidden: .zeros([batchSize, rate.count]))
///   }
///
///   func step(_ input: Tensor, state: inout HiddenState) -> Tensor {
///     let a = rate.sigmoid()
///     state.hidden = a * state.hidden + (1 - a) * input.matrixProduct(weights).tanh()
///     return state.hidden
///   }
///
///   mutating func visitParameters(_ visitor: inout ParameterVisitor) {
///     visitor.visit("weights", &weights)
///     visitor.visit("rate", &rate)
///   }
/// }
/// ```
public protocol Cell: Module {
  /// What the layer carries from step to step.
  associatedtype State: LayerState

  /// The state before the first step.
  func initialState(batchSize: Int) -> State

  /// One time step: input `[B, I]` to output `[B, H]`, and the state after it.
  func step(_ input: Tensor, state: inout State) -> Tensor
}

/// A cell run over sequences, one step at a time: `[B, T, I]` to `[B, T, H]`.
public struct Recurrence<C: Cell>: Layer {
  /// The cell.
  public var cell: C

  /// Runs `cell` over sequences.
  public init(_ cell: C) { self.cell = cell }

  /// How the layer runs: one step after the other, without a fused kernel.
  public var paths: [LayerPath] {
    [
      LayerPath(
        layer: "\(C.self)", method: .stepByStep,
        reason: "a cell of one's own, differentiated operation by operation")
    ]
  }

  /// The state of the cell.
  public func initialState(batchSize: Int) -> C.State { cell.initialState(batchSize: batchSize) }

  /// The outputs of all steps; a row's state stays as it is behind its last valid step.
  public func forward(
    _ input: SequenceBatch, state: inout C.State, mode: Mode
  ) -> SequenceBatch {
    let layout = input.layout
    require(layout.time > 0, "a cell runs over at least one step")
    // Only the running rows take a step, so that what stands in the padding cannot matter. They
    // come first; those that have ended wait.
    let order = (0..<layout.batchSize).map { Int(layout.batchRow[$0]) }
    let isSorted = order.elementsEqual(0..<order.count)
    var running = isSorted ? state : state.rows(order)
    var ended: [C.State] = []
    var outputs: [Tensor] = []
    for (step, x) in input.packedSteps().enumerated() {
      let active = Int(layout.active[step])
      if active < (step > 0 ? Int(layout.active[step - 1]) : order.count) {
        let (going, stopped) = running.split(at: active)
        running = going
        ended.append(stopped)
      }
      outputs.append(cell.step(x, state: &running))
    }
    // No row has a step: of the output only the width is wanted, which the cell alone knows.
    guard !outputs.isEmpty else {
      var ignored = state
      let x = Tensor.zeros([layout.batchSize, input.features])
      let width = cell.step(x, state: &ignored).shape[1]
      return input.with(.zeros([layout.batchSize, layout.time, width]))
    }
    if ended.isEmpty && isSorted {
      state = running
    } else {
      var place = Array(repeating: 0, count: order.count)
      for (sorted, row) in order.enumerated() { place[row] = sorted }
      let parts = [running] + ended.reversed()
      state.tensors = running.tensors.indices.map { index in
        Tensor.concatenated(parts.map { $0.tensors[index] }, along: 0).rows(place)
      }
    }
    return input.with(packedSteps: outputs)
  }

  /// Visits the parameters of the cell under their own names.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    cell.visitParameters(&visitor)
  }
}

extension LayerState {
  /// The rows before `row`, and those from it on.
  fileprivate func split(at row: Int) -> (Self, Self) {
    var (first, rest) = (self, self)
    first.tensors = tensors.map { $0.slice(0..<row, along: 0) }
    rest.tensors = tensors.map { $0.slice(row..<$0.shape[0], along: 0) }
    return (first, rest)
  }
}

extension SequenceBatch {
  /// The running rows at each step, `[active, F]`, the longest first.
  fileprivate func packedSteps() -> [Tensor] {
    let (layout, shape) = (layout, values.shape)
    let steps = (0..<layout.steps).map { layout.step($0, of: values) }
    // One entry on the tape for all steps: their gradients meet in one tensor.
    guard let tape = Tape.following([values]) else { return steps }
    return tape.record(steps, inputs: [values]) { gradients in
      var dx = Tensor.zeros(shape)
      let target = dx.mutableMatrix()
      for (step, gradient) in gradients.enumerated() {
        if let gradient { layout.step(step, in: target).copying(gradient.matrix) }
      }
      return [dx]
    }
  }

  /// The reverse of ``packedSteps()``: zeros where there is no step.
  fileprivate func with(packedSteps steps: [Tensor]) -> SequenceBatch {
    let layout = layout
    var values = layout.room(for: steps[0].shape[1])
    let target = values.mutableMatrix()
    for (step, output) in steps.enumerated() {
      layout.step(step, in: target).copying(output.matrix)
    }
    return with(
      values.recorded(from: steps) { dy in
        (0..<layout.steps).map { layout.step($0, of: dy) }
      })
  }
}

extension SequenceLayout {
  /// The rows that run at a step, the longest first, among the steps of all rows.
  fileprivate func step(_ step: Int, in values: Matrix) -> Matrix {
    values.rows(at: places.suffix(from: Int(offset[step])), count: Int(active[step]))
  }

  /// A step of the values as a tensor, `[active, F]`.
  fileprivate func step(_ step: Int, of values: Tensor) -> Tensor {
    let rows = self.step(step, in: values.matrix)
    let copy = Matrix(rows: rows.rows, columns: rows.columns).copying(rows)
    return Tensor(storage: copy.storage, shape: [copy.rows, copy.columns])
  }
}
