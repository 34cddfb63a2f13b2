import RecurrentKernels

/// A whole recurrent layer over a batch as one primitive, with its backward pass through time
/// written by hand (`FusedRecurrence+Backward.swift`).
///
/// Forward, the kernel runs all steps. What the backward pass needs of them is kept, or computed
/// again, segment by segment (``Mode/training(_:segmentLength:)``).
struct FusedRecurrence {
  let cell: rk_cell
  let weights: RecurrentWeights
  let options: RecurrentOptions

  /// Outputs `[B, T, R]` and the final states `[B, R]` and `[B, H]`; `cellState` is the LSTM's. R is
  /// the size of the hidden state.
  func callAsFunction(
    _ input: SequenceBatch, hidden: Tensor, cellState: Tensor? = nil, mode: Mode
  ) -> (output: SequenceBatch, hidden: Tensor, cellState: Tensor?) {
    let (batch, size) = (input.batchSize, weights.outputSize)
    precondition(
      input.features == weights.inputSize,
      "a layer for \(weights.inputSize) features got sequences with \(input.features)")
    for (state, size) in [(hidden, size), (cellState, self.weights.hiddenSize)] {
      guard let state else { continue }
      precondition(
        state.shape == [batch, size],
        "the state for a batch of \(batch) and \(size) units has shape [\(batch), \(size)], not \(state.shape)"
      )
    }
    let noise = RecurrentNoise(options, mode: mode, layout: input.layout, weights: weights)
    var input = input
    if let mask = noise.inputMask { input = input.with(input.values * mask) }
    var weights = weights
    if let mask = noise.weightMask { weights.recurrent = weights.recurrent * mask }
    var segmentLength: Int?
    if case .training(_, let length) = mode { segmentLength = length }
    precondition(
      segmentLength.map { $0 >= 1 } ?? true,
      "a segment has at least one step, not \(segmentLength ?? 0)")
    let run = FusedRun(
      cell: cell, weights: weights.detached, options: options, noise: noise, layout: input.layout,
      segmentLength: segmentLength)

    let inputs = [input.values, hidden] + (cellState.map { [$0] } ?? []) + weights.tensors
    let tape = Tape.following(inputs)
    let keepsAll = tape != nil && segmentLength == nil
    var output = Tensor(shape: [batch, input.time, size]) { y in
      if !input.isFull { y.update(repeating: 0, count: batch * input.time * size) }
    }
    var finalHidden = hidden.detached
    var finalCell = cellState?.detached
    var kept: Kept?
    var cellStates: [Tensor] = []
    let packed = run.packedWeights(rk_forward_weights_size, rk_pack_forward_weights)
    for segment in run.segments {
      if let finalCell, tape != nil { cellStates.append(finalCell) }
      kept = keepsAll ? run.room(for: segment) : nil
      run.forward(
        segment, input: input.values, packed: packed, output: output.mutablePointer(),
        hidden: finalHidden.mutablePointer(), cellState: finalCell?.mutablePointer(), kept: kept)
    }

    var results = [output, finalHidden] + (finalCell.map { [$0] } ?? [])
    if let tape {
      let backward = Backward(
        run: run, input: Operand(input.values), output: output, hidden: hidden.detached,
        cellStates: cellStates, kept: kept)
      results = tape.record(results, inputs: inputs) { backward($0) }
    }
    return (input.with(results[0]), results[1], cellState.map { _ in results[2] })
  }

  /// What the forward pass keeps of a segment for the backward pass, which overwrites it; a tape
  /// runs once. See `rk_sequence_forward`.
  struct Kept: Sendable {
    var gates: Storage
    var extra: Storage?
    var masked: Storage?
    var unprojected: Storage?
  }
}

/// A layer over one batch: how its kernels are called.
struct FusedRun: Sendable {
  let cell: rk_cell
  let weights: RecurrentWeights
  let options: RecurrentOptions
  let noise: RecurrentNoise
  let layout: SequenceLayout
  let segmentLength: Int?

  var units: Int { weights.hiddenSize }
  var size: Int { weights.outputSize }
  var width: Int { weights.gates * weights.hiddenSize }
  var isPlain: Bool { options.isPlain(for: cell) && weights.peepholes == nil }
  var projects: Bool { weights.projection != nil }

  /// The steps that are kept together.
  var segments: [Range<Int>] {
    let length = segmentLength ?? max(1, layout.steps)
    return stride(from: 0, to: max(1, layout.steps), by: length).map {
      $0..<min($0 + length, layout.steps)
    }
  }

