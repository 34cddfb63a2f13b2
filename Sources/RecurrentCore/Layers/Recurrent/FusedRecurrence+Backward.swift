internal import RecurrentKernels

extension FusedRecurrence {
  /// The backward pass, with all that it needs from the forward pass.
  ///
  /// For each segment, the last one first, the kernel gives the gradients of the gates'
  /// pre-activations, d; what remains are products over the segment's valid steps:
  ///
  ///     dx = d·Wᵀ    dW = xᵀ·d    dU = h₋₁ᵀ·d    db = 1ᵀ·d
  ///
  /// Where the input is few vectors, ``InputTable`` has dx and dW.
  ///
  /// Sums over steps run from the last step to the first, whether there are segments or not, so the
  /// length of a segment changes no bit.
  struct Backward: Sendable {
    let run: FusedRun
    /// The values, or the table of which they are rows.
    let input: Operand
    let output: Tensor
    let hidden: Tensor
    /// Before each segment (LSTM).
    let cellStates: [Tensor]
    /// Of the only segment; nil: segments are computed again.
    let kept: Kept?

    /// From the gradients of outputs and final states to those of input, initial states and
    /// parameters, in the order in which the forward pass recorded them.
    func callAsFunction(_ gradients: [Tensor?]) -> [Gradient?] {
      let weights = run.weights
      var state = StateGradients(
        output: gradients[0], hidden: gradients[1] ?? .zeros(hidden.shape),
        cellState: cellStates.first.map { c in gradients[2] ?? .zeros(c.shape) },
        peepholes: weights.peepholes.map { _ in .zeros([run.layout.batchSize, 3, run.units]) })
      var sums = WeightSums(weights)
      let isFull = run.layout.packedCount == run.layout.batchSize * run.layout.time
      var dx: Tensor?
      if input.isTracked, run.table == nil {
        dx = isFull ? Tensor(shape: input.values.shape) { _ in } : .zeros(input.values.shape)
      }
      // D of the table.
      var ofVectors = run.table.map { Tensor.zeros([$0.indices.count, run.width]) }
      let packed = run.packedWeights(rk_backward_weights_size, rk_pack_backward_weights)
      let forwardWeights =
        kept == nil ? run.packedWeights(rk_forward_weights_size, rk_pack_forward_weights) : nil
      for (index, segment) in run.segments.enumerated().reversed() {
        let cellState = cellStates.isEmpty ? nil : cellStates[index]
        guard let kept = kept ?? recomputed(segment, cellState, forwardWeights) else { continue }
        let projected = backward(segment, cellState, packed, kept, &state)
        if let target = dx?.mutablePointer() { inputGradient(segment, kept, target) }
        if var target = ofVectors.take() {
          run.table?.add(kept.gates, of: run.layout.packed(segment), to: &target)
          ofVectors = target
        }
        sums.add(segment, kept, projected, self)
      }
      if let table = run.table, let ofVectors { sums.input = table.weightGradient(ofVectors) }
      var results = [dx, state.hidden]
      if let dc = state.cellState { results.append(dc) }
      results += [sums.input, sums.recurrent]
      if weights.bias != nil { results.append(sums.bias) }
      if weights.recurrentBias != nil { results.append(sums.recurrentBias) }
      if let peepholes = state.peepholes { results.append(peepholes.sum(along: 0)) }
      if let projection = sums.projection { results.append(projection) }
      var parts = results.map { $0.map(Gradient.init) }
      if let table = run.table, let ofVectors, input.isTracked {
        parts[0] = Gradient(table.gradient(ofVectors, weights: weights.input))
      }
      return parts
    }

    /// The gradients that are carried from segment to segment.
    private struct StateGradients {
      let output: Tensor?
      var hidden: Tensor
      var cellState: Tensor?
      /// `[B, 3, H]`: of each row, so that rows can be shared among threads.
      var peepholes: Tensor?
    }

    private func recomputed(
      _ segment: Range<Int>, _ cellState: Tensor?, _ packed: Storage?
    ) -> Kept? {
      guard let packed else { return nil }
      let kept = run.room(for: segment)
      var cellState = cellState
      run.forward(
        segment, input: input.values, packed: packed, output: output.pointer,
        hidden: hidden.pointer, cellState: cellState?.mutablePointer(), kept: kept,
        recomputes: true)
      return kept
    }

