internal import RecurrentKernels

extension MogrifierRun {
  /// The backward pass, with all that it needs from the forward pass. Step by step, from the last:
  /// the LSTM gives the gradients d of its gates' sums and that of the last h, then
  ///
  ///     dx^r = d·Wᵀ                                   of the last x
  ///     dz = dv · v^(r-2) · 2·σ·(1 - σ)               of each round, v being x or h
  ///     dv^(r-2) = dv · 2·σ    du^(r-1) += dz·Qᵀ      u the other one
  ///
  /// What remains are products over all steps of a segment: dW = xᵀ·d, dU = hᵀ·d, dQ = uᵀ·dz. Their
  /// sums run from the last step to the first, so the length of a segment changes no bit.
  struct Backward: Sendable {
    let run: MogrifierRun
    let input: Operand
    let pass: Pass

    /// From the gradients of outputs and final states to those of input, initial states and
    /// parameters, in the order in which the forward pass recorded them.
    func callAsFunction(_ gradients: [Tensor?]) -> [Tensor?] {
      let (layer, layout) = (run.layer, run.layout)
      let shape = [layout.batchSize, run.units]
      let (dh, dc) = (
        run.sorted(gradients[1] ?? .zeros(shape)), run.sorted(gradients[2] ?? .zeros(shape))
      )
      var dx = input.isTracked ? layout.room(for: run.inputs) : nil
      let target = dx?.mutablePointer()
      let factors = Factors(
        lstm: run.fused.packedWeights(rk_backward_weights_size, rk_pack_backward_weights),
        rounds: layer.rounds.map {
          ($0.weights.matrix.transposed.packed(), $0.expansion?.matrix.transposed.packed())
        })
      let toInput = layer.weights.input.matrix.transposed.packed()
      var sums = (layer.weights.tensors + layer.rounds.flatMap(\.tensors)).map {
        Tensor.zeros($0.shape)
      }
      for index in run.fused.segments.indices.reversed() {
        let kept = pass.kept ?? run.recomputed(index, input.values, pass)
        Parallelism.run(parts: run.shares.count) { part in
          steps(
            index, run.shares[part], factors, toInput, kept, out: gradients[0], dx: target, dh, dc)
        }
        add(kept, to: &sums)
      }
      withExtendedLifetime((self, gradients, factors, toInput)) {}
      return [dx, run.unsorted(dh), run.unsorted(dc)] + sums
    }

