import Foundation
import Recurrent
import RecurrentFiles

/// Everything about an image classifier that is fixed before training starts: images, split, scale
/// and the untrained network. The scale is fitted here, on the training part, and nowhere else.
public struct ImagePlan: JobPlan {
  /// The images that training comes from, and parts that are not given.
  public let images: ImageSet
  /// The validation part that the data has, if it has one.
  public let validationImages: ImageSet?
  /// The test part that the data has, if it has one.
  public let testImages: ImageSet?
  /// The options.
  public var options: ImageClassifierOptions
  /// The model that training goes on from.
  public let origin: ImageClassifier?
  /// The classes, in the order of the network's outputs.
  public let classes: [String]
  /// Test images of classes that training does not have, which the report leaves out.
  public let unknownTest: UnknownLabels?
  let split: ImageSplit
  let labels: [Int]
  /// Of the validation part that the data has.
  let validationLabels: [Int]
  let scale: PixelScale
  let shape: ImageShape

  /// Plans an image classifier.
  ///
  /// - Parameters:
  ///   - images: with a class each.
  ///   - validation: images that judge each epoch; nil: a share of `images`.
  ///   - test: images that only the report sees; nil: a share of `images`.
  ///   - model: a model to go on from, of which all but the course of training stays.
  /// - Throws: ``DataError`` if the options break a rule or contradict the model, classes are missing,
  ///   too few or none of the model's, images differ in size or are all alike, no test image is of a
  ///   class of training, or a pixel is not a finite number.
  public init(
    _ images: ImageSet, validation: ImageSet? = nil, test: ImageSet? = nil,
    options: ImageClassifierOptions = ImageClassifierOptions(), from model: ImageClassifier? = nil
  ) throws(DataError) {
    let options = try options.settled(from: model)
    self.options = options
    origin = model
    for part in [images, validation].compactMap(\.self) where part.labels.isEmpty {
      throw DataError(
        file: part.source, problem: "the images have no classes, which training needs",
        advice: "Expected a file of labels beside an IDX file, a column of a CSV file, or a folder "
          + "of PNG files for each class")
    }
    classes = model?.configuration.classes ?? images.classes
    guard classes.count >= 2 else {
      throw DataError(
        file: images.source, problem: "found only the class \(classes[0]), expected at least two")
    }
    guard classes.count <= 10_000 else {
      throw DataError(
        file: images.source, problem: "found \(classes.count) classes, at most 10000 are taken")
    }
    labels = try images.numbers(of: classes)
    validationLabels = try validation?.numbers(of: classes) ?? []
    let judged = validation == nil ? options.validationFraction : 0
    split = ImageSplit(
      classes: labels, classCount: classes.count,
      testFraction: test == nil ? options.testFraction : 0, validationFraction: judged,
      seed: options.seed)
    guard split.training.count > 0, !split.validation.isEmpty || judged == 0 else {
      throw DataError(
        file: images.source,
        problem: "found \(images.count) images of \(classes.count) classes, too few for a training "
          + "and a validation part", advice: "Bring more images, or use --validation-fraction 0")
    }
    shape =
      model?.configuration.shape
      ?? ImageShape(
        height: images.height, width: images.width, channels: images.channels,
        classes: classes.count)
    for part in [images, validation, test].compactMap(\.self) {
      try part.check(height: shape.height, width: shape.width, channels: shape.channels)
    }
    if let test, test.labels.isEmpty {
      throw DataError(
        file: test.source, problem: "the images have no classes, which the report needs",
        advice: "Bring them with classes, or leave out --test")
    }
    let known = classes
    unknownTest = test.flatMap { UnknownLabels($0.labels, known: known, unit: "test images") }
    try unknownTest?.check(test?.count ?? 0, classes, source: test?.source ?? "")
    if images.areAllAlike {
      throw DataError(
        file: images.source, problem: "all \(images.count) images are alike, pixel by pixel",
        advice:
          "Nothing can be learned from them; if the pictures are drawn by their transparency, "
          + "lay them on another --background")
    }
    self.images = images
    (validationImages, testImages) = (validation, test)
    try Self.checkMemory(shape, options, source: images.source)
    scale = model?.configuration.scale ?? PixelScale(images, fittedOn: split.training)
  }

  /// A network far larger than the machine would end the program without a word.
  private static func checkMemory(
    _ shape: ImageShape, _ options: ImageClassifierOptions, source: String
  ) throws(DataError) {
    var shapes = ShapesOnly()
    let weights = Double(ImageModel(shape, options: options, using: &shapes).parameterCount)
    let steps = Double(options.batchSize * options.layers * shape.steps(options.model).time)
    // Weights, gradients and two of Adam; the values that the backward pass needs of each step.
    let values = steps * Double(options.hiddenSize) * Double(options.cell.gates + 3)
    let bytes = 4 * (4 * weights + values)
    guard bytes <= Double(AvailableMemory.current.bytes) else {
      throw DataError(
        file: source,
        problem: "training such a network takes about \(NumberFormat.bytes(bytes)) of memory, "
          + AvailableMemory.current.words(NumberFormat.bytes),
        advice: "Use a smaller --hidden, --layers or --batch")
    }
  }

