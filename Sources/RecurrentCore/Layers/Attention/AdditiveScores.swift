internal import RecurrentKernels

/// v·tanh(k_t + q_s + c_t·w) for every valid query and step, as one primitive. What it keeps is its
/// operands: the hyperbolic tangents, S times as large as the keys, are computed again on the way
/// back.
struct AdditiveScores {
  /// k, `[B, T, A]`.
  let keys: SequenceBatch
  /// Which of S queries are valid.
  let queries: [[Int]]

  /// `[B, S, T]` of queries `[B, S, A]`, vector `[A]`, and, for one query, coverage `[B, T]` with its
  /// weights `[A]`.
  func callAsFunction(
    _ query: Tensor, vector: Tensor, coverage: (steps: Tensor, weights: Tensor)?
  ) -> Tensor {
    let (batch, time, size, count) = (
      keys.batchSize, keys.time, keys.features, query.shape[1]
    )
    precondition(
      query.shape == [batch, count, size],
      "queries for \(batch) rows have shape [\(batch), S, Q]; the projected ones are \(query.shape)"
    )
    precondition(
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
          y[work.score(row, query, place)] = rk_dot(
            t + index * size, work.vector, Int64(size))
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
      _ body: (_ row: Int, _ query: Int, _ activations: UnsafeMutablePointer<Float>) -> Void
    ) {
      let (keys, query, width) = (operands[0].pointer, operands[1].pointer, Int64(size))
      forEachRow(places.count, operations: 20 * places.count * count * time * size) { row in
        let activations = Storage(count: places[row].count * size)
        for s in queries[row] {
          for (index, place) in places[row].enumerated() {
            let t = activations.pointer + index * size
            rk_combine(
              RK_ADD, keys + place * size, 1, query + (row * count + s) * size, 1, t, width)
            if operands.count == 5 {
              rk_add_scaled(operands[3].pointer[place], operands[4].pointer, t, width)
            }
          }
          rk_map(
            RK_TANH, activations.pointer, activations.pointer, Int64(places[row].count * size))
          body(row, s, activations.pointer)
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
      let targets = results.indices.map { results[$0].mutablePointer() }
      forEachActivation { row, query, activations in
        let (upstream, d) = (Storage(count: size), Storage(count: size))
        for (index, place) in places[row].enumerated() {
          let (t, slope) = (activations + index * size, dy.pointer[score(row, query, place)])
          d.pointer.update(repeating: 0, count: size)
          rk_scale(slope, 0, vector, upstream.pointer, width)
          rk_map_gradient(RK_TANH, t, t, upstream.pointer, d.pointer, width)
          rk_add_scaled(1, d.pointer, targets[0] + place * size, width)
          rk_add_scaled(1, d.pointer, targets[1] + (row * count + query) * size, width)
          rk_add_scaled(slope, t, targets[2] + row * size, width)
          if operands.count == 5 {
            targets[3][place] = rk_dot(d.pointer, operands[4].pointer, width)
            rk_add_scaled(operands[3].pointer[place], d.pointer, targets[4] + row * size, width)
          }
        }
      }
      withExtendedLifetime((operands, dy)) {}
      for index in results.indices where index == 2 || index == 4 {
        results[index] = results[index].sum(along: 0)
      }
      return results
    }
  }
}
