internal import RecurrentKernels

extension AttentionRun {
  /// The gradients of the operands from those of outputs and last state.
  func gradients(_ upstream: [Tensor?], _ kept: Kept) -> [Tensor?] {
    let (H, A, M, K, N) = (units, width, depth, keySize, layout.packedCount)
    var results = [
      layout.room(for: 4 * H), .zeros(operands[4].shape), .zeros(operands[5].shape),
    ]
    let (dInput, dValues, dKeys) = (
      results[0].mutableMatrix(), results[1].mutableMatrix(), results[2].mutableMatrix()
    )
    // Of the state behind a step; a row that has ended keeps that of the last state.
    var state = [1, 2, 3].map { index in
      upstream[index] ?? .zeros(operands[index].shape)
    }
    let (dHidden, dCell, dLast) = (
      state[0].mutableMatrix(), state[1].mutableMatrix(), state[2].mutableMatrix()
    )
    let dOutput = upstream[0]?.matrix
    let rowCount = layout.batchSize
    let (dGates, dCombined) = (Matrix(rows: N, columns: 4 * H), Matrix(rows: N, columns: A))
    let (dSeen, dBefore) = (
      Matrix(rows: rowCount, columns: M + H), Matrix(rows: rowCount, columns: A + H)
    )
    // Gradients of the weights and of the scores of each row; of additive attention those of its
    // queries, and for each row a tanh, its gradients and the sum for v.
    let dAttention = Matrix(rows: rowCount, columns: 2 * memoryTime)
    let dQueries = Matrix(rows: isAdditive ? N : 0, columns: K)
    let scratch = Tensor.zeros([isAdditive ? rowCount : 0, 3 * K]).matrix
    let combination = operands[7].matrix.transposed.packed()
    let recurrent = operands[6].matrix.transposed.packed()
    for step in (0..<layout.steps).reversed() {
      let now = layout.packed(step..<step + 1)
      let (start, active) = (now.lowerBound, now.count)
      // d(tanh) of a = (da_out + da_next)·(1 - a²)
      forEachRow(active, operations: 16 * active * A) { j in
        let (place, next) = (start + j, dLast.row(Int(layout.batchRow[j])))
        let (a, da) = (kept.output.row(place), dCombined.row(place))
        if let dOutput {
          rk_add_scaled(1, dOutput.row(Int(layout.place[place])), next, Int64(A))
        }
        da.update(repeating: 0, count: A)
        rk_map_gradient(RK_TANH, a, a, next, da, Int64(A))
      }
      // d[context, h] = d·Cᵀ
      Matrix.multiply(dCombined.rows(now), combination, into: dSeen.rows(0..<active))
      forEachRow(active, operations: 2 * active * operationsOfRow) { j in
        let row = Int(layout.batchRow[j])
        attendBackward(
          kept, place: start + j, row: row, dSeen: dSeen.row(j), dHidden: dHidden.row(row),
          dAttention: dAttention.row(j), dValues: dValues, dKeys: dKeys,
          dQuery: dQueries.row(start + j), scratch: scratch.row(row))
        if !isAdditive {
          gatesBackward(
            kept, place: start + j, dHidden: dHidden.row(row), dCell: dCell.row(row),
            dGates: dGates.row(start + j))
        }
      }
      if isAdditive {
        // dh += dq·Wᵀ
        Matrix.multiply(
          dQueries.rows(now), operands[9].matrix.transposed,
          into: dHidden.rows(at: layout.batchRows, count: active), accumulate: true)
        forEachRow(active, operations: 200 * active * H) { j in
          let row = Int(layout.batchRow[j])
          gatesBackward(
            kept, place: start + j, dHidden: dHidden.row(row), dCell: dCell.row(row),
            dGates: dGates.row(start + j))
        }
      }
      // d[a, h] of the step before = d·Rᵀ
      Matrix.multiply(dGates.rows(now), recurrent, into: dBefore.rows(0..<active))
      forEachRow(active, operations: 8 * active * (A + 5 * H)) { j in
        let (row, place, before) = (Int(layout.batchRow[j]), start + j, dBefore.row(j))
        dLast.row(row).update(from: before, count: A)
        dHidden.row(row).update(from: before + A, count: H)
        dInput.row(Int(layout.place[place])).update(from: dGates.row(place), count: 4 * H)
      }
    }
    withExtendedLifetime((dAttention, dSeen, dBefore, dQueries, scratch)) {}
    // dR = [a, h]ᵀ·d;  dC = [context, h]ᵀ·d;  db = Σ d
    var parameters = [
      Tensor(product: kept.before.transposed, dGates),
      Tensor(product: kept.seen.transposed, dCombined), Tensor(columnSumsOf: dCombined),
    ]
    if isAdditive {
      // dW = hᵀ·dq;  db = Σ dq;  dv is a sum for each row.
      parameters += [
        Tensor(product: kept.seen.columns(M..<M + H).transposed, dQueries),
        Tensor(columnSumsOf: dQueries), Tensor(columnSumsOf: scratch.columns(0..<K)),
      ]
    }
    return [results[0]] + state + [results[1], results[2]] + parameters
  }

