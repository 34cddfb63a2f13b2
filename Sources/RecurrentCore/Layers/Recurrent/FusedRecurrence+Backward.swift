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
      var dx =
        input.isTracked && run.table == nil ? run.layout.room(for: weights.inputSize) : nil
      // D of the table.
      var ofVectors = run.table.map { Tensor.zeros([$0.indices.count, run.width]) }
      let packed = run.packedWeights(rk_backward_weights_size, rk_pack_backward_weights)
      let forwardWeights =
        kept == nil ? run.packedWeights(rk_forward_weights_size, rk_pack_forward_weights) : nil
      for (index, segment) in run.segments.enumerated().reversed() {
        let cellState = cellStates.isEmpty ? nil : cellStates[index]
        guard let kept = kept ?? recomputed(segment, cellState, forwardWeights) else { continue }
        let projected = backward(segment, cellState, packed, kept, &state)
        // dx = d·Wᵀ
        if let target = dx?.mutableMatrix() {
          let places = run.layout.packed(segment)
          Matrix.multiply(
            Matrix(kept.gates, rows: places.count, columns: run.width),
            weights.input.matrix.transposed,
            into: target.rows(
              at: run.layout.places.suffix(from: places.lowerBound), count: places.count))
        }
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
            c: cellState?.pointer, gates: kept.gates.pointer,
            extra: kept.extra?.pointer, masked: kept.masked?.pointer,
            projected_gradient: projected?.pointer,
            peephole_gradient: state.peepholes?.mutablePointer(),
            out_gradient: state.output?.pointer,
            out_gradient_stride: Int64(run.size), h_gradient: state.hidden.mutablePointer(),
            c_gradient: state.cellState?.mutablePointer(), meeting: nil)
          run.runParts(pass, \.meeting, rk_backward_workspace, rk_run_backward)
        }
      }
      withExtendedLifetime((packed, kept, cellState, self)) {}
      return projected
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
      let (size, units, width) = (run.size, run.units, run.width)
      let (now, before) = run.layout.descendingPlaces(segment)
      let depth = run.layout.packed(segment).count
      // The rows of step 0, which come last, meet the initial state; the others the outputs before.
      let starting = segment.lowerBound == 0 && depth > 0 ? Int(run.layout.active[0]) : 0
      let later = depth - starting
      let cuts = [0..<later, later..<depth]
      /// Rows in packed order from the last step to the first.
      func steps(_ values: Storage, _ width: Int) -> Matrix {
        Matrix(values, rows: depth, columns: width).reversed
      }
      let x = backward.input.values.matrix.rows(at: now, count: depth)
      let ones = Matrix(Tensor(1).storage, rows: depth, columns: 1, stride: 0)
      /// h₋₁ of each cut.
      let h =
        kept.masked.map { masked in cuts.map { steps(masked, size).rows($0) } }
        ?? zip(cuts, [backward.output, backward.hidden]).map { cut, values in
          values.matrix.rows(at: before.suffix(from: cut.lowerBound), count: cut.count)
        }
      let (w, u) = (input.mutableMatrix(), recurrent.mutableMatrix())
      let (b, bRecurrent) = (bias.mutableMatrix(), recurrentBias.mutableMatrix())
      // The gates that have one d on both sides, and the candidate of a GRU.
      let isGRU = [RK_CELL_GRU_RESET_AFTER, RK_CELL_GRU_RESET_BEFORE].contains(run.cell)
      let same = 0..<(isGRU ? 2 * units : width)
      let candidate = same.upperBound..<width
      let others = (run.table == nil ? [(x, w)] : []) + [(ones, b)]
      /// sum[:, columns] += factorᵀ·d for each factor, and for h.
      func multiply(
        _ d: Matrix, _ columns: Range<Int>, _ factors: [(Matrix, sum: Matrix)], h sum: Matrix? = nil
      ) {
        for (cut, h) in zip(cuts, h) where !cut.isEmpty {
          let parts = factors.map { ($0.rows(cut), $1) } + (sum.map { [(h, $0)] } ?? [])
          Matrix.multiply(
            parts.map { (a: $0.transposed, c: $1.columns(columns)) }, d.rows(cut))
        }
      }
      let d = steps(kept.gates, width)
      switch (run.cell, kept.extra) {
      case (RK_CELL_GRU_RESET_AFTER, let extra?):
        multiply(d.columns(same), same, others, h: u)
        multiply(d.columns(candidate), candidate, others)
        multiply(steps(extra, units), candidate, [(ones, bRecurrent)], h: u)
        bRecurrent.columns(same).copying(b.columns(same))
      case (RK_CELL_GRU_RESET_BEFORE, let extra?):
        multiply(d.columns(same), same, others, h: u)
        multiply(
          d.columns(candidate), candidate,
          others.dropLast() + [(steps(extra, units), u), (ones, b)])
        bRecurrent.copying(b)
      default:
        multiply(d, same, others, h: u)
        bRecurrent.copying(b)
      }
      if let projected, let raw = kept.unprojected, let sum = projection?.mutableMatrix() {
        multiply(steps(projected, size), 0..<size, [(steps(raw, units), sum)])
      }
    }
  }
}
