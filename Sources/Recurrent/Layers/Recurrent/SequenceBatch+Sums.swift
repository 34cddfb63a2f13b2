import RecurrentKernels

// What pooling and attention are made of: sums and products along time, over valid steps only.
// Nothing reads a padded step; gradients there are 0.

extension SequenceBatch {
  /// Σ_t w[b, t]·x[b, t]: of weights `[B, T]`, a row `[F]` for each row of the batch, `[B, F]`; zeros
  /// for an empty row.
  func weightedSum(_ weights: Tensor) -> Tensor {
    let (places, features, shape) = (placesByRow, features, values.shape)
    precondition(
      weights.shape == [batchSize, time],
      "weights of \(batchSize) rows and \(time) steps cannot have shape \(weights.shape)")
    let y = Tensor(shape: [batchSize, features]) { y in
      y.update(repeating: 0, count: batchSize * features)
      forEachRow(places, features) { row in
        for place in places[row] {
          rk_add_scaled(
            weights.pointer[place], values.pointer + place * features, y + row * features,
            Int64(features))
        }
      }
    }
    return y.recorded(from: [values, weights]) {
      [x = Operand(values), w = Operand(weights)] dy in
      let dx = Tensor(shape: shape) { outerProduct(w.values, dy, places, features, $0) }
      let dw = Tensor(shape: w.values.shape) {
        innerProducts(x.values, dy, places, features, $0)
      }
      return [x.isTracked ? dx : nil, w.isTracked ? dw : nil]
    }
  }

  /// x[b, t]·v[b]: of vectors `[B, F]`, a number for each step, `[B, T]`; zeros in the padding.
  func products(with vectors: Tensor) -> Tensor {
    let (places, features, shape) = (placesByRow, features, values.shape)
    precondition(
      vectors.shape == [batchSize, features],
      "vectors for \(batchSize) rows of \(features) features cannot have shape \(vectors.shape)")
    let y = Tensor(shape: [batchSize, time]) {
      innerProducts(values, vectors, places, features, $0)
    }
    return y.recorded(from: [values, vectors]) {
      [self, x = Operand(values), v = Operand(vectors)] dy in
      let dx = Tensor(shape: shape) { outerProduct(dy, v.values, places, features, $0) }
      return [
        x.isTracked ? dx : nil, v.isTracked ? with(x.values).weightedSum(dy) : nil,
      ]
    }
  }

  /// The softmax of scores `[B, T]` over each row's valid steps; zeros elsewhere.
  func softmaxOverTime(_ scores: Tensor) -> Tensor {
    let (places, count) = (placesByRow, batchSize * time)
    precondition(
      scores.shape == [batchSize, time],
      "scores of \(batchSize) rows and \(time) steps cannot have shape \(scores.shape)")
    let y = Tensor(shape: scores.shape) { y in
      y.update(repeating: 0, count: count)
      for row in places where !row.isEmpty {
        let gathered = Tensor(row.map { scores.pointer[$0] }).softmax()
        for (place, value) in zip(row, gathered.elements) { y[place] = value }
      }
    }
    return y.recorded(from: [scores]) { dy in
      let dx = Tensor(shape: y.shape) { dx in
        dx.update(repeating: 0, count: count)
        for row in places where !row.isEmpty {
          let (p, dp) = (row.map { y.pointer[$0] }, row.map { dy.pointer[$0] })
          var gradient = [Float](repeating: 0, count: row.count)
          rk_softmax_gradient(p, dp, &gradient, 1, Int64(row.count))
          for (place, value) in zip(row, gradient) { dx[place] = value }
        }
      }
      return [dx]
    }
  }
}

/// y[b, t] = x[b, t]·v[b].
private func innerProducts(
  _ x: Tensor, _ v: Tensor, _ places: [[Int]], _ features: Int, _ y: UnsafeMutablePointer<Float>
) {
  y.update(repeating: 0, count: x.shape[0] * x.shape[1])
  forEachRow(places, features) { row in
    for place in places[row] {
      y[place] = rk_dot(
        x.pointer + place * features, v.pointer + row * features, Int64(features))
    }
  }
}

/// y[b, t] = w[b, t]·v[b].
private func outerProduct(
  _ w: Tensor, _ v: Tensor, _ places: [[Int]], _ features: Int, _ y: UnsafeMutablePointer<Float>
) {
  y.update(repeating: 0, count: w.count * features)
  forEachRow(places, features) { row in
    for place in places[row] {
      rk_scale(
        w.pointer[place], 0, v.pointer + row * features, y + place * features, Int64(features))
    }
  }
}

/// Calls `body` for each row of the batch, on several threads where that pays.
func forEachRow(_ places: [[Int]], _ features: Int, _ body: (_ row: Int) -> Void) {
  let steps = places.reduce(0) { $0 + $1.count }
  let parts = Parallelism.parts(operations: 2 * steps * features, atMost: places.count)
  Parallelism.run(parts: parts) { part in
    for row in Parallelism.range(part, of: parts, count: places.count, granularity: 1) {
      body(row)
    }
  }
}
