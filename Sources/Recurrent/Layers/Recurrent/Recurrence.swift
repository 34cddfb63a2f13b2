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
  /// What is carried from step to step.
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

  /// The state of the cell.
  public func initialState(batchSize: Int) -> C.State { cell.initialState(batchSize: batchSize) }

  /// The outputs of all steps; a row's state stays as it is beyond its last valid step.
  public func forward(
    _ input: SequenceBatch, state: inout C.State, mode: Mode
  ) -> SequenceBatch {
    precondition(input.time > 0, "a cell runs over at least one step")
    let outputs = (0..<input.time).map { t in
      let x = input.values.slice(t..<t + 1, along: 1)
        .reshaped(to: [input.batchSize, input.features])
      let running = input.lengths.map { $0 > t }
      guard running.contains(false) else { return cell.step(x, state: &state) }
      // Only the running rows take the step, so that what stands in the padding cannot matter.
      let rows = running.indices.filter { running[$0] }
      let order = merging(rows, into: running.count)
      var stepState = state.rows(rows)
      let output = cell.step(x.rows(rows), state: &stepState)
      state.tensors = zip(state.tensors, stepState.tensors).map { old, new in
        Tensor.concatenated([new, old], along: 0).rows(order)
      }
      return output.scatteredRows(to: rows, of: running.count)
    }
    return input.with(.stacked(outputs, along: 1))
  }

  /// For each of `count` rows its place in (the rows at `rows`, then all old rows): the new value
  /// where there is one.
  private func merging(_ rows: [Int], into count: Int) -> [Int] {
    var order = (0..<count).map { rows.count + $0 }
    for (place, row) in rows.enumerated() { order[row] = place }
    return order
  }

  /// Visits the parameters of the cell under their own names.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    cell.visitParameters(&visitor)
  }
}
