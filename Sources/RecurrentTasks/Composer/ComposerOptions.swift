import Recurrent

/// What a composer's network reads and writes.
public enum ComposerKind: String, Sendable, Codable, CaseIterable {
  /// At each step of a grid, which of the 88 keys of a piano sound: one probability a key.
  case polyphonic
  /// One event after another: a note begins, a note ends, time passes, the velocity changes.
  case events
}

/// How a polyphonic composer foretells the keys of a step.
public enum ChordModel: String, Sendable, Codable, CaseIterable {
  /// One after the other, from the highest to the lowest, each given those above it (``NADE``).
  case joint
  /// Each key of a step by itself, given the steps before.
  case independent
}

/// What a composer is and how it is trained.
public struct ComposerOptions: JobOptions {
  /// The kind of model: the notation that the network reads and writes.
  public var kind = ComposerKind.polyphonic
  /// How the keys of a step belong together, in a polyphonic composer; nil: each by itself.
  public var chords: ChordModel? = .joint
  /// Hidden units of joint chords.
  public var chordUnits: Int? = 256
  /// Dropout of these hidden units; nil: none.
  public var chordDropout: Float?
  /// Whether a key that sounds on is told from one that is struck again, where chords are joint; nil:
  /// as the collection tells, and in a trained model no.
  public var repeats: Bool?
  /// The steps of a quarter note; of a piano-roll file, what its steps are taken for.
  public var stepsPerBeat = 4
  /// Up to so many semitones each tune is moved up or down, anew in each epoch.
  public var transpose = 5
  /// The kind of recurrent layer.
  public var cell = CellKind.lstm
  /// Hidden units of each layer.
  public var hiddenSize = 200
  /// Recurrent layers.
  public var layers = 1
  /// Dropout before and between the recurrent layers, and behind the last.
  public var dropout: Float = 0.2
  /// The share of recurrent weights left out in a training step (``RecurrentOptions/dropConnect``);
  /// nil: none.
  public var dropConnect: Float?
  /// Steps of a piece that is trained on at once; longer tunes are cut.
  public var window = 512
  /// Epochs at most.
  public var epochs = 200
  /// Pieces in a training step.
  public var batchSize = 4
  /// Adam's learning rate.
  public var learningRate: Float = 3e-3
  /// The decay of the weights' average over the training steps, which is then what is judged and
  /// kept (``WeightAverage``); nil: the weights of the last step.
  public var averaging: Double?
  /// Parts of a batch whose gradients are computed apart, so that processes can share them
  /// (``TrainingOptions/shards``); nil: a batch is one.
  public var shards: Int?
  /// Epochs in a row without a better validation loss after which training stops.
  public var patience = 40
  /// Where all random numbers come from.
  public var seed: UInt64 = 0

  /// The defaults.
  public init() {}
}

extension ComposerOptions {
  /// Whether the keys of a step are foretold together.
  var hasJointChords: Bool { kind == .polyphonic && chords == .joint }
  /// The code by which steps are written as variables.
  var code: ChordCode { ChordCode(tellsRepeats: hasJointChords && repeats == true) }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ComposerOptions {
  public static var fullSize: Int { 200 }

  public func check(_ rules: inout OptionRules) {
    rules.require(["the number of steps per beat": stepsPerBeat], in: 1...96)
    rules.require(["the transposition": transpose], in: 0...24)
    rules.require(["the hidden size": hiddenSize], in: 1...100_000)
    rules.require(["the window": window], in: 2...100_000)
    rules.require(["the number of hidden units of chords": chordUnits ?? 1], in: 1...10_000)
    rules.require(
      shares: ["DropConnect": dropConnect ?? 0, "the dropout of chords": chordDropout ?? 0])
    rules.require(
      repeats != true || chords == .joint && kind == .polyphonic,
      else: "repeated notes are told by polyphonic composers with joint chords only")
  }
}
