import RecurrentFiles
internal import RecurrentKernels

extension SequenceBatch {
  /// h_t = f(p_t + q_t·h_{t-1}) for each unit alone, p_t being this batch: one pass over the steps
  /// and one back, for layers whose steps share no matrix product.
  ///
  /// - Parameters:
  ///   - q: `[B, T, H]`, or `[H]` for all steps.
  ///   - state: h before the first step, `[B, H]`; becomes that after each row's last valid step.
  ///   - activation: f: identity, tanh or ReLU.
  /// - Returns: h_t, `[B, T, H]`.
  public func scan(
    _ q: Tensor, from state: inout HiddenState, activation: Activation = .identity
  ) -> SequenceBatch {
    let (batch, units) = (batchSize, features)
    require(
      q.shape == [units] || q.shape == values.shape,
      "the factors of a scan over \(values.shape) have shape \(values.shape) or [\(units)], not \(q.shape)"
    )
    require(
      state.hidden.shape == [batch, units],
      "the state for a batch of \(batch) and \(units) units has shape [\(batch), \(units)], not \(state.hidden.shape)"
    )
    guard [.identity, .tanh, .relu].contains(activation),
      let function = activation.kernelFunction
    else { trap("a scan has identity, tanh or relu, not \(activation)") }
    let run = Scan(function: function, layout: layout, q: q.detached, units: units)
    let inputs = [values, q, state.hidden]
    let hidden = state.hidden.detached
    let (output, final) = run.forward(values, hidden)
    let results = [output, final]
    guard let tape = Tape.following(inputs) else {
      state.hidden = final
      return with(output)
    }
    let recorded = tape.record(results, inputs: inputs) { gradients in
      run.backward(output, hidden, gradients[0], gradients[1])
    }
    state.hidden = recorded[1]
    return with(recorded[0])
  }
}

/// How the kernels of a scan are called.
private struct Scan: Sendable {
  let function: rk_function
  let layout: SequenceLayout
  let q: Tensor
  let units: Int

  private var qStride: Int64 { q.rank == 1 ? 0 : Int64(units) }
  private var parts: Int {
    // An element costs about as much as its three or four reads and writes.
    Parallelism.parts(operations: 16 * layout.packedCount * units, atMost: layout.batchSize)
  }

  func forward(_ p: Tensor, _ hidden: Tensor) -> (output: Tensor, hidden: Tensor) {
    var (output, final) = (layout.room(for: units), hidden)
    layout.withKernelLayout { tables in
      let pass = rk_scan_forward(
        function: function, hidden_size: Int32(units), layout: tables, p: p.pointer,
        q: q.pointer, q_stride: qStride, out: output.mutablePointer(), h: final.mutablePointer())
      withUnsafePointer(to: pass) { pass in
        let parts = parts
        Parallelism.run(parts: parts) { rk_run_scan(pass, Int32($0), Int32(parts)) }
      }
    }
    withExtendedLifetime((p, q)) {}
    return (output, final)
  }

  /// The gradients of p, q and the state before, from those of output and final state.
  func backward(_ output: Tensor, _ hidden: Tensor, _ dy: Tensor?, _ dh: Tensor?) -> [Tensor?] {
    var dp = layout.room(for: units)
    // With one q for all steps, a sum for each row, so that threads can share the rows.
    var dq = q.rank == 1 ? Tensor.zeros(hidden.shape) : layout.room(for: units)
    var dh = dh ?? .zeros(hidden.shape)
    layout.withKernelLayout { tables in
      let pass = rk_scan_backward(
        function: function, hidden_size: Int32(units), layout: tables, q: q.pointer,
        q_stride: qStride, out: output.pointer, h: hidden.pointer,
        out_gradient: dy?.pointer, p_gradient: dp.mutablePointer(),
        q_gradient: dq.mutablePointer(), h_gradient: dh.mutablePointer())
      withUnsafePointer(to: pass) { pass in
        let parts = parts
        Parallelism.run(parts: parts) { rk_run_scan_backward(pass, Int32($0), Int32(parts)) }
      }
    }
    withExtendedLifetime((output, hidden, dy, q)) {}
    return [dp, q.rank == 1 ? dq.sum(along: 0) : dq, dh]
  }
}