  /// - Parameter scratch: of additive attention, `[3, K]` of the row: the sum for v, a tanh, and its
  ///   gradient.
  private func attendBackward(
    _ kept: Kept, place: Int, row: Int, dSeen: UnsafeMutablePointer<Float>,
    dHidden: UnsafeMutablePointer<Float>, dAttention: UnsafeMutablePointer<Float>,
    dValues: Matrix, dKeys: Matrix, dQuery: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let (H, M, T, K, count) = (units, depth, memoryTime, keySize, counts[row])
    if isAdditive { dQuery.update(repeating: 0, count: K) }
    // dh += dh of C;  dw_t = dcontext·m_t;  dm_t += w_t·dcontext
    rk_add_scaled(1, dSeen + M, dHidden, Int64(H))
    guard count > 0 else { return }
    let weights = kept.weights.row(place)
    let (dWeights, dScores) = (dAttention, dAttention + T)
    let (values, keys) = (
      operands[4].pointer + row * T * M, operands[5].pointer + row * T * K
    )
    for t in 0..<count {
      dWeights[t] = rk_dot(dSeen, values + t * M, Int64(M))
      dScores[t] = 0
      rk_add_scaled(weights[t], dSeen, dValues.row(row * T + t), Int64(M))
    }
    rk_softmax_gradient(weights, dWeights, dScores, 1, Int64(count))
    guard isAdditive else {
      // dh += Σ ds_t·key_t;  dkey_t += ds_t·h
      let hidden = kept.seen.row(place) + M
      for t in 0..<count {
        rk_add_scaled(dScores[t], keys + t * K, dHidden, Int64(K))
        rk_add_scaled(dScores[t], hidden, dKeys.row(row * T + t), Int64(K))
      }
      return
    }
    // With y = tanh(key_t + q): d = ds_t·v·(1 - y²);  dkey_t += d;  dq += d;  dv += ds_t·y
    let (dVector, y, d) = (scratch, scratch + K, scratch + 2 * K)
    for t in 0..<count {
      activate(keys + t * K, kept.queries.row(place), y)
      rk_add_scaled(dScores[t], y, dVector, Int64(K))
      for index in 0..<K {
        d[index] = dScores[t] * operands[11].pointer[index] * (1 - y[index] * y[index])
      }
      rk_add_scaled(1, d, dKeys.row(row * T + t), Int64(K))
      rk_add_scaled(1, d, dQuery, Int64(K))
    }
  }

  /// do = dh·tanh(c');  dc' += dh·o·(1 - tanh(c')²);  df = dc'·c;  di = dc'·g;  dg = dc'·i
  private func gatesBackward(
    _ kept: Kept, place: Int, dHidden: UnsafeMutablePointer<Float>,
    dCell: UnsafeMutablePointer<Float>, dGates: UnsafeMutablePointer<Float>
  ) {
    let (H, gates) = (units, kept.gates.row(place))
    let (i, f, g, o) = (gates, gates + H, gates + 2 * H, gates + 3 * H)
    let old = kept.cells.row(place)
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
