import RecurrentFiles
internal import RecurrentKernels

/// v·tanh(k_t + q_s + c_t·w) for every valid query and step, as one primitive. What it keeps is its
/// operands: the hyperbolic tangents, S times as large as the keys, are computed again on the way
/// back.
struct AdditiveScores {
  /// k, `[B, T, A]`.
  let keys: SequenceBatch
  /// The numbers of the queries, of S, that are valid in each row.
  let queries: [[Int]]

  /// `[B, S, T]` of queries `[B, S, A]`, vector `[A]`, and, for one query, coverage `[B, T]` with its
  /// weights `[A]`.
  func callAsFunction(
    _ query: Tensor, vector: Tensor, coverage: (steps: Tensor, weights: Tensor)?
  ) -> Tensor {
    let (batch, time, size, count) = (
      keys.batchSize, keys.time, keys.features, query.shape[1]
    )
    require(
      query.shape == [batch, count, size],
      "queries for \(batch) rows have shape [\(batch), S, Q]; the projected ones are \(query.shape)"
    )
    require(
      coverage.map { $0.steps.shape == [batch, time] && count == 1 } ?? true,
      "coverage is that of one query, for \(batch) rows and \(time) steps, not of \(count) with shape \(coverage?.steps.shape ?? [])"
    )
    let optional = coverage.map { [$0.steps, $0.weights] } ?? []
    let inputs = [keys.values, query, vector] + optional
    let work = Work(
      places: keys.placesByRow, queries: queries, count: count, time: time, size: size,
      operands: inputs.map(\.detached))
    let scores = Tensor(shape: [batch, count, time]) { y in
      y.update(repeating: 0, count: batch * count * time)
      work.forEachActivation { row, query, t in
        for (index, place) in work.places[row].enumerated() {
          y[work.score(row, query, place)] = rk_dot(t.row(index), work.vector, Int64(size))
        }
      }
    }
    return scores.recorded(from: inputs) { work.gradients($0) }
  }

  private struct Work: Sendable {
    let places: [[Int]]
    let queries: [[Int]]
    let count: Int
    let time: Int
    let size: Int
    /// k, q, v; coverage and its weights.
    let operands: [Tensor]

    var vector: UnsafePointer<Float> { UnsafePointer(operands[2].pointer) }

    /// Where the score of a query of a row with the step at a place stands.
    func score(_ row: Int, _ query: Int, _ place: Int) -> Int {
      (row * count + query) * time + place - row * time
    }

    /// Calls `body` with tanh(k_t + q_s + c_t·w) of a row's valid steps, `[n, A]`, for each of its
    /// queries in order; rows are shared among threads.
    func forEachActivation(
      _ body: (_ row: Int, _ query: Int, _ activations: Matrix) -> Void
    ) {
      let (keys, query, width) = (operands[0].matrix, operands[1].matrix, Int64(size))
      forEachRow(places.count, operations: 20 * places.count * count * time * size) { row in
        let activations = Matrix(rows: places[row].count, columns: size)
        for s in queries[row] {
          for (index, place) in places[row].enumerated() {
            let t = activations.row(index)
            rk_combine(RK_ADD, keys.row(place), 1, query.row(row * count + s), 1, t, width)
            if operands.count == 5 {
              rk_add_scaled(operands[3][flat: place], operands[4].pointer, t, width)
            }
          }
          let all = activations.row(0)
          rk_map(RK_TANH, all, all, Int64(activations.rows * size))
          body(row, s, activations)
        }
      }
    }

    /// d(k_t) = Σ_s d_st;  dq_s = Σ_t d_st;  dv = Σ dy_st·tanh;  dc_t = d_t·w;  dw = Σ c_t·d_t
    /// with d_st = dy_st·v·(1 - tanh²). Sums over rows are made of one sum a row.
    func gradients(_ dy: Tensor) -> [Tensor] {
      let (batch, width) = (places.count, Int64(size))
      var results = operands.map { Tensor.zeros($0.shape) }
      for index in results.indices where index == 2 || index == 4 {
        results[index] = .zeros([batch, size])
      }
      let targets = results.indices.map { results[$0].mutableMatrix() }
      forEachActivation { row, query, activations in
        let buffer = Matrix(rows: 2, columns: size)
        let (upstream, d) = (buffer.row(0), buffer.row(1))
        for (index, place) in places[row].enumerated() {
          let (t, slope) = (activations.row(index), dy[flat: score(row, query, place)])
          d.update(repeating: 0, count: size)
          rk_scale(slope, 0, vector, upstream, width)
          rk_map_gradient(RK_TANH, t, t, upstream, d, width)
          targets[0].add(d, to: place)
          targets[1].add(d, to: row * count + query)
          rk_add_scaled(slope, t, targets[2].row(row), width)
          if operands.count == 5 {
            targets[3].row(0)[place] = rk_dot(d, operands[4].pointer, width)
            rk_add_scaled(operands[3][flat: place], d, targets[4].row(row), width)
          }
        }
        withExtendedLifetime(buffer) {}
      }
      for index in results.indices where index == 2 || index == 4 {
        results[index] = results[index].sum(along: 0)
      }
      return results
    }
  }
}
