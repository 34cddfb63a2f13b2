import RecurrentKernels

/// All steps of an ``AttentionDecoder`` as one primitive, whose input is projected already.
///
/// Rows run sorted by length, as in ``SequenceLayout``: what belongs to a step of a row stands in
/// packed order, and ended rows cost nothing. Letters as there; N valid steps in all.
struct AttentionSteps {
  let input: SequenceBatch
  let state: AttentionDecoder.State
  let memory: AttentionMemory
  let memoryRows: [Int]?
  let recurrentWeights: Tensor
  let combination: Dense

  /// Outputs `[B, S, A]`, attention weights `[B, S, T]` and the last state.
  func callAsFunction() -> (output: Tensor, weights: Tensor, state: AttentionDecoder.State) {
    let layout = input.layout
    let (batch, time) = (layout.batchSize, layout.time)
    let (units, width) = (state.hidden.shape[1], state.output.shape[1])
    let (values, counts) = memory.values.leadingSteps
    let (keys, _) = memory.keys.leadingSteps
    let rows = memoryRows ?? Array(0..<batch)
    precondition(
      rows.count == batch && rows.allSatisfy { counts.indices.contains($0) }
        && (memoryRows != nil || counts.count == batch),
      "each of \(batch) rows looks at a row of a memory with \(counts.count)")
    precondition(
      input.features == 4 * units && keys.shape[2] == units
        && state.tensors.allSatisfy { $0.shape[0] == batch },
      "a decoder of \(units) units got input of \(input.features), keys of \(keys.shape[2]) and a state of \(state.tensors.map(\.shape))"
    )
    let inputs =
      [input.values] + state.tensors
      + [values, keys, recurrentWeights, combination.weights]
      + (combination.bias.map { [$0] } ?? [])
    let run = AttentionRun(
      layout: layout, memoryRows: rows, counts: counts, memoryTime: memory.values.time,
      units: units, width: width, depth: values.shape[2], operands: inputs.map(\.detached))
    let tape = Tape.following(inputs)
    precondition(
      tape == nil || memoryRows == nil, "rows that share a memory are for prediction only")

    let kept = AttentionRun.Kept(run)
    var (hidden, cell, last) = (
      state.hidden.detached, state.cell.detached, state.output.detached
    )
    let output = Tensor(shape: [batch, time, width]) {
      if !input.isFull { $0.update(repeating: 0, count: batch * time * width) }
      run.forward(
        kept, output: $0, hidden: hidden.mutablePointer(), cell: cell.mutablePointer(),
        last: last.mutablePointer())
    }
    var results = [output, hidden, cell, last]
    if let tape {
      results = tape.record(results, inputs: inputs) { run.gradients($0, kept) }
    }
    return (
      results[0], run.weights(kept),
      AttentionDecoder.State(hidden: results[1], cell: results[2], output: results[3])
    )
  }
}

/// The steps of one batch.
struct AttentionRun: Sendable {
  let layout: SequenceLayout
  /// The row of the memory that each batch row looks at, and the steps of each row of the memory.
  let memoryRows: [Int]
  let counts: [Int]
  /// T.
  let memoryTime: Int
  /// H, A, M.
  let units: Int
  let width: Int
  let depth: Int
  /// x, h, c, a, m, keys, R, C, b.
  let operands: [Tensor]

  /// What the forward pass leaves, in packed order.
  struct Kept: Sendable {
    /// `[N, A + H]` a and h of the step before.
    let before: Storage
    /// `[N, 4·H]` the activated gates.
    let gates: Storage
    /// `[N, 2·H]` c before the step, and tanh(c') behind it.
    let cells: Storage
    /// `[N, T]` the attention weights.
    let weights: Storage
    /// `[N, M + H]` context and h.
    let seen: Storage
    /// `[N, A]` a.
    let output: Storage

    init(_ run: AttentionRun) {
      let count = run.layout.packedCount
      before = Storage(count: count * (run.width + run.units))
      gates = Storage(count: count * 4 * run.units)
      cells = Storage(count: count * 2 * run.units)
      weights = Storage(count: count * run.memoryTime)
      seen = Storage(count: count * (run.depth + run.units))
      output = Storage(count: count * run.width)
    }
  }

  private func rows(of step: Int) -> (start: Int, active: Int) {
    (Int(layout.offset[step]), Int(layout.active[step]))
  }

