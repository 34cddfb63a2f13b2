import Recurrent

/// The classic stock recipe: three LSTM(50) layers and Dense(1) on 843 windows of 100 steps, batch
/// 64, mean squared error, Adam. The data is a random walk scaled to 0...1: the arithmetic does not
/// depend on it.
struct RecipeCase {
  let epochs: Int
  var windows = 843
  var window = 100

  func run() throws -> Measurement {
    var generator = RandomGenerator(seed: 0)
    let examples = walk(using: &generator)
    let model = Sequential {
      LSTM(inputSize: 1, hiddenSize: 50, using: &generator)
      LSTM(inputSize: 50, hiddenSize: 50, using: &generator)
      LSTM(inputSize: 50, hiddenSize: 50, using: &generator)
      LastOutput()
      Dense(inputSize: 50, outputSize: 1, using: &generator)
    }
    var trainer = Trainer(
      model, optimizer: Adam(learningRate: 1e-3),
      options: TrainingOptions(epochs: epochs, batchSize: 64), on: TensorExamples.self
    ) { model, batch, mode in
      meanSquaredError(model(batch.inputs, mode: mode), batch.targets)
    }
    let clock = ContinuousClock()
    let start = clock.now
    try trainer.run(on: examples)
    return Measurement(
      mode: "recipe", threads: ExecutionContext.current.threads, epochs: epochs,
      seconds: (clock.now - start).milliseconds / 1e3,
      loss: trainer.state.history.epochs.last?.loss)
  }

  private func walk(using generator: inout RandomGenerator) -> TensorExamples {
    let steps = Initializer.normal(1)([windows + window], using: &generator).elements
    var level: Float = 0
    var prices = steps.map { step -> Float in
      level += step
      return level
    }
    let (low, high) = (prices.min() ?? 0, prices.max() ?? 1)
    prices = prices.map { ($0 - low) / (high - low) }
    return TensorExamples(
      inputs: SequenceBatch(
        Tensor(
          (0..<windows).flatMap { prices[$0..<$0 + window] }, shape: [windows, window, 1])),
      targets: Tensor(Array(prices[window...]), shape: [windows, 1]))
  }
}
