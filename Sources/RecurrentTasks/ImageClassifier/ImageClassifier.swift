import Recurrent

/// A trained image classifier: the network and all that prediction needs.
///
/// ```swift
/// let classifier = try ImageClassifier.train(on: BundledData.digits, seed: 1)
/// print(classifier.report)                        // test accuracy beside the majority class
/// let guesses = try classifier.classify(ImageSet.read("seven.png").images)
/// try classifier.save(to: "digits")
/// ```
public struct ImageClassifier: Sendable {
  /// All but the weights.
  public struct Configuration: Sendable, Codable, Equatable {
    /// How it was made.
    public var options: ImageClassifierOptions
    /// The classes, in the order of the network's outputs.
    public var classes: [String]
    var shape: ImageShape
    var scale: PixelScale
    /// The class most frequent in training.
    public var majorityClass: String
    /// Epochs that were run.
    public var epochs: Int
    /// The epoch whose weights these are: the one with the lowest validation loss, or the last
    /// without a validation part.
    public var bestEpoch: Int
    /// How the test part went.
    public var evaluation: ImageEvaluation?
    /// The training data in words: source, images, size.
    public var trainedOn: String
  }

  /// An image's class as the network sees it.
  public struct Guess: Sendable, Equatable {
    /// The most probable class.
    public let label: String
    /// The probability of each class, in the order of ``Configuration/classes``.
    public let probabilities: [Float]
  }

  /// All but the weights.
  public internal(set) var configuration: Configuration
  /// The network.
  public let model: ImageModel
  /// Epoch by epoch; empty after loading.
  public let history: TrainingHistory
  /// The images of the test part; nil after loading, or where there was none.
  public let testImages: ImageSet?

  /// Trains a classifier with the options most programs change; ``ImagePlan`` has them all.
  ///
  /// - Throws: ``DataError`` if the images have no classes; ``NonFiniteError`` if training runs
  ///   away.
  public static func train(
    on images: ImageSet, test: ImageSet? = nil, model: ImageModelKind = .rows, seed: UInt64 = 0,
    callbacks: [TrainingCallback] = []
  ) throws -> ImageClassifier {
    var options = ImageClassifierOptions()
    options.model = model
    options.seed = seed
    return try ImagePlan(images, test: test, options: options).train(callbacks: callbacks)
  }

  init(
    plan: ImagePlan, model: ImageModel, history: TrainingHistory
  ) throws(DataError) {
    self.model = model
    self.history = history
    var counts = [Int](repeating: 0, count: plan.classes.count)
    for index in plan.split.training { counts[plan.labels[index]] += 1 }
    let most = counts.indices.max { counts[$0] < counts[$1] } ?? 0
    configuration = Configuration(
      options: plan.options, classes: plan.classes, shape: plan.shape, scale: plan.scale,
      majorityClass: plan.classes[most], epochs: history.epochs.count,
      bestEpoch: history.best?.epoch ?? 0,
      evaluation: nil,
      trainedOn: "\(plan.images.source), \(plan.images.count) images of \(plan.images.sizeText)")
    let test =
      plan.testImages ?? (plan.split.test.isEmpty ? nil : plan.images.subset(plan.split.test))
    testImages = test
    if let test { configuration.evaluation = try evaluate(on: test) }
  }

  init(configuration: Configuration, model: ImageModel) {
    self.configuration = configuration
    self.model = model
    history = TrainingHistory()
    testImages = nil
  }

  /// The options.
  public var options: ImageClassifierOptions { configuration.options }

  /// How the test part went, as text.
  public var report: String {
    configuration.evaluation?.description ?? "There was no test part (test fraction 0)."
  }

  /// How files are read for this model: PNG files in its number of channels, CSV in its size.
  public var reading: ImageReading {
    var reading = ImageReading()
    reading.channels = configuration.shape.channels == 3 ? 3 : 1
    reading.height = configuration.shape.height
    reading.width = configuration.shape.width
    return reading
  }

  /// The class of each image.
  ///
  /// - Throws: ``DataError`` if the images are not of the model's size, or a pixel is not a finite
  ///   number.
  public func classify(_ images: ImageSet) throws(DataError) -> [Guess] {
    let shape = configuration.shape
    try images.check(height: shape.height, width: shape.width, channels: shape.channels)
    var guesses: [Guess] = []
    guesses.reserveCapacity(images.count)
    for start in stride(from: 0, to: images.count, by: 256) {
      let indices = Array(start..<min(start + 256, images.count))
      let probabilities = model(configuration.scale.scaled(images, indices)).softmax().elements
      for row in indices.indices {
        let own = Array(probabilities[row * shape.classes..<(row + 1) * shape.classes])
        let best = own.indices.max { own[$0] < own[$1] } ?? 0
        guesses.append(Guess(label: configuration.classes[best], probabilities: own))
      }
    }
    return guesses
  }

  /// How well the classes of `images` are found.
  ///
  /// - Throws: ``DataError`` if the images are not of the model's size, have no classes, or one
  ///   that the model does not know.
  public func evaluate(on images: ImageSet) throws(DataError) -> ImageEvaluation {
    let classes = configuration.classes
    guard !images.labels.isEmpty else {
      throw DataError(file: images.source, problem: "the images have no classes to compare with")
    }
    let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    if let unknown = images.labels.first(where: { places[$0] == nil }) {
      throw DataError(
        file: images.source, problem: "found the class \(unknown), which the model does not know",
        advice: "Its classes are \(classes.prefix(20).joined(separator: ", "))")
    }
    var confusion = ConfusionMatrix(classes: classes)
    var mistakes: [ImageEvaluation.Mistake] = []
    var sum = 0.0
    for (index, guess) in try classify(images).enumerated() {
      let truth = places[images.labels[index]] ?? 0
      let said = places[guess.label] ?? 0
      confusion.add(truth: truth, prediction: said)
      sum -= Double(max(guess.probabilities[truth], .leastNormalMagnitude)).logarithm
      if said != truth {
        mistakes.append(
          .init(
            index: index, truth: classes[truth], prediction: guess.label,
            probability: Double(guess.probabilities[said])))
      }
    }
    mistakes.sort {
      $0.probability != $1.probability ? $0.probability > $1.probability : $0.index < $1.index
    }
    let majority = configuration.majorityClass
    return ImageEvaluation(
      confusion: confusion, majorityClass: majority,
      majorityCount: images.labels.count { $0 == majority },
      crossEntropy: sum / Double(max(1, images.count)), mistakes: Array(mistakes.prefix(60)))
  }
}
