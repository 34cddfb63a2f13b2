import RecurrentFiles
internal import RecurrentKernels

/// A layer that can be laid out for single steps, so that a stream does not call it.
protocol LaidOutLayer {
  /// Adds what the layer does at a step, and its state's tensors in their order; where its output is.
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values
}

// MARK: Recurrent layers

extension LSTM: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    plan.recurrence(fused, from: input)
  }
}

extension MogrifierLSTM: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    plan.recurrence(fused, from: input) { plan, hidden in
      let x = plan.values(input.width)
      let count = plan.rows * input.width
      plan.append(.move(from: input.place, to: x.place, count: count))
      for (index, round) in rounds.enumerated() {
        let (own, other) = index % 2 == 0 ? (x, hidden) : (hidden, x)
        let gate = round.tensors.reduce(other) { plan.product($0, weights: $1, bias: nil) }
        let count = plan.rows * own.width
        plan.apply(.sigmoid, to: gate)
        plan.append(.combine(RK_MULTIPLY, gate.place, own.place, to: own.place, count: count))
        plan.append(.scale(2, from: own.place, to: own.place, count: count))
      }
      return x
    }
  }
}

extension GRU: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    plan.recurrence(fused, from: input)
  }
}

extension SimpleRNN: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    plan.recurrence(fused, from: input)
  }
}

extension RecurrentStack: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    layers.reduce(input) { plan.add($1, from: $0) }
  }
}

extension LearnedInitialState: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    plan.add(layer, from: input)
  }
}

// MARK: Compositions

extension AnyLayer: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    plan.add(base, from: input)
  }
}

extension Sequential: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    plan.add(layers, from: input)
  }
}

extension FirstLayer: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    plan.add(layer, from: input)
  }
}

extension NextLayer: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    plan.add(layer, from: plan.add(previous, from: input))
  }
}

extension EachStep: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    plan.add(layer, from: input)
  }
}

extension LastOutput: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    input
  }
}

extension SkipConnection: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    let own = plan.add(layer, from: input)
    return plan.merged([input, own], by: merge)
  }
}

extension Branches: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    let outputs = layers.map { plan.add($0, from: input) }
    return plan.merged(outputs, by: merge)
  }
}

extension InputsAdded: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    let own = plan.add(layer, from: input)
    let output = plan.values(own.width)
    for row in 0..<plan.rows {
      let at = row * own.width
      plan.append(
        .combine(
          RK_ADD, own.place + at, input.place + row * input.width, to: output.place + at,
          count: own.width))
    }
    return output
  }
}

// MARK: Layers of each step alone

extension Dense: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    require(
      input.width == weights.shape[0],
      "a dense layer of \(weights.shape[0]) inputs got steps with \(input.width)")
    let output = plan.product(input, weights: weights, bias: bias)
    plan.apply(activation, to: output)
    return output
  }
}

extension Features: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    require(
      input.width == count, "a range of \(count) features got steps with \(input.width)")
    let output = plan.values(range.count)
    plan.append(
      .copyRows(
        from: input.place + range.lowerBound, stride: input.width, to: output.place,
        toStride: output.width, width: output.width, rows: plan.rows))
    return output
  }
}

extension Dropout: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    input
  }
}

extension Elementwise: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    let output = plan.values(input.width)
    plan.append(
      .move(from: input.place, to: output.place, count: plan.rows * input.width))
    plan.apply(activation, to: output)
    return output
  }
}

extension PReLU: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    let (above, below) = (plan.values(input.width), plan.values(input.width))
    let count = plan.rows * input.width
    plan.append(.map(RK_RELU, from: input.place, to: above.place, count: count))
    plan.append(.map(RK_NEGATE, from: input.place, to: below.place, count: count))
    plan.append(.map(RK_RELU, from: below.place, to: below.place, count: count))
    plan.combine(RK_MULTIPLY, below, with: slope, to: below)
    plan.append(
      .combine(RK_SUBTRACT, above.place, below.place, to: above.place, count: count))
    return above
  }
}