    /// Turns what was kept into gradients; returns the gradient of what the projection gave.
    private func backward(
      _ segment: Range<Int>, _ cellState: Tensor?, _ packed: Storage, _ kept: Kept,
      _ state: inout StateGradients
    ) -> Storage? {
      let projected =
        run.projects ? Storage(count: run.layout.packed(segment).count * run.size) : nil
      run.layout.withKernelLayout { tables in
        run.withKernelOptions { options in
          let pass = rk_sequence_backward(
            cell: run.cell, input_size: Int32(run.weights.inputSize),
            hidden_size: Int32(run.units), recurrent_size: Int32(run.size), layout: tables,
            first_step: Int32(segment.lowerBound), end_step: Int32(segment.upperBound),
            options: options, projects: run.projects, packed_weights: packed.pointer,
            out: output.pointer, out_stride: Int64(run.size), h: hidden.pointer,
            c: cellState.map { UnsafePointer($0.pointer) }, gates: kept.gates.pointer,
            extra: kept.extra?.pointer, masked: kept.masked.map { UnsafePointer($0.pointer) },
            projected_gradient: projected?.pointer,
            peephole_gradient: state.peepholes?.mutablePointer(),
            out_gradient: state.output.map { UnsafePointer($0.pointer) },
            out_gradient_stride: Int64(run.size), h_gradient: state.hidden.mutablePointer(),
            c_gradient: state.cellState?.mutablePointer(), meeting: nil)
          run.runParts(pass, \.meeting, rk_backward_workspace, rk_run_backward)
        }
      }
      withExtendedLifetime((packed, kept, cellState, self)) {}
      return projected
    }

    /// dx = d·Wᵀ
    private func inputGradient(
      _ segment: Range<Int>, _ kept: Kept, _ dx: UnsafeMutablePointer<Float>
    ) {
      let range = run.layout.packed(segment)
      var product = rk_matrix_product(
        rows: range.count, columns: run.weights.inputSize, depth: run.width,
        a: kept.gates.pointer, b: run.weights.input.pointer, c: dx)
      (product.b_depth_stride, product.b_column_stride) = (1, Int64(run.width))
      product.c_row_index = UnsafePointer(run.layout.place + range.lowerBound)
      product.run()
      withExtendedLifetime((kept, self)) {}
    }
  }

  /// The gradients of the weights, which grow segment by segment.
  private struct WeightSums {
    var input: Tensor
    var recurrent: Tensor
    var bias: Tensor
    var recurrentBias: Tensor
    var projection: Tensor?

    init(_ weights: RecurrentWeights) {
      let width = weights.input.shape[1]
      input = .zeros(weights.input.shape)
      recurrent = .zeros(weights.recurrent.shape)
      (bias, recurrentBias) = (.zeros([width]), .zeros([width]))
      projection = weights.projection.map { .zeros($0.shape) }
    }

