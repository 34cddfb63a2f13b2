internal import RecurrentKernels

extension FusedRecurrence {
  /// The layer's run step by step, if a probe follows the weights; else nil.
  func probed(
    _ input: SequenceBatch, hidden: Tensor, cellState: Tensor?, mode: Mode
  ) -> (output: SequenceBatch, hidden: Tensor, cellState: Tensor?)? {
    guard let (probe, tape, name) = RecurrenceProbe.following(weights.input), input.time > 0 else {
      return nil
    }
    let plain = FusedRecurrence(cell: cell, weights: weights.detached, options: options)
    let layer = ProbedLayer(
      name: name, kind: cell.kind,
      step: { x, state in
        let result = plain(
          x, hidden: state[0], cellState: state.count > 1 ? state[1] : nil, mode: mode)
        return [result.hidden] + (result.cellState.map { [$0] } ?? [])
      },
      gates: { plain.gates($0, before: $1, after: $2) })
    let (output, state) = probe.run(
      layer, on: tape, input, from: [hidden] + (cellState.map { [$0] } ?? []))
    return (output, state[0], state.count > 1 ? state[1] : nil)
  }

  /// The gates of a step by the formula, as the kernels compute them: `[B, H]` each.
  func gates(_ x: Tensor, before: [Tensor], after: [Tensor]) -> [GateValues] {
    let (h, units, columns) = (before[0], weights.hiddenSize, weights.input.shape[1])
    let (gate, candidate) = (options.gateActivation ?? .sigmoid, options.activation ?? .tanh)
    guard cell.hasGates else {
      let activation: Activation = cell == RK_CELL_RNN_RELU ? .relu : candidate
      return [GateValues(name: "h", values: after[0], activation: activation)]
    }
    func part(_ sums: Tensor, _ index: Int) -> Tensor {
      sums.slice(index * units..<(index + 1) * units, along: 1)
    }
    func clipped(_ sums: Tensor) -> Tensor {
      options.gateClip.map { sums.clamped(to: -$0...$0) } ?? sums
    }
    let zeros = Tensor.zeros([columns])
    let fromInput = x.matrixProduct(weights.input) + (weights.bias ?? zeros)
    let fromState = h.matrixProduct(weights.recurrent) + (weights.recurrentBias ?? zeros)
    guard cell.hasCellState else {
      let r = gate(clipped(part(fromInput, 0) + part(fromState, 0)))
      let z = gate(clipped(part(fromInput, 1) + part(fromState, 1)))
      let seen =
        cell == RK_CELL_GRU_RESET_AFTER
        ? r * part(fromState, 2)
        : (r * h).matrixProduct(part(weights.recurrent, 2))
          + part((weights.recurrentBias ?? zeros).reshaped(to: [1, columns]), 2)
      let n = candidate(clipped(part(fromInput, 2) + seen))
      return [
        GateValues(name: "r", values: r, activation: gate),
        GateValues(name: "z", values: z, activation: gate, keeps: true),
        GateValues(name: "n", values: n, activation: candidate),
      ]
    }
    let sums = fromInput + fromState
    func seen(_ row: Int, _ c: Tensor) -> Tensor {
      weights.peepholes.map { $0.slice(row..<row + 1, along: 0) * c } ?? .zeros(c.shape)
    }
    let i = gate(clipped(part(sums, 0) + seen(0, before[1])))
    let f =
      cell.isCoupled ? 1 - i : gate(clipped(part(sums, 1) + seen(1, before[1])))
    let g = candidate(clipped(part(sums, cell.isCoupled ? 1 : 2)))
    let o = gate(clipped(part(sums, cell.isCoupled ? 2 : 3) + seen(2, after[1])))
    return [
      GateValues(name: "i", values: i, activation: gate),
      GateValues(name: "f", values: f, activation: gate, keeps: true),
      GateValues(name: "g", values: g, activation: candidate),
      GateValues(name: "o", values: o, activation: gate),
    ]
  }
}

extension MogrifierLSTM {
  /// The layer's run step by step, if a probe follows the weights; else nil.
  func probed(
    _ input: SequenceBatch, _ state: State, mode: Mode
  ) -> (output: SequenceBatch, state: State)? {
    guard let (probe, tape, name) = RecurrenceProbe.following(weights.input), input.time > 0 else {
      return nil
    }
    let plain = detached
    let layer = ProbedLayer(
      name: name, kind: "Mogrifier LSTM",
      step: { x, state in
        var next = State(hidden: state[0], cell: state[1])
        _ = plain.forward(x, state: &next, mode: mode)
        return next.tensors
      },
      gates: { x, before, after in
        var (x, h) = (x, before[0])
        for (index, round) in plain.rounds.enumerated() {
          var sums = (index % 2 == 0 ? h : x).matrixProduct(round.weights)
          if let expansion = round.expansion { sums = sums.matrixProduct(expansion) }
          if index % 2 == 0 { x = 2 * sums.sigmoid() * x } else { h = 2 * sums.sigmoid() * h }
        }
        return plain.fused.gates(x, before: [h, before[1]], after: after)
      })
    let (output, states) = probe.run(layer, on: tape, input, from: state.tensors)
    return (output, State(hidden: states[0], cell: states[1]))
  }
}

extension rk_cell {
  /// The layer's kind in words: `LSTM`.
  fileprivate var kind: String {
    hasCellState ? "LSTM" : hasGates ? "GRU" : "RNN"
  }
}
