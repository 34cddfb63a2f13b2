import Recurrent

/// How well a composer foretells tunes it was not trained on, beside forecasts that count.
///
/// The negative log-likelihood (NLL) of a step is in nats; of a polyphonic step it is the sum over
/// the 88 keys of the binary cross-entropy, of joint chords each key's given those above it, as in
/// Boulanger-Lewandowski et al. 2012 (arXiv:1206.6392). The first step of a tune, before which there is nothing, does not count. The
/// two usual means differ: over all steps (as Bai et al. 2018, arXiv:1803.01271, print it), and
/// over tunes of each tune's own mean.
public struct ComposerEvaluation: JobEvaluation {
  /// The scores of the network or of a baseline.
  public struct Scores: Sendable, Codable, Equatable {
    /// The mean NLL over all steps of all tunes.
    public let nllOverSteps: Double
    /// The mean over tunes of the mean over each tune's steps.
    public let nllOverTunes: Double
    /// Of events, the share guessed right. Of steps, the keys right over those right, missed and
    /// invented (Bay et al. 2009), a key being guessed where its probability is above one half, of
    /// joint chords given the guesses above it.
    public let accuracy: Double

    init(_ scores: [TuneScore]) {
      let scores = scores.filter { $0.steps > 0 }
      let steps = scores.reduce(0) { $0 + $1.steps }
      nllOverSteps = scores.reduce(0) { $0 + $1.nll } / Double(max(1, steps))
      nllOverTunes =
        scores.reduce(0) { $0 + $1.nll / Double($1.steps) } / Double(max(1, scores.count))
      let right = scores.reduce(0) { $0 + $1.hits.right }
      let all = right + scores.reduce(0) { $0 + $1.hits.wrong }
      accuracy = Double(right) / Double(max(1, all))
    }
  }

  /// Counts of what the rules of harmony forbid.
  public struct Harmony: Sendable, Codable, Equatable {
    /// The count in the tunes of the evaluation.
    public let collection: HarmonyCount
    /// In tunes that the model made of the first beats of some of them.
    public let composed: HarmonyCount
  }

  /// The kind of model: the notation that the network reads and writes.
  public let kind: ComposerKind
  /// The number of tunes.
  public let tunes: Int
  /// Steps or events that were foretold.
  public let steps: Int
  /// The mean NLL over all steps of whether keys that sound on are struck again, which is no part of
  /// the scores; nil where the model does not tell it.
  public var strikeNLL: Double?
  /// The mean NLL over all steps of whether the tune ends; nil where the model does not tell it.
  public var endNLL: Double?
  /// Clashes and parallels, of a polyphonic model.
  public var harmony: Harmony?
  /// The scores of the network.
  public let model: Scores
  /// The scores of counting what follows what.
  public let markov: Scores
  /// The scores of counting what comes.
  public let marginal: Scores

  /// A line that says whether the model is worth having.
  public var verdict: String {
    let (best, name) =
      markov.nllOverSteps <= marginal.nllOverSteps
      ? (markov, "first-order Markov baseline") : (marginal, "marginal baseline")
    let difference = NumberFormat.fixed(abs(best.nllOverSteps - model.nllOverSteps), 2)
    return model.nllOverSteps < best.nllOverSteps
      ? "The model beats the \(name) by \(difference) nats a \(unit)."
      : "The model does NOT beat the \(name): it is \(difference) nats a \(unit) worse."
  }

  private var unit: String { kind == .events ? "event" : "step" }
}

extension ComposerEvaluation {

  /// A table and the verdict.
  public var description: String {
    func row(_ name: String, _ scores: Scores) -> [String] {
      [
        name, NumberFormat.fixed(scores.nllOverSteps, 3),
        NumberFormat.fixed(scores.nllOverTunes, 3),
        NumberFormat.fixed(100 * scores.accuracy, 1) + " %",
      ]
    }
    let table = TextTable([
      ["", "NLL over all \(unit)s", "NLL over tunes", "accuracy"], row("model", model),
      row("first-order Markov", markov), row("marginal", marginal),
    ])
    var text = """
      \(table)

      NLL in nats a \(unit), from the second on: the mean over all \(unit)s, and the mean over tunes
      of each tune's mean.
      """
    let beside = [
      strikeNLL.map { "whether a key that sounds on is struck again \(NumberFormat.fixed($0, 3))" },
      endNLL.map { "whether the tune ends \(NumberFormat.fixed($0, 3))" },
    ].compactMap(\.self)
    if !beside.isEmpty { text += "\nBeside it, not in it: " + beside.joined(separator: ", ") + "." }
    if let harmony {
      let table = TextTable([
        ["of 100 chords"] + HarmonyCount.header, ["these tunes"] + harmony.collection.cells,
        ["composed from their beginnings"] + harmony.composed.cells,
      ])
      text += "\n\n\(table)\n"
    }
    return text + "\n" + verdict
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ComposerEvaluation {
  public var headline: EpochScore { EpochScore("nats", model.nllOverSteps, isHigherBetter: false) }
  public var size: String { "\(tunes) tunes" }
}