    /// dW += xᵀ·d, dU += h₋₁ᵀ·d, db += 1ᵀ·d over the steps of a segment, its last one first, in as
    /// few passes over d as there are different ones: a GRU's candidate has another d (reset after
    /// the product) or another factor (before) on its recurrent side.
    mutating func add(
      _ segment: Range<Int>, _ kept: Kept, _ projected: Storage?, _ backward: Backward
    ) {
      let run = backward.run
      let (features, size, units, width) = (
        run.weights.inputSize, run.size, run.units, run.width
      )
      let (now, before) = run.layout.descendingPlaces(segment)
      let depth = run.layout.packed(segment).count
      // The rows of step 0, which come last, meet the initial state; the others the outputs before.
      let starting = segment.lowerBound == 0 && depth > 0 ? Int(run.layout.active[0]) : 0
      let later = depth - starting
      let one = Tensor(1)
      let x = Factor(values: backward.input.values.pointer, rows: now.pointer, width: features)
      let ones = Factor(values: one.pointer, rows: nil, width: 1, stride: 0)
      let h: [Factor]
      if let masked = kept.masked {
        h = [Factor(packed: masked.pointer, depth: depth, width: size)]
      } else {
        h = [
          Factor(
            values: backward.output.pointer, rows: before.pointer, width: size, range: 0..<later),
          Factor(
            values: backward.hidden.pointer, rows: before.pointer, width: size,
            range: later..<depth),
        ]
      }
      let (w, u) = (input.mutablePointer(), recurrent.mutablePointer())
      let (b, bRecurrent) = (bias.mutablePointer(), recurrentBias.mutablePointer())
      let candidate = 2 * units
      let fromInput = run.table == nil ? [(factor: x, target: w)] : []
      /// target[:, columns] += factorᵀ·d for each factor.
      func multiply(
        _ d: UnsafePointer<Float>, _ stride: Int, _ columns: Range<Int>, _ targetWidth: Int,
        _ factors: [(factor: Factor, target: UnsafeMutablePointer<Float>)]
      ) {
        let cuts = [0, later, depth]
        for (start, end) in zip(cuts, cuts.dropFirst()) where end > start {
          rk_matrix_product.run(
            factors.compactMap { factor, target in
              guard factor.range?.contains(start) ?? true else { return nil }
              var product = rk_matrix_product(
                rows: factor.width, columns: columns.count, depth: end - start,
                a: factor.rows == nil ? factor.values + start * factor.stride : factor.values,
                b: d + (depth - 1 - start) * stride, c: target + columns.lowerBound)
              (product.a_row_stride, product.a_depth_stride) = (1, Int64(factor.stride))
              product.a_depth_index = factor.rows.map { $0 + start }
              product.b_depth_stride = Int64(-stride)
              product.c_row_stride = Int64(targetWidth)
              product.accumulate = true
              return product
            })
        }
      }
      let d = UnsafePointer(kept.gates.pointer)
      func withH(
        _ target: UnsafeMutablePointer<Float>,
        _ others: [(factor: Factor, target: UnsafeMutablePointer<Float>)]
      ) -> [(factor: Factor, target: UnsafeMutablePointer<Float>)] {
        others + h.map { ($0, target) }
      }
      switch (run.cell, kept.extra) {
      case (RK_CELL_GRU_RESET_AFTER, let extra?):
        multiply(d, width, 0..<candidate, width, withH(u, fromInput + [(ones, b)]))
        multiply(d + candidate, width, candidate..<width, width, fromInput + [(ones, b)])
        multiply(
          UnsafePointer(extra.pointer), units, candidate..<width, width,
          withH(u, [(ones, bRecurrent)]))
        bRecurrent.update(from: b, count: candidate)
      case (RK_CELL_GRU_RESET_BEFORE, let extra?):
        let rh = Factor(packed: extra.pointer, depth: depth, width: units)
        multiply(d, width, 0..<candidate, width, withH(u, fromInput + [(ones, b)]))
        multiply(d + candidate, width, candidate..<width, width, fromInput + [(rh, u), (ones, b)])
        bRecurrent.update(from: b, count: width)
      default:
        multiply(d, width, 0..<width, width, withH(u, fromInput + [(ones, b)]))
        bRecurrent.update(from: b, count: width)
      }
      if let projected, let raw = kept.unprojected, let target = projection?.mutablePointer() {
        let factor = Factor(packed: raw.pointer, depth: depth, width: units)
        multiply(UnsafePointer(projected.pointer), size, 0..<size, size, [(factor, target)])
      }
      withExtendedLifetime((now, before, one, kept, projected, backward)) {}
    }
  }

  /// A factor of the products over the steps: what a row of the weights was multiplied by, from the
  /// last step to the first.
  private struct Factor {
    let values: UnsafePointer<Float>
    /// The row of each step; nil: one after the other.
    let rows: UnsafePointer<Int32>?
    let width: Int
    /// Floats from row to row; 0 where one row stands for all.
    let stride: Int
    /// The steps it is there for; nil: all.
    let range: Range<Int>?

    init(
      values: UnsafePointer<Float>, rows: UnsafePointer<Int32>?, width: Int, stride: Int? = nil,
      range: Range<Int>? = nil
    ) {
      (self.values, self.rows, self.width, self.range) = (values, rows, width, range)
      self.stride = stride ?? width
    }

    /// Values in packed order.
    init(packed: UnsafePointer<Float>, depth: Int, width: Int) {
      self.init(
        values: packed + max(0, depth - 1) * width, rows: nil, width: width, stride: -width)
    }
  }
}