extension Embedding: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    let output = plan.values(weights.shape[1])
    plan.append(
      .lookUp(
        table: plan.constant(weights), size: weights.shape[0], from: input.place,
        to: output.place, rows: plan.rows, width: output.width))
    return output
  }
}

extension LayerNorm: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    let output = plan.values(input.width)
    plan.append(
      .normalize(
        epsilon: epsilon, from: input.place, to: output.place, rows: plan.rows,
        width: input.width))
    plan.combine(RK_MULTIPLY, output, with: gain, to: output)
    plan.combine(RK_ADD, output, with: bias, to: output)
    return output
  }
}

extension BatchNorm: LaidOutLayer {
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    let output = plan.values(input.width)
    plan.combine(RK_SUBTRACT, input, with: runningMean, to: output)
    plan.combine(RK_MULTIPLY, output, with: predictionScale, to: output)
    plan.combine(RK_ADD, output, with: bias, to: output)
    return output
  }
}

extension Conv1D: LaidOutLayer {
  /// The last inputs of a row, and the new one behind them: the window that the kernel sees, whole if
  /// it is not dilated. Then it moves on by one.
  func layOut(in plan: inout StreamPlan, from input: StreamPlan.Values) -> StreamPlan.Values {
    let (kernel, features, outputs) = (weights.shape[0], weights.shape[1], weights.shape[2])
    require(
      input.width == features,
      "a convolution of \(features) features got steps with \(input.width)")
    let (rows, reach) = (plan.rows, reach)
    let state = plan.stateRoom(rows * reach * features)
    let window = plan.values(kernel * features)
    let past = reach * features
    for k in 0..<kernel - 1 {
      plan.append(
        .copyRows(
          from: state + k * dilation * features, stride: past,
          to: window.place + k * features, toStride: window.width, width: features, rows: rows))
    }
    plan.append(
      .copyRows(
        from: input.place, stride: features, to: window.place + (kernel - 1) * features,
        toStride: window.width, width: features, rows: rows))
    for row in 0..<rows where reach > 0 {
      let own = state + row * past
      plan.append(.move(from: own + features, to: own, count: past - features))
    }
    if reach > 0 {
      plan.append(
        .copyRows(
          from: input.place, stride: features, to: state + past - features, toStride: past,
          width: features, rows: rows))
    }
    return plan.product(
      window, weights: weights.reshaped(to: [kernel * features, outputs]), bias: bias)
  }
}

extension StreamPlan {
  /// Values as one.
  fileprivate mutating func merged(_ parts: [Values], by merge: Merge) -> Values {
    if parts.count == 1 { return parts[0] }
    if merge == .concatenate {
      let output = values(parts.reduce(0) { $0 + $1.width })
      var column = output.place
      for part in parts {
        append(
          .copyRows(
            from: part.place, stride: part.width, to: column, toStride: output.width,
            width: part.width, rows: rows))
        column += part.width
      }
      return output
    }
    let (output, count) = (values(parts[0].width), rows * parts[0].width)
    var before = parts[0]
    for part in parts.dropFirst() {
      require(
        part.width == output.width,
        "\(output.width) and \(part.width) features can only be merged by concatenation")
      append(
        .combine(
          merge == .multiply ? RK_MULTIPLY : RK_ADD, before.place, part.place, to: output.place,
          count: count))
      before = output
    }
    if merge == .average {
      append(
        .scale(Merge.share(of: parts.count), from: output.place, to: output.place, count: count))
    }
    return output
  }

  /// Combines each row with a row of constants, element by element.
  fileprivate mutating func combine(
    _ combination: rk_operator, _ input: Values, with row: Tensor, to output: Values
  ) {
    require(
      row.count == input.width, "a layer of \(row.count) features got steps with \(input.width)")
    append(
      .constant(
        combination, from: input.place, constants: constant(row), to: output.place, rows: rows,
        width: input.width))
  }
}
