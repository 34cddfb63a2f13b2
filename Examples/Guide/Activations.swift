import Foundation
import Recurrent

/// The functions and their derivatives.
func activations(_ pictures: Pictures) throws {
  let points = (-40...40).map { Float($0) / 10 }
  let shown: [Activation] = [.sigmoid, .tanh, .relu]

  // The derivative of each element's function, by the same means as that of a network.
  func slopes(_ activation: Activation) -> [Float] {
    let x = Tensor(points)
    let (_, gradients) = valueAndGradients(of: x) { activation($0).sum() }
    return gradients.tensors[0]?.elements ?? []
  }
  print("           at -4     at 0      at 4      steepest")
  for activation in shown {
    let values = activation(Tensor([-4, 0, 4])).elements
    print(
      activation.rawValue.padding(toLength: 9, withPad: " ", startingAt: 0), text(values),
      "  ", text(slopes(activation).max() ?? 0, 2))
  }
  print("0.25 to the power of 20 steps:", String(format: "%.1e", pow(0.25, 20)))

  func lines(_ values: (Activation) -> [Float]) -> [LineChart.Line] {
    shown.map { activation in
      .init(
        activation.rawValue, x: points.map(Double.init), y: values(activation).map(Double.init))
    }
  }
  try pictures.write(
    "activations",
    ChartGrid(
      columns: 2,
      panels: [
        .lines(
          LineChart(
            title: "f(x)", x: .number(label: "x"), yRange: -1.5...2,
            lines: lines { $0(Tensor(points)).elements })),
        .lines(LineChart(title: "f′(x)", x: .number(label: "x"), lines: lines(slopes))),
      ]
    ).svg())

  var generator = RandomGenerator(seed: 1)
  let layer = SimpleRNN(
    inputSize: 1, hiddenSize: 8, options: RecurrentOptions(activation: .relu), using: &generator)
  let outputs = layer(SequenceBatch(rows: [[[1], [-1], [1]]]))
  print("least output of a layer with relu:", outputs.values.elements.min() ?? 0)
}
