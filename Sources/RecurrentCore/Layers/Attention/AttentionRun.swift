internal import RecurrentKernels

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
  /// x, h, c, a, m, keys, R, C, b; of additive attention W, b and v too.
  let operands: [Tensor]

  var isAdditive: Bool { operands.count > 9 }
  /// K, the size of keys and queries: H, or that of additive attention.
  var keySize: Int { operands[5].shape[2] }

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
    /// `[N, K]` the queries W h + b of additive attention.
    let queries: Storage

    init(_ run: AttentionRun) {
      let count = run.layout.packedCount
      before = Storage(count: count * (run.width + run.units))
      gates = Storage(count: count * 4 * run.units)
      cells = Storage(count: count * 2 * run.units)
      weights = Storage(count: count * run.memoryTime)
      seen = Storage(count: count * (run.depth + run.units))
      output = Storage(count: count * run.width)
      queries = Storage(count: run.isAdditive ? count * run.keySize : 0)
    }
  }

  func rows(of step: Int) -> (start: Int, active: Int) {
    (Int(layout.offset[step]), Int(layout.active[step]))
  }

  /// Operations of a row's attention and gates, for the division among threads.
  var operationsOfRow: Int {
    4 * memoryTime * (depth + (isAdditive ? 10 : 1) * keySize) + 200 * units
  }

  /// tanh(k_t + q) of a step of the memory.
  func activate(
    _ key: UnsafePointer<Float>, _ query: UnsafePointer<Float>,
    _ result: UnsafeMutablePointer<Float>
  ) {
    rk_combine(RK_ADD, key, 1, query, 1, result, Int64(keySize))
    rk_map(RK_TANH, result, result, Int64(keySize))
  }

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
    var packed = layout.steps > 1 ? [product.packedB(), combined.packedB()] : []
    product.packed_b = packed.first.map { UnsafePointer($0.pointer) }
    combined.packed_b = packed.last.map { UnsafePointer($0.pointer) }
    product.accumulate = true
    combined.bias = UnsafePointer(operands[8].pointer)
    // q = h W + b of additive attention, from the h that stands behind the context.
    var query = combined
    if isAdditive {
      query = rk_matrix_product(
        rows: 0, columns: keySize, depth: H, a: kept.seen.pointer, b: operands[9].pointer,
        c: kept.queries.pointer)
      query.a_row_stride = Int64(M + H)
      query.bias = UnsafePointer(operands[10].pointer)
      if layout.steps > 1 {
        packed.append(query.packedB())
        query.packed_b = packed.last.map { UnsafePointer($0.pointer) }
      }
    }
    let activations = Storage(count: isAdditive ? layout.batchSize * keySize : 0)
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
        gatesForward(kept, place: start + j, hidden: hidden + row * H, cell: cell + row * H)
        if !isAdditive {
          attend(kept, place: start + j, memoryRow: memoryRows[row], activations: nil)
        }
      }
      if isAdditive {
        query.rows = Int64(active)
        query.a = UnsafePointer(kept.seen.pointer + start * (M + H) + M)
        query.c = kept.queries.pointer + start * keySize
        query.run()
        forEachRow(active, operations: active * operationsOfRow) { j in
          attend(
            kept, place: start + j, memoryRow: memoryRows[Int(layout.batchRow[j])],
            activations: activations.pointer + j * keySize)
        }
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
    withExtendedLifetime((operands, kept, packed, activations)) {}
  }

  /// c' = f·c + i·g;  h' = o·tanh(c')
  private func gatesForward(
    _ kept: Kept, place: Int, hidden: UnsafeMutablePointer<Float>,
    cell: UnsafeMutablePointer<Float>
  ) {
    let (H, M) = (units, depth)
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
  }

  /// w = softmax of h'·keys, or of v·tanh(keys + q);  context = Σ w·m
  private func attend(
    _ kept: Kept, place: Int, memoryRow: Int, activations: UnsafeMutablePointer<Float>?
  ) {
    let (H, M, T, K) = (units, depth, memoryTime, keySize)
    let seen = kept.seen.pointer + place * (M + H)
    let weights = kept.weights.pointer + place * T
    let count = counts[memoryRow]
    weights.update(repeating: 0, count: T)
    seen.update(repeating: 0, count: M)
    guard count > 0 else { return }
    let (values, keys) = (
      operands[4].pointer + memoryRow * T * M, operands[5].pointer + memoryRow * T * K
    )
    for t in 0..<count {
      if let activations {
        activate(keys + t * K, kept.queries.pointer + place * K, activations)
        weights[t] = rk_dot(activations, operands[11].pointer, Int64(K))
      } else {
        weights[t] = rk_dot(seen + M, keys + t * K, Int64(K))
      }
    }
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
}
