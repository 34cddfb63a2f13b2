import Foundation
import Recurrent

/// A feed-forward and a recurrent network on the same series; sizes for words.
func recurrentNetworks(_ pictures: Pictures) throws {
  let wave = (0..<600).map { Float(sin(Double($0) / 6) + 0.4 * sin(Double($0) / 2.3)) }
  let windows = (0..<576).map { Array(wave[$0..<$0 + 24]) }
  let targets = Tensor(Array(wave[24...]), shape: [576, 1])

  var generator = RandomGenerator(seed: 1)
  var feedForward = Sequential {
    Dense(inputSize: 24, outputSize: 32, activation: .tanh, using: &generator)
    Dense(inputSize: 32, outputSize: 1, using: &generator)
  }
  var recurrent = Sequential {
    SimpleRNN(inputSize: 1, hiddenSize: 32, using: &generator)
    LastOutput()
    Dense(inputSize: 32, outputSize: 1, using: &generator)
  }

  // 24 numbers side by side for the one, 24 steps of one number for the other.
  let flat = ExamplePairs(
    inputs: Tensor(windows.flatMap { $0 }, shape: [576, 24]), targets: targets)
  let steps = ExamplePairs(
    inputs: SequenceBatch(rows: windows.map { $0.map { [$0] } }), targets: targets)
  let (past, future) = (0..<450, 450..<576)
  try fit(
    &feedForward, on: flat.subset(past), loss: meanSquaredError,
    optimizer: Adam(learningRate: 0.005), epochs: 40)
  try fit(
    &recurrent, on: steps.subset(past), loss: meanSquaredError,
    optimizer: Adam(learningRate: 0.005), epochs: 40)

  let truth = steps.subset(future)
  let byFeedForward = feedForward(flat.subset(future).inputs)
  let byRecurrent = recurrent(truth.inputs)
  func error(_ forecast: Tensor) -> String {
    text(meanSquaredError(forecast, truth.targets).value.squareRoot())
  }
  print("root of the mean squared error on the last 126 windows")
  print("  as now         ", error(truth.inputs.lastValidSteps))
  print("  feed-forward   ", error(byFeedForward), " parameters", feedForward.parameterCount)
  print("  recurrent      ", error(byRecurrent), " parameters", recurrent.parameterCount)

  let rows = future.map { Double($0 + 24) }
  func line(_ name: String, _ values: Tensor, _ role: ChartRole) -> LineChart.Line {
    .init(name, x: rows, y: values.elements.map(Double.init), role: role)
  }
  try pictures.write(
    "recurrent-networks",
    LineChart(
      title: "The next value of a wave", x: .number(label: "step"), yLabel: "value",
      lines: [
        line("actual", truth.targets, .actual), line("feed-forward", byFeedForward, .automatic),
        line("recurrent", byRecurrent, .automatic),
      ]
    ).svg())
  try sums()
  words()
}

/// The sum of a row; trained on rows of 1 to 6 numbers, asked about longer ones.
private func sums() throws {
  var generator = RandomGenerator(seed: 2)
  func rows(_ lengths: ClosedRange<Int>) -> [[Float]] {
    (0..<1000).map { _ in
      (0..<Int.random(in: lengths, using: &generator)).map { _ in generator.uniform() - 0.5 }
    }
  }
  // The one network has twelve places, the rest of which are 0; the other has as many steps as
  // there are numbers.
  func flat(_ rows: [[Float]]) -> ExamplePairs<Tensor, Tensor> {
    let places = rows.flatMap { $0 + Array(repeating: 0, count: 12 - $0.count) }
    return ExamplePairs(
      inputs: Tensor(places, shape: [rows.count, 12]),
      targets: Tensor(rows.map { $0.reduce(0, +) }, shape: [rows.count, 1]))
  }
  func steps(_ rows: [[Float]]) -> TensorExamples {
    TensorExamples(
      inputs: SequenceBatch(rows: rows.map { $0.map { [$0] } }),
      targets: Tensor(rows.map { $0.reduce(0, +) }, shape: [rows.count, 1]))
  }
  let (learned, short, long) = (rows(1...6), rows(1...6), rows(7...12))

  var feedForward = Sequential {
    Dense(inputSize: 12, outputSize: 16, activation: .tanh, using: &generator)
    Dense(inputSize: 16, outputSize: 1, using: &generator)
  }
  var recurrent = Sequential {
    SimpleRNN(inputSize: 1, hiddenSize: 16, using: &generator)
    LastOutput()
    Dense(inputSize: 16, outputSize: 1, using: &generator)
  }
  let optimizer = Adam(learningRate: 0.005)
  try fit(
    &feedForward, on: flat(learned), loss: meanSquaredError, optimizer: optimizer, epochs: 40)
  try fit(
    &recurrent, on: steps(learned), loss: meanSquaredError, optimizer: optimizer, epochs: 40)

  func error(_ sums: Tensor, _ targets: Tensor) -> String {
    text(meanSquaredError(sums, targets).value.squareRoot())
  }
  print("error of the sum     1 to 6 numbers   7 to 12 numbers")
  for (name, sums) in [
    ("feed-forward", [short, long].map { feedForward(flat($0).inputs) }),
    ("recurrent   ", [short, long].map { recurrent(steps($0).inputs) }),
    ("always 0    ", [short, long].map { _ in Tensor.zeros([1000, 1]) }),
  ] {
    print(
      " ", name, "      ", error(sums[0], flat(short).targets), "         ",
      error(sums[1], flat(long).targets))
  }
}

/// What 20,000 words cost.
private func words() {
  var generator = RandomGenerator(seed: 3)
  let (vocabulary, length, units) = (20_000, 50, 64)
  let fromOneHot = SimpleRNN(inputSize: vocabulary, hiddenSize: units, using: &generator)
  let embedding = Embedding(vocabularySize: vocabulary, size: units, using: &generator)
  let fromEmbedding = Sequential {
    embedding
    SimpleRNN(inputSize: units, hiddenSize: units, using: &generator)
  }
  print("parameters up to the first 64 units, texts of 50 words out of 20,000")
  print("  feed-forward on one-hot words ", length * vocabulary * units + units)
  print("  recurrent on one-hot words    ", fromOneHot.parameterCount)
  print("  recurrent on an embedding     ", fromEmbedding.parameterCount)

  let word = 4711
  var oneHot = [Float](repeating: 0, count: vocabulary)
  oneHot[word] = 1
  let product = Tensor(oneHot, shape: [1, vocabulary]).matrixProduct(embedding.weights)
  print("one-hot · table = row of the table:", product == embedding.weights.rows([word]))
}
