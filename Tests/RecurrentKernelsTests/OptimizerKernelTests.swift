import RecurrentKernels
import Testing

/// The updates beside their formulas in double precision, over three steps, with every option on
/// and off.
@Suite struct OptimizerKernelTests {
  /// Runs three steps of an update and compares the parameter and each state with the formula.
  ///
  /// - Parameters:
  ///   - states: the starts of the states, each as long as the parameter.
  ///   - update: the kernel: step, w, g, states, count.
  ///   - formula: the new w and states of one element. The size of the terms of w's change comes
  ///     with it.
  private func check(
    _ label: String, size: Int, states: [[Float]],
    update: (Int, inout [Float], [Float], inout [[Float]], Int64) -> Bool,
    formula: (Int, Double, Double, [Double]) -> (w: Double, states: [Double], terms: Double)
  ) -> [[UInt32]] {
    var w = numbers(size, seed: 41, scale: 2)
    var kept = states
    var result: [[UInt32]] = []
    for step in 0..<3 {
      // Each step is judged on its own, from the floats that it starts from.
      let (w0, kept0) = (w, kept)
      let g = numbers(size, seed: 42 + UInt64(step))
      w.append(-7)
      for s in kept.indices { kept[s].append(-7) }
      #expect(update(step, &w, g, &kept, Int64(size)))
      #expect(w.removeLast() == -7)
      for s in kept.indices { #expect(kept[s].removeLast() == -7) }
      let expected = (0..<size).map { i in
        formula(step, Double(w0[i]), Double(g[i]), kept0.map { Double($0[i]) })
      }
      let tolerance = expected.map { rounding * (2 * abs($0.w) + 12 * $0.terms) }
      let message = worst(w, expected.map(\.w), tolerance: tolerance)
      #expect(message == nil, "\(label), \(size) elements, step \(step): \(message ?? "")")
      for s in kept.indices {
        let values = expected.map { $0.states[s] }
        // The terms of a state are below 4 here.
        let stateTolerance = values.map { rounding * (abs($0) + 4) }
        let stateMessage = worst(kept[s], values, tolerance: stateTolerance)
        #expect(stateMessage == nil, "\(label), state \(s), \(size): \(stateMessage ?? "")")
      }
      result += [bits(w)] + kept.map(bits)
    }
    return result
  }

  /// Runs `body` for every path and size; the fused paths must agree to the bit.
  private func onEveryPath(_ body: (rk_kernels, String, Int) -> [[UInt32]]) {
    for size in KernelPath.sizes {
      var first: [[UInt32]]?
      for path in KernelPath.all {
        let result = body(path.table, path.name, size)
        guard path.name != "portable" else { continue }
        #expect(first == nil || first == result, "\(path.name) has other bits, \(size) elements")
        first = result
      }
    }
  }

  private func positive(_ size: Int, seed: UInt64, from low: Float) -> [Float] {
    numbers(size, seed: seed).map { low + abs($0) }
  }

  @Test(arguments: [false, true], [false, true])
  func sgd(momentum: Bool, nesterov: Bool) {
    let rule = rk_sgd(
      clip: 0.6, l2: 0.03, decay: 0.99, momentum: 0.9, dampening: 0.2, gradient_scale: 0.7,
      step_scale: 0.1,
      nesterov: nesterov, first: false)
    onEveryPath { table, name, size in
      check(
        "\(name) momentum \(momentum) nesterov \(nesterov)", size: size,
        states: momentum ? [numbers(size, seed: 51)] : [],
        update: { step, w, g, states, count in
          var rule = rule
          rule.first = step == 0
          return momentum
            ? table.update_sgd([rule], &w, g, &states[0], count)
            : table.update_sgd([rule], &w, g, nil, count)
        },
        formula: { step, w, g, states in
          let (scale, momentumFactor) = (Double(rule.gradient_scale), Double(rule.momentum))
          let g1 = Double(rule.clip) * g + Double(rule.l2) * w
          var (change, kept) = (scale * g1, states)
          if momentum {
            let damped = scale * (1 - Double(rule.dampening)) * g1
            kept[0] = step == 0 ? scale * g1 : momentumFactor * states[0] + damped
            change = nesterov ? scale * g1 + momentumFactor * kept[0] : kept[0]
          }
          let stepScale = Double(rule.step_scale)
          let terms = stepScale * (abs(g1) + abs(g) + (states.first.map { abs($0) } ?? 0))
          return (Double(rule.decay) * w - stepScale * change, kept, terms)
        })
    }
  }

  @Test(arguments: [false, true])
  func adam(maximum: Bool) {
    let rule = rk_adam(
      clip: 0.6, l2: 0.03, decay: 0.99, beta1: 0.9, beta2: 0.95, m_step: 0.02, g_step: 0.005,
      root_scale: 1.3, epsilon: 0.01)
    onEveryPath { table, name, size in
      let v = positive(size, seed: 62, from: 0.2)
      return check(
        "\(name) maximum \(maximum)", size: size,
        // The maximum stands now above, now below v.
        states: [numbers(size, seed: 61), v]
          + (maximum ? [positive(size, seed: 63, from: 0.2)] : []),
        update: { _, w, g, states, count in
          var (m, v) = (states[0], states[1])
          if maximum {
            var largest = states[2]
            defer { states = [m, v, largest] }
            return table.update_adam([rule], &w, g, &m, &v, &largest, count)
          }
          defer { states = [m, v] }
          return table.update_adam([rule], &w, g, &m, &v, nil, count)
        },
        formula: { _, w, g, states in
          let g1 = Double(rule.clip) * g + Double(rule.l2) * w
          let (beta1, beta2) = (Double(rule.beta1), Double(rule.beta2))
          let m = beta1 * states[0] + (1 - beta1) * g1
          let v = beta2 * states[1] + (1 - beta2) * g1 * g1
          let u = maximum ? max(states[2], v) : v
          let scale = u.squareRoot() * Double(rule.root_scale) + Double(rule.epsilon)
          let (mStep, gStep) = (Double(rule.m_step), Double(rule.g_step))
          let change = (mStep * m + gStep * g1) / scale
          let terms = (mStep * (abs(states[0]) + abs(g)) + gStep * (abs(g) + abs(w))) / scale
          return (Double(rule.decay) * w - change, [m, v] + (maximum ? [u] : []), terms)
        })
    }
  }

  @Test(arguments: [false, true], [false, true])
  func rmsprop(centred: Bool, inside: Bool) {
    for momentum in [false, true] {
      let rule = rk_rmsprop(
        clip: 0.6, l2: 0.03, decay: 0.99, rho: 0.9, epsilon: 0.02, momentum: 0.8,
        gradient_scale: 0.7,
        step_scale: 0.1, epsilon_inside: inside)
      onEveryPath { table, name, size in
        let optional = (centred ? [numbers(size, seed: 72, scale: 0.3)] : [])
        let label = "\(name) centred \(centred) inside \(inside) momentum \(momentum)"
        return check(
          label, size: size,
          states: [positive(size, seed: 71, from: 0.5)] + optional
            + (momentum ? [numbers(size, seed: 73)] : []),
          update: { _, w, g, states, count in
            var (v, other) = (states[0], states.dropFirst().first ?? [])
            var last = states.last ?? []
            switch (centred, momentum) {
            case (false, false):
              defer { states = [v] }
              return table.update_rmsprop([rule], &w, g, &v, nil, nil, count)
            case (true, false):
              defer { states = [v, other] }
              return table.update_rmsprop([rule], &w, g, &v, &other, nil, count)
            case (false, true):
              defer { states = [v, last] }
              return table.update_rmsprop([rule], &w, g, &v, nil, &last, count)
            case (true, true):
              defer { states = [v, other, last] }
              return table.update_rmsprop([rule], &w, g, &v, &other, &last, count)
            }
          },
          formula: { _, w, g, states in
            let g1 = Double(rule.clip) * g + Double(rule.l2) * w
            let (rho, epsilon) = (Double(rule.rho), Double(rule.epsilon))
            var kept = states
            kept[0] = rho * states[0] + (1 - rho) * g1 * g1
            var u = kept[0]
            if centred {
              kept[1] = rho * states[1] + (1 - rho) * g1
              u -= kept[1] * kept[1]
            }
            let d = g1 / (inside ? (u + epsilon).squareRoot() : u.squareRoot() + epsilon)
            var change = Double(rule.gradient_scale) * d
            if momentum {
              change += Double(rule.momentum) * states[states.count - 1]
              kept[states.count - 1] = change
            }
            let stepScale = Double(rule.step_scale)
            let terms = stepScale * (abs(change) + (abs(g) + abs(d)) / u.squareRoot() + 1)
            return (Double(rule.decay) * w - stepScale * change, kept, terms)
          })
      }
    }
  }

  /// The variance of equal gradients is 0; rounding must not bring it below.
  @Test(arguments: KernelPath.all)
  func centredRMSPropOfEqualGradients(path: KernelPath) {
    let rule = rk_rmsprop(
      clip: 1, l2: 0, decay: 1, rho: 0.9, epsilon: 1e-3, momentum: 0, gradient_scale: 1,
      step_scale: 1e-3,
      epsilon_inside: false)
    var w = numbers(37, seed: 81)
    let g = numbers(37, seed: 82)
    var (v, mean) = (g.map { $0 * $0 }, g)
    for _ in 0..<50 { _ = path.table.update_rmsprop([rule], &w, g, &v, &mean, nil, 37) }
    #expect(w.allSatisfy { $0.isFinite })
  }

  @Test(arguments: [false, true])
  func adagrad(inside: Bool) {
    let rule = rk_adagrad(
      clip: 0.6, l2: 0.03, decay: 0.99, step: 0.1, epsilon: 0.02, epsilon_inside: inside)
    onEveryPath { table, name, size in
      check(
        "\(name) inside \(inside)", size: size, states: [positive(size, seed: 91, from: 0.1)],
        update: { _, w, g, states, count in
          table.update_adagrad([rule], &w, g, &states[0], count)
        },
        formula: { _, w, g, states in
          let g1 = Double(rule.clip) * g + Double(rule.l2) * w
          let s = states[0] + g1 * g1
          let epsilon = Double(rule.epsilon)
          let scale = inside ? (s + epsilon).squareRoot() : s.squareRoot() + epsilon
          let change = Double(rule.step) * g1 / scale
          return (
            Double(rule.decay) * w - change, [s], Double(rule.step) * (abs(g1) + abs(g)) / scale
          )
        })
    }
  }

  @Test func average() {
    onEveryPath { table, name, size in
      let share: Float = 0.3
      let w = numbers(size, seed: 101)
      var average = numbers(size, seed: 102, scale: 2)
      let expected = zip(w, average).map {
        Double($1) + Double(share) * (Double($0) - Double($1))
      }
      average.append(-7)
      table.update_average(share, w, &average, Int64(size))
      #expect(average.removeLast() == -7)
      // The difference, at most 3, is rounded, and the result.
      let tolerance = expected.map { rounding * (abs($0) + 1) }
      let message = worst(average, expected, tolerance: tolerance)
      #expect(message == nil, "\(name), \(size) elements: \(message ?? "")")
      return [bits(average)]
    }
  }

  /// No gradient is a gradient of zeros, and what stands beyond the end does not count.
  @Test(arguments: KernelPath.all)
  func everyWeightThatIsNotFiniteIsTold(path: KernelPath) {
    let sgd = [
      rk_sgd(
        clip: 0.5, l2: 0, decay: 1, momentum: 0, dampening: 0, gradient_scale: 1, step_scale: 1,
        nesterov: false, first: false)
    ]
    let adam = [
      rk_adam(
        clip: 0.5, l2: 0.1, decay: 0.9, beta1: 0.9, beta2: 0.9, m_step: 1, g_step: 0,
        root_scale: 1, epsilon: 0)
    ]
    let rmsprop = [
      rk_rmsprop(
        clip: 0.5, l2: 0.1, decay: 1, rho: 0.9, epsilon: 0, momentum: 0, gradient_scale: 1,
        step_scale: 1, epsilon_inside: false)
    ]
    let adagrad = [
      rk_adagrad(clip: 0.5, l2: 0.1, decay: 1, step: 1, epsilon: 0, epsilon_inside: false)
    ]
    for size in KernelPath.sizes where size < 70 {
      let count = Int64(size)
      func update(_ w: [Float], _ g: UnsafePointer<Float>?) -> [(bits: [UInt32], finite: Bool)] {
        let m = numbers(size + 1, seed: 6)
        let v = numbers(size + 1, seed: 7).map { abs($0) + 0.1 }
        var (a, b, c, d) = (w, w, w, w)
        var (m1, v1, v2, v3) = (m, v, v, v)
        return [
          path.table.update_sgd(sgd, &a, g, nil, count),
          path.table.update_adam(adam, &b, g, &m1, &v1, nil, count),
          path.table.update_rmsprop(rmsprop, &c, g, &v2, nil, nil, count),
          path.table.update_adagrad(adagrad, &d, g, &v3, count),
        ].enumerated().map { (bits([a, b, c, d][$0]), $1) }
      }
      let w = numbers(size, seed: 5) + [.nan]
      var zeros = [Float](repeating: 0, count: size)
      let (none, zero) = (update(w, nil), update(w, zeros))
      #expect(none.allSatisfy { $0.finite } && zero.allSatisfy { $0.finite })
      #expect(none.map(\.bits) == zero.map(\.bits))
      for place in 0..<size {
        zeros[place] = .nan
        #expect(!update(w, zeros).contains { $0.finite }, "\(size), place \(place)")
        zeros[place] = 0
      }
    }
  }
}
