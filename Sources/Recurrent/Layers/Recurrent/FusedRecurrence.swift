import RecurrentKernels

/// A whole recurrent layer over a batch as one primitive, with its backward pass through time
/// written by hand.
///
/// Forward: the kernel runs all steps. Backward: the kernel gives the gradients of the gates'
/// pre-activations, d; what remains are products over the N valid steps:
///
///     dx = d·Wᵀ    dW = xᵀ·d    dU = h₋₁ᵀ·d    db = Σ d
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
    let operations = 2 * layout.packedCount * gates * units * (weights.inputSize + units)
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
      let (units, width) = (weights.hiddenSize, weights.gates * weights.hiddenSize)
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
      results += [inputWeightsGradient(), recurrentWeightsGradient()]
      if weights.bias != nil || weights.recurrentBias != nil {
        let sums = columnSums(kept.gates, width)
        if weights.bias != nil { results.append(sums) }
        if weights.recurrentBias != nil { results.append(recurrentBiasGradient(sums)) }
      }
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

    /// dW = xᵀ·d
    private func inputWeightsGradient() -> Tensor {
      let (features, width) = (weights.inputSize, weights.gates * weights.hiddenSize)
      return Tensor(shape: [features, width]) { dw in
        var product = rk_matrix_product(
          rows: features, columns: width, depth: layout.packedCount, a: input.values.pointer,
          b: kept.gates.pointer, c: dw)
        (product.a_row_stride, product.a_depth_stride) = (1, Int64(features))
        product.a_depth_index = UnsafePointer(layout.timeRow)
        product.run()
      }
    }

    /// dU = h₋₁ᵀ·d, where d of a GRU's candidate is that of its recurrent part.
    private func recurrentWeightsGradient() -> Tensor {
      let (units, width) = (weights.hiddenSize, weights.gates * weights.hiddenSize)
      let previous = layout.previousTimeRows()
      return Tensor(shape: [units, width]) { du in
        func add(_ columns: Range<Int>, of d: Storage, from first: Int, width dWidth: Int) {
          // Step 0 comes from the initial state, the others from the outputs one step before.
          var product = rk_matrix_product(
            rows: units, columns: columns.count, depth: layout.startingRows, a: hidden.pointer,
            b: d.pointer + first, c: du + columns.lowerBound)
          (product.a_row_stride, product.a_depth_stride) = (1, Int64(units))
          product.b_depth_stride = Int64(dWidth)
          product.c_row_stride = Int64(width)
          product.a_depth_index = UnsafePointer(layout.batchRow)
          product.run()
          product.depth = Int64(max(0, layout.packedCount - layout.startingRows))
          product.a = UnsafePointer(output.pointer)
          product.a_depth_index = UnsafePointer(
            UnsafeMutableRawPointer(previous.pointer).assumingMemoryBound(to: Int32.self))
          product.b += layout.startingRows * dWidth
          product.accumulate = true
          product.run()
        }
        switch (cell, kept.extra) {
        case (RK_CELL_GRU_RESET_AFTER, let extra?):
          add(0..<2 * units, of: kept.gates, from: 0, width: width)
          add(2 * units..<3 * units, of: extra, from: 0, width: units)
        case (RK_CELL_GRU_RESET_BEFORE, let extra?):
          add(0..<2 * units, of: kept.gates, from: 0, width: width)
          // dUₙ = (r·h₋₁)ᵀ·dₙ
          var product = rk_matrix_product(
            rows: units, columns: units, depth: layout.packedCount, a: extra.pointer,
            b: kept.gates.pointer + 2 * units, c: du + 2 * units)
          (product.a_row_stride, product.a_depth_stride) = (1, Int64(units))
          (product.b_depth_stride, product.c_row_stride) = (Int64(width), Int64(width))
          product.run()
        default:
          add(0..<width, of: kept.gates, from: 0, width: width)
        }
        withExtendedLifetime(previous) {}
      }
    }

    /// db' = db, but for the candidate of the reset-after GRU, where it lies inside the reset
    /// product.
    private func recurrentBiasGradient(_ biasGradient: Tensor) -> Tensor {
      guard cell == RK_CELL_GRU_RESET_AFTER, let extra = kept.extra else { return biasGradient }
      let units = weights.hiddenSize
      return .concatenated(
        [biasGradient.slice(0..<2 * units, along: 0), columnSums(extra, units)], along: 0)
    }

    /// Each column over the valid steps, `[width]`.
    private func columnSums(_ values: Storage, _ width: Int) -> Tensor {
      let rows = layout.packedCount
      return Tensor(shape: [width]) { sums in
        let parts = Parallelism.parts(operations: 4 * rows * width, atMost: width / 32)
        Parallelism.run(parts: parts) { part in
          let range = Parallelism.range(part, of: parts, count: width, granularity: 16)
          rk_column_sums(
            values.pointer + range.lowerBound, Int64(rows), Int64(range.count), Int64(width),
            false, sums + range.lowerBound)
        }
      }
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