    private func steps(
      _ segment: Int, _ rows: Range<Int>, _ factors: Factors, _ toInput: Matrix, _ kept: Kept,
      out: Tensor?, dx target: UnsafeMutablePointer<Float>?, _ hidden: Storage, _ cell: Storage
    ) {
      let (layout, parts, units, inputs) = (run.layout, run.parts, run.units, run.inputs)
      let steps = run.fused.segments[segment]
      let origin = layout.packed(steps).lowerBound
      let lower = rows.lowerBound
      let dx = Storage(count: rows.count * inputs)
      let dh = hidden.pointer + lower * units
      let before = pass.starts[segment].cell.pointer + lower * units
      var workspace: Storage?
      for step in steps.reversed() {
        let count = min(Int(layout.active[step]), rows.upperBound) - lower
        guard count > 0 else { continue }
        let first = Int(layout.offset[step]) + lower
        let base = first - origin
        let d = kept.gates.pointer + base * 4 * units
        run.withOneStep(count, at: first) { table in
          let own = rk_sequence_backward(
            cell: RK_CELL_LSTM, input_size: Int32(inputs), hidden_size: Int32(units),
            recurrent_size: Int32(units), layout: table, first_step: 0, end_step: 1, options: nil,
            projects: false, packed_weights: factors.lstm.pointer,
            out: pass.results[0].pointer, out_stride: Int64(units),
            h: kept.row(parts.last.h, base),
            c: step == steps.lowerBound
              ? before : kept.row(parts.cell, Int(layout.offset[step - 1]) + lower - origin),
            gates: d, extra: kept.row(parts.cell, base), masked: nil, projected_gradient: nil,
            peephole_gradient: nil, out_gradient: out?.pointer, out_gradient_stride: Int64(units),
            h_gradient: dh, c_gradient: cell.pointer + lower * units, meeting: nil)
          withUnsafePointer(to: own) { own in
            // Steps before have as many rows, or more.
            let size = Int(rk_backward_workspace(own))
            let space = workspace.flatMap { $0.count < size ? nil : $0 } ?? Storage(count: size)
            workspace = space
            rk_run_backward(own, 0, 1, space.pointer)
          }
        }
        run.multiply(d, count, toInput, dx.pointer)
        for (index, factor) in factors.rounds.enumerated().reversed() {
          let gate = kept.row(parts.gates[index], base)
          let own = index % 2 == 0 ? dx.pointer : dh
          let other = index % 2 == 0 ? dh : dx.pointer
          rk_gate_gradient(
            gate, kept.row(parts.values[index], base), own,
            Int64(count * parts.gates[index].width))
          if let expansion = factor.expansion, let middle = parts.middles[index] {
            let between = kept.row(middle.gradient, base)
            run.multiply(gate, count, expansion, between)
            run.multiply(between, count, factor.weights, other, accumulate: true)
          } else {
            run.multiply(gate, count, factor.weights, other, accumulate: true)
          }
        }
        if let target {
          for row in 0..<count {
            (target + Int(layout.place[first + row]) * inputs).update(
              from: dx.pointer + row * inputs, count: inputs)
          }
        }
      }
      withExtendedLifetime((dx, workspace, hidden, cell, kept)) {}
    }

    /// Adds the gradients of the weights over a segment's steps.
    private func add(_ kept: Kept, to sums: inout [Tensor]) {
      guard kept.count > 0 else { return }
      let parts = run.parts
      let d = Matrix(kept.gates, rows: kept.count, columns: 4 * run.units).reversed
      let ones = Matrix(Tensor(1).storage, rows: kept.count, columns: 1, stride: 0)
      let own = run.layer.weights.tensors.count
      var factors = [kept.lastFirst(parts.last.x), kept.lastFirst(parts.last.h)]
      if own > 2 { factors.append(ones) }
      Matrix.multiply(
        factors.enumerated().map { ($1.transposed, sums[$0].mutableMatrix()) }, d)
      if own > 3 { sums[3] = sums[2] }
      var place = own
      for (index, round) in run.layer.rounds.enumerated() {
        let source = kept.lastFirst(parts.values[index + 1])
        let dz = kept.lastFirst(parts.gates[index])
        func multiply(_ x: Matrix, _ dy: Matrix) {
          Matrix.multiply([(x.transposed, sums[place].mutableMatrix())], dy)
          place += 1
        }
        if round.expansion != nil, let middle = parts.middles[index] {
          multiply(source, kept.lastFirst(middle.gradient))
          multiply(kept.lastFirst(middle.value), dz)
        } else {
          multiply(source, dz)
        }
      }
    }
  }

  /// Calls `body` with a layout of one step of `count` rows in their order, whose values stand where
  /// those from the packed row `first` on stand, or one after the other.
  func withOneStep<R>(
    _ count: Int, at first: Int? = nil, _ body: (UnsafePointer<rk_sequence_layout>) -> R
  ) -> R {
    withExtendedLifetime((numbers, ones, layout)) {
      withUnsafePointer(to: Int64(0)) { offset in
        var table = rk_sequence_layout(
          rows: Int32(count), steps: 1, batch_row: numbers.pointer, length: ones.pointer,
          active: numbers.pointer + count, offset: offset,
          place: first.map { UnsafePointer(layout.place) + $0 } ?? numbers.pointer)
        return body(&table)
      }
    }
  }
}
