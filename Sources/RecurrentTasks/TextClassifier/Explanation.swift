import Recurrent

/// How it is found out which tokens carried a decision.
public enum ExplanationMethod: String, Sendable, Codable, CaseIterable {
  /// Each token is left out once: how much less probable does the class become? Above 0 the token
  /// spoke for the class, below 0 against it.
  case occlusion
  /// The weights of attention pooling: where the network looked, which is not the same as what it
  /// concluded (Jain and Wallace 2019, arXiv:1902.10186).
  case attention
}

/// A decision and what each token did to it.
public struct Explanation: Sendable, Equatable {
  /// The class that was chosen.
  public var label: String
  /// The probability of the class, 0 to 1.
  public var probability: Float
  /// The method by which the weights came about.
  public var method: ExplanationMethod
  /// The tokens that were read, with their weights: changes of the probability, or shares of the
  /// attention.
  public var tokens: [(text: String, weight: Float)]
  /// Whether each token was read in training.
  public var isKnown: [Bool]

  /// Equal decisions with equal weights.
  public static func == (a: Explanation, b: Explanation) -> Bool {
    a.label == b.label && a.probability == b.probability && a.method == b.method
      && a.isKnown == b.isKnown && a.tokens.elementsEqual(b.tokens) { $0 == $1 }
  }

  /// The largest weight without its sign.
  var scale: Float { tokens.map { abs($0.weight) }.max() ?? 0 }
}

extension TextClassifier {
  /// Which tokens carried the decision on a text.
  ///
  /// - Throws: ``DataError`` if attention is asked for and the network has none.
  public func explain(
    _ text: String, by method: ExplanationMethod = .occlusion
  ) throws(DataError) -> Explanation {
    let tokens = encoder.tokens(in: text)
    let answer = classify(text)
    let chosen = labels.firstIndex(of: answer.label) ?? 0
    let weights: [Float]
    switch method {
    case .occlusion:
      let others = tokens.indices.map { left in
        encoder.encoded(Array(tokens[..<left] + tokens[(left + 1)...]))
      }
      weights = probabilities(of: others).map { answer.probability - $0[chosen] }
    case .attention:
      var sum = [Float](repeating: 0, count: tokens.count)
      let batch = encoder.batch([encoder.encoded(tokens)])
      for model in models where !tokens.isEmpty {
        guard let shares = model.attentionWeights(batch) else {
          throw DataError(
            file: configuration.trainedOn,
            problem: "the classifier has \(options.pooling.rawValue) pooling, not attention")
        }
        for (place, share) in shares.elements.enumerated() {
          sum[place] += share / Float(models.count)
        }
      }
      weights = sum
    }
    return Explanation(
      label: answer.label, probability: answer.probability, method: method,
      tokens: zip(tokens, weights).map { ($0, $1) },
      isKnown: tokens.map(encoder.knows))
  }
}