  /// The number of images for training, validation and test.
  public var counts: (training: Int, validation: Int, test: Int) {
    (
      split.training.count, validationImages?.count ?? split.validation.count,
      testImages?.count ?? split.test.count
    )
  }

  func examples(_ indices: [Int]) -> ImageExamples {
    ImageExamples(images: images, indices: indices, classes: labels, scale: scale)
  }

  /// What only the report sees: images of their own, or a share; nil without any.
  public var test: ImageSet? {
    testImages ?? (split.test.isEmpty ? nil : images.subset(split.test))
  }
}

extension ImageSet {
  /// Throws unless the images are of that size, and all their pixels finite numbers.
  func check(height: Int, width: Int, channels: Int) throws(DataError) {
    guard (self.height, self.width, self.channels) == (height, width, channels) else {
      let expected = ImageSet(
        source: "", height: height, width: width, channels: channels, pixels: [])
      throw DataError(
        file: source, problem: "found images of \(sizeText), expected \(expected.sizeText)",
        advice: channels == self.channels
          ? "Bring them to that size by: magick mogrify -resize \(width)x\(height)! FILES; or train "
            + "with --resize \(height)x\(width), and images of any size are scaled"
          : "Bring them to the size and colours that the model is trained on")
    }
    if let bad = pixels.firstIndex(where: { !$0.isFinite }) {
      let (index, place) = bad.quotientAndRemainder(dividingBy: imageSize)
      throw DataError(
        file: source, place: "image \(name(index))",
        problem: "found \(pixels[bad]) in row \(place / (width * channels) + 1), column "
          + "\(place / channels % width + 1), expected a finite number")
    }
  }

  /// The place of each image's class among `classes`.
  ///
  /// - Throws: ``DataError`` for a class that is not there.
  func numbers(of classes: [String]) throws(DataError) -> [Int] {
    let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    if let unknown = labels.first(where: { places[$0] == nil }) {
      throw DataError(
        file: source, problem: "found the class \(unknown), which the model does not know",
        advice: "Its classes are \(classes.prefix(20).joined(separator: ", "))")
    }
    return labels.map { places[$0] ?? 0 }
  }

  /// Whether there are several, and each has the same pixels.
  var areAllAlike: Bool {
    count > 1 && (1..<count).allSatisfy { image($0).elementsEqual(image(0)) }
  }

  /// The images at `indices`.
  func subset(_ indices: [Int]) -> ImageSet {
    ImageSet(
      source: source, height: height, width: width, channels: channels,
      pixels: indices.flatMap { image($0) },
      labels: labels.isEmpty ? [] : indices.map { labels[$0] },
      files: indices.map { name($0) })
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ImagePlan {
  public var extras: NoExtras { NoExtras() }
  public var trainingExamples: ImageExamples { examples(split.training) }
  public var validationExamples: ImageExamples {
    validationImages.map {
      ImageExamples(
        images: $0, indices: Array(validationLabels.indices), classes: validationLabels,
        scale: scale)
    } ?? examples(split.validation)
  }

  public func trainer(
    of model: ImageModel, member: Int
  ) -> Trainer<ImageModel, Adam, ImageExamples> {
    let (augmentation, shape) = (options.augmentation, shape)
    return Trainer(
      model, optimizer: Adam(learningRate: options.learningRate),
      options: options.training(
        member: member, schedule: .cosine(epochs: Double(options.epochs), floor: 0.01))
    ) { model, batch, mode in
      var images = batch.images
      // The model's own layers draw from children of the same key, each numbered from 0.
      if let augmentation, let keys = mode.child(-1).rowKeys(images.batchSize) {
        images = augmentation.changed(images, shape, keys: keys)
      }
      return categoricalCrossEntropy(logits: model(images, mode: mode), classes: batch.classes)
    }
  }

  public func configuration(after histories: [TrainingHistory]) -> ImageClassifier.Configuration {
    var counts = [Int](repeating: 0, count: classes.count)
    for index in split.training { counts[labels[index]] += 1 }
    let most = counts.indices.max { counts[$0] < counts[$1] } ?? 0
    return ImageClassifier.Configuration(
      options: options, classes: classes, shape: shape, scale: scale, reading: images.reading,
      majorityClass: classes[most], epochs: histories.first?.epochs.count ?? 0,
      bestEpoch: histories.first?.best?.epoch ?? 0,
      trainedOn: "\(images.source), \(images.count) images of \(images.sizeText)")
  }

  public func complete(_ classifier: inout ImageClassifier) throws(DataError) {
    if let test { classifier.configuration.evaluation = try classifier.evaluate(on: test) }
  }
}
