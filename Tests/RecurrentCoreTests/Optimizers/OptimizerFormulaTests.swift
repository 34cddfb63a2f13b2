import Foundation
import Recurrent
import TestSupport
import Testing

/// Every optimizer against its formula in double precision, with the learning rate changed on the
/// way.
///
/// PyTorch's formulas are held against PyTorch itself too (`FixtureTests`).
@Suite struct OptimizerFormulaTests {
  /// w after each step of `formula`, which gets the slots of its own number, (w, g, learning rate,
  /// step).
  private typealias Formula = (inout [Double], Double, Double, Double, Double) -> Double

  /// - Parameter misses: steps in which the second parameter has no gradient; its own steps count on
  ///   without them.
  private func check(
    _ optimizer: some Optimizer, slots: [Double], misses: Set<Int> = [], _ name: String,
    _ formula: Formula
  ) {
    var optimizer = optimizer
    // Two parameters, larger than a vector and not a multiple of one.
    let shapes = [[3, 7], [18]]
    var generator = SeededGenerator(seed: 23)
    var model = shapes.map { Tensor(generator.floats($0.reduce(1, *)), shape: $0) }
    var expected = model.map { $0.elements.map(Double.init) }
    var state = expected.map { $0.map { _ in slots } }
    let start = Double(optimizer.learningRate)
    var counts = [0, 0]
    for step in 1...12 {
      optimizer.learningRate = Float(step > 6 ? start / 4 : start)
      let gradients = shapes.map { Tensor(generator.floats($0.reduce(1, *)), shape: $0) }
      let (_, collected) = valueAndGradients(of: model) { model in
        zip(model, gradients).prefix(misses.contains(step) ? 1 : 2)
          .reduce(Tensor(0)) { $0 + ($1.0 * $1.1).sum() }
      }
      optimizer.update(&model, along: collected)
      for (index, gradient) in gradients.prefix(misses.contains(step) ? 1 : 2).enumerated() {
        counts[index] += 1
        for (place, g) in gradient.elements.enumerated() {
          expected[index][place] = formula(
            &state[index][place], expected[index][place], Double(g), Double(optimizer.learningRate),
            Double(counts[index]))
        }
      }
      for (parameter, expected) in paired(model, expected) {
        expectClose(
          parameter.elements.map(Double.init), shape: parameter.shape, to: expected,
          shape: parameter.shape, within: 2e-6, "\(name), step \(step)")
      }
    }
    #expect(optimizer.state.steps == counts)
  }

  // MARK: Keras

  @Test(arguments: [(0.0, false), (0.9, false), (0.9, true)])
  func kerasSGD(_ momentum: Double, _ nesterov: Bool) {
    let decay = 0.03
    check(
      SGD(
        learningRate: 0.1, momentum: Float(momentum), nesterov: nesterov, weightDecay: Float(decay),
        convention: .keras), slots: [0], "SGD"
    ) { v, w, g, rate, _ in
      v[0] = momentum * v[0] - rate * g
      return w - rate * decay * w + (nesterov ? momentum * v[0] - rate * g : v[0])
    }
  }

  @Test(arguments: [false, true])
  func kerasAdam(_ amsgrad: Bool) {
    let decay = 0.02
    func formula(_ epsilon: Double) -> Formula {
      { s, w, g, rate, t in
        s[0] += (g - s[0]) * 0.1
        s[1] += (g * g - s[1]) * 0.001
        s[2] = max(s[2], s[1])
        let alpha = rate * (1 - pow(0.999, t)).squareRoot() / (1 - pow(0.9, t))
        return w - rate * decay * w
          - alpha * s[0] / ((amsgrad ? s[2] : s[1]).squareRoot() + epsilon)
      }
    }
    check(
      Adam(learningRate: 0.01, weightDecay: 0.02, amsgrad: amsgrad, convention: .keras),
      slots: [0, 0, 0], "Adam", formula(1e-7))
    check(
      AdamW(
        learningRate: 0.01, epsilon: 1e-3, weightDecay: 0.02, amsgrad: amsgrad, convention: .keras),
      slots: [0, 0, 0], "AdamW", formula(1e-3))
  }

  @Test func kerasNAdam() {
    check(NAdam(learningRate: 0.01, convention: .keras), slots: [0, 0, 1], "NAdam") {
      s, w, g, rate, t in
      let u = 0.9 * (1 - 0.5 * pow(0.96, t))
      let next = 0.9 * (1 - 0.5 * pow(0.96, t + 1))
      s[2] *= u
      s[0] += (g - s[0]) * 0.1
      s[1] += (g * g - s[1]) * 0.001
      let m = next * s[0] / (1 - s[2] * next) + (1 - u) * g / (1 - s[2])
      return w - rate * m / ((s[1] / (1 - pow(0.999, t))).squareRoot() + 1e-7)
    }
  }

  @Test(arguments: [(0.0, false), (0.8, false), (0.0, true), (0.8, true)])
  func kerasRMSprop(_ momentum: Double, _ centered: Bool) {
    check(
      RMSprop(
        learningRate: 0.01, epsilon: 1e-4, momentum: Float(momentum), centered: centered,
        weightDecay: 0.02, convention: .keras), slots: [0, 0, 0], "RMSprop"
    ) { s, w, g, rate, _ in
      s[0] = 0.9 * s[0] + 0.1 * g * g
      s[1] = 0.9 * s[1] + 0.1 * g
      let step = rate * g / (s[0] - (centered ? s[1] * s[1] : 0) + 1e-4).squareRoot()
      s[2] = momentum * s[2] + step
      return w - rate * 0.02 * w - (momentum > 0 ? s[2] : step)
    }
  }

