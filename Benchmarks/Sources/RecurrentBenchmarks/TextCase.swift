import Recurrent
import RecurrentTasks

/// Training of a text task, its own loop with its own batches, on random words. All texts have the
/// same length, so that nobody gains by sorting them.
struct TextCase {
  enum Task: String, Codable, CaseIterable {
    case classifier
  }

  /// The sizes that all systems are given; the rest of each model stands beside its twin in
  /// `peers/text.py`.
  struct Shape: Codable {
    /// B.
    var batch: Int
    /// Tokens of a text, T.
    var time: Int
    /// V.
    var vocabulary: Int
    /// Numbers of a token's vector.
    var embedding: Int
    /// H, in each direction.
    var hidden: Int
    /// C.
    var classes: Int

    /// What a step of training reads.
    var tokens: Int { batch * time }
  }

  let task: Task

  var shape: Shape {
    switch task {
    case .classifier:
      Shape(batch: 32, time: 20, vocabulary: 10_000, embedding: 128, hidden: 128, classes: 2)
    }
  }

  /// The median time of a training step, in milliseconds: at least three, after two that do not
  /// count.
  func stepMilliseconds(budget: Double) throws -> Double {
    let clock = ContinuousClock()
    var start = clock.now
    var last = start
    var times: [Double] = []
    var warmUps = 2
    try train { event in
      guard case .step = event else { return .proceed }
      let now = clock.now
      defer { last = clock.now }
      if warmUps > 0 {
        warmUps -= 1
        start = now
        return .proceed
      }
      times.append((now - last).milliseconds)
      return times.count >= 3 && now - start > .seconds(budget) ? .stop : .proceed
    }
    times.sort()
    return (times[(times.count - 1) / 2] + times[times.count / 2]) / 2
  }

  private func train(_ callback: @escaping TrainingCallback) throws {
    let shape = shape
    var generator = RandomGenerator(seed: 0)
    func words(_ count: Int) -> [String] {
      (0..<count).map { _ in "w\(Int.random(in: 0..<shape.vocabulary, using: &generator))" }
    }
    switch task {
    case .classifier:
      let texts = (0..<40 * shape.batch).map { index in
        LabeledTexts.Example(
          text: words(shape.time).joined(separator: " "), label: "\(index % shape.classes)")
      }
      var options = TextClassifierOptions()
      options.tokens = .whitespace
      options.minimumCount = 1
      options.embeddingSize = shape.embedding
      options.hiddenSize = shape.hidden
      options.batchSize = shape.batch
      (options.testFraction, options.validationFraction) = (0, 0)
      options.epochs = 100_000
      _ = try TextClassifierPlan(LabeledTexts(texts), options: options).train(
        callbacks: [{ _, event in callback(event) }])
    }
  }
}
