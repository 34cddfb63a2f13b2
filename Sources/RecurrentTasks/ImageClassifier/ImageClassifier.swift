import Recurrent

/// A trained image classifier: the network and all that prediction needs.
///
/// ```swift
/// let classifier = try ImageClassifier.train(on: BundledData.digits, seed: 1)
/// print(classifier.report)                        // test accuracy beside the majority class
/// let guesses = try classifier.classify(ImageSet.read("seven.png").images)
/// try classifier.save(to: "digits")
/// ```
public struct ImageClassifier: Job {
  /// All of the model but its weights.
  public struct Configuration: JobConfiguration {
    /// The options that the model was trained with.
    public var options: ImageClassifierOptions
    /// The classes, in the order of the network's outputs.
    public var classes: [String]
    var shape: ImageShape
    var scale: PixelScale
    /// How its images were read; nil in models of earlier versions: PNG files on white, 0 to 255.
    public var reading: ImageReading?
    /// The class most frequent in training.
    public var majorityClass: String
    /// Epochs that were run.
    public var epochs: Int
    /// The epoch whose weights these are: the one with the lowest validation loss, or the last
    /// without a validation part.
    public var bestEpoch: Int
    /// The evaluation on the test part.
    public var evaluation: ImageEvaluation?
    /// The precision that the weights were rounded to, and its cost; nil: they are as trained.
    public var rounding: Rounding?
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

  /// The job's name in model folders.
  public static let task = "image-classifier"
  /// The word for one example in reports.
  public static let example = "image"
  /// Steps of an example, where its costs are counted.
  public var typicalSteps: Int { configuration.shape.steps(options.model).time }
  /// The configuration, extras and networks, from which everything follows.
  public var parts: JobParts<ImageClassifier>
  /// A model of its parts.
  public init(_ parts: JobParts<ImageClassifier>) { self.parts = parts }

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
    return try ImagePlan(images, test: test, options: options).followingSize().train(
      callbacks: callbacks)
  }

  /// How files are read for this model: PNG files in its number of channels and on its scale, CSV in
  /// its size, and what training brought to one size scaled to it.
  public var reading: ImageReading {
    var reading = configuration.reading ?? ImageReading()
    reading.channels = configuration.shape.channels == 3 ? 3 : 1
    reading.white = reading.white ?? 255
    if reading.resize == nil {
      reading.height = configuration.shape.height
      reading.width = configuration.shape.width
    }
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

  /// How well the classes of `images` are found. Those of a class that the model does not know are
  /// counted and left out.
  ///
  /// - Throws: ``DataError`` if the images are not of the model's size, or have no classes or none
  ///   that the model knows.
  public func evaluate(on images: ImageSet) throws(DataError) -> ImageEvaluation {
    let classes = configuration.classes
    guard !images.labels.isEmpty else {
      throw DataError(file: images.source, problem: "the images have no classes to compare with")
    }
    let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    let unknown = UnknownLabels(images.labels, known: classes, unit: "images")
    try unknown?.check(images.count, classes, source: images.source)
    let indices = images.labels.indices.filter { places[images.labels[$0]] != nil }
    var confusion = ConfusionMatrix(classes: classes)
    var mistakes: [ImageEvaluation.Mistake] = []
    var sum = 0.0
    for (index, guess) in zip(
      indices, try classify(unknown == nil ? images : images.subset(indices)))
    {
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
      crossEntropy: sum / Double(max(1, indices.count)), mistakes: Array(mistakes.prefix(60)),
      unknown: unknown)
  }
}

extension ImageClassifier.Configuration {
  var problem: String? {
    let sizes = [shape.height, shape.width, shape.channels]
    // Products of what is allowed stay far from overflow.
    if sizes.contains(where: { !(1...1 << 20).contains($0) }) {
      return "images of \(shape.height) × \(shape.width) × \(shape.channels)"
    }
    if shape.classes != classes.count || Set(classes).count != classes.count {
      return "\(classes.count) classes, of which \(Set(classes).count) differ, for a network of "
        + "\(shape.classes)"
    }
    if classes.count < 2 { return "\(classes.count) classes, expected at least 2" }
    if scale.means.count != shape.channels || scale.deviations.count != shape.channels {
      return "scales of \(scale.means.count) and \(scale.deviations.count) channels for images of "
        + "\(shape.channels)"
    }
    if let bad = scale.deviations.first(where: { !($0 > 0) }) {
      return "a deviation of \(bad), expected a positive number"
    }
    if let size = reading?.resize, (size.height, size.width) != (shape.height, shape.width) {
      return "images scaled to \(size.height) × \(size.width) for a network of \(shape.height) × "
        + "\(shape.width)"
    }
    if let white = reading?.white, white != 255, white != 65535 {
      return "images whose white is \(white), expected 255 or 65535"
    }
    return evaluation?.confusion.problem
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ImageClassifier {
  public static func model(
    _ configuration: Configuration, _ extras: NoExtras,
    using generator: inout some RandomNumberGenerator
  ) -> ImageModel {
    ImageModel(configuration.shape, options: configuration.options, using: &generator)
  }

  public static func problem(_ configuration: Configuration, _ extras: NoExtras) -> String? {
    configuration.problem
  }
}
