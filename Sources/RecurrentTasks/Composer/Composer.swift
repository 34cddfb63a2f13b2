import Foundation
import Recurrent

/// A trained composer: the network and all that composing needs.
///
/// ```swift
/// let music = try MusicCollection(paths: ["chorales"], stepsPerBeat: 4)
/// let composer = try Composer.train(on: music, seed: 1)
/// print(composer.report)                                 // beside the Markov baseline
/// let tune = try composer.compose(from: Pitch(60))          // 64 steps; ``Drawing`` says more
/// try tune.midi(stepsPerBeat: 4).write(to: "tune.mid")
/// try composer.save(to: "choir")
/// ```
public struct Composer: Job {
  /// All of the model but its weights.
  public struct Configuration: JobConfiguration {
    /// The options that the model was trained with.
    public var options: ComposerOptions
    /// Epochs that were run.
    public var epochs: Int
    /// The epoch whose weights these are: the one with the lowest validation loss.
    public var bestEpoch: Int
    /// How the test part went, if there was one.
    public var evaluation: ComposerEvaluation?
    /// The precision that the weights were rounded to, and its cost; nil: they are as trained.
    public var rounding: Rounding?
    /// The training data in words.
    public var trainedOn: String
  }

  /// The baselines of the model's scores, counted on the training part.
  public struct Baselines: JSONExtras, Equatable {
    /// The file's name.
    public static let file = "baselines.json"
    var markov: MusicBaseline
    var marginal: MusicBaseline
  }

  /// The job's name in model folders.
  public static let task = "composer"
  /// The word for one example in reports.
  public static let example = "tune"
  /// Steps of an example, where its costs are counted.
  public var typicalSteps: Int { options.window }
  /// The configuration, extras and networks, from which everything follows.
  public var parts: JobParts<Composer>
  /// A model of its parts.
  public init(_ parts: JobParts<Composer>) { self.parts = parts }
  var baselines: Baselines { extras }

  /// Trains a composer with the defaults; ``ComposerPlan`` has all options.
  ///
  /// - Throws: ``DataError`` if there is too little music; ``NonFiniteError`` if training runs away.
  public static func train(
    on music: MusicCollection, stepsPerBeat: Int = 4, seed: UInt64 = 0,
    callbacks: [TrainingCallback] = []
  ) throws -> Composer {
    var options = ComposerOptions()
    options.stepsPerBeat = stepsPerBeat
    options.seed = seed
    return try ComposerPlan(music, options: options).followingSize().train(callbacks: callbacks)
  }

  var events: MusicEvents { MusicEvents(stepsPerBeat: options.stepsPerBeat) }

  /// How well tunes are foretold that it was not trained on.
  ///
  /// - Throws: ``DataError`` if none has two steps.
  public func evaluate(on collection: MusicCollection) throws(DataError) -> ComposerEvaluation {
    let tunes = collection.tunes.map {
      CodedTune($0.tune, kind: options.kind, events: events)
    }.filter { $0.count >= 2 }
    guard !tunes.isEmpty else {
      throw DataError(
        file: collection.source, problem: "found no tune of at least two steps",
        advice: "Bring longer tunes")
    }
    return evaluation(of: tunes)
  }

  func evaluation(of tunes: [CodedTune]) -> ComposerEvaluation {
    let scores = stride(from: 0, to: tunes.count, by: 16).flatMap { start in
      self.scores(Array(tunes[start..<min(start + 16, tunes.count)]))
    }
    let steps = scores.reduce(0) { $0 + $1.steps }
    func perStep(_ part: KeyPath<TuneScore, Double>, _ isTold: Bool) -> Double? {
      isTold ? scores.reduce(0) { $0 + $1[keyPath: part] } / Double(max(1, steps)) : nil
    }
    return ComposerEvaluation(
      kind: options.kind, tunes: tunes.count, steps: steps,
      strikeNLL: perStep(\.strikes, options.code.tellsRepeats),
      endNLL: perStep(\.end, options.hasJointChords), harmony: harmony(of: tunes),
      model: .init(scores), markov: .init(tunes.map(baselines.markov.score)),
      marginal: .init(tunes.map(baselines.marginal.score)))
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Composer {
  public static func model(
    _ configuration: Configuration, _ baselines: Baselines,
    using generator: inout some RandomNumberGenerator
  ) -> ComposerModel { ComposerModel(configuration.options, using: &generator) }

  public static func problem(_ configuration: Configuration, _ baselines: Baselines) -> String? {
    let options = configuration.options
    let events = MusicEvents(stepsPerBeat: options.stepsPerBeat)
    return [baselines.markov, baselines.marginal].lazy
      .compactMap { $0.problem(kind: options.kind, events: events) }.first
      .map { "baselines.json: " + $0 }
  }

  public var summaryLines: [String] {
    [
      "trained on  \(configuration.trainedOn)", options.summary,
      "grid        \(options.stepsPerBeat) steps a beat; transposed by up to \(options.transpose) semitones",
      "training    Adam \(options.learningRate), seed \(options.seed); \(configuration.epochs) epochs, weights of epoch \(configuration.bestEpoch)"
        + (options.averaging.map { ", averaged over steps (decay \($0))" } ?? ""),
    ]
  }
}
