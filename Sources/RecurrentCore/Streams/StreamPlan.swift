import RecurrentFiles
internal import RecurrentKernels

/// What a model does at a single step, laid out beforehand: operations in order, constants in the
/// form that they read, and where each value stands in a stream's memory.
struct StreamPlan: Sendable {
  /// Values `[rows, width]` at a place of the memory.
  struct Values: Sendable {
    let place: Int
    let width: Int
  }

  /// The streams that run side by side, B.
  let rows: Int
  private(set) var operations: [StreamOperation] = []
  /// Floats of a stream's memory.
  private(set) var memorySize = 0
  /// Where the state's tensors stand, in their order.
  private(set) var state: [Range<Int>] = []
  /// Layers that are called.
  private(set) var calls: [any StreamCall] = []
  /// Floats of constants, and who writes them.
  private(set) var constantsSize = 0
  private var constants: [@Sendable (UnsafeMutablePointer<Float>) -> Void] = []
  /// The values that constants point into.
  private var kept: [any Sendable] = []

  init(rows: Int) { self.rows = rows }

  // MARK: Room

  /// Whole cache lines: what kernels fill up to whole vectors ends inside.
  private static func rounded(_ count: Int) -> Int { (count + 15) / 16 * 16 }

  /// Room for `count` floats in the memory.
  mutating func room(_ count: Int) -> Int {
    defer { memorySize += Self.rounded(count) }
    return memorySize
  }

  /// Room for values.
  mutating func values(_ width: Int) -> Values { Values(place: room(rows * width), width: width) }

  /// Room for the next tensor of the state.
  mutating func stateRoom(_ count: Int) -> Int {
    let place = room(count)
    state.append(place..<place + count)
    return place
  }

  /// Room among the constants, which `write` fills; `keeping`: what it then points into.
  mutating func constant(
    _ count: Int, keeping: (any Sendable)? = nil,
    _ write: @escaping @Sendable (UnsafeMutablePointer<Float>) -> Void
  ) -> Int {
    let place = constantsSize
    constantsSize += Self.rounded(count)
    constants.append { write($0 + place) }
    if let keeping { kept.append(keeping) }
    return place
  }

  /// The place of a value that is laid out as kernels take it.
  mutating func layout<Value>(
    of: Value.Type, keeping: (any Sendable)? = nil,
    _ write: @escaping @Sendable (UnsafeMutablePointer<Value>) -> Void
  ) -> Int {
    constant((MemoryLayout<Value>.size + 3) / 4, keeping: keeping) {
      write(UnsafeMutableRawPointer($0).assumingMemoryBound(to: Value.self))
    }
  }

  /// The elements of a tensor.
  mutating func constant(_ tensor: Tensor) -> Int {
    constant(tensor.count) { $0.update(from: tensor.pointer, count: tensor.count) }
  }

  /// Writes all constants once; those that write them are then forgotten.
  mutating func writeConstants() -> Storage {
    let storage = Storage(count: constantsSize, lasts: true)
    // What fills up a vector or a line is read, though it does not count.
    storage.pointer.update(repeating: 0, count: constantsSize)
    for write in constants { write(storage.pointer) }
    constants = []
    return storage
  }

  // MARK: Operations

  mutating func append(_ operation: StreamOperation) { operations.append(operation) }

  /// A layer: laid out if it can be, else called.
  mutating func add<L: Layer>(_ layer: L, from input: Values) -> Values {
    if let layer = layer as? any LaidOutLayer { return layer.layOut(in: &self, from: input) }
    return call(layer, from: input)
  }

  /// A layer that is called with tensors, which allocates.
  mutating func call<L: Layer>(_ layer: L, from input: Values) -> Values {
    let initial = layer.initialState(batchSize: rows)
    var probe = initial
    let zeros = [Float](repeating: 0, count: rows * input.width)
    let width =
      CalledLayer<L>.floats(
        layer.forward(
          CalledLayer<L>.input(zeros, rows: rows), state: &probe, mode: .prediction)
      ).count / rows
    let places = initial.tensors.map { stateRoom($0.count) }
    let output = values(width)
    calls.append(
      CalledLayer(
        layer: layer, initial: initial, rows: rows, input: input, output: output, state: places))
    append(.call(calls.count - 1))
    return output
  }

  /// bias + x·W for each row, W `[I, O]`.
  mutating func product(_ input: Values, weights: Tensor, bias: Tensor?) -> Values {
    let (depth, columns) = (weights.shape[0], weights.shape[1])
    let output = values(columns)
    if rows == 1 {
      let kernels = rk_kernels_for_steps(Int32(clamping: columns))
      let packed = constant(
        Int(kernels.pointee.row_product_size(Int64(columns), Int64(depth)))
      ) { _ in }
      let matrix = layout(of: rk_row_matrix.self) { [offset = constantsSize - packed] in
        let packed = UnsafeMutableRawPointer($0).assumingMemoryBound(to: Float.self) - offset
        rk_kernels_for_steps(Int32(clamping: columns)).pointee.lay_out_row_product(
          Int64(columns), Int64(depth), weights.pointer, bias?.pointer, packed, $0)
      }
      append(.rowProduct(layout: matrix, input: input.place, output: output.place))
    } else {
      let rows = rows
      let matrix = layout(of: rk_matrix_product.self, keeping: [weights, bias]) {
        $0.initialize(
          to: rk_matrix_product(
            rows: Int64(rows), columns: Int64(columns), depth: Int64(depth), a: weights.pointer,
            a_row_stride: Int64(depth), a_depth_stride: 1, b: weights.pointer,
            b_depth_stride: Int64(columns), b_column_stride: 1, c: weights.pointer,
            c_row_stride: Int64(columns), a_row_index: nil, a_depth_index: nil, c_row_index: nil,
            bias: bias?.pointer, accumulate: false, also: nil, packed_b: nil))
      }
      let size = Int(rk_multiply_workspace(Int64(rows), Int64(columns), Int64(depth)))
      append(
        .product(layout: matrix, input: input.place, output: output.place, workspace: room(size)))
    }
    return output
  }

