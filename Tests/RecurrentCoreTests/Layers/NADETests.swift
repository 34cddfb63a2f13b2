import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// A NADE beside its definition written as plain loops in double precision.
@Suite struct NADETests {
  private let rows = 5
  private let variables = 7
  private let units = 19

  /// A NADE with its biases: inputs of the loss.
  private struct Problem: Module {
    var biases: Tensor
    var nade: NADE

    mutating func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.visit("biases", &biases)
      visitor.visit("nade", &nade)
    }
  }

  private func problem(rows: Int, variables: Int, units: Int) -> Problem {
    var generator = SeededGenerator(seed: 7)
    var nade = NADE(variables: variables, units: units, using: &generator)
    // Larger than they begin, so that what is left out would show.
    nade.updateParameters { $1 = Tensor(generator.floats($1.count, in: -1...1), shape: $1.shape) }
    return Problem(
      biases: Tensor(
        generator.floats(rows * nade.biasCount, in: -2...2), shape: [rows, nade.biasCount]),
      nade: nade)
  }

  /// Rows of 0 and 1: one without a 1, one without a 0, the first and the last variable alone.
  private func chords(rows: Int, variables: Int) -> Tensor {
    var generator = SeededGenerator(seed: 9)
    return Tensor(
      (0..<rows * variables).map { place in
        let (row, variable) = (place / variables, place % variables)
        return switch row {
        case 0: 0
        case 1: 1
        case 2: variable == 0 || variable == variables - 1 ? 1 : 0
        default: Float(Int.random(in: 0...1, using: &generator))
        }
      }, shape: [rows, variables])
  }

  private func mask(rows: Int, units: Int) -> Tensor {
    Tensor((0..<rows * units).map { $0 % 3 == 0 ? 0 : 1.5 }, shape: [rows, units])
  }

  /// The logits of all rows by the definition, from W, V and the biases one after the other.
  private func plainLogits(_ numbers: [Double], x: Tensor, units: Int, mask: Tensor?) -> [Double] {
    let (rows, variables) = (x.shape[0], x.shape[1])
    let (x, mask) = (x.elements, mask?.elements)
    let biases = numbers[..<(rows * (variables + units))]
    let w = Array(numbers[biases.count..<biases.count + variables * units])
    let v = Array(numbers[(biases.count + variables * units)...])
    return (0..<rows).flatMap { row in
      (0..<variables).map { i in
        let start = row * (variables + units)
        var logit = biases[start + i]
        for k in 0..<units {
          var a = biases[start + variables + k]
          for j in 0..<i { a += Double(x[row * variables + j]) * w[j * units + k] }
          logit +=
            v[i * units + k] / (1 + exp(-a)) * Double(mask?[row * units + k] ?? 1)
        }
        return logit
      }
    }
  }

  @Test(arguments: [false, true])
  func isItsDefinition(isMasked: Bool) throws {
    let problem = problem(rows: rows, variables: variables, units: units)
    let x = chords(rows: rows, variables: variables)
    let mask = isMasked ? mask(rows: rows, units: units) : nil
    let point = problem.parameters.flatMap { $0.tensor.elements.map(Double.init) }
    #expect(problem.parameters.map(\.name) == ["biases", "nade.weights", "nade.output_weights"])
    let expected = plainLogits(point, x: x, units: units, mask: mask)
    let found = problem.nade.logits(of: x, biases: problem.biases, mask: mask)
    expectClose(
      found.elements.map(Double.init), shape: [rows, variables], to: expected,
      shape: [rows, variables], within: 1e-6, "logits")

    // -log p of a row, and its gradients, each row counting differently.
    func likelihoods(_ point: [Double]) -> [Double] {
      zip(plainLogits(point, x: x, units: units, mask: mask), x.elements).enumerated().reduce(
        into: [Double](repeating: 0, count: rows)
      ) { sums, term in
        let (logit, x) = term.element
        sums[term.offset / variables] -= log(1 / (1 + exp(x == 1 ? -logit : logit)))
      }
    }
    let factors = Tensor((0..<rows).map { Float($0) - 1.5 })
    let (_, gradients) = valueAndGradients(of: problem) {
      let nll = $0.nade.negativeLogLikelihood(of: x, biases: $0.biases, mask: mask)
      expectClose(
        nll.elements.map(Double.init), shape: [rows], to: likelihoods(point), shape: [rows],
        within: 1e-6, "likelihoods")
      return (nll * factors).sum()
    }
    let slopes = finiteDifferenceGradient(at: point) { point in
      zip(likelihoods(point), factors.elements).reduce(0) { $0 + $1.0 * Double($1.1) }
    }
    let own = try gradients.tensors.map { try #require($0).elements.map(Double.init) }
    expectClose(
      own.flatMap(\.self), shape: [point.count], to: slopes, shape: [point.count], within: 5e-6,
      "gradients")
  }

  /// The probabilities of all 2^D combinations sum to 1.
  @Test func isADistribution() {
    let problem = problem(rows: 1, variables: variables, units: units)
    let count = 1 << variables
    let all = Tensor(
      (0..<count * variables).map { Float(($0 / variables) >> ($0 % variables) & 1) },
      shape: [count, variables])
    let biases = Tensor(
      (0..<count).flatMap { _ in problem.biases.elements },
      shape: [count, problem.nade.biasCount])
    let nll = problem.nade.negativeLogLikelihood(of: all, biases: biases).elements
    #expect(abs(nll.reduce(0) { $0 + exp(-Double($1)) } - 1) < 1e-6)
  }

  /// Whatever threads there are and whatever rows stand beside a row.
  @Test func sameBits() {
    let (rows, variables, units) = (41, 88, 83)
    let problem = problem(rows: rows, variables: variables, units: units)
    let x = chords(rows: rows, variables: variables)
    let mask = mask(rows: rows, units: units)
    func run(threads: Int) -> [Tensor] {
      ExecutionContext(threads: threads, thresholds: .none).run {
        var logits: Tensor?
        let (_, gradients) = valueAndGradients(of: problem) {
          let values = $0.nade.logits(of: x, biases: $0.biases, mask: mask)
          logits = values.detached
          return (values * values).sum()
        }
        return [logits].compactMap(\.self) + gradients.tensors.compactMap(\.self)
      }
    }
    let one = run(threads: 1)
    #expect(one.count == 4)
    for threads in [2, 3, 7] {
      for (a, b) in paired(run(threads: threads), one) { #expect(a.isIdentical(to: b)) }
    }
    for row in [0, 1, 2, 17, 40] {
      func alone(_ tensor: Tensor) -> Tensor { tensor.slice(row..<row + 1, along: 0) }
      let (_, gradients) = valueAndGradients(
        of: Problem(biases: alone(problem.biases), nade: problem.nade)
      ) {
        let logits = $0.nade.logits(of: alone(x), biases: $0.biases, mask: alone(mask))
        #expect(logits.isIdentical(to: alone(one[0])))
        return (logits * logits).sum()
      }
      #expect(gradients.tensors[0]?.isIdentical(to: alone(one[1])) == true)
    }
  }

  /// Variable by variable the logits are the same, whether all are asked for or some.
  @Test(arguments: [1, 3])
  func drawnOneByOne(every: Int) {
    let problem = problem(rows: rows, variables: variables, units: units)
    let x = chords(rows: rows, variables: variables).elements
    let logits = problem.nade.logits(
      of: Tensor(x, shape: [rows, variables]), biases: problem.biases
    ).elements
    for row in 0..<rows {
      let start = row * problem.nade.biasCount
      let biases = Array(problem.biases.elements[start..<start + problem.nade.biasCount])
      let drawn = problem.nade.draw(biases: biases) { variable, logit in
        let place = row * variables + variable
        if variable % every == 0 { #expect(Float(logit()) == logits[place]) }
        return x[place] == 1
      }
      #expect(drawn == x[row * variables..<(row + 1) * variables].map { $0 == 1 })
    }
  }

  @Test func noRows() {
    let problem = problem(rows: 0, variables: variables, units: units)
    let (_, gradients) = valueAndGradients(of: problem) {
      $0.nade.logits(of: .zeros([0, variables]), biases: $0.biases).sum()
    }
    #expect(gradients.tensors.compactMap { $0?.count } == [0, 133, 133])
  }
}
