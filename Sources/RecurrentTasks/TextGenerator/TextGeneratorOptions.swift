import Recurrent

/// What a text generator reads and writes.
public enum GeneratorTokens: String, Sendable, Codable, CaseIterable {
  /// Characters as readers see them; a line end of CR LF is one.
  case characters
  /// Parts of words, learned from the training part (``BytePairEncoding``).
  case bpe
}

/// How the learning rate falls.
public enum LearningRateDecay: String, Sendable, Codable, CaseIterable {
  /// Along half a cosine over all epochs, to a fiftieth.
  case cosine
  /// To a half, whenever an epoch does not better the validation loss.
  case plateau
  /// Not at all.
  case none
}

/// What a text generator is and how it is trained.
public struct TextGeneratorOptions: Sendable, Codable, Equatable {
  /// What a token is.
  public var tokens = GeneratorTokens.characters
  /// Parts that `bpe` learns.
  public var partCount = 1000

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

  /// Epochs at most.
  public var epochs = 20
  /// Places of the text that are read side by side; a short text has fewer.
  public var streams = 32
  /// Steps from update to update, over which gradients go back.
  public var steps = 100
  /// Adam's learning rate at the start.
  public var learningRate: Float = 2e-3
  /// How it falls.
  public var decay = LearningRateDecay.cosine
  /// All gradients as one vector are at most so long.
  public var clipping: Float = 1
  /// Epochs in a row without a better validation loss after which training stops.
  public var patience = 10
  /// The share of the text, at its end, that only the report sees.
  public var testFraction = 0.1
  /// The share of the text before it, at its end, that judges each epoch.
  public var validationFraction = 0.05
  /// Where all random numbers come from.
  public var seed: UInt64 = 0

  /// The defaults.
  public init() {}

  /// The first rule that these options break, as a sentence; nil if they are fine.
  public var problem: String? {
    let counts = [
      ("number of parts", partCount, 2...100_000), ("hidden size", hiddenSize, 1...100_000),
      ("number of layers", layers, 1...100), ("embedding size", embeddingSize, 1...100_000),
      ("number of epochs", epochs, 1...1_000_000), ("number of streams", streams, 1...100_000),
      ("number of steps", steps, 1...100_000), ("patience", patience, 0...1_000_000),
    ]
    for (name, count, range) in counts where !range.contains(count) {
      return "the \(name) is between \(range.lowerBound) and \(range.upperBound), not \(count)"
    }
    if !(dropout >= 0 && dropout < 1) {
      return "dropout is at least 0 and less than 1, not \(dropout)"
    }
    for (name, value) in [("learning rate", learningRate), ("clipping", clipping)]
    where !(value > 0 && value.isFinite) {
      return "the \(name) is a positive number, not \(value)"
    }
    let fractions = [("test fraction", testFraction), ("validation fraction", validationFraction)]
    for (name, fraction) in fractions where !(fraction >= 0 && fraction < 1) {
      return "the \(name) is at least 0 and less than 1, not \(fraction)"
    }
    return nil
  }

  var schedule: LearningRateSchedule.Rule {
    switch decay {
    case .cosine: .cosine(epochs: Double(epochs), floor: 0.02)
    case .plateau: .onPlateau(factor: 0.5, patience: 0)
    case .none: .constant
    }
  }
}
