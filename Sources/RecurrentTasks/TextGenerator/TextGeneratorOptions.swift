import Recurrent

/// What a text generator reads and writes.
public enum GeneratorTokens: String, Sendable, Codable, CaseIterable {
  /// Characters as readers see them; a line end of CR LF is one.
  case characters
  /// Parts of words, learned from the training part (``BytePairEncoding``).
  case bpe
  /// Words and marks, each with the blank before it, and what else there is of blanks and line ends:
  /// one after the other they are the text again.
  case words
}

/// The curve by which the learning rate falls.
public enum LearningRateDecay: String, Sendable, Codable, CaseIterable {
  /// Along half a cosine over all epochs, to a fiftieth.
  case cosine
  /// Along three halves of a cosine, each twice as long as the one before, the last of which ends with
  /// the last epoch.
  case restarts
  /// To a half, whenever an epoch does not better the validation loss.
  case plateau
  /// The learning rate stays as it is.
  case none
}

/// What a text generator is and how it is trained.
public struct TextGeneratorOptions: JobOptions {
  /// The kind of token that text is cut into.
  public var tokens = GeneratorTokens.characters
  /// Parts that `bpe` learns.
  public var partCount = 1000
  /// Whether texts are read from their end, as a tagger's contextual string embeddings need it
  /// (``LanguageModels``); nil: from their start.
  public var readsBackward: Bool?
  /// Words that `words` knows at most, those that come most often, and twice at least in the training
  /// part; nil: 10,000.
  public var wordCount: Int?

  /// The kind of recurrent layer.
  public var cell = CellKind.lstm
  /// Hidden units of each layer.
  public var hiddenSize = 256
  /// Recurrent layers.
  public var layers = 2
  /// Numbers of a token's vector.
  public var embeddingSize = 64
  /// Dropout behind each recurrent layer.
  public var dropout: Float = 0.3
  /// The share of recurrent weights left out in a training step (``RecurrentOptions/dropConnect``);
  /// nil: none.
  public var dropConnect: Float?
  /// How often x and h gate each other in a Mogrifier LSTM (``RecurrentOptions/rounds``); nil: 4 times.
  public var rounds: Int?
  /// The rank of its matrices (``RecurrentOptions/rank``); nil: full.
  public var rank: Int?

  /// Epochs at most.
  public var epochs = 20
  /// Places of the text that are read side by side; a short text has fewer.
  public var streams = 32
  /// Steps from update to update, over which gradients go back.
  public var steps = 100
  /// Adam's learning rate at the start.
  public var learningRate: Float = 2e-3
  /// The curve by which the learning rate falls.
  public var decay = LearningRateDecay.cosine
  /// The largest norm of all gradients as one vector.
  public var clipping: Float = 1
  /// Epochs in a row without a better validation loss after which training stops.
  public var patience = 10
  /// The decay of the weights' average over the training steps, which is then what is judged and
  /// kept (``WeightAverage``); nil: the weights of the last step.
  public var averaging: Double?
  /// Parts of a batch whose gradients are computed apart, so that processes can share them
  /// (``TrainingOptions/shards``); nil: a batch is one.
  public var shards: Int?
  /// The share of the text, at its end, that only the report sees.
  public var testFraction = 0.1
  /// The share of the text before it, at its end, that judges each epoch.
  public var validationFraction = 0.05
  /// Where all random numbers come from.
  public var seed: UInt64 = 0

  /// The defaults.
  public init() {}

  /// The streams: an example of a step is a stream's next tokens.
  public var batchSize: Int {
    get { streams }
    set { streams = newValue }
  }

  var schedule: LearningRateSchedule.Rule {
    switch decay {
    case .cosine: .cosine(epochs: Double(epochs), floor: 0.02)
    case .restarts: .restarts(first: Double(epochs) / 7, growth: 2, floor: 0.02)
    case .plateau: .onPlateau(factor: 0.5, patience: 0)
    case .none: .constant
    }
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TextGeneratorOptions {
  public static var fullSize: Int { 640_000 }

  public mutating func takeCourse(of other: Self) {
    (testFraction, validationFraction) = (other.testFraction, other.validationFraction)
  }

  public func check(_ rules: inout OptionRules) {
    rules.require(["the number of parts": partCount], in: 2...100_000)
    rules.require(
      [
        "the hidden size": hiddenSize, "the embedding size": embeddingSize,
        "the number of streams": streams, "the number of steps": steps,
      ], in: 1...100_000)
    rules.require(positive: ["the clipping": clipping])
    rules.require(["the number of words": wordCount ?? 2], in: 2...10_000_000)
    rules.require(["the number of rounds": rounds ?? 0], in: 0...100)
    rules.require(["the rank": rank ?? 1], in: 1...100_000)
    rules.require(
      cell == .mogrifier || (rounds == nil && rank == nil),
      else: "rounds and their rank belong to the cell mogrifier, not to \(cell.rawValue)")
    rules.require(shares: ["DropConnect": dropConnect ?? 0])
    rules.require(
      shares: ["the test fraction": testFraction, "the validation fraction": validationFraction])
  }
}
