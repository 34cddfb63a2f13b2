import Foundation
import Recurrent

/// How much of the loss's gradient reaches the earlier steps.
func vanishingGradients(_ pictures: Pictures) throws {
  print("0.9, 1 and 1.1 to the power of 100: ", text([0.9, 1, 1.1].map { powf($0, 100) }, 5))

  let steps = 50
  var generator = RandomGenerator(seed: 1)
  let input = SequenceBatch(Initializer.uniform(1)([32, steps, 4], using: &generator))
  let target = Initializer.uniform(1)([32, 32], using: &generator)

  /// |∂L/∂h_t| for each t.
  func norms(_ layer: some Layer<SequenceBatch, SequenceBatch>) -> [Double] {
    let diagnosis = NetworkDiagnosis(of: layer) { layer in
      meanSquaredError(LastOutput()(layer(input)), target)
    }
    return diagnosis.layers[0].gradient
  }

  let scaled = { (size: Float) in
    var layer = SimpleRNN(
      inputSize: 4, hiddenSize: 32, initialization: .keras, using: &generator)
    layer.weights.recurrent = layer.weights.recurrent * size
    return layer
  }
  let curves: [(name: String, norms: [Double])] = [
    ("simple RNN, U · 0.5", norms(scaled(0.5))),
    ("simple RNN, U", norms(scaled(1))),
    ("simple RNN, U · 1.5", norms(scaled(1.5))),
    ("LSTM", norms(LSTM(inputSize: 4, hiddenSize: 32, using: &generator))),
    (
      "LSTM, open for 50 steps",
      norms(
        LSTM(
          inputSize: 4, hiddenSize: 32, initialization: .chrono(steps: steps), using: &generator))
    ),
  ]
  print("|dL/dh_t|                  t = 1      t = 25     t = 50")
  for (name, norms) in curves {
    let shown = [norms[0], norms[24], norms[49]].map { String(format: "%.1e", $0) }
    print(
      name.padding(toLength: 25, withPad: " ", startingAt: 0), shown.joined(separator: "    "))
  }
  try pictures.write(
    "vanishing-gradients",
    LineChart(
      title: "What of the loss's gradient reaches step t", x: .number(label: "step t"),
      yLabel: "|∂L/∂h_t|", yScale: .log, yRange: 1e-15...10,
      lines: curves.map { curve in
        .init(curve.name, x: (1...steps).map(Double.init), y: curve.norms)
      }
    ).svg())

  // Exploding gradients are cut.
  var layer = scaled(4)
  let (_, gradients) = valueAndGradients(of: layer) { layer in
    meanSquaredError(LastOutput()(layer(input)), target)
  }
  let clipped = gradients.clipped(toNorm: 1)
  print("norm", text(gradients.norm, 1), "clipped to", text(clipped.norm, 1))
  var optimizer = SGD(learningRate: 0.1)
  optimizer.update(&layer, along: clipped)
}
