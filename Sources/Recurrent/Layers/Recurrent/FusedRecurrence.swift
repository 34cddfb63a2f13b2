import RecurrentKernels

/// A whole recurrent layer over a batch as one primitive, with its backward pass through time
/// written by hand.
///
/// Forward: the kernel runs all steps. Backward: the kernel gives the gradients of the gates'
/// pre-activations, d; what remains are products over the N valid steps:
///
///     dx = d·Wᵀ    dW = xᵀ·d    dU = h₋₁ᵀ·d    db = 1ᵀ·d
struct FusedRecurrence {
  let cell: rk_cell
  let weights: RecurrentWeights
  var isReversed = false

  /// What the forward pass keeps for the backward pass. The backward pass overwrites it; a tape
  /// runs once.
  private struct Kept: Sendable {
    let gates: Storage
    let extra: Storage?
  }

  /// Outputs `[B, T, H]` and the final states `[B, H]`; `cellState` is the LSTM's.
  func callAsFunction(
    _ input: SequenceBatch, hidden: Tensor, cellState: Tensor? = nil
  ) -> (output: SequenceBatch, hidden: Tensor, cellState: Tensor?) {
    let (batch, time, units) = (input.batchSize, input.time, weights.hiddenSize)
    precondition(
      input.features == weights.inputSize,
      "a layer for \(weights.inputSize) features got sequences with \(input.features)")
    for state in [hidden, cellState].compactMap(\.self) {
      precondition(
        state.shape == [batch, units],
        "the state for a batch of \(batch) and \(units) units has shape [\(batch), \(units)], not \(state.shape)"
      )
    }
    let layout =
      isReversed
      ? SequenceLayout(lengths: input.lengths, time: time, isReversed: true) : input.layout
    let inputs = [input.values, hidden] + (cellState.map { [$0] } ?? []) + weights.tensors
    let isTracked = inputs.contains(where: \.isTracked)

    let kept =
      isTracked
      ? Kept(
        gates: Storage(count: layout.packedCount * weights.gates * units),
        extra: keepsExtra ? Storage(count: layout.packedCount * units) : nil) : nil
    var output = Tensor(shape: [batch, time, units]) { y in
      if !input.isFull { y.update(repeating: 0, count: batch * time * units) }
    }
    var finalHidden = hidden.detached
    var finalCell = cellState?.detached
    layout.withKernelLayout { tables in
      let packed = packedWeights(rk_forward_weights_size, rk_pack_forward_weights)
      let pass = rk_sequence_forward(
        cell: cell, input_size: Int32(weights.inputSize), hidden_size: Int32(units),
        layout: tables, packed_weights: packed.pointer, x: input.values.pointer,
        x_row_stride: Int64(time * input.features), x_step_stride: Int64(input.features),
        out: output.mutablePointer(), out_row_stride: Int64(time * units),
        out_step_stride: Int64(units), h: finalHidden.mutablePointer(),
        c: finalCell?.mutablePointer(),
        gates: cell == RK_CELL_RNN_TANH || cell == RK_CELL_RNN_RELU ? nil : kept?.gates.pointer,
        extra: kept?.extra?.pointer)
      let parts = self.parts(layout)
      Parallelism.run(parts: parts) { part in
        let workspace = Storage(
          count: Int(
            rk_forward_workspace(cell, Int32(batch), Int32(weights.inputSize), Int32(units))))
        withUnsafePointer(to: pass) {
          rk_run_forward($0, Int32(part), Int32(parts), workspace.pointer)
        }
      }
      withExtendedLifetime((packed, input, kept)) {}
    }

    var results = [output, finalHidden] + (finalCell.map { [$0] } ?? [])
    if let kept, let tape = Tape.following(inputs) {
      let backward = Backward(
        cell: cell, weights: weights.detached, layout: layout, kept: kept,
        input: Operand(input.values), output: output, hidden: hidden.detached,
        cellState: cellState?.detached)
      results = tape.record(results, inputs: inputs) { backward($0) }
    }
    return (input.with(results[0]), results[1], cellState.map { _ in results[2] })
  }

  /// LSTM: the cell state of each step; GRU: the candidate's recurrent part, or r·h. The simple RNN
  /// needs neither.
  private var keepsExtra: Bool { cell != RK_CELL_RNN_TANH && cell != RK_CELL_RNN_RELU }

  private func parts(_ layout: SequenceLayout) -> Int {
    let (gates, units) = (weights.gates, weights.hiddenSize)
    // An activation costs about as much as sixteen terms of the product.
    let operations = 2 * layout.packedCount * gates * units * (weights.inputSize + units + 16)
    return Parallelism.parts(operations: operations, atMost: (layout.batchSize + 2) / 3)
  }