  /// Buffers for what is kept of a segment.
  func room(for segment: Range<Int>) -> FusedRecurrence.Kept {
    let count = layout.packed(segment).count
    return FusedRecurrence.Kept(
      gates: Storage(count: count * width),
      // LSTM: the cell state of each step; GRU: the candidate's recurrent part, or r·h.
      extra: cell.hasGates ? Storage(count: count * units) : nil,
      masked: noise.recurrentMask != nil ? Storage(count: count * size) : nil,
      unprojected: projects ? Storage(count: count * units) : nil)
  }

  /// Runs a segment. With `recomputes`, `output` holds its steps already, and only `kept` and the
  /// cell state are written.
  func forward(
    _ segment: Range<Int>, input: Tensor, packed: Storage, output: UnsafeMutablePointer<Float>,
    hidden: UnsafeMutablePointer<Float>, cellState: UnsafeMutablePointer<Float>?,
    kept: FusedRecurrence.Kept?, recomputes: Bool = false
  ) {
    // The simple RNN keeps nothing but its output, unless it has options.
    let keepsGates = cell.hasGates || !isPlain
    layout.withKernelLayout { tables in
      withKernelOptions { options in
        let pass = rk_sequence_forward(
          cell: cell, input_size: Int32(weights.inputSize), hidden_size: Int32(units),
          recurrent_size: Int32(size), layout: tables, first_step: Int32(segment.lowerBound),
          end_step: Int32(segment.upperBound), options: options, projects: projects,
          packed_weights: packed.pointer, x: input.pointer, x_stride: Int64(weights.inputSize),
          out: output, out_stride: Int64(size), keeps_out: recomputes, h: hidden, c: cellState,
          gates: keepsGates ? kept?.gates.pointer : nil, extra: kept?.extra?.pointer,
          masked: kept?.masked?.pointer, unprojected: kept?.unprojected?.pointer)
        withUnsafePointer(to: pass) { pass in
          let parts = parts
          Parallelism.run(parts: parts) { part in
            let workspace = Storage(count: Int(rk_forward_workspace(pass)))
            rk_run_forward(pass, Int32(part), Int32(parts), workspace.pointer)
            withExtendedLifetime(workspace) {}
          }
        }
      }
    }
    withExtendedLifetime((packed, input, kept)) {}
  }

  /// The threads that share the rows.
  var parts: Int {
    // An activation costs about as much as sixteen terms of the product.
    let operations = 2 * layout.packedCount * width * (weights.inputSize + size + 16)
    return Parallelism.parts(
      operations: operations / segments.count, atMost: (layout.batchSize + 2) / 3)
  }

  func packedWeights(
    _ size: (UnsafePointer<rk_cell_weights>) -> Int64,
    _ pack: (UnsafePointer<rk_cell_weights>, UnsafeMutablePointer<Float>) -> Void
  ) -> Storage {
    var plain = rk_cell_weights(
      cell: cell, input_size: Int32(weights.inputSize), hidden_size: Int32(units),
      recurrent_size: Int32(self.size), input_weights: weights.input.pointer,
      recurrent_weights: weights.recurrent.pointer,
      bias: weights.bias.map { UnsafePointer($0.pointer) },
      recurrent_bias: weights.recurrentBias.map { UnsafePointer($0.pointer) },
      projection: weights.projection.map { UnsafePointer($0.pointer) })
    let packed = Storage(count: Int(size(&plain)))
    pack(&plain, packed.pointer)
    withExtendedLifetime(weights) {}
    return packed
  }

  /// Calls `body` with the options as kernels take them; nil for the plain formula.
  func withKernelOptions<R>(_ body: (UnsafePointer<rk_cell_options>?) -> R) -> R {
    guard !isPlain else { return body(nil) }
    func function(_ chosen: Activation?, _ plain: Activation) -> rk_function {
      (chosen ?? plain).kernelFunction ?? RK_IDENTITY
    }
    var kernelOptions = rk_cell_options(
      gate: function(options.gateActivation, .sigmoid),
      activation: function(options.activation, cell.plainActivation),
      gate_clip: options.gateClip ?? .infinity, cell_clip: options.cellClip ?? .infinity,
      peepholes: weights.peepholes.map { UnsafePointer($0.pointer) },
      recurrent_mask: noise.recurrentMask.map { UnsafePointer($0.pointer) },
      zoneout: options.zoneout, cell_zoneout: options.cellZoneout,
      zoneout_mask: noise.zoneoutMask.map { UnsafePointer($0.pointer) },
      cell_zoneout_mask: noise.cellZoneoutMask.map { UnsafePointer($0.pointer) })
    return withExtendedLifetime((weights, noise)) { body(&kernelOptions) }
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