  /// Operations of a row's attention and gates, for the division among threads.
  private var operationsOfRow: Int { 4 * memoryTime * (units + depth) + 200 * units }

  // MARK: Forward

  func forward(
    _ kept: Kept, output: UnsafeMutablePointer<Float>, hidden: UnsafeMutablePointer<Float>,
    cell: UnsafeMutablePointer<Float>, last: UnsafeMutablePointer<Float>
  ) {
    let (H, A, M) = (units, width, depth)
    var product = rk_matrix_product(
      rows: 0, columns: 4 * H, depth: A + H, a: kept.before.pointer, b: operands[6].pointer,
      c: kept.gates.pointer)
    var combined = rk_matrix_product(
      rows: 0, columns: A, depth: M + H, a: kept.seen.pointer, b: operands[7].pointer,
      c: kept.output.pointer)
    // Packed once for all steps.
    let packed = layout.steps > 1 ? [product.packedB(), combined.packedB()] : []
    product.packed_b = packed.first.map { UnsafePointer($0.pointer) }
    combined.packed_b = packed.last.map { UnsafePointer($0.pointer) }
    product.accumulate = true
    combined.bias = operands.count > 8 ? UnsafePointer(operands[8].pointer) : nil
    for step in 0..<layout.steps {
      let (start, active) = rows(of: step)
      // [a, h] of the step before, and the projected input, in packed order.
      forEachRow(active, operations: 8 * active * (A + 5 * H)) { j in
        let (row, place) = (Int(layout.batchRow[j]), start + j)
        let before = kept.before.pointer + place * (A + H)
        before.update(from: last + row * A, count: A)
        (before + A).update(from: hidden + row * H, count: H)
        (kept.gates.pointer + place * 4 * H).update(
          from: operands[0].pointer + Int(layout.place[place]) * 4 * H, count: 4 * H)
      }
      product.rows = Int64(active)
      product.a = UnsafePointer(kept.before.pointer + start * (A + H))
      product.c = kept.gates.pointer + start * 4 * H
      product.run()
      forEachRow(active, operations: active * operationsOfRow) { j in
        let row = Int(layout.batchRow[j])
        stepForward(
          kept, place: start + j, memoryRow: memoryRows[row], hidden: hidden + row * H,
          cell: cell + row * H)
      }
      combined.rows = Int64(active)
      combined.a = UnsafePointer(kept.seen.pointer + start * (M + H))
      combined.c = kept.output.pointer + start * A
      combined.run()
      forEachRow(active, operations: 40 * active * A) { j in
        let (row, a) = (Int(layout.batchRow[j]), kept.output.pointer + (start + j) * A)
        rk_map(RK_TANH, a, a, Int64(A))
        (last + row * A).update(from: a, count: A)
        (output + Int(layout.place[start + j]) * A).update(from: a, count: A)
      }
    }
    withExtendedLifetime((operands, kept, packed)) {}
  }

  /// c' = f·c + i·g;  h' = o·tanh(c');  w = softmax(h'·keys);  context = Σ w·m
  private func stepForward(
    _ kept: Kept, place: Int, memoryRow: Int, hidden: UnsafeMutablePointer<Float>,
    cell: UnsafeMutablePointer<Float>
  ) {
    let (H, M, T) = (units, depth, memoryTime)
    let gates = kept.gates.pointer + place * 4 * H
    rk_map(RK_SIGMOID, gates, gates, Int64(2 * H))
    rk_map(RK_TANH, gates + 2 * H, gates + 2 * H, Int64(H))
    rk_map(RK_SIGMOID, gates + 3 * H, gates + 3 * H, Int64(H))
    let (i, f, g, o) = (gates, gates + H, gates + 2 * H, gates + 3 * H)
    let old = kept.cells.pointer + place * 2 * H
    let squashed = old + H
    old.update(from: cell, count: H)
    for unit in 0..<H { cell[unit] = f[unit] * old[unit] + i[unit] * g[unit] }
    rk_map(RK_TANH, cell, squashed, Int64(H))
    let seen = kept.seen.pointer + place * (M + H)
    rk_combine(RK_MULTIPLY, o, 1, squashed, 1, seen + M, Int64(H))
    hidden.update(from: seen + M, count: H)

    let weights = kept.weights.pointer + place * T
    let count = counts[memoryRow]
    weights.update(repeating: 0, count: T)
    seen.update(repeating: 0, count: M)
    guard count > 0 else { return }
    let (values, keys) = (
      operands[4].pointer + memoryRow * T * M, operands[5].pointer + memoryRow * T * H
    )
    for t in 0..<count { weights[t] = rk_dot(hidden, keys + t * H, Int64(H)) }
    rk_softmax(weights, weights, 1, Int64(count))
    for t in 0..<count { rk_add_scaled(weights[t], values + t * M, seen, Int64(M)) }
  }

