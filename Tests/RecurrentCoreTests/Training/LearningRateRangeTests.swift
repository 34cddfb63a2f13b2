import Recurrent
import Testing

/// The range test of learning rates.
@Suite struct LearningRateRangeTests {
  private func trainer() -> (
    Trainer<Dense, SGD, ExamplePairs<Tensor, Tensor>>, ExamplePairs<Tensor, Tensor>
  ) {
    var generator = RandomGenerator(seed: 1)
    let inputs = Initializer.uniform(1)([64, 3], using: &generator)
    let wanted = Dense(inputSize: 3, outputSize: 1, using: &generator)(inputs) + 1
    let trainer = Trainer(
      Dense(inputSize: 3, outputSize: 1, using: &generator), optimizer: SGD(learningRate: 0.1),
      options: TrainingOptions(epochs: 1, batchSize: 8), on: ExamplePairs<Tensor, Tensor>.self
    ) { model, batch, _ in meanSquaredError(model(batch.inputs), batch.targets) }
    return (trainer, ExamplePairs(inputs: inputs, targets: wanted))
  }

  @Test func stopsWhereItDivergesAndSuggestsALowerRate() throws {
    let (trainer, examples) = trainer()
    let range = trainer.learningRateRange(on: examples, rates: 1e-4...100, updates: 120)
    #expect(range.diverged && range.points.count < 120)
    let rates = range.points.map(\.rate)
    #expect(abs(rates[0] - 1e-4) < 1e-9)
    for (one, next) in zip(rates, rates.dropFirst()) {
      #expect(abs(next / one - 1.1231) < 1e-3)
    }
    let best = try #require(range.best)
    let suggestion = try #require(range.suggestion)
    #expect(abs(suggestion / (best.rate / 10) - 1) < 0.06)
    // The same each time; the run is not begun by it.
    #expect(trainer.learningRateRange(on: examples, rates: 1e-4...100, updates: 120) == range)
    #expect(trainer.state.step == 0)
    #expect(
      range.csv.split(separator: "\n").count == range.points.count + 1
        && range.csv.hasPrefix("update,learning_rate,loss,smoothed_loss\n1,"))
  }

  @Test func suggestsNothingWhereNothingIsLearned() {
    let (trainer, examples) = trainer()
    let range = trainer.learningRateRange(on: examples, rates: 1e-12...1e-10, updates: 40)
    #expect(!range.diverged && range.points.count == 40 && range.suggestion == nil)
  }
}
