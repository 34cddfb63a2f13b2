import Recurrent

/// How a translator reads sentences, what its network is, and how it is trained.
public struct TranslatorOptions: JobOptions {
  /// What is done to sentences of both languages before they are cut.
  public var normalization = TextNormalization(form: .nfc)
  /// Parts of words that are learned in each language, or in both together (`joint`).
  public var partCount = 6000
  /// Whether both languages have the same parts of words and one vector for each of them, read or
  /// written; nil: each has its own.
  public var joint: Bool?
  /// How often a part has to occur in the training part; rarer ones are the unknown token.
  public var minimumCount = 2
  /// The chance that a join of two parts is left out when a sentence is learned from, so that it is cut
  /// another way each time (BPE-dropout, Provilkov et al. 2020); nil: sentences are cut as ever.
  public var bpeDropout: Float?
  /// Tokens of a sentence. Longer pairs are left out of training, and longer sentences are cut when
  /// they are translated.
  public var maximumLength = 100

  /// Numbers of a token's vector.
  public var embeddingSize = 256
  /// The recurrent layers that read the sentence. What writes the translation is an LSTM.
  public var cell = CellKind.lstm
  /// Hidden units of a reading layer, in each direction; the writing layer has twice as many.
  public var hiddenSize = 256
  /// Layers that read.
  public var layers = 1
  /// How what is being written is compared with what was read.
  public var attention = AttentionDecoder.AttentionKind.multiplicative
  /// Dropout of token vectors, of what was read, and of what is written.
  public var dropout: Float = 0.3
  /// The share of tokens, read and told, that training replaces by the unknown token; nil: none.
  public var tokenDropout: Float?
  /// Networks that are trained, with random numbers of their own; the mean of their probabilities
  /// chooses each token. Nil: one.
  public var members: Int?

  /// Epochs at most; the learning rate falls to almost nothing at the last.
  public var epochs = 14
  /// Pairs in a training step.
  public var batchSize = 64
  /// Tokens of the longer side in a training step at most, padding included; nil: only `batchSize`
  /// counts.
  public var tokenBudget: Int?
  /// Adam's learning rate after the first epoch's warm-up.
  public var learningRate: Float = 1e-3
  /// Epochs in a row without a better dev loss after which training stops.
  public var patience = 4
  /// The decay of the weights' average over the training steps, which is then what is judged and
  /// kept (``WeightAverage``); nil: the weights of the last step.
  public var averaging: Double?
  /// Parts of a batch whose gradients are computed apart, so that processes can share them
  /// (``TrainingOptions/shards``); nil: a batch is one.
  public var shards: Int?
  /// The share of the target that goes to all tokens alike (Szegedy et al. 2016).
  public var labelSmoothing: Float = 0.1
  /// The share of sentences that training never sees.
  public var testFraction = 0.1
  /// The share of the remaining sentences that judges each epoch.
  var devFraction = 0.1
  /// Translations that are pursued at once.
  public var beam = 5
  /// α of the length penalty: a translation of n tokens is judged by log p / ((5 + n) / 6)^α. Set, it stays as it
  /// is; not set, the validation part chooses it after training (``fitsLengthPenalty``).
  public var lengthPenalty: Float = 0.6 { didSet { fitsLengthPenalty = nil } }
  /// Whether the length penalty becomes, once the network is trained, the one with the best BLEU on the
  /// validation part; nil: it does not.
  public var fitsLengthPenalty: Bool? = true
  /// β of the coverage penalty: what a translation loses for tokens of the sentence that it hardly looked
  /// at (``Translator/translations(of:beam:lengthPenalty:coveragePenalty:keepsAttention:)``); nil: 0.
  public var coveragePenalty: Float?
  /// Where all random numbers come from.
  public var seed: UInt64 = 0

  /// The defaults.
  public init() {}

  var isJoint: Bool { joint ?? false }

  /// The share of the others that judges each epoch.
  public var validationFraction: Double {
    get { devFraction }
    set { devFraction = newValue }
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TranslatorOptions {
  public static var fullSize: Int { 25_600 }
  public static var quarterBatchRate: Float { 2e-3 }

  public var networks: Int? { members }

  public mutating func takeCourse(of other: Self) {
    (testFraction, validationFraction) = (other.testFraction, other.validationFraction)
    tokenBudget = other.tokenBudget
  }

  public func check(_ rules: inout OptionRules) {
    rules.require(shares: [
      "the test fraction": testFraction, "the validation fraction": devFraction,
    ])
    rules.require([
      "the embedding size": embeddingSize, "the minimum count": minimumCount,
      "the number of parts": partCount, "the maximum length": maximumLength,
      "the token budget": tokenBudget ?? 1,
    ])
    rules.require(["the beam": beam], in: 1...100)
    rules.require(shares: [
      "label smoothing": labelSmoothing, "BPE-dropout": bpeDropout ?? 0,
      "token dropout": tokenDropout ?? 0,
    ])
    rules.require(
      lengthPenalty >= 0 && lengthPenalty <= 10,
      else: "the length penalty is between 0 and 10, not \(lengthPenalty)")
    let coveragePenalty = coveragePenalty ?? 0
    rules.require(
      coveragePenalty >= 0 && coveragePenalty <= 10,
      else: "the coverage penalty is between 0 and 10, not \(coveragePenalty)")
  }
}
