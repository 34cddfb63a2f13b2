import Foundation
import Recurrent

/// Mistakes, and what they look like.
func whatGoesWrong(_ pictures: Pictures) throws {
  var generator = RandomGenerator(seed: 1)

  // A learning rate that is far too high.
  let values = Initializer.uniform(100)([64, 20, 1], using: &generator)
  let examples = TensorExamples(inputs: SequenceBatch(values), targets: values.mean(along: 1))
  let model = Sequential {
    SimpleRNN(inputSize: 1, hiddenSize: 8, using: &generator)
    LastOutput()
    Dense(inputSize: 8, outputSize: 1, using: &generator)
  }
  var trainer = Trainer(
    model, optimizer: SGD(learningRate: 10),
    options: TrainingOptions(epochs: 20, batchSize: 32, clipping: nil), on: TensorExamples.self
  ) { model, batch, mode in
    meanSquaredError(model(batch.inputs, mode: mode), batch.targets)
  }
  do {
    try trainer.run(on: examples)
  } catch {
    print(error)
  }

  // A forecast that is one step late.
  var walk: [Float] = [0]
  for _ in 1..<400 { walk.append(walk[walk.count - 1] + generator.uniform() - 0.5) }
  let windows = TensorExamples(
    inputs: SequenceBatch(rows: (0..<380).map { walk[$0..<$0 + 20].map { [$0] } }),
    targets: Tensor(Array(walk[20...]), shape: [380, 1]))
  var late = Sequential {
    GRU(inputSize: 1, hiddenSize: 16, using: &generator)
    LastOutput()
    Dense(inputSize: 16, outputSize: 1, using: &generator)
  }
  try fit(
    &late, on: windows.subset(0..<280), loss: meanSquaredError,
    optimizer: Adam(learningRate: 0.01), epochs: 60)
  let test = windows.subset(280..<380)
  let forecast = late(test.inputs)
  func error(_ other: Tensor) -> String {
    text(meanSquaredError(forecast, other).value.squareRoot(), 3)
  }
  print("forecast of a random walk: from the value to come", error(test.targets))
  print("                           from the last value    ", error(test.inputs.lastValidSteps))
  let naive = meanSquaredError(test.inputs.lastValidSteps, test.targets).value.squareRoot()
  print("                           the naive forecast     ", text(naive, 3))
  let rows = (300..<400).map(Double.init)
  try pictures.write(
    "one-step-late",
    LineChart(
      title: "A forecast of what cannot be forecast: the last value, drawn one step late",
      x: .number(label: "step"), yLabel: "value",
      lines: [
        .init("actual", x: rows, y: test.targets.elements.map(Double.init), role: .actual),
        .init("forecast", x: rows, y: forecast.elements.map(Double.init)),
      ]
    ).svg())

  // More weights than examples.
  let few = windows.subset(0..<40)
  var large = Sequential {
    GRU(inputSize: 1, hiddenSize: 64, using: &generator)
    LastOutput()
    Dense(inputSize: 64, outputSize: 1, using: &generator)
  }
  let history = try fit(
    &large, on: few, validation: test, loss: meanSquaredError,
    optimizer: Adam(learningRate: 0.01), epochs: 80)
  let kept = history.best?.epoch ?? 0
  print("overfitting: the loss falls for 80 epochs, on new windows only until epoch", kept)
  try pictures.write("overfitting", history.chart.svg())

  // Padding that counts.
  let padded = SequenceBatch(Tensor([3, 5, 0, 0], shape: [1, 4, 1]))
  let masked = SequenceBatch(Tensor([3, 5, 0, 0], shape: [1, 4, 1]), lengths: [2])
  print("mean of 3 and 5, padded to four steps:", MeanOverTime()(padded).value)
  print("the same with its length:", MeanOverTime()(masked).value)
}
