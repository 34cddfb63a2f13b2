import RecurrentFiles
internal import RecurrentKernels

// What pooling and attention are made of: sums, products and softmax along time, over valid steps
// only. Nothing reads a padded step; gradients there are 0.

extension SequenceBatch {
  /// Σ_t w[b, t]·x[b, t] over the valid steps: of weights `[B, T]` a row `[F]` for each row of the
  /// batch, `[B, F]`; zeros for an empty row.
  func weightedSum(_ weights: Tensor) -> Tensor {
    let (values, steps) = leadingSteps
    return RowProducts(queries: Array(repeating: 1, count: batchSize), steps: steps)
      .sums(weights.reshaped(to: [batchSize, 1, time]), values)
      .reshaped(to: [batchSize, features])
  }

  /// The softmax of scores `[B, T]` over each row's valid steps; zeros elsewhere.
  func softmaxOverTime(_ scores: Tensor) -> Tensor {
    softmaxOverTime(
      scores.reshaped(to: [batchSize, 1, time]),
      queries: Array(repeating: [0], count: batchSize)
    ).reshaped(to: [batchSize, time])
  }

  /// The softmax of scores `[B, S, T]` over each row's valid steps, for the queries of each row that
  /// are named; zeros elsewhere.
  func softmaxOverTime(_ scores: Tensor, queries: [[Int]]) -> Tensor {
    let (batch, count, time) = (batchSize, scores.shape[1], time)
    require(
      scores.shape == [batch, count, time],
      "scores of \(batch) rows and \(time) steps cannot have shape \(scores.shape)")
    let steps = lengths.indices.map { validPositions(row: $0) }
    let operations = 40 * scores.count
    let y = Tensor(shape: scores.shape) { y in
      y.update(repeating: 0, count: scores.count)
      forEachRow(batch, operations: operations) { b in
        let n = steps[b].count
        let gathered = Storage(count: n)
        for query in queries[b] where n > 0 {
          let start = (b * count + query) * time
          for (index, step) in steps[b].enumerated() {
            gathered.pointer[index] = scores[flat: start + step]
          }
          rk_softmax(gathered.pointer, gathered.pointer, 1, Int64(n))
          for (index, step) in steps[b].enumerated() {
            y[start + step] = gathered.pointer[index]
          }
        }
      }
    }
    return y.recorded(from: [scores]) { dy in
      var dx = Tensor.zeros(y.shape)
      let target = dx.mutablePointer()
      forEachRow(batch, operations: operations) { b in
        let (n, p, dp, gradient) = (
          steps[b].count, Storage(count: time), Storage(count: time), Storage(count: time)
        )
        for query in queries[b] where n > 0 {
          let start = (b * count + query) * time
          for (index, step) in steps[b].enumerated() {
            p.pointer[index] = y[flat: start + step]
            dp.pointer[index] = dy[flat: start + step]
            gradient.pointer[index] = 0
          }
          rk_softmax_gradient(p.pointer, dp.pointer, gradient.pointer, 1, Int64(n))
          for (index, step) in steps[b].enumerated() {
            target[start + step] = gradient.pointer[index]
          }
        }
      }
      return [dx]
    }
  }
}

/// Products of the matrices that belong to the rows of a batch: queries q `[B, S, F]`, steps k
/// `[B, T, F]` and weights w `[B, S, T]`. Row b uses its first `queries[b]` queries and its first
/// `steps[b]` steps; results elsewhere are 0. An element is what it is for one query alone.
struct RowProducts: Sendable {
  let queries: [Int]
  let steps: [Int]

  /// w[b, s, t] = q[b, s]·k[b, t].
  func scores(_ q: Tensor, _ k: Tensor) -> Tensor {
    let (count, time, features) = (q.shape[1], k.shape[1], k.shape[2])
    check(q, [count, features], k, [time, features])
    let w = result([count, time], features) { b, w in
      (
        q.matrix(of: b, rows: queries[b]), k.matrix(of: b, rows: steps[b]).transposed,
        w.matrix(of: b, rows: queries[b], columns: steps[b])
      )
    }
    return w.recorded(from: [q, k]) { [q = Operand(q), k = Operand(k)] dw in
      [
        q.isTracked ? sums(dw, k.values) : nil,
        k.isTracked ? sumsOverQueries(dw, q.values) : nil,
      ]
    }
  }

  /// q[b, s] = Σ_t w[b, s, t]·k[b, t].
  func sums(_ w: Tensor, _ k: Tensor) -> Tensor {
    let (count, time, features) = (w.shape[1], k.shape[1], k.shape[2])
    check(w, [count, time], k, [time, features])
    let q = result([count, features], time) { b, q in
      (
        w.matrix(of: b, rows: queries[b], columns: steps[b]), k.matrix(of: b, rows: steps[b]),
        q.matrix(of: b, rows: queries[b])
      )
    }
    return q.recorded(from: [w, k]) { [w = Operand(w), k = Operand(k)] dq in
      [
        w.isTracked ? scores(dq, k.values) : nil,
        k.isTracked ? sumsOverQueries(w.values, dq) : nil,
      ]
    }
  }

  /// k[b, t] = Σ_s w[b, s, t]·q[b, s]; not recorded.
  private func sumsOverQueries(_ w: Tensor, _ q: Tensor) -> Tensor {
    let (count, time, features) = (w.shape[1], w.shape[2], q.shape[2])
    return result([time, features], count) { b, k in
      (
        w.matrix(of: b, rows: queries[b], columns: steps[b]).transposed,
        q.matrix(of: b, rows: queries[b]), k.matrix(of: b, rows: steps[b])
      )
    }
  }

  /// One product c = a·b a row of the batch, on several threads where that pays.
  private func result(
    _ shape: [Int], _ depth: Int,
    _ product: (_ row: Int, _ result: Tensor) -> (a: Matrix, b: Matrix, c: Matrix)
  ) -> Tensor {
    let y = Tensor.zeros([queries.count] + shape)
    let operations = 2 * y.count * depth
    let alone = Parallelism.parts(operations: operations, atMost: queries.count) > 1
    forEachRow(queries.count, operations: operations) { row in
      let (a, b, c) = product(row, y)
      Matrix.multiply(a, b, into: c, alone: alone)
    }
    return y
  }

  private func check(_ a: Tensor, _ sizesA: [Int], _ b: Tensor, _ sizesB: [Int]) {
    require(
      a.shape == [queries.count] + sizesA && b.shape == [queries.count] + sizesB,
      "shapes \(a.shape) and \(b.shape) do not fit a batch of \(queries.count) rows")
  }
}

extension Tensor {
  /// The first rows and columns of what belongs to a row of the batch in `[B, …, …]`.
  fileprivate func matrix(of row: Int, rows: Int, columns: Int? = nil) -> Matrix {
    Matrix(
      storage, from: row * shape[1] * shape[2], rows: rows, columns: columns ?? shape[2],
      stride: shape[2])
  }
}

/// Calls `body` for each row of a batch, on several threads where that pays.
func forEachRow(_ count: Int, operations: Int, _ body: (_ row: Int) -> Void) {
  let parts = Parallelism.parts(operations: operations, atMost: count)
  Parallelism.run(parts: parts) { part in
    for row in Parallelism.range(part, of: parts, count: count, granularity: 1) { body(row) }
  }
}
