import Foundation
import Recurrent

/// How much of the loss's gradient reaches each step of untrained networks: the reason why some of
/// them learn long memories and others do not (Hochreiter 1991; Bengio et al. 1994).
struct GradientFlow {
  let steps: Int
  let hidden: Int
  let batch: Int
  let seed: UInt64

  /// What one part of a network's state gets: |∂L/∂h_t| for t = 1 … T, the root of the mean square
  /// over the sequences.
  struct Curve {
    let name: String
    let norms: [Double]
  }

  /// One curve for each part of each network's state.
  func curves(of kinds: [Kind]) -> [Curve] {
    let task = AddingProblem(steps: steps)
    var generator = RandomGenerator(RandomKey(seed: seed).child(1))
    let examples = task.examples(batch, using: &generator)
    return kinds.flatMap { kind in
      curves(Network(kind, layers: 1, hidden: hidden, for: task, seed: seed), examples, kind)
    }
  }

  private func curves(
    _ network: Network, _ examples: MemoryExamples, _ kind: Kind
  ) -> [Curve] {
    let layer = network.memory.layers[0]
    let initial = layer.initialState(batchSize: batch)
    // A zero is added to each part of the state behind each step. The gradient of the loss with
    // respect to that zero is the one with respect to the state.
    let zeros = (0..<steps).map { _ in initial.tensors.map { Tensor.zeros($0.shape) } }
    let (_, gradients) = valueAndGradients(of: zeros) { shifts in
      var state = initial
      for t in 0..<steps {
        _ = layer(examples.inputs.steps(t..<t + 1), state: &state)
        state.tensors = zip(state.tensors, shifts[t]).map { $0 + $1 }
      }
      return examples.targets.loss(network.readout(state.tensors[0]))
    }
    let parts = initial.tensors.count
    return (0..<parts).map { part in
      Curve(
        name: parts == 1 ? kind.rawValue : "\(kind.rawValue), \(part == 0 ? "h" : "c")",
        norms: (0..<steps).map { t in
          let squares = gradients.tensors[t * parts + part]?.elements.reduce(0.0) {
            $0 + Double($1) * Double($1)
          }
          // The loss is a mean over the sequences: each one's own gradient is `batch` times that.
          return ((squares ?? 0) * Double(batch)).squareRoot()
        })
    }
  }

  /// The curves over t, on a logarithmic scale.
  func chart(_ curves: [Curve]) -> LineChart {
    LineChart(
      title: "What of the loss's gradient reaches step t",
      subtitle: "adding problem, \(steps) steps, untrained, \(hidden) units, seed \(seed)",
      x: .number(label: "step t"), yLabel: "|∂L/∂h_t|", yScale: .log, yRange: 1e-20...10,
      lines: curves.map { curve in
        .init(
          curve.name, x: (1...steps).map(Double.init), y: curve.norms,
          style: curve.name.hasSuffix(", c") ? .dashed : .solid)
      })
  }

  /// A row for each curve: the norm at some steps.
  func table(_ curves: [Curve]) -> String {
    let shown = [1, steps / 4, steps / 2, 3 * steps / 4, steps]
    func row(_ name: String, _ cells: [String]) -> String {
      name.padding(toLength: 14, withPad: " ", startingAt: 0)
        + cells.map { String(repeating: " ", count: max(1, 10 - $0.count)) + $0 }.joined()
    }
    let rows = curves.map { curve in
      row(curve.name, shown.map { String(format: "%.1e", curve.norms[$0 - 1]) })
    }
    return ([row("|∂L/∂h_t|", shown.map { "t = \($0)" })] + rows).joined(separator: "\n")
  }
}
