import Recurrent

// The numbers of each evaluation by name, for programs: of evaluations that store counts they follow
// from these.

extension JobEvaluation {
  /// The headline.
  public var scores: [String: Double] { [headline.name: headline.value] }
}

extension ForecastEvaluation {
  /// Errors over all steps, and the skill.
  public var scores: [String: Double] {
    ["RMSE": model.overall.rmse, "MAE": model.overall.mae, "skill": skill]
  }
}

extension ClassifierEvaluation {
  /// The share of right answers, the mean F1 over classes that occur, the log loss in nats.
  public var scores: [String: Double] {
    [
      "accuracy": confusion.accuracy, "macroF1": confusion.macroF1,
      "logLoss": calibration.logLoss,
    ]
  }
}

extension TaggerEvaluation {
  /// Of chunks precision, recall and F1; the share of tokens with the right tag.
  public var scores: [String: Double] {
    let all = network.entities.overall
    return isPlain
      ? ["accuracy": network.accuracy]
      : [
        "F1": all.f1, "precision": all.precision, "recall": all.recall,
        "accuracy": network.accuracy,
      ]
  }
}

extension TranslationEvaluation {
  /// BLEU and chrF, 0 to 100, and the perplexity of a token.
  public var scores: [String: Double] {
    ["BLEU": network.bleu.score, "chrF": network.chrF.score, "perplexity": perplexity]
  }
}

extension GeneratorEvaluation {
  /// Nats and bits a character, and the perplexity of a token; nats of a network that adapts, if it
  /// was asked.
  public var scores: [String: Double] {
    var scores = ["nats": natsPerCharacter, "bits": bitsPerCharacter, "perplexity": perplexity]
    scores["adaptedNats"] = adapted.map { $0.nats / Double(max(1, characters)) }
    return scores
  }
}

extension ComposerEvaluation {
  /// Nats a step or event over all of them, the mean of the tunes' own means, and the accuracy.
  public var scores: [String: Double] {
    [
      "nats": model.nllOverSteps, "natsOverTunes": model.nllOverTunes,
      "accuracy": model.accuracy,
    ]
  }
}

extension ImageEvaluation {
  /// The share of right answers, and the cross-entropy of an image in nats.
  public var scores: [String: Double] { ["accuracy": accuracy, "crossEntropy": crossEntropy] }
}
