import Recurrent
import Testing

/// A layer's function in double precision: from the parameters by name, the input `[B, T, I]`, the
/// lengths and the initial state to the output and the final state.
package struct LayerTwin: Sendable {
  package typealias Function =
    @Sendable (
      _ parameters: [String: PlainArray], _ input: PlainArray, _ lengths: [Int],
      _ state: [PlainArray]
    ) -> (output: PlainArray, state: [PlainArray])

  package let function: Function

  package init(_ function: @escaping Function) { self.function = function }

  /// The output for the parameters of `layer`.
  package func output(
    _ layer: some Module, _ input: SequenceBatch, from state: some LayerState
  ) -> PlainArray {
    func plain(_ tensor: Tensor) -> PlainArray {
      PlainArray(tensor.elements.map(Double.init), shape: tensor.shape)
    }
    return function(
      Dictionary(uniqueKeysWithValues: layer.parameters.map { ($0.name, plain($0.tensor)) }),
      plain(input.values), input.lengths, state.tensors.map(plain)
    ).output
  }
}

/// A layer with its input and initial state as parameters, so that all of them get gradients.
private struct Problem<L: Layer>: Module where L.Input == SequenceBatch, L.Output: CheckedOutput {
  var input: Tensor
  var states: [Tensor]
  var layer: L

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("input", &input)
    visitor.visit("state", &states)
    visitor.visit("layer", &layer)
  }
}

extension LayerChecker {
  /// The sum of output and final state times fixed random numbers, and all of these tensors.
  private func loss(
    _ problem: Problem<L>, lengths: [Int]
  ) -> (loss: Tensor, results: [Tensor], cotangents: [Tensor]) {
    var state = problem.layer.initialState(batchSize: lengths.count)
    // A learned initial state gets gradients too.
    state.tensors =
      startsAtZero ? problem.states : zip(state.tensors, problem.states).map { $0 + $1 }
    let output = problem.layer(
      SequenceBatch(problem.input, lengths: lengths), state: &state, mode: mode)
    let results = [output.tensor] + state.tensors
    let cotangents = results.enumerated().map { floats($1.shape, seed: 31 + UInt64($0)) }
    let loss = zip(results, cotangents).reduce(Tensor(0)) { $0 + ($1.0 * $1.1).sum() }
    return (loss, results, cotangents)
  }

  private func problem(_ input: SequenceBatch, from state: L.State) -> Problem<L> {
    Problem(input: input.values, states: state.tensors, layer: layer)
  }

  /// The gradients of input, initial state and parameters; zeros where there is none.
  func gradients(_ input: SequenceBatch, from state: L.State) -> [Tensor] {
    let problem = problem(input, from: state)
    let (_, gradients) = valueAndGradients(of: problem) { loss($0, lengths: input.lengths).loss }
    return zip(gradients.tensors, problem.parameters).map { $0 ?? .zeros($1.tensor.shape) }
  }

  func checkGradients(twin: LayerTwin?, tolerance: Double) throws {
    let lengths = [3, 0, 4, 1]
    let problem = problem(input(batch: 4, time: 4, lengths: lengths), from: state(batch: 4))
    let (plainLoss, results, cotangents) = loss(problem, lengths: lengths)
    expect(plainLoss.elements.allSatisfy(\.isFinite), "the output is not finite")
    let (_, gradients) = valueAndGradients(of: problem) { problem in
      let (loss, tracked, _) = loss(problem, lengths: lengths)
      expectSame(tracked, results, "values while gradients are tracked")
      return loss
    }
    let parameters = problem.parameters
    let point = parameters.flatMap { $0.tensor.elements.map(Double.init) }
    let slopes: [Double]
    if let twin {
      func evaluate(_ flat: [Double]) -> [PlainArray] {
        var rest = flat[...]
        let arrays = parameters.map { name, tensor in
          defer { rest = rest.dropFirst(tensor.count) }
          return (name, PlainArray(Array(rest.prefix(tensor.count)), shape: tensor.shape))
        }
        let states = arrays.filter { $0.0.hasPrefix("state.") }.map(\.1)
        let own = arrays.filter { $0.0.hasPrefix("layer.") }.map {
          (String($0.0.dropFirst(6)), $0.1)
        }
        let (output, final) = twin.function(
          Dictionary(uniqueKeysWithValues: own), arrays[0].1, lengths, states)
        return [output] + final
      }
      for ((found, expected), index) in zip(zip(results, evaluate(point)), 0...) {
        expectClose(
          found.elements.map(Double.init), shape: found.shape, to: expected.elements,
          shape: expected.shape, within: 1e-6, index == 0 ? "output" : "final state \(index - 1)",
          sourceLocation: location)
      }
      let weights = cotangents.map { $0.elements.map(Double.init) }
      slopes = finiteDifferenceGradient(at: point) { flat in
        zip(evaluate(flat), weights).reduce(0) { sum, pair in
          zip(pair.0.elements, pair.1).reduce(sum) { $0 + $1.0 * $1.1 }
        }
      }
    } else {
      slopes = floatDifferences(problem, lengths: lengths, cotangents: cotangents)
    }
    var rest = slopes[...]
    for ((name, parameter), gradient) in zip(parameters, gradients.tensors) {
      let slope = Array(rest.prefix(parameter.count))
      rest = rest.dropFirst(parameter.count)
      let found = gradient ?? .zeros(parameter.shape)
      expectClose(
        found.elements.map(Double.init), shape: found.shape, to: slope, shape: parameter.shape,
        within: twin == nil ? tolerance : 1e-5, "gradient of \(name)", sourceLocation: location)
    }
  }

  /// Differences of the layer itself in floats, by a formula of fourth order, which allows a step
  /// that is large against their rounding.
  private func floatDifferences(
    _ problem: Problem<L>, lengths: [Int], cotangents: [Tensor]
  ) -> [Double] {
    let step = differenceStep
    let weights = cotangents.map { $0.elements.map(Double.init) }
    var slopes: [Double] = []
    for (index, parameter) in problem.parameters.enumerated() {
      for position in 0..<parameter.tensor.count {
        func value(_ shift: Float) -> Double {
          var shifted = problem
          var place = 0
          shifted.updateParameters { _, tensor in
            if place == index { tensor.withUnsafeMutableElements { $0[position] += shift } }
            place += 1
          }
          let results = loss(shifted, lengths: lengths).results
          return zip(results, weights).reduce(0) { sum, pair in
            zip(pair.0.elements, pair.1).reduce(sum) { $0 + Double($1.0) * $1.1 }
          }
        }
        let near = value(step) - value(-step)
        let far = value(2 * step) - value(-2 * step)
        slopes.append((8 * near - far) / (12 * Double(step)))
      }
    }
    return slopes
  }
}