  private func packedWeights(
    _ size: (rk_cell, Int32, Int32) -> Int64,
    _ pack: (UnsafePointer<rk_cell_weights>, UnsafeMutablePointer<Float>) -> Void
  ) -> Storage {
    let (inputs, units) = (Int32(weights.inputSize), Int32(weights.hiddenSize))
    let packed = Storage(count: Int(size(cell, inputs, units)))
    var plain = rk_cell_weights(
      cell: cell, input_size: inputs, hidden_size: units, input_weights: weights.input.pointer,
      recurrent_weights: weights.recurrent.pointer,
      bias: weights.bias.map { UnsafePointer($0.pointer) },
      recurrent_bias: weights.recurrentBias.map { UnsafePointer($0.pointer) })
    pack(&plain, packed.pointer)
    return packed
  }

  /// The backward pass, with all that it needs from the forward pass.
  private struct Backward: Sendable {
    let cell: rk_cell
    let weights: RecurrentWeights
    let layout: SequenceLayout
    let kept: Kept
    let input: Operand
    let output: Tensor
    let hidden: Tensor
    let cellState: Tensor?

    /// From the gradients of outputs and final states to those of input, initial states and
    /// parameters, in the order in which the forward pass recorded them.
    func callAsFunction(_ gradients: [Tensor?]) -> [Tensor?] {
      let units = weights.hiddenSize
      let time = layout.time
      var dh = gradients[1] ?? .zeros(hidden.shape)
      var dc = cellState.map { c in gradients[2] ?? .zeros(c.shape) }
      let recurrence = FusedRecurrence(cell: cell, weights: weights)
      layout.withKernelLayout { tables in
        let packed = recurrence.packedWeights(rk_backward_weights_size, rk_pack_backward_weights)
        let pass = rk_sequence_backward(
          cell: cell, input_size: Int32(weights.inputSize), hidden_size: Int32(units),
          layout: tables, packed_weights: packed.pointer, out: output.pointer,
          out_row_stride: Int64(time * units), out_step_stride: Int64(units), h: hidden.pointer,
          c: cellState.map { UnsafePointer($0.pointer) }, gates: kept.gates.pointer,
          extra: kept.extra?.pointer, out_gradient: gradients[0].map { UnsafePointer($0.pointer) },
          out_gradient_row_stride: Int64(time * units), out_gradient_step_stride: Int64(units),
          h_gradient: dh.mutablePointer(), c_gradient: dc?.mutablePointer())
        let parts = recurrence.parts(layout)
        Parallelism.run(parts: parts) { part in
          let workspace = Storage(
            count: Int(
              rk_backward_workspace(
                cell, Int32(layout.batchSize), Int32(weights.inputSize), Int32(units))))
          withUnsafePointer(to: pass) {
            rk_run_backward($0, Int32(part), Int32(parts), workspace.pointer)
          }
        }
        withExtendedLifetime((packed, gradients, self)) {}
      }
      var results = [input.isTracked ? inputGradient() : nil, dh]
      if let dc { results.append(dc) }
      let gradients = weightGradients()
      results += [gradients.input, gradients.recurrent]
      if weights.bias != nil { results.append(gradients.bias) }
      if weights.recurrentBias != nil { results.append(gradients.recurrentBias) }
      return results
    }

    /// dx = d·Wᵀ
    private func inputGradient() -> Tensor {
      let (features, width) = (weights.inputSize, weights.gates * weights.hiddenSize)
      let shape = [layout.batchSize, layout.time, features]
      return Tensor(shape: shape) { dx in
        if layout.packedCount < layout.batchSize * layout.time {
          dx.update(repeating: 0, count: shape.reduce(1, *))
        }
        var product = rk_matrix_product(
          rows: layout.packedCount, columns: features, depth: width, a: kept.gates.pointer,
          b: weights.input.pointer, c: dx)
        (product.b_depth_stride, product.b_column_stride) = (1, Int64(width))
        product.c_row_index = UnsafePointer(layout.timeRow)
        product.run()
      }
    }

    /// A factor of the products over the valid steps: what a row of the weights was multiplied by.
    private struct Factor {
      /// For step 0 and for the steps after it: where the values stand, and the row of each step (nil: packed order).
      var first: (values: UnsafePointer<Float>, rows: UnsafePointer<Int32>?)
      var later: (values: UnsafePointer<Float>, rows: UnsafePointer<Int32>?)
      var width: Int
      /// Floats from row to row; 0 where one row stands for all.
      var stride: Int
    }

