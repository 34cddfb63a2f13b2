import Recurrent

/// How an image becomes the input of a network.
public enum ImageModelKind: String, Sendable, Codable, CaseIterable {
  /// Dense layers that read all pixels at once.
  case mlp
  /// Row by row, each row one step of a recurrent layer.
  case rows
  /// Pixel by pixel, each pixel one step: the test of long memory.
  case pixels
}

/// What the network of an image classifier is, and how it is trained.
public struct ImageClassifierOptions: JobOptions {
  /// How an image becomes the network's input.
  public var model = ImageModelKind.rows
  /// The kind of recurrent layer of `rows` and `pixels`.
  public var cell = CellKind.lstm
  /// Hidden units of each layer.
  public var hiddenSize = 128
  /// Layers before the last one, recurrent or dense.
  public var layers = 1
  /// Dropout between layers and before the last one.
  public var dropout: Float = 0.3
  /// How images of the training part are changed at each step; nil: not at all.
  public var augmentation: ImageAugmentation?
  /// Epochs at most; the learning rate falls along half a cosine until the last of them.
  public var epochs = 30
  /// Images in a training step.
  public var batchSize = 32
  /// Adam's learning rate at the start.
  public var learningRate: Float = 2e-3
  /// Epochs in a row without a better validation loss after which training stops.
  public var patience = 10
  /// The decay of the weights' average over the training steps, which is then what is judged and
  /// kept (``WeightAverage``); nil: the weights of the last step.
  public var averaging: Double?
  /// Parts of a batch whose gradients are computed apart, so that processes can share them
  /// (``TrainingOptions/shards``); nil: a batch is one.
  public var shards: Int?
  /// The share of images that only the report sees, where the data has no test part.
  public var testFraction = 0.2
  /// The share of the others that judges each epoch.
  public var validationFraction = 0.1
  /// Where all random numbers come from.
  public var seed: UInt64 = 0

  /// The defaults.
  public init() {}
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ImageClassifierOptions {
  public static var fullSize: Int { 1280 }

  public mutating func takeCourse(of other: Self) {
    (testFraction, validationFraction) = (other.testFraction, other.validationFraction)
    augmentation = other.augmentation
  }

  public func check(_ rules: inout OptionRules) {
    rules.require(
      shares: ["the test fraction": testFraction, "the validation fraction": validationFraction])
    guard let augmentation else { return }
    rules.require(shares: ["the shift": augmentation.shift, "the zoom": augmentation.zoom])
    rules.require(
      (0...180).contains(augmentation.turn),
      else: "the turn is 0 to 180 degrees, not \(augmentation.turn)")
  }
}
