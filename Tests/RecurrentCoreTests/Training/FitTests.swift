import Foundation
import Recurrent
import Testing

struct FitTests {
  /// Rows of tokens; the class of a row is whether it holds a 3.
  private func sentences(_ count: Int, seed: UInt64) -> ExamplePairs<TokenBatch, [Int]> {
    var generator = RandomGenerator(seed: seed)
    let rows = (0..<count).map { _ in
      (0..<Int.random(in: 1...6, using: &generator)).map { _ in
        Int.random(in: 0..<6, using: &generator)
      }
    }
    return ExamplePairs(inputs: TokenBatch(rows), targets: rows.map { $0.contains(3) ? 1 : 0 })
  }

  private func classifier() -> some Layer<TokenBatch, Tensor> {
    var generator = RandomGenerator(seed: 2)
    return Sequential {
      Embedding(vocabularySize: 6, size: 8, using: &generator)
      Dropout(rate: 0.1)
      GRU(inputSize: 8, hiddenSize: 12, using: &generator)
      LastOutput()
      Dense(inputSize: 12, outputSize: 2, using: &generator)
    }
  }

  @Test func tokensAndClasses() throws {
    var model = classifier()
    let others = sentences(80, seed: 4)
    let history = try fit(
      &model, on: sentences(160, seed: 3), validation: others,
      loss: { categoricalCrossEntropy(logits: $0, classes: $1) },
      optimizer: Adam(learningRate: 0.02), epochs: 8, batchSize: 16, metrics: [.accuracy])
    let best = try #require(history.best)
    let accuracy = try #require(best.metrics?.first)
    #expect(accuracy.name == "accuracy" && accuracy.isHigherBetter)
    #expect(accuracy.value > 0.9)
    // The same, counted here.
    let right = others.targets.indices.count { row in
      let logits = model(others.inputs.rows([row])).elements
      return (logits[1] > logits[0] ? 1 : 0) == others.targets[row]
    }
    #expect(abs(accuracy.value - Double(right) / 80) < 1e-12)
    #expect(history.csv.hasPrefix("epoch,loss,validation_loss,accuracy,learning_rate,"))
  }

  /// Rows of classes too: a tag for each step.
  @Test func tagsOfSteps() throws {
    var generator = RandomGenerator(seed: 2)
    var model = Sequential {
      Embedding(vocabularySize: 6, size: 8, using: &generator)
      SimpleRNN(inputSize: 8, hiddenSize: 12, using: &generator)
      EachStep(Dense(inputSize: 12, outputSize: 2, using: &generator))
    }
    let tokens = sentences(100, seed: 5).inputs
    let tags = tokens.tokens.map { $0.map { $0 % 2 } }
    let history = try fit(
      &model, on: ExamplePairs(inputs: tokens, targets: tags),
      loss: { categoricalCrossEntropy(logits: $0, classes: $1) },
      optimizer: Adam(learningRate: 0.02), epochs: 6)
    #expect((history.epochs.last?.loss ?? 9) < 0.1)
  }

  @Test func aCallbackChangesTheLearningRateAndSaves() throws {
    let path = FileManager.default.temporaryDirectory.path + "/fit-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let examples = smallExamples(12)
    var model = SmallModel()
    let history = try fit(
      &model, on: examples, loss: meanSquaredError, optimizer: Adam(learningRate: 0.01), epochs: 3,
      metrics: [.meanAbsoluteError],
      callbacks: [
        { event, run in
          guard case .epoch(let record, _) = event else { return .proceed }
          #expect(throws: Never.self) { try run.judged.save(to: path) }
          return record.epoch == 2 ? .learningRate(0) : .proceed
        }
      ])
    #expect(history.epochs.map(\.learningRate).map(Float.init) == [0.01, 0.01, 0])
    var saved = SmallModel(seed: 9)
    try saved.load(from: path)
    #expect(saved.bits == model.bits)
    let error = meanAbsoluteError(model(examples.inputs), examples.targets).value
    #expect(abs(Float(history.epochs[2].metrics?[0].value ?? 9) - error) < 1e-6)
    #expect(history.epochs[1].metrics == history.epochs[2].metrics)
  }
}
