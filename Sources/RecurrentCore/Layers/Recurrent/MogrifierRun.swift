internal import RecurrentKernels

/// What a ``MogrifierLSTM`` keeps of a step beside the gates of its LSTM, part after part: c', each x
/// and h, σ of each round, and of a low rank what is between the factors and its gradient.
struct MogrifierParts: Sendable {
  struct Part: Sendable {
    /// Floats of the parts before it.
    let start: Int
    let width: Int
  }

  let cell: Part
  /// x⁻¹, h⁰, x¹, h² and so on: that of a round stands two behind that which it gates.
  let values: [Part]
  /// σ of each round; in the backward pass it becomes the gradient of what is in σ.
  let gates: [Part]
  /// Between the factors of each round.
  let middles: [(value: Part, gradient: Part)?]
  /// The floats that a step keeps, all parts together.
  let size: Int

  init(_ layer: MogrifierLSTM) {
    let (inputs, units) = (layer.weights.inputSize, layer.weights.hiddenSize)
    var size = 0
    func part(_ width: Int) -> Part {
      defer { size += width }
      return Part(start: size, width: width)
    }
    cell = part(units)
    values = (0..<layer.rounds.count + 2).map { part($0 % 2 == 0 ? inputs : units) }
    gates = layer.rounds.map { part($0.outputSize) }
    middles = layer.rounds.map { round in
      round.expansion.map { (part($0.shape[0]), part($0.shape[0])) }
    }
    self.size = size
  }

  /// What the LSTM takes for its input, and for the hidden state.
  var last: (x: Part, h: Part) {
    let pair = values.suffix(2)
    return values.count % 2 == 0
      ? (pair[pair.startIndex], pair[pair.startIndex + 1])
      : (pair[pair.startIndex + 1], pair[pair.startIndex])
  }
}

/// A ``MogrifierLSTM`` over one batch. Rows stand in sorted order (``SequenceLayout``), so that those
/// that run at a step are the first, and a thread takes rows that follow each other.
struct MogrifierRun: Sendable {
  let layer: MogrifierLSTM
  let parts: MogrifierParts
  /// The LSTM inside: how its kernels are called.
  let fused: FusedRun
  /// 0, 1, 2 … B, as rows in their order, and as how many there are.
  let numbers: IndexTable
  /// B ones, as lengths.
  let ones: IndexTable
  /// The rows of each thread.
  let shares: [Range<Int>]

  init(_ layer: MogrifierLSTM, layout: SequenceLayout, segmentLength: Int?) {
    self.layer = layer
    parts = MogrifierParts(layer)
    fused = FusedRun(
      layer.fused, weights: layer.weights,
      noise: RecurrentNoise(
        layer.options, mode: .prediction, layout: layout, weights: layer.weights),
      layout: layout, segmentLength: segmentLength, table: nil)
    numbers = IndexTable((0...layout.batchSize).map { Int32(clamping: $0) })
    ones = IndexTable(Array(repeating: 1, count: layout.batchSize))
    // Ends of shares with about as many steps each.
    let count = max(1, min(fused.division.parts, layout.batchSize))
    var ends: [Int] = []
    var steps = 0
    for row in 0..<layout.batchSize {
      steps += Int(layout.length[row])
      if (ends.count + 1) * layout.packedCount <= steps * count, ends.count < count - 1 {
        ends.append(row + 1)
      }
    }
    shares = zip([0] + ends, ends + [layout.batchSize]).map { $0..<$1 }
  }

  var layout: SequenceLayout { fused.layout }
  var units: Int { fused.units }
  var inputs: Int { fused.weights.inputSize }

  /// What is kept of so many steps of rows.
  struct Kept: Sendable {
    /// `[n, 4·H]`, as the kernels of the LSTM keep them.
    let gates: Storage
    let rest: Storage
    let count: Int

    init(_ run: MogrifierRun, count: Int) {
      self.count = count
      gates = Storage(count: count * 4 * run.units)
      rest = Storage(count: count * run.parts.size)
    }

    func row(_ part: MogrifierParts.Part, _ row: Int) -> UnsafeMutablePointer<Float> {
      rest.pointer + count * part.start + row * part.width
    }

    /// All rows of a part, from the last step to the first.
    func lastFirst(_ part: MogrifierParts.Part) -> Matrix {
      Matrix(rest, from: count * part.start, rows: count, columns: part.width).reversed
    }
  }

  /// What a forward pass leaves: output `[B, T, H]`, final h and c `[B, H]`; for the backward pass the
  /// states in sorted order before each segment, and what is kept if there is one segment only.
  struct Pass: Sendable {
    let results: [Tensor]
    var starts: [(hidden: Storage, cell: Storage)] = []
    var kept: Kept?
  }

  /// The matrices as the right factors of many products, and the packed weights of the LSTM.
  struct Factors: Sendable {
    let lstm: Storage
    let rounds: [(weights: Matrix, expansion: Matrix?)]
  }

  private func forwardFactors(isTracked: Bool) -> Factors {
    func factor(_ matrix: Matrix) -> Matrix { layout.steps > 1 ? matrix.packed() : matrix }
    func pack() -> Storage {
      fused.packedWeights(rk_forward_weights_size, rk_pack_forward_weights)
    }
    return Factors(
      lstm: isTracked ? pack() : layer.weights.packed(for: RK_CELL_LSTM, RK_FLOAT32, pack: pack),
      rounds: layer.rounds.map {
        (factor($0.weights.matrix), $0.expansion.map { factor($0.matrix) })
      })
  }

  /// `[B, H]` by batch row as sorted rows, and back.
  func sorted(_ state: Tensor) -> Storage {
    Matrix(rows: layout.batchSize, columns: units)
      .copying(state.matrix.rows(at: layout.batchRows, count: layout.batchSize)).storage
  }

