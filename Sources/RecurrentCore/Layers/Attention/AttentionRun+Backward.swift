internal import RecurrentKernels

extension AttentionRun {
  /// The gradients of the operands from those of outputs and last state.
  func gradients(_ upstream: [Tensor?], _ kept: Kept) -> [Tensor?] {
    let (H, A, M, K, N) = (units, width, depth, keySize, layout.packedCount)
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
    // Gradients of the weights and of the scores of each row; of additive attention those of its
    // queries, and for each row a tanh, its gradients and the sum for v.
    let dAttention = Storage(count: rowCount * 2 * memoryTime)
    let dQueries = Storage(count: isAdditive ? N * K : 0)
    let scratch = Storage(count: isAdditive ? rowCount * 3 * K : 0)
    scratch.pointer.update(repeating: 0, count: isAdditive ? rowCount * 3 * K : 0)
    var product = rk_matrix_product(
      rows: 0, columns: M + H, depth: A, a: dCombined.pointer, b: operands[7].pointer,
      c: dSeen.pointer)
    (product.b_depth_stride, product.b_column_stride) = (1, Int64(A))
    var back = rk_matrix_product(
      rows: 0, columns: A + H, depth: 4 * H, a: dGates.pointer, b: operands[6].pointer,
      c: dBefore.pointer)
    (back.b_depth_stride, back.b_column_stride) = (1, Int64(4 * H))
    // dh += dq·Wᵀ
    var query = rk_matrix_product(
      rows: 0, columns: H, depth: K, a: dQueries.pointer,
      b: operands[isAdditive ? 9 : 6].pointer, c: dHidden)
    (query.b_depth_stride, query.b_column_stride) = (1, Int64(K))
    query.c_row_index = UnsafePointer(layout.batchRow)
    query.accumulate = true
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
        attendBackward(
          kept, place: start + j, row: row, dSeen: dSeen.pointer + j * (M + H),
          dHidden: dHidden + row * H, dAttention: dAttention.pointer + j * 2 * memoryTime,
          dValues: dValues, dKeys: dKeys, dQuery: dQueries.pointer + (start + j) * K,
          scratch: scratch.pointer + row * 3 * K)
        if !isAdditive {
          gatesBackward(
            kept, place: start + j, dHidden: dHidden + row * H, dCell: dCell + row * H,
            dGates: dGates.pointer + (start + j) * 4 * H)
        }
      }
      if isAdditive {
        query.rows = Int64(active)
        query.a = UnsafePointer(dQueries.pointer + start * K)
        query.run()
        forEachRow(active, operations: 200 * active * H) { j in
          let row = Int(layout.batchRow[j])
          gatesBackward(
            kept, place: start + j, dHidden: dHidden + row * H, dCell: dCell + row * H,
            dGates: dGates.pointer + (start + j) * 4 * H)
        }
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
    let dR = weightGradient(kept.before.pointer, A + H, dGates, 4 * H)
    let dC = weightGradient(kept.seen.pointer, M + H, dCombined, A)
    let dB = columnSums(dCombined, N, A)
    var parameters = [dR, dC, dB]
    if isAdditive {
      // dW = hᵀ·dq;  db = Σ dq;  dv is a sum for each row.
      let dW = weightGradient(kept.seen.pointer + M, H, dQueries, K, stride: M + H)
      let vectors = Tensor(shape: [K]) {
        rk_column_sums(scratch.pointer, Int64(rowCount), Int64(K), Int64(3 * K), false, $0)
      }
      parameters += [dW, columnSums(dQueries, N, K), vectors]
    }
    withExtendedLifetime(
      (operands, kept, upstream, packed, dAttention, dSeen, dBefore, dQueries, scratch)
    ) {}
    return [results[0]] + state + [results[1], results[2]] + parameters
  }

  private func columnSums(_ d: Storage, _ rows: Int, _ columns: Int) -> Tensor {
    Tensor(shape: [columns]) {
      rk_column_sums(d.pointer, Int64(rows), Int64(columns), Int64(columns), false, $0)
    }
  }

  /// xᵀ·d of `rows` columns of x.
  private func weightGradient(
    _ x: UnsafePointer<Float>, _ rows: Int, _ d: Storage, _ columns: Int, stride: Int? = nil
  ) -> Tensor {
    Tensor(shape: [rows, columns]) { y in
      var product = rk_matrix_product(
        rows: rows, columns: columns, depth: layout.packedCount, a: x, b: d.pointer, c: y)
      (product.a_row_stride, product.a_depth_stride) = (1, Int64(stride ?? rows))
      product.run()
    }
  }

  /// - Parameter scratch: of additive attention, `[3, K]` of the row: the sum for v, a tanh, and its
  ///   gradient.
  private func attendBackward(
    _ kept: Kept, place: Int, row: Int, dSeen: UnsafeMutablePointer<Float>,
    dHidden: UnsafeMutablePointer<Float>, dAttention: UnsafeMutablePointer<Float>,
    dValues: UnsafeMutablePointer<Float>, dKeys: UnsafeMutablePointer<Float>,
    dQuery: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let (H, M, T, K, count) = (units, depth, memoryTime, keySize, counts[row])
    if isAdditive { dQuery.update(repeating: 0, count: K) }
    // dh += dh of C;  dw_t = dcontext·m_t;  dm_t += w_t·dcontext
    rk_add_scaled(1, dSeen + M, dHidden, Int64(H))
    guard count > 0 else { return }
    let weights = kept.weights.pointer + place * T
    let (dWeights, dScores) = (dAttention, dAttention + T)
    let (values, keys) = (
      operands[4].pointer + row * T * M, operands[5].pointer + row * T * K
    )
    for t in 0..<count {
      dWeights[t] = rk_dot(dSeen, values + t * M, Int64(M))
      dScores[t] = 0
      rk_add_scaled(weights[t], dSeen, dValues + (row * T + t) * M, Int64(M))
    }
    rk_softmax_gradient(weights, dWeights, dScores, 1, Int64(count))
    guard isAdditive else {
      // dh += Σ ds_t·key_t;  dkey_t += ds_t·h
      let hidden = kept.seen.pointer + place * (M + H) + M
      for t in 0..<count {
        rk_add_scaled(dScores[t], keys + t * K, dHidden, Int64(K))
        rk_add_scaled(dScores[t], hidden, dKeys + (row * T + t) * K, Int64(K))
      }
      return
    }
    // With y = tanh(key_t + q): d = ds_t·v·(1 - y²);  dkey_t += d;  dq += d;  dv += ds_t·y
    let (dVector, y, d) = (scratch, scratch + K, scratch + 2 * K)
    for t in 0..<count {
      activate(keys + t * K, kept.queries.pointer + place * K, y)
      rk_add_scaled(dScores[t], y, dVector, Int64(K))
      for index in 0..<K {
        d[index] = dScores[t] * operands[11].pointer[index] * (1 - y[index] * y[index])
      }
      rk_add_scaled(1, d, dKeys + (row * T + t) * K, Int64(K))
      rk_add_scaled(1, d, dQuery, Int64(K))
    }
  }

  /// do = dh·tanh(c');  dc' += dh·o·(1 - tanh(c')²);  df = dc'·c;  di = dc'·g;  dg = dc'·i
  private func gatesBackward(
    _ kept: Kept, place: Int, dHidden: UnsafeMutablePointer<Float>,
    dCell: UnsafeMutablePointer<Float>, dGates: UnsafeMutablePointer<Float>
  ) {
    let (H, gates) = (units, kept.gates.pointer + place * 4 * units)
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