  /// The attention weights `[B, S, T]`; zeros where there is no step.
  func weights(_ kept: Kept) -> Tensor {
    let (rows, time) = (layout.batchSize * layout.time, memoryTime)
    return Tensor(shape: [layout.batchSize, layout.time, time]) { y in
      y.update(repeating: 0, count: rows * time)
      for place in 0..<layout.packedCount {
        (y + Int(layout.place[place]) * time).update(
          from: kept.weights.pointer + place * time, count: time)
      }
    }
  }

  // MARK: Backward

  /// The gradients of the operands from those of outputs and last state.
  func gradients(_ upstream: [Tensor?], _ kept: Kept) -> [Tensor?] {
    let (H, A, M, N) = (units, width, depth, layout.packedCount)
    let isFull = N == layout.batchSize * layout.time
    var results: [Tensor] = [0, 4, 5].map { index in
      let shape = operands[index].shape
      return index == 0 && isFull ? Tensor(shape: shape) { _ in } : .zeros(shape)
    }
    let (dInput, dValues, dKeys) = (
      results[0].mutablePointer(), results[1].mutablePointer(), results[2].mutablePointer()
    )
    // Of the state behind a step; a row that has ended keeps that of the last state.
    var state = [1, 2, 3].map { index in
      upstream[index] ?? .zeros(operands[index].shape)
    }
    let (dHidden, dCell, dLast) = (
      state[0].mutablePointer(), state[1].mutablePointer(), state[2].mutablePointer()
    )
    let (dGates, dCombined) = (Storage(count: N * 4 * H), Storage(count: N * A))
    let rowCount = layout.batchSize
    let (dSeen, dBefore) = (
      Storage(count: rowCount * (M + H)), Storage(count: rowCount * (A + H))
    )
    // Gradients of the weights and of the scores of each row.
    let dAttention = Storage(count: rowCount * 2 * memoryTime)
    var product = rk_matrix_product(
      rows: 0, columns: M + H, depth: A, a: dCombined.pointer, b: operands[7].pointer,
      c: dSeen.pointer)
    (product.b_depth_stride, product.b_column_stride) = (1, Int64(A))
    var back = rk_matrix_product(
      rows: 0, columns: A + H, depth: 4 * H, a: dGates.pointer, b: operands[6].pointer,
      c: dBefore.pointer)
    (back.b_depth_stride, back.b_column_stride) = (1, Int64(4 * H))
    let packed = (product.packedB(), back.packedB())
    (product.packed_b, back.packed_b) = (
      UnsafePointer(packed.0.pointer), UnsafePointer(packed.1.pointer)
    )
    for step in (0..<layout.steps).reversed() {
      let (start, active) = rows(of: step)
      // d(tanh) of a = (da_out + da_next)·(1 - a²)
      let (a, da) = (kept.output.pointer + start * A, dCombined.pointer + start * A)
      forEachRow(active, operations: 16 * active * A) { j in
        let next = dLast + Int(layout.batchRow[j]) * A
        if let dy = upstream[0] {
          rk_add_scaled(
            1, dy.pointer + Int(layout.place[start + j]) * A, next, Int64(A))
        }
        (da + j * A).update(repeating: 0, count: A)
        rk_map_gradient(RK_TANH, a + j * A, a + j * A, next, da + j * A, Int64(A))
      }
      // d[context, h] = d·Cᵀ
      product.rows = Int64(active)
      product.a = UnsafePointer(da)
      product.run()
      forEachRow(active, operations: 2 * active * operationsOfRow) { j in
        let row = Int(layout.batchRow[j])
        stepBackward(
          kept, place: start + j, row: row, dSeen: dSeen.pointer + j * (M + H),
          dHidden: dHidden + row * H, dCell: dCell + row * H,
          dGates: dGates.pointer + (start + j) * 4 * H,
          dAttention: dAttention.pointer + j * 2 * memoryTime, dValues: dValues, dKeys: dKeys)
      }
      // d[a, h] of the step before = d·Rᵀ
      back.rows = Int64(active)
      back.a = UnsafePointer(dGates.pointer + start * 4 * H)
      back.run()
      forEachRow(active, operations: 8 * active * (A + 5 * H)) { j in
        let (row, before) = (Int(layout.batchRow[j]), dBefore.pointer + j * (A + H))
        (dLast + row * A).update(from: before, count: A)
        (dHidden + row * H).update(from: before + A, count: H)
        (dInput + Int(layout.place[start + j]) * 4 * H).update(
          from: dGates.pointer + (start + j) * 4 * H, count: 4 * H)
      }
    }
    // dR = [a, h]ᵀ·d;  dC = [context, h]ᵀ·d;  db = Σ d
    let dR = weightGradient(kept.before, A + H, dGates, 4 * H)
    let dC = weightGradient(kept.seen, M + H, dCombined, A)
    let dB = Tensor(shape: [A]) {
      rk_column_sums(dCombined.pointer, Int64(N), Int64(A), Int64(A), false, $0)
    }
    withExtendedLifetime((operands, kept, upstream, packed, dAttention, dSeen, dBefore)) {}
    return [results[0]] + state + [results[1], results[2], dR, dC, dB]
  }