  func unsorted(_ state: Storage) -> Tensor {
    var result = Tensor(shape: [layout.batchSize, units]) { _ in }
    result.mutableMatrix().rows(at: layout.batchRows, count: layout.batchSize)
      .copying(Matrix(state, rows: layout.batchSize, columns: units))
    return result
  }

  func forward(_ input: Tensor, _ state: LSTM.State, isTracked: Bool) -> Pass {
    let (hidden, cell) = (sorted(state.hidden), sorted(state.cell))
    var output = layout.room(for: units)
    let target = output.mutablePointer()
    let factors = forwardFactors(isTracked: isTracked)
    var pass = Pass(results: [])
    for segment in fused.segments {
      if isTracked { pass.starts.append((hidden.copy(), cell.copy())) }
      pass.kept =
        isTracked && fused.segments.count == 1
        ? Kept(self, count: layout.packed(segment).count) : nil
      run(segment, factors, input, output: target, hidden, cell, pass.kept)
    }
    return Pass(
      results: [output, unsorted(hidden), unsorted(cell)], starts: pass.starts, kept: pass.kept)
  }

  /// What the steps of a segment keep, computed again.
  func recomputed(_ index: Int, _ input: Tensor, _ pass: Pass) -> Kept {
    let segment = fused.segments[index]
    let kept = Kept(self, count: layout.packed(segment).count)
    let (hidden, cell) = pass.starts[index]
    run(
      segment, forwardFactors(isTracked: true), input, output: nil, hidden.copy(), cell.copy(), kept
    )
    return kept
  }

  private func run(
    _ segment: Range<Int>, _ factors: Factors, _ input: Tensor,
    output: UnsafeMutablePointer<Float>?, _ hidden: Storage, _ cell: Storage, _ kept: Kept?
  ) {
    Parallelism.run(parts: shares.count) { part in
      steps(segment, shares[part], factors, input, output, hidden, cell, kept)
    }
    withExtendedLifetime((factors, input, self)) {}
  }

  /// The steps of some rows. `output` nil: they are not wanted again.
  private func steps(
    _ segment: Range<Int>, _ rows: Range<Int>, _ factors: Factors, _ input: Tensor,
    _ output: UnsafeMutablePointer<Float>?, _ hidden: Storage, _ cell: Storage, _ kept: Kept?
  ) {
    let own = kept ?? Kept(self, count: rows.count)
    let new = Storage(count: rows.count * units)
    let h = hidden.pointer + rows.lowerBound * units
    var workspace: Storage?
    for step in segment {
      let count = min(Int(layout.active[step]), rows.upperBound) - rows.lowerBound
      guard count > 0 else { break }
      let first = Int(layout.offset[step]) + rows.lowerBound
      let base = kept == nil ? 0 : first - layout.packed(segment).lowerBound
      let x = own.row(parts.values[0], base)
      for row in 0..<count {
        (x + row * inputs).update(
          from: input.pointer + Int(layout.place[first + row]) * inputs, count: inputs)
      }
      own.row(parts.values[1], base).update(from: h, count: count * units)
      for (index, factor) in factors.rounds.enumerated() {
        let (before, after) = (parts.values[index], parts.values[index + 2])
        let gate = own.row(parts.gates[index], base)
        multiply(
          own.row(parts.values[index + 1], base), count, factor.weights,
          parts.middles[index].map { own.row($0.value, base) } ?? gate)
        if let expansion = factor.expansion, let middle = parts.middles[index] {
          multiply(own.row(middle.value, base), count, expansion, gate)
        }
        rk_gate(
          gate, own.row(before, base), own.row(after, base), Int64(count * after.width))
      }
      // The kernel overwrites the hidden state that it starts from.
      if layer.rounds.count > 1 {
        h.update(from: own.row(parts.last.h, base), count: count * units)
      }
      withOneStep(count) { layout in
        let pass = rk_sequence_forward(
          cell: RK_CELL_LSTM, input_size: Int32(inputs), hidden_size: Int32(units),
          recurrent_size: Int32(units), layout: layout, first_step: 0, end_step: 1, options: nil,
          projects: false, format: RK_FLOAT32, packed_weights: factors.lstm.pointer,
          x: own.row(parts.last.x, base), x_stride: Int64(inputs), start: nil, start_row: nil,
          out: new.pointer, out_stride: Int64(units), keeps_out: false, h: h,
          c: cell.pointer + rows.lowerBound * units,
          gates: kept.map { $0.gates.pointer + base * 4 * units },
          extra: kept.map { $0.row(parts.cell, base) }, masked: nil, unprojected: nil,
          meeting: nil)
        withUnsafePointer(to: pass) { pass in
          let space = workspace ?? Storage(count: Int(rk_forward_workspace(pass)))
          workspace = space
          rk_run_forward(pass, 0, 1, space.pointer)
        }
      }
      guard let output else { continue }
      for row in 0..<count {
        (output + Int(layout.place[first + row]) * units).update(
          from: h + row * units, count: units)
      }
    }
    withExtendedLifetime((own, new, hidden, cell, workspace)) {}
  }

  /// y = x·W of some rows, or onto what y holds.
  func multiply(
    _ x: UnsafePointer<Float>, _ rows: Int, _ factor: Matrix, _ y: UnsafeMutablePointer<Float>,
    accumulate: Bool = false
  ) {
    var product = rk_matrix_product(a: x, rows: rows, rowStride: factor.rows, factor, c: y)
    product.accumulate = accumulate
    product.run(alone: true)
    withExtendedLifetime(factor) {}
  }
}