  /// A function of each element, in place.
  mutating func apply(_ activation: Activation, to values: Values) {
    switch activation {
    case .identity: break
    case .softmax:
      append(.softmax(from: values.place, to: values.place, rows: rows, width: values.width))
    default:
      if let function = activation.kernelFunction {
        append(
          .map(function, from: values.place, to: values.place, count: rows * values.width))
      }
    }
  }

  /// A recurrent layer, whose state is the next of the stream's. `gated`: what comes before it of the
  /// hidden state, which may change, and gives its input.
  mutating func recurrence(
    _ recurrence: FusedRecurrence, from outside: Values,
    gated: (inout StreamPlan, _ hidden: Values) -> Values? = { _, _ in nil }
  ) -> Values {
    let weights = recurrence.weights.detached
    let (units, size) = (weights.hiddenSize, weights.outputSize)
    require(
      outside.width == weights.inputSize,
      "a layer for \(weights.inputSize) features got steps with \(outside.width)")
    let hidden = stateRoom(rows * size)
    let cell = recurrence.cell.hasCellState ? stateRoom(rows * units) : hidden
    let input = gated(&self, Values(place: hidden, width: size)) ?? outside
    let layout = SequenceLayout(lengths: Array(repeating: 1, count: rows), time: 1)
    let run = FusedRun(
      FusedRecurrence(cell: recurrence.cell, weights: weights, options: recurrence.options),
      weights: weights,
      noise: RecurrentNoise(
        recurrence.options, mode: .prediction, layout: layout, weights: weights),
      layout: layout, segmentLength: nil, table: nil)
    let format = run.division.readsNarrowWeights ? weights.kernelFormat : RK_FLOAT32
    return rows == 1 && run.isPlain && !run.projects
      ? step(run, format, from: input, hidden: hidden, cell: cell)
      : steps(run, format, from: input, hidden: hidden, cell: cell)
  }

  /// Lays out one row of a plain cell, whose new hidden state is its output.
  private mutating func step(
    _ run: FusedRun, _ format: rk_weight_format, from input: Values, hidden: Int, cell: Int
  ) -> Values {
    let units = run.weights.hiddenSize
    let kernels = rk_kernels_for_steps(Int32(units))
    let size = run.withKernelWeights(format: format) { kernels.pointee.step_weights_size($0) }
    let packed = constant(Int(size)) { _ in }
    let step = layout(of: rk_step.self) { [offset = constantsSize - packed] step in
      let packed = UnsafeMutableRawPointer(step).assumingMemoryBound(to: Float.self) - offset
      run.withKernelWeights(format: format) {
        rk_kernels_for_steps(Int32(units)).pointee.lay_out_step($0, packed, step)
      }
    }
    append(
      .cell(
        layout: step, input: input.place, hidden: hidden, cell: cell,
        workspace: room(Int(kernels.pointee.step_workspace(Int32(units))))))
    return Values(place: hidden, width: units)
  }

  /// Several rows, or a cell with options, by the kernels of whole sequences.
  private mutating func steps(
    _ run: FusedRun, _ format: rk_weight_format, from input: Values, hidden: Int, cell: Int
  ) -> Values {
    let (size, layout) = (run.weights.outputSize, run.layout)
    let packed = run.packedWeights(rk_forward_weights_size, rk_pack_forward_weights, format: format)
    let output = values(size)
    let tables = self.layout(of: rk_sequence_layout.self, keeping: layout) { tables in
      layout.withKernelLayout { tables.initialize(to: $0.pointee) }
    }
    let options = self.layout(of: rk_cell_options.self, keeping: run) { options in
      run.withKernelOptions { if let own = $0 { options.initialize(to: own.pointee) } }
    }
    let place = constantsSize
    @Sendable func pass(_ at: UnsafeMutableRawPointer) -> rk_sequence_forward {
      let constants = at.assumingMemoryBound(to: Float.self) - place
      return run.pass(
        tables: UnsafeRawPointer(constants + tables).assumingMemoryBound(
          to: rk_sequence_layout.self),
        options: run.isPlain
          ? nil
          : UnsafeRawPointer(constants + options).assumingMemoryBound(to: rk_cell_options.self),
        packed: packed, format: format)
    }
    let forward = self.layout(of: rk_sequence_forward.self, keeping: packed) {
      $0.initialize(to: pass($0))
    }
    let workspace = layout.withKernelLayout { tables in
      run.withKernelOptions { options in
        var pass = run.pass(tables: tables, options: options, packed: packed, format: format)
        return Int(rk_forward_workspace(&pass))
      }
    }
    append(
      .cells(
        layout: forward, input: input.place, output: output.place, hidden: hidden, cell: cell,
        workspace: room(workspace), count: rows * size))
    return output
  }
}
