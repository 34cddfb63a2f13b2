import RecurrentFiles
internal import RecurrentKernels

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
    checkShapes(input, hidden: hidden, cellState: cellState)
    if let followed = probed(input, hidden: hidden, cellState: cellState, mode: mode) {
      return followed
    }
    let size = weights.outputSize
    let noise = RecurrentNoise(options, mode: mode, layout: input.layout, weights: weights)
    var input = input
    if let mask = noise.inputMask { input = input.with(input.values * mask) }
    var weights = weights
    if let mask = noise.weightMask { weights.recurrent = weights.recurrent * mask }
    var segmentLength: Int?
    if case .training(_, _, let length) = mode { segmentLength = length }
    require(
      segmentLength.map { $0 >= 1 } ?? true,
      "a segment has at least one step, not \(segmentLength ?? 0)")
    let table = InputTable(input, width: weights.input.shape[1])
    let source = table.flatMap { _ in input.origin?.table } ?? input.values
    func inputs() -> [Tensor] {
      [source, hidden] + (cellState.map { [$0] } ?? []) + weights.tensors
    }
    let isTracked =
      source.slot != nil || hidden.slot != nil || cellState?.slot != nil || weights.isTracked
    let tape = isTracked ? Tape.following(inputs()) : nil
    let run = FusedRun(
      self, weights: tape == nil ? weights : weights.detached, noise: noise,
      layout: input.layout, segmentLength: segmentLength, table: table)

    let keepsAll = tape != nil && segmentLength == nil
    var output = input.layout.room(for: size)
    var finalHidden = hidden.detached
    var finalCell = cellState?.detached
    var kept: Kept?
    var cellStates: [Tensor] = []
    let format = tape == nil && run.division.readsNarrowWeights ? weights.kernelFormat : RK_FLOAT32
    func pack() -> Storage {
      run.packedWeights(rk_forward_weights_size, rk_pack_forward_weights, format: format)
    }
    let packed =
      tape == nil
      ? weights.packed(for: cell, format, pack: pack) : pack()
    run.multiplyTable(packed: packed, format: format)
    for segment in run.segments {
      if let finalCell, tape != nil { cellStates.append(finalCell) }
      kept = keepsAll ? run.room(for: segment) : nil
      run.forward(
        segment, input: input.values, packed: packed, format: format,
        output: output.mutablePointer(), hidden: finalHidden.mutablePointer(),
        cellState: finalCell?.mutablePointer(), kept: kept)
    }

    var results = [output, finalHidden] + (finalCell.map { [$0] } ?? [])
    if let tape {
      let backward = Backward(
        run: run, input: Operand(source), output: output, hidden: hidden.detached,
        cellStates: cellStates, kept: kept)
      results = tape.recordGradients(results, inputs: inputs()) { backward($0) }
    }
    return (input.with(results[0]), results[1], cellState.map { _ in results[2] })
  }

  /// Traps on an input or a state that does not fit the weights.
  func checkShapes(_ input: SequenceBatch, hidden: Tensor, cellState: Tensor?) {
    let batch = input.batchSize
    require(
      input.features == weights.inputSize,
      "a layer for \(weights.inputSize) features got sequences with \(input.features)")
    for (state, size) in [(hidden, weights.outputSize), (cellState, weights.hiddenSize)] {
      guard let state else { continue }
      require(
        state.shape == [batch, size],
        "the state for a batch of \(batch) and \(size) units has shape [\(batch), \(size)], not \(state.shape)"
      )
    }
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
  /// Without options or peepholes.
  let isPlain: Bool
  let noise: RecurrentNoise
  let layout: SequenceLayout
  /// The steps that are kept together.
  let segments: [Range<Int>]
  /// Nil: each step has a vector of its own.
  let table: InputTable?
  let division: FusedDivision

  init(
    _ recurrence: FusedRecurrence, weights: RecurrentWeights, noise: RecurrentNoise,
    layout: SequenceLayout, segmentLength: Int?, table: InputTable?
  ) {
    (cell, options) = (recurrence.cell, recurrence.options)
    (self.weights, self.noise, self.layout, self.table) = (weights, noise, layout, table)
    let length = segmentLength ?? max(1, layout.steps)
    segments = stride(from: 0, to: max(1, layout.steps), by: length).map {
      $0..<min($0 + length, layout.steps)
    }
    isPlain = options.isPlain(for: cell) && weights.peepholes == nil
    division = FusedDivision(
      weights, layout: layout, segments: segments.count,
      isPlain: isPlain && weights.projection == nil, hasTable: table != nil)
  }

  var units: Int { weights.hiddenSize }
  var size: Int { weights.outputSize }
  var width: Int { weights.gates * weights.hiddenSize }
  var projects: Bool { weights.projection != nil }

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
    _ segment: Range<Int>, input: Tensor, packed: Storage, format: rk_weight_format = RK_FLOAT32,
    output: UnsafeMutablePointer<Float>, hidden: UnsafeMutablePointer<Float>,
    cellState: UnsafeMutablePointer<Float>?, kept: FusedRecurrence.Kept?, recomputes: Bool = false
  ) {
    // The simple RNN keeps nothing but its output, unless it has options.
    let keepsGates = cell.hasGates || !isPlain
    for steps in division.blocks(of: segment, keeps: kept != nil) {
      // Threads that share the units of this cell exchange r·h, which one alone has in its workspace.
      let kept =
        kept ?? (division.sharesUnits && cell == RK_CELL_GRU_RESET_BEFORE ? room(for: steps) : nil)
      let packedSteps = layout.packed(steps)
      let start =
        division.multipliesInputFirst
        ? kept?.gates ?? Storage(count: packedSteps.count * width) : nil
      layout.withKernelLayout { tables in
        withKernelOptions { options in
          let pass = rk_sequence_forward(
            cell: cell, input_size: Int32(weights.inputSize), hidden_size: Int32(units),
            recurrent_size: Int32(size), layout: tables, first_step: Int32(steps.lowerBound),
            end_step: Int32(steps.upperBound), options: options, projects: projects,
            format: format, packed_weights: packed.pointer, x: input.pointer,
            x_stride: Int64(weights.inputSize), start: (table?.starts ?? start)?.pointer,
            start_row: table.map { $0.rows.pointer + packedSteps.lowerBound }, out: output,
            out_stride: Int64(size), keeps_out: recomputes, h: hidden, c: cellState,
            gates: keepsGates ? kept?.gates.pointer : nil,
            extra: kept?.extra?.pointer, masked: kept?.masked?.pointer,
            unprojected: kept?.unprojected?.pointer, meeting: nil)
          if start != nil { multiplyInput(pass, rows: packedSteps.count) }
          runParts(pass, \.meeting, rk_forward_workspace, rk_run_forward)
        }
      }
      withExtendedLifetime((start, kept)) {}
    }
    withExtendedLifetime((packed, input, kept)) {}
  }

  /// The product with the vectors of the table, all of them one step of as many rows.
  func multiplyTable(packed: Storage, format: rk_weight_format) {
    guard let table else { return }
    let count = table.indices.count
    SequenceLayout(lengths: Array(repeating: 1, count: count), time: 1).withKernelLayout {
      let pass = rk_sequence_forward(
        cell: cell, input_size: Int32(weights.inputSize), hidden_size: Int32(units),
        recurrent_size: Int32(size), layout: $0, first_step: 0, end_step: 1, options: nil,
        projects: projects, format: format, packed_weights: packed.pointer,
        x: table.vectors.pointer, x_stride: Int64(weights.inputSize), start: table.starts.pointer,
        start_row: nil, out: table.starts.pointer, out_stride: 0, keeps_out: true,
        h: table.starts.pointer, c: nil, gates: nil, extra: nil, masked: nil, unprojected: nil,
        meeting: nil)
      multiplyInput(pass, rows: count)
    }
    withExtendedLifetime((packed, table)) {}
  }

  /// The product with the input, for all steps of a pass at once.
  private func multiplyInput(_ pass: rk_sequence_forward, rows: Int) {
    let parts = Parallelism.parts(
      operations: 2 * rows * width * weights.inputSize, atMost: units / 16)
    withUnsafePointer(to: pass) { pass in
      Parallelism.run(parts: parts) { rk_multiply_input(pass, Int32($0), Int32(parts)) }
    }
  }

  /// Runs a pass on several threads where that pays.
  func runParts<Pass>(
    _ pass: Pass,
    _ meeting: WritableKeyPath<Pass, UnsafeMutablePointer<rk_meeting>?>,
    _ size: (UnsafePointer<Pass>) -> Int64,
    _ kernel: (UnsafePointer<Pass>, Int32, Int32, UnsafeMutablePointer<Float>) -> Void
  ) {
    func run(_ pass: UnsafePointer<Pass>, _ part: Int, _ parts: Int) {
      let workspace = Storage(count: Int(size(pass)))
      kernel(pass, Int32(part), Int32(parts), workspace.pointer)
      withExtendedLifetime(workspace) {}
    }
    var pass = pass
    if division.sharesUnits {
      var place = rk_meeting()
      withUnsafeMutablePointer(to: &place) { place in
        pass[keyPath: meeting] = place
        withUnsafePointer(to: pass) { pass in
          Parallelism.runTogether(parts: Parallelism.threads) { run(pass, $0, $1) }
        }
      }
    } else {
      withUnsafePointer(to: pass) { pass in
        Parallelism.run(parts: division.parts) { run(pass, $0, division.parts) }
      }
    }
  }

  /// A forward pass over all steps that keeps nothing, but for the pointers to values.
  func pass(
    tables: UnsafePointer<rk_sequence_layout>, options: UnsafePointer<rk_cell_options>?,
    packed: Storage, format: rk_weight_format
  ) -> rk_sequence_forward {
    rk_sequence_forward(
      cell: cell, input_size: Int32(weights.inputSize), hidden_size: Int32(units),
      recurrent_size: Int32(size), layout: tables, first_step: 0, end_step: Int32(layout.steps),
      options: options, projects: projects, format: format, packed_weights: packed.pointer,
      x: packed.pointer, x_stride: Int64(weights.inputSize), start: nil, start_row: nil,
      out: packed.pointer, out_stride: Int64(size), keeps_out: false, h: packed.pointer, c: nil,
      gates: nil, extra: nil, masked: nil, unprojected: nil, meeting: nil)
  }

  func packedWeights(
    _ size: (UnsafePointer<rk_cell_weights>) -> Int64,
    _ pack: (UnsafePointer<rk_cell_weights>, UnsafeMutablePointer<Float>) -> Void,
    format: rk_weight_format = RK_FLOAT32
  ) -> Storage {
    withKernelWeights(format: format) { plain in
      let packed = Storage(count: Int(size(plain)))
      pack(plain, packed.pointer)
      return packed
    }
  }

  /// Calls `body` with the weights as kernels take them.
  func withKernelWeights<R>(
    format: rk_weight_format, _ body: (UnsafePointer<rk_cell_weights>) -> R
  ) -> R {
    let scales = [weights.input, weights.recurrent, weights.projection].map { matrix -> Storage? in
      guard case .int8(let scales) = matrix?.grid, format == RK_INT8 else { return nil }
      return Tensor(scales).storage
    }
    var plain = rk_cell_weights(
      cell: cell, input_size: Int32(weights.inputSize), hidden_size: Int32(units),
      recurrent_size: Int32(self.size), input_weights: weights.input.pointer,
      recurrent_weights: weights.recurrent.pointer, bias: weights.bias?.pointer,
      recurrent_bias: weights.recurrentBias?.pointer, projection: weights.projection?.pointer,
      format: format, input_scales: scales[0]?.pointer, recurrent_scales: scales[1]?.pointer,
      projection_scales: scales[2]?.pointer)
    return withExtendedLifetime((weights, scales)) { body(&plain) }
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
      peepholes: weights.peepholes?.pointer, recurrent_mask: noise.recurrentMask?.pointer,
      zoneout: options.zoneout, cell_zoneout: options.cellZoneout,
      zoneout_mask: noise.zoneoutMask?.pointer,
      cell_zoneout_mask: noise.cellZoneoutMask?.pointer)
    return withExtendedLifetime((weights, noise)) { body(&kernelOptions) }
  }
}

extension Module {
  /// The module with constants for parameters: gradients do not flow to them.
  var detached: Self {
    var copy = self
    copy.updateParameters { $1 = $1.detached }
    return copy
  }
}
