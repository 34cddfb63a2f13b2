import Recurrent
import RecurrentTasks

/// Training of a text task, its own loop with its own batches, on random words. All texts have the
/// same length, so that nobody gains by sorting them.
struct TextCase {
  enum Task: String, Codable, CaseIterable {
    case classifier
    case tagger
    case translator
    case generator
  }

  /// The sizes that all systems are given; the rest of each model stands beside its twin in
  /// `peers/pytorch_text.py`.
  struct Shape: Codable {
    /// B.
    var batch: Int
    /// Tokens of a text, or of an update, T; of a translation as many.
    var time: Int
    /// V.
    var vocabulary: Int
    /// Numbers of a token's vector.
    var embedding: Int
    /// H, in each direction.
    var hidden: Int
    /// C; 0 where tokens are foretold.
    var classes = 0

    /// What a step of training reads.
    var tokens: Int { batch * time }
  }

  let task: Task

  var shape: Shape {
    switch task {
    case .classifier:
      Shape(batch: 32, time: 20, vocabulary: 10_000, embedding: 128, hidden: 128, classes: 2)
    case .tagger:
      Shape(batch: 16, time: 20, vocabulary: 10_000, embedding: 128, hidden: 128, classes: 9)
    case .translator:
      Shape(batch: 64, time: 14, vocabulary: 5000, embedding: 256, hidden: 256)
    case .generator:
      Shape(batch: 32, time: 100, vocabulary: 65, embedding: 64, hidden: 256)
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
    try train { event, _ in
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
    func word() -> Int { Int.random(in: 0..<shape.vocabulary, using: &generator) }
    func words() -> [String] { (0..<shape.time).map { _ in "w\(word())" } }
    /// Each character is a token, whatever cuts the text.
    func ideographs(_ count: Int, from first: Int) -> String {
      String(
        String.UnicodeScalarView(
          (0..<count).compactMap { _ in Unicode.Scalar(UInt32(first + word())) }))
    }
    switch task {
    case .classifier:
      let texts = (0..<40 * shape.batch).map { index in
        LabeledTexts.Example(
          text: words().joined(separator: " "), label: "\(index % shape.classes)")
      }
      var options = TextClassifierOptions()
      options.tokens = .whitespace
      options.minimumCount = 1
      options.naiveBayes = false
      (options.embeddingSize, options.hiddenSize) = (shape.embedding, shape.hidden)
      (options.batchSize, options.epochs) = (shape.batch, 100_000)
      (options.testFraction, options.validationFraction) = (0, 0)
      _ = try TextClassifierPlan(LabeledTexts(texts), options: options).train(
        callbacks: [callback])
    case .tagger:
      let tags = (0..<shape.classes).map { "t\($0)" }
      let sentences = (0..<40 * shape.batch).map { _ in
        TaggedSentences.Sentence(
          tokens: words(), tags: (0..<shape.time).map { _ in tags[word() % shape.classes] })
      }
      var options = SequenceTaggerOptions()
      (options.characters, options.capitals) = (.none, false)
      (options.embeddingSize, options.hiddenSize) = (shape.embedding, shape.hidden)
      (options.batchSize, options.epochs) = (shape.batch, 100_000)
      (options.testFraction, options.validationFraction) = (0, 0)
      _ = try SequenceTaggerPlan(TaggedSentences(sentences), options: options).train(
        callbacks: [callback])
    case .translator:
      let pairs = (0..<40 * shape.batch).map { _ in
        // Tokens too: the space that counts as standing before a text, and the translation's end.
        SentencePairs.Pair(
          ideographs(shape.time - 1, from: 0x4E00), ideographs(shape.time - 2, from: 0x4E00))
      }
      var options = TranslatorOptions()
      (options.minimumCount, options.partCount) = (1, 1)  // no pair of characters is a token
      (options.embeddingSize, options.hiddenSize) = (shape.embedding, shape.hidden)
      (options.batchSize, options.epochs) = (shape.batch, 100_000)
      (options.testFraction, options.validationFraction) = (0, 0)
      _ = try TranslatorPlan(SentencePairs(pairs), options: options).train(callbacks: [callback])
    case .generator:
      let text = ideographs(40 * shape.tokens, from: 0x30)
      var options = TextGeneratorOptions()
      (options.embeddingSize, options.hiddenSize) = (shape.embedding, shape.hidden)
      (options.streams, options.steps, options.epochs) = (shape.batch, shape.time, 100_000)
      (options.testFraction, options.validationFraction) = (0, 0)
      let file = try TextFile(bytes: Array(text.utf8), source: "random characters")
      _ = try TextGeneratorPlan([file], options: options).train(callbacks: [callback])
    }
  }
}
