import Recurrent

/// How a text classifier reads texts, what its network is, and how it is trained.
public struct TextClassifierOptions: JobOptions {
  /// The kind of token that texts are cut into.
  public var tokens = Tokenizer.Kind.word
  /// What is done to a text before it is cut.
  public var normalization = TextNormalization(form: .nfc, lowercases: true)
  /// Parts that `bpe` learns.
  public var partCount = 8000
  /// How often a token has to occur in the training part; rarer ones are the unknown token.
  public var minimumCount = 2
  /// Tokens of a text that are read; what is longer is cut, and counted in the report.
  public var maximumLength = 1000
  /// Which end of a longer text is read.
  public var keptEnd = TextEnd.start

  /// Numbers of a token's vector.
  public var embeddingSize = 128
  /// Words that the training part lacks and that are known by the vector that a file of vectors has for
  /// them, the first of that file; nil: 20,000.
  public var vectorWords: Int?
  /// The kind of recurrent layer.
  public var cell = CellKind.lstm
  /// Hidden units of each layer, in each direction.
  public var hiddenSize = 128
  /// Recurrent layers.
  public var layers = 1
  /// Whether the layers also read from the end.
  public var isBidirectional = true
  /// What becomes of the hidden states of all tokens.
  public var pooling = SequencePooling.max
  /// Whether naive Bayes over words and pairs of words stands beside the network: what it says about
  /// a text, from counts that a text of the training part is left out of, is added to the logits
  /// with a learned factor. On some thousand texts both together know more than each alone.
  public var naiveBayes = true
  /// Dropout of token vectors, between layers, and before the last layer.
  public var dropout: Float = 0.5
  /// The share of tokens that training replaces by the unknown token.
  public var tokenDropout: Float = 0.1
  /// Networks that are trained, with random numbers of their own; their probabilities are averaged.
  public var members = 1

  /// Epochs at most.
  public var epochs = 20
  /// Texts in a training step.
  public var batchSize = 32
  /// Tokens in a training step at most, padding included; nil: only `batchSize` counts.
  public var tokenBudget: Int?
  /// Adam's learning rate.
  public var learningRate: Float = 1e-3
  /// Epochs in a row without a better validation loss after which training stops.
  public var patience = 3
  /// The decay of the weights' average over the training steps, which is then what is judged and
  /// kept (``WeightAverage``); nil: the weights of the last step.
  public var averaging: Double?
  /// Parts of a batch whose gradients are computed apart, so that processes can share them
  /// (``TrainingOptions/shards``); nil: a batch is one.
  public var shards: Int?
  /// The share of the target that goes to all classes alike (Szegedy et al. 2016).
  public var labelSmoothing: Float = 0
  /// How much each class counts in the loss.
  public var classWeights = ClassWeights.none
  /// The share of texts of each class that training never sees.
  public var testFraction = 0.1
  /// Which of several equal parts is the test part, instead of a share.
  public var fold: Fold?
  /// The share of the remaining texts that judges each epoch.
  public var validationFraction = 0.1
  /// Where all random numbers come from.
  public var seed: UInt64 = 0

  /// The defaults.
  public init() {}
}

/// An end of a text.
public enum TextEnd: String, Sendable, Codable, CaseIterable {
  /// The first tokens.
  case start
  /// The last tokens.
  case end
}

/// What becomes of the hidden states of all tokens: `[B, T, F]` to `[B, F]`.
public enum SequencePooling: String, Sendable, Codable, CaseIterable {
  /// The last state; of two directions, the last of each.
  case last
  /// The mean over the tokens.
  case mean
  /// The largest value over the tokens, feature by feature.
  case max
  /// A mean with learned weights (``AttentionPooling``).
  case attention
}

/// How much each class counts in the loss.
public enum ClassWeights: Sendable, Codable, Equatable {
  /// Texts of all classes count alike.
  case none
  /// Classes count alike: a text counts N / (C·n) in a class of n texts.
  case balanced
  /// Weights by label; 1 for labels that are not named.
  case given([String: Float])
}

/// A fold of the texts: one of several parts of about the same size.
public struct Fold: Sendable, Codable, Equatable {
  /// The fold's number, from 1.
  public var number: Int
  /// The number of folds.
  public var count: Int

  /// Part `number` of `count`.
  public init(_ number: Int, of count: Int) {
    self.number = number
    self.count = count
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TextClassifierOptions {
  public static var fullSize: Int { 4800 }

  public var networks: Int? { members }

  public mutating func takeCourse(of other: Self) {
    (testFraction, validationFraction) = (other.testFraction, other.validationFraction)
    fold = other.fold
    tokenBudget = other.tokenBudget
  }

  public func check(_ rules: inout OptionRules) {
    rules.require(
      shares: ["the test fraction": testFraction, "the validation fraction": validationFraction])
    rules.require([
      "the embedding size": embeddingSize, "the minimum count": minimumCount,
      "the number of parts": partCount, "the maximum length": maximumLength,
      "the token budget": tokenBudget ?? 1,
    ])
    rules.require(["the words of vectors": vectorWords ?? 0], in: 0...10_000_000)
    rules.require(shares: ["token dropout": tokenDropout, "label smoothing": labelSmoothing])
    if let fold {
      rules.require(
        (2...1000).contains(fold.count) && (1...max(1, fold.count)).contains(fold.number),
        else: "a fold is one of 2 to 1000 parts, as 3/10, not \(fold.number)/\(fold.count)")
    }
  }
}
