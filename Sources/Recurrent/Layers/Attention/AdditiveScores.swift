import RecurrentKernels

/// v·tanh(k_t + q + c_t·w) for every valid step, as one primitive: it runs at each step of a decoder.
struct AdditiveScores {
  /// k, `[B, T, A]`.
  let keys: SequenceBatch

  /// `[B, T]` of query `[B, A]`, vector `[A]`, and coverage `[B, T]` with its weights `[A]`.
  func callAsFunction(
    _ query: Tensor, vector: Tensor, coverage: (steps: Tensor, weights: Tensor)?
  ) -> Tensor {
    let (size, places, shape) = (keys.features, keys.placesByRow, keys.values.shape)
    let steps = keys.batchSize * keys.time
    precondition(
      query.shape == [keys.batchSize, size],
      "a query for \(keys.batchSize) rows has shape [\(keys.batchSize), Q]; the projected one is \(query.shape)"
    )
    precondition(
      coverage.map { $0.steps.shape == [keys.batchSize, keys.time] } ?? true,
      "coverage of \(keys.batchSize) rows and \(keys.time) steps cannot have shape \(coverage?.steps.shape ?? [])"
    )
    let width = Int64(size)
    let activations = Tensor(shape: [steps, size]) { t in
      forEachRow(places, 8 * size) { row in
        for place in places[row] {
          let t = t + place * size
          rk_combine(
            RK_ADD, keys.values.pointer + place * size, 1, query.pointer + row * size, 1, t, width)
          if let coverage {
            rk_add_scaled(coverage.steps.pointer[place], coverage.weights.pointer, t, width)
          }
          rk_map(RK_TANH, t, t, width)
        }
      }
    }
    let scores = Tensor(shape: [keys.batchSize, keys.time]) { y in
      y.update(repeating: 0, count: steps)
      for place in places.joined() {
        y[place] = rk_dot(activations.pointer + place * size, vector.pointer, width)
      }
    }
    let optional = coverage.map { [$0.steps, $0.weights] } ?? []
    return scores.recorded(from: [keys.values, query, vector] + optional) {
      [v = vector.detached, covered = optional.map(\.detached), queryShape = query.shape] dy in
      // d(k_t) = dy_t·v·(1 - tanh²);  dq = Σ_t d(k_t);  dv = Σ dy_t·tanh;  dc_t = d(k_t)·w;  dw = Σ c_t·d(k_t)
      var (dKeys, dQuery) = (Tensor.zeros(shape), Tensor.zeros(queryShape))
      let (k, q) = (dKeys.mutablePointer(), dQuery.mutablePointer())
      forEachRow(places, 8 * size) { row in
        let upstream = Storage(count: size)
        for place in places[row] {
          let t = activations.pointer + place * size
          rk_scale(dy.pointer[place], 0, v.pointer, upstream.pointer, width)
          rk_map_gradient(RK_TANH, t, t, upstream.pointer, k + place * size, width)
          rk_add_scaled(1, k + place * size, q + row * size, width)
        }
      }
      var dVector = Tensor.zeros([size])
      let dv = dVector.mutablePointer()
      for place in places.joined() {
        rk_add_scaled(dy.pointer[place], activations.pointer + place * size, dv, width)
      }
      guard covered.count == 2 else { return [dKeys, dQuery, dVector] }
      var (dCoverage, dWeights) = (Tensor.zeros(covered[0].shape), Tensor.zeros([size]))
      let (dc, dw) = (dCoverage.mutablePointer(), dWeights.mutablePointer())
      for place in places.joined() {
        dc[place] = rk_dot(k + place * size, covered[1].pointer, width)
        rk_add_scaled(covered[0].pointer[place], k + place * size, dw, width)
      }
      return [dKeys, dQuery, dVector, dCoverage, dWeights]
    }
  }
}