  @Test func kerasAdagrad() {
    check(
      Adagrad(learningRate: 0.05, weightDecay: 0.02, convention: .keras), slots: [0.1], "Adagrad"
    ) { s, w, g, rate, _ in
      s[0] += g * g
      return w - rate * 0.02 * w - rate * g / (s[0] + 1e-7).squareRoot()
    }
  }

  // MARK: PyTorch

  /// None, and two at the start and one later: PyTorch counts the steps of each parameter for itself.
  static let misses: [Set<Int>] = [[], [1, 2, 8]]

  @Test(arguments: misses) func pytorchSGDKeepsTheRateOutOfItsMomentum(misses: Set<Int>) {
    check(
      SGD(learningRate: 0.1, momentum: 0.9, dampening: 0.4, weightDecay: 0.03), slots: [0],
      misses: misses, "SGD"
    ) { b, w, g, rate, t in
      let g = g + 0.03 * w
      b[0] = t == 1 ? g : 0.9 * b[0] + 0.6 * g
      return w - rate * b[0]
    }
  }

  @Test(arguments: misses) func pytorchAdam(misses: Set<Int>) {
    check(Adam(learningRate: 0.01), slots: [0, 0], misses: misses, "Adam") { s, w, g, rate, t in
      s[0] += (g - s[0]) * 0.1
      s[1] += (g * g - s[1]) * 0.001
      let root = (s[1] / (1 - pow(0.999, t))).squareRoot()
      return w - rate / (1 - pow(0.9, t)) * s[0] / (root + 1e-8)
    }
  }

  @Test(arguments: misses) func pytorchNAdam(misses: Set<Int>) {
    check(NAdam(weightDecay: 0.05), slots: [0, 0, 1], misses: misses, "NAdam") {
      s, w, g, rate, t in
      let g = g + 0.05 * w
      let u = 0.9 * (1 - 0.5 * pow(0.96, t * 0.004))
      let next = 0.9 * (1 - 0.5 * pow(0.96, (t + 1) * 0.004))
      s[2] *= u
      s[0] += (g - s[0]) * 0.1
      s[1] += (g * g - s[1]) * 0.001
      let m = next * s[0] / (1 - s[2] * next) + (1 - u) * g / (1 - s[2])
      return w - rate * m / ((s[1] / (1 - pow(0.999, t))).squareRoot() + 1e-8)
    }
  }

  @Test(arguments: misses) func pytorchAdagradSlowsDown(misses: Set<Int>) {
    check(
      Adagrad(learningRateDecay: 0.1, initialAccumulator: 0.2, epsilon: 1e-3), slots: [0.2],
      misses: misses, "Adagrad"
    ) { s, w, g, rate, t in
      s[0] += g * g
      return w - rate / (1 + (t - 1) * 0.1) * g / (s[0].squareRoot() + 1e-3)
    }
  }

  @Test func defaultsAreThoseOfTheFrameworks() {
    #expect(Adam().rule.epsilon == 1e-8 && Adam(convention: .keras).rule.epsilon == 1e-7)
    #expect(Adam().learningRate == 1e-3 && NAdam().learningRate == 2e-3)
    #expect(NAdam(convention: .keras).learningRate == 1e-3)
    #expect(AdamW().rule.weightDecay == 0.01 && AdamW(convention: .keras).rule.weightDecay == 0.004)
    #expect(RMSprop().learningRate == 1e-2 && RMSprop(convention: .keras).learningRate == 1e-3)
    #expect(RMSprop().rho == 0.99 && RMSprop(convention: .keras).rho == 0.9)
    #expect(RMSprop().epsilon == 1e-8 && RMSprop(convention: .keras).epsilon == 1e-7)
    #expect(Adagrad().epsilon == 1e-10 && Adagrad(convention: .keras).epsilon == 1e-7)
    #expect(Adagrad().initialAccumulator == 0)
    #expect(Adagrad(convention: .keras).initialAccumulator == 0.1)
  }

  // MARK: Values

  @Test func aCopyIsASnapshot() {
    func snapshot<O: Optimizer>(_ optimizer: O) {
      var optimizer = optimizer
      var generator = SeededGenerator(seed: 29)
      var model = [Tensor(generator.floats(40), shape: [40])]
      func step(_ optimizer: inout O, _ model: inout [Tensor]) {
        let (_, gradients) = valueAndGradients(of: model) { ($0[0].squared() * $0[0]).sum() }
        optimizer.update(&model, along: gradients)
      }
      for _ in 0..<3 { step(&optimizer, &model) }
      var (laterOptimizer, laterModel) = (optimizer, model)
      let before = (model[0].elements, optimizer.state.slots.map { $0.map(\.elements) })
      for _ in 0..<3 { step(&optimizer, &model) }
      #expect(laterModel[0].elements == before.0 && model[0].elements != before.0)
      #expect(laterOptimizer.state.slots.map { $0.map(\.elements) } == before.1)
      #expect(laterOptimizer.state.steps == [3] && optimizer.state.steps == [6])
      for _ in 0..<3 { step(&laterOptimizer, &laterModel) }
      #expect(laterModel[0].isIdentical(to: model[0]))
    }
    snapshot(SGD(learningRate: 0.01, momentum: 0.9))
    snapshot(Adam(amsgrad: true))
    snapshot(AdamW())
    snapshot(NAdam())
    snapshot(RMSprop(momentum: 0.5, centered: true))
    snapshot(Adagrad())
  }

  @Test func parametersWithoutAGradientStay() {
    var model = [Tensor([1, 2]), Tensor([3, 4, 5])]
    var optimizer = Adam(weightDecay: 0.1)
    let (_, gradients) = valueAndGradients(of: model) { $0[1].sum() }
    optimizer.update(&model, along: gradients)
    #expect(model[0].elements == [1, 2])
    #expect(model[1].elements != [3, 4, 5])
  }
}