  private func weightGradient(
    _ x: Storage, _ rows: Int, _ d: Storage, _ columns: Int
  ) -> Tensor {
    Tensor(shape: [rows, columns]) { y in
      var product = rk_matrix_product(
        rows: rows, columns: columns, depth: layout.packedCount, a: x.pointer, b: d.pointer, c: y)
      (product.a_row_stride, product.a_depth_stride) = (1, Int64(rows))
      product.run()
    }
  }

  private func stepBackward(
    _ kept: Kept, place: Int, row: Int, dSeen: UnsafeMutablePointer<Float>,
    dHidden: UnsafeMutablePointer<Float>, dCell: UnsafeMutablePointer<Float>,
    dGates: UnsafeMutablePointer<Float>, dAttention: UnsafeMutablePointer<Float>,
    dValues: UnsafeMutablePointer<Float>, dKeys: UnsafeMutablePointer<Float>
  ) {
    let (H, M, T, count) = (units, depth, memoryTime, counts[row])
    // dh += dh of C;  dw_t = dcontext·m_t;  dm_t += w_t·dcontext
    rk_add_scaled(1, dSeen + M, dHidden, Int64(H))
    let weights = kept.weights.pointer + place * T
    if count > 0 {
      let (dWeights, dScores) = (dAttention, dAttention + T)
      let (values, keys) = (
        operands[4].pointer + row * T * M, operands[5].pointer + row * T * H
      )
      for t in 0..<count {
        dWeights[t] = rk_dot(dSeen, values + t * M, Int64(M))
        dScores[t] = 0
        rk_add_scaled(weights[t], dSeen, dValues + (row * T + t) * M, Int64(M))
      }
      rk_softmax_gradient(weights, dWeights, dScores, 1, Int64(count))
      // dh += Σ ds_t·key_t;  dkey_t += ds_t·h
      let hidden = kept.seen.pointer + place * (M + H) + M
      for t in 0..<count {
        rk_add_scaled(dScores[t], keys + t * H, dHidden, Int64(H))
        rk_add_scaled(dScores[t], hidden, dKeys + (row * T + t) * H, Int64(H))
      }
    }
    // do = dh·tanh(c');  dc' += dh·o·(1 - tanh(c')²);  df = dc'·c;  di = dc'·g;  dg = dc'·i
    let gates = kept.gates.pointer + place * 4 * H
    let (i, f, g, o) = (gates, gates + H, gates + 2 * H, gates + 3 * H)
    let old = kept.cells.pointer + place * 2 * H
    let squashed = old + H
    for unit in 0..<H {
      let (dh, y) = (dHidden[unit], squashed[unit])
      let dc = dCell[unit] + dh * o[unit] * (1 - y * y)
      dGates[unit] = dc * g[unit] * i[unit] * (1 - i[unit])
      dGates[H + unit] = dc * old[unit] * f[unit] * (1 - f[unit])
      dGates[2 * H + unit] = dc * i[unit] * (1 - g[unit] * g[unit])
      dGates[3 * H + unit] = dh * y * o[unit] * (1 - o[unit])
      dCell[unit] = dc * f[unit]
    }
  }
}
