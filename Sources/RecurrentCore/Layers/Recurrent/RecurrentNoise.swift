/// The random masks of a recurrent layer for one call in training; nothing in prediction.
///
/// Each row of a batch has numbers of its own, and so has each kind of mask; weights have those of
/// the call.
struct RecurrentNoise: Sendable {
  /// `[B, 1, I]`.
  private(set) var inputMask: Tensor?
  /// `[B, R]`.
  private(set) var recurrentMask: Tensor?
  /// `[N, R]` and `[N, H]` in packed order, 1 where the old value stays.
  private(set) var zoneoutMask: Tensor?
  private(set) var cellZoneoutMask: Tensor?
  /// Of the recurrent weights, `[R, G·H]`.
  private(set) var weightMask: Tensor?

  init(
    _ options: RecurrentOptions, mode: Mode, layout: SequenceLayout, weights: RecurrentWeights
  ) {
    guard case .training(let key, _, _) = mode else { return }
    let (batch, inputs, size) = (layout.batchSize, weights.inputSize, weights.outputSize)
    func keys(_ kind: Int) -> [RandomKey] { mode.child(kind).rowKeys(batch) ?? [] }
    if options.inputDropout > 0 {
      inputMask = Self.rows(keys(0), inputs, options.inputDropout)
        .reshaped(to: [batch, 1, inputs])
    }
    if options.recurrentDropout > 0 {
      recurrentMask = Self.rows(keys(1), size, options.recurrentDropout)
    }
    if options.zoneout > 0 {
      zoneoutMask = Self.steps(layout, size, options.zoneout, keys(2))
    }
    if options.cellZoneout > 0 {
      cellZoneoutMask = Self.steps(layout, weights.hiddenSize, options.cellZoneout, keys(3))
    }
    if options.dropConnect > 0 {
      weightMask = Self.rows(
        (0..<size).map(key.child(4).child), weights.recurrent.shape[1], options.dropConnect)
    }
  }

  /// `[count, width]` of 0 with probability `rate`, else 1 / (1 - rate), a key a row.
  private static func rows(_ keys: [RandomKey], _ width: Int, _ rate: Float) -> Tensor {
    Tensor(shape: [keys.count, width]) { y in
      for (row, key) in keys.enumerated() {
        RandomMask(key: key, rate: rate, low: 0, high: 1 / (1 - rate))
          .apply(to: nil, result: y + row * width, count: width)
      }
    }
  }

  /// `[N, width]` of 1 with probability `rate`, else 0, a key a row.
  private static func steps(
    _ layout: SequenceLayout, _ width: Int, _ rate: Float, _ keys: [RandomKey]
  ) -> Tensor {
    let masks = (0..<layout.batchSize).map {
      RandomMask(key: keys[Int(layout.batchRow[$0])], rate: rate, low: 1, high: 0)
    }
    return Tensor(shape: [layout.packedCount, width]) { y in
      for step in 0..<layout.steps {
        for j in 0..<Int(layout.active[step]) {
          masks[j].apply(
            from: step * width, to: nil, result: y + (Int(layout.offset[step]) + j) * width,
            count: width)
        }
      }
    }
  }
}
