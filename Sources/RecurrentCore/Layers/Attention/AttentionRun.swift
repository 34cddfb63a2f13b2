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
    let before: Matrix
    /// `[N, 4·H]` the activated gates.
    let gates: Matrix
    /// `[N, 2·H]` c before the step, and tanh(c') behind it.
    let cells: Matrix
    /// `[N, T]` the attention weights.
    let weights: Matrix
    /// `[N, M + H]` context and h.
    let seen: Matrix
    /// `[N, A]` a.
    let output: Matrix
    /// `[N, K]` the queries W h + b of additive attention.
    let queries: Matrix

    init(_ run: AttentionRun) {
      let count = run.layout.packedCount
      before = Matrix(rows: count, columns: run.width + run.units)
      gates = Matrix(rows: count, columns: 4 * run.units)
      cells = Matrix(rows: count, columns: 2 * run.units)
      weights = Matrix(rows: count, columns: run.memoryTime)
      seen = Matrix(rows: count, columns: run.depth + run.units)
      output = Matrix(rows: count, columns: run.width)
      queries = Matrix(rows: run.isAdditive ? count : 0, columns: run.keySize)
    }
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

  func forward(_ kept: Kept, output: Matrix, hidden: Matrix, cell: Matrix, last: Matrix) {
    let (H, A) = (units, width)
    // Packed once for all steps.
    let weights = (isAdditive ? [6, 7, 9] : [6, 7]).map { index in
      layout.steps > 1 ? operands[index].matrix.packed() : operands[index].matrix
    }
    let input = operands[0].matrix
    let activations = Matrix(rows: isAdditive ? layout.batchSize : 0, columns: keySize)
    for step in 0..<layout.steps {
      let now = layout.packed(step..<step + 1)
      let (start, active) = (now.lowerBound, now.count)
      // [a, h] of the step before, and the projected input, in packed order.
      forEachRow(active, operations: 8 * active * (A + 5 * H)) { j in
        let (row, place) = (Int(layout.batchRow[j]), start + j)
        let before = kept.before.row(place)
        before.update(from: last.row(row), count: A)
        (before + A).update(from: hidden.row(row), count: H)
        kept.gates.row(place).update(from: input.row(Int(layout.place[place])), count: 4 * H)
      }
      Matrix.multiply(
        kept.before.rows(now), weights[0], into: kept.gates.rows(now), accumulate: true)
      forEachRow(active, operations: active * operationsOfRow) { j in
        let row = Int(layout.batchRow[j])
        gatesForward(kept, place: start + j, hidden: hidden.row(row), cell: cell.row(row))
        if !isAdditive {
          attend(kept, place: start + j, memoryRow: memoryRows[row], activations: nil)
        }
      }
      let seen = kept.seen.rows(now)
      if isAdditive {
        // q = h W + b, from the h that stands behind the context.
        Matrix.multiply(
          seen.columns(depth..<depth + H), weights[2], into: kept.queries.rows(now),
          bias: operands[10])
        forEachRow(active, operations: active * operationsOfRow) { j in
          attend(
            kept, place: start + j, memoryRow: memoryRows[Int(layout.batchRow[j])],
            activations: activations.row(j))
        }
      }
      Matrix.multiply(seen, weights[1], into: kept.output.rows(now), bias: operands[8])
      forEachRow(active, operations: 40 * active * A) { j in
        let a = kept.output.row(start + j)
        rk_map(RK_TANH, a, a, Int64(A))
        last.row(Int(layout.batchRow[j])).update(from: a, count: A)
        output.row(Int(layout.place[start + j])).update(from: a, count: A)
      }
    }
    withExtendedLifetime(activations) {}
  }

  /// c' = f·c + i·g;  h' = o·tanh(c')
  private func gatesForward(
    _ kept: Kept, place: Int, hidden: UnsafeMutablePointer<Float>,
    cell: UnsafeMutablePointer<Float>
  ) {
    let (H, M) = (units, depth)
    let gates = kept.gates.row(place)
    rk_map(RK_SIGMOID, gates, gates, Int64(2 * H))
    rk_map(RK_TANH, gates + 2 * H, gates + 2 * H, Int64(H))
    rk_map(RK_SIGMOID, gates + 3 * H, gates + 3 * H, Int64(H))
    let (i, f, g, o) = (gates, gates + H, gates + 2 * H, gates + 3 * H)
    let old = kept.cells.row(place)
    let squashed = old + H
    old.update(from: cell, count: H)
    for unit in 0..<H { cell[unit] = f[unit] * old[unit] + i[unit] * g[unit] }
    rk_map(RK_TANH, cell, squashed, Int64(H))
    let seen = kept.seen.row(place)
    rk_combine(RK_MULTIPLY, o, 1, squashed, 1, seen + M, Int64(H))
    hidden.update(from: seen + M, count: H)
  }

  /// w = softmax of h'·keys, or of v·tanh(keys + q);  context = Σ w·m
  private func attend(
    _ kept: Kept, place: Int, memoryRow: Int, activations: UnsafeMutablePointer<Float>?
  ) {
    let (M, T, K) = (depth, memoryTime, keySize)
    let seen = kept.seen.row(place)
    let weights = kept.weights.row(place)
    let count = counts[memoryRow]
    weights.update(repeating: 0, count: T)
    seen.update(repeating: 0, count: M)
    guard count > 0 else { return }
    let (values, keys) = (
      operands[4].pointer + memoryRow * T * M, operands[5].pointer + memoryRow * T * K
    )
    for t in 0..<count {
      if let activations {
        activate(keys + t * K, kept.queries.row(place), activations)
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
    var y = layout.room(for: memoryTime)
    y.mutableMatrix().rows(at: layout.places, count: layout.packedCount).copying(kept.weights)
    return y
  }
}