    /// dW = xᵀ·d, dU = h₋₁ᵀ·d, db = 1ᵀ·d, all in one pass over d. A GRU's candidate has another d (reset after the
    /// product) or another factor (before) on its recurrent side.
    private func weightGradients() -> (
      input: Tensor, recurrent: Tensor, bias: Tensor, recurrentBias: Tensor
    ) {
      let (features, units) = (weights.inputSize, weights.hiddenSize)
      let width = weights.gates * units
      var (dw, du) = (Tensor.zeros([features, width]), Tensor.zeros([units, width]))
      var (db, dbRecurrent) = (Tensor.zeros([width]), Tensor.zeros([width]))
      let previous = layout.previousTimeRows()
      let previousRows = UnsafePointer(
        UnsafeMutableRawPointer(previous.pointer).assumingMemoryBound(to: Int32.self))
      let one = Tensor(1)
      let timeRow = UnsafePointer(layout.timeRow)
      let start = layout.startingRows
      // Step 0 meets the initial state, the others the outputs one step before.
      let x = Factor(
        first: (UnsafePointer(input.values.pointer), timeRow),
        later: (UnsafePointer(input.values.pointer), timeRow + start), width: features,
        stride: features)
      let h = Factor(
        first: (UnsafePointer(hidden.pointer), UnsafePointer(layout.batchRow)),
        later: (UnsafePointer(output.pointer), previousRows), width: units, stride: units)
      let ones = Factor(
        first: (UnsafePointer(one.pointer), nil), later: (UnsafePointer(one.pointer), nil),
        width: 1, stride: 0)
      let (w, u) = (dw.mutablePointer(), du.mutablePointer())
      let (b, bRecurrent) = (db.mutablePointer(), dbRecurrent.mutablePointer())
      let d = UnsafePointer(kept.gates.pointer)
      let candidate = 2 * units
      switch (cell, kept.extra) {
      case (RK_CELL_GRU_RESET_AFTER, let extra?):
        multiply(d, width, 0..<candidate, [(x, w), (h, u), (ones, b)])
        multiply(d + candidate, width, candidate..<width, [(x, w), (ones, b)])
        multiply(
          UnsafePointer(extra.pointer), units, candidate..<width, [(h, u), (ones, bRecurrent)])
        bRecurrent.update(from: b, count: candidate)
      case (RK_CELL_GRU_RESET_BEFORE, let extra?):
        let rh = Factor(
          first: (UnsafePointer(extra.pointer), nil),
          later: (UnsafePointer(extra.pointer) + start * units, nil), width: units, stride: units)
        multiply(d, width, 0..<candidate, [(x, w), (h, u), (ones, b)])
        multiply(d + candidate, width, candidate..<width, [(x, w), (rh, u), (ones, b)])
        bRecurrent.update(from: b, count: width)
      default:
        multiply(d, width, 0..<width, [(x, w), (h, u), (ones, b)])
        bRecurrent.update(from: b, count: width)
      }
      withExtendedLifetime((previous, one, self)) {}
      return (dw, du, db, dbRecurrent)
    }

    /// target[:, columns] = factorᵀ·d over the valid steps, for each factor with its target, whose rows
    /// have the gates' width. d has as many columns; its rows are `stride` floats apart.
    private func multiply(
      _ d: UnsafePointer<Float>, _ stride: Int, _ columns: Range<Int>,
      _ factors: [(factor: Factor, target: UnsafeMutablePointer<Float>)]
    ) {
      let start = layout.startingRows
      let width = weights.gates * weights.hiddenSize
      func products(
        depth: Int, from row: Int, accumulate: Bool,
        _ part: (Factor) -> (values: UnsafePointer<Float>, rows: UnsafePointer<Int32>?)
      ) -> [rk_matrix_product] {
        factors.map { factor, target in
          let source = part(factor)
          var product = rk_matrix_product(
            rows: factor.width, columns: columns.count, depth: depth, a: source.values,
            b: d + row * stride, c: target + columns.lowerBound)
          (product.a_row_stride, product.a_depth_stride) = (1, Int64(factor.stride))
          product.a_depth_index = source.rows
          product.b_depth_stride = Int64(stride)
          product.c_row_stride = Int64(width)
          product.accumulate = accumulate
          return product
        }
      }
      rk_matrix_product.run(products(depth: start, from: 0, accumulate: false, \.first))
      let rest = layout.packedCount - start
      guard rest > 0 else { return }
      rk_matrix_product.run(products(depth: rest, from: start, accumulate: true, \.later))
    }
  }
}

extension Module {
  /// The same module with constants for parameters.
  var detached: Self {
    var copy = self
    copy.updateParameters { $1 = $1.detached }
    return copy
  }
}
