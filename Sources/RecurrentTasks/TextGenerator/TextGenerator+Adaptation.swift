import Recurrent

/// How a network goes on learning from a text while it foretells it (dynamic evaluation; Krause et al.
/// 2018, arXiv:1709.07432): segment after segment is first judged, then learned from.
///
///     v = mean of g² so far
///     w += -rate·g / √v + decay·(w₀ - w)
///
/// with g the gradient of the segment's mean loss, at most 1 long, and w₀ the weights as trained.
public struct TextAdaptation: Sendable, Equatable {
  /// How far a weight goes with a segment.
  public var rate: Float = 3e-4
  /// The share of the way back to the trained weights that it goes with each.
  public var decay: Float = 1e-3
  /// Tokens of a segment.
  public var steps = 32

  /// The defaults.
  public init() {}

  /// The first rule that these numbers break, as a sentence; nil if they are fine.
  public var problem: String? {
    var rules = OptionRules()
    rules.require(positive: ["the rate of adapting": rate])
    rules.require(shares: ["the decay of adapting": decay])
    rules.require(["the number of tokens of a segment": steps], in: 1...100_000)
    return rules.problem
  }
}

/// How well a network foretells a text that goes on learning from it.
public struct AdaptedEvaluation: Sendable, Codable, Equatable {
  /// The negative log-likelihood of the whole text, in nats.
  public let nats: Double
  /// The rate and decay of the steps, as in ``TextAdaptation``.
  public let rate, decay: Float
  /// The tokens of an adapting step, as in ``TextAdaptation``.
  public let steps: Int

  var explanation: String {
    "Adapting, the network learns from each \(steps) tokens after they were judged (rate \(rate), "
      + "decay \(decay)); the model stays as it was."
  }
}

extension TextGenerator {
  /// The same evaluation, with that of a copy of the network that goes on learning from the text
  /// beside it.
  ///
  /// - Throws: ``DataError`` if there is no text, or a number breaks a rule.
  public func evaluate(
    on files: [TextFile], adapting adaptation: TextAdaptation
  ) throws(DataError) -> GeneratorEvaluation {
    try require(adaptation.problem, of: "adapting")
    let text = try Self.text(of: files)
    var result = try evaluation(of: text)
    result.adapted = try adapted(to: text, adaptation)
    return result
  }

  private func adapted(
    to text: TextPart, _ adaptation: TextAdaptation
  ) throws(DataError) -> AdaptedEvaluation {
    let tokens = try CodedText(text, code, options)
    let segments = tokens.streams(1, steps: adaptation.steps)
    let trained = model.parameters.map(\.tensor)
    var model = model
    var state = model.initialState(batchSize: 1)
    var optimizer = Adam(learningRate: adaptation.rate, beta1: 0, beta2: 0.999)
    var nats = 0.0
    for index in 0..<segments.count {
      let segment = segments.batch([index])
      var after = state
      let (loss, gradients) = valueAndGradients(of: model) { model in
        after = state
        return model.forward(segment.inputs, state: &after, mode: .prediction)
          .loss(segment.targets)
      }
      state = after.detached
      nats += Double(loss) * Double(segment.targets.time)
      optimizer.update(&model, along: gradients.clipped(toNorm: 1))
      guard adaptation.decay > 0 else { continue }
      var goals = trained[...]
      model.updateParameters { _, weights in
        if let goal = goals.popFirst() { weights = weights + (goal - weights) * adaptation.decay }
      }
    }
    return AdaptedEvaluation(
      nats: nats + (try code.spelling(of: text)), rate: adaptation.rate, decay: adaptation.decay,
      steps: adaptation.steps)
  }
}
