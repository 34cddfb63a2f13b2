import Foundation
import Recurrent

// The numbers of each evaluation by name, for programs: of evaluations that store counts they follow
// from these.

extension JobEvaluation {
  /// The headline.
  public var scores: [String: Double] { [headline.name: headline.value] }
  /// No baselines.
  public var baselines: [String: [String: Double]] { [:] }
}

extension ForecastEvaluation {
  /// Errors over all steps, and the skill.
  public var scores: [String: Double] {
    Self.scores(model).merging(["skill": skill]) { $1 }
  }

  /// Errors over all steps of the naive forecasts, `naive` and `seasonalNaive`, and of the classical
  /// methods by their names in reports.
  public var baselines: [String: [String: Double]] {
    var all = ["naive": Self.scores(naive)]
    all["seasonalNaive"] = seasonalNaive.map(Self.scores)
    for rival in rivals ?? [] { all[rival.name] = Self.scores(rival.errors) }
    return all
  }

  private static func scores(_ errors: Errors) -> [String: Double] {
    ["RMSE": errors.overall.rmse, "MAE": errors.overall.mae]
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

  /// Accuracy and macro F1 of the `majority` class and of the `bagOfWords`.
  public var baselines: [String: [String: Double]] {
    ["majority": majority, "bagOfWords": bagOfWords].compactMapValues { baseline in
      baseline.map { ["accuracy": $0.accuracy, "macroF1": $0.macroF1] }
    }
  }
}

extension TaggerEvaluation {
  /// Of chunks precision, recall and F1; the share of tokens with the right tag.
  public var scores: [String: Double] { scores(network) }

  /// Those of the `majority`, of plain tags the most frequent one, else no entity at all, and of a
  /// `dictionary` of the words of the training part.
  public var baselines: [String: [String: Double]] {
    ["majority": majority, "dictionary": dictionary].compactMapValues { $0.map(scores) }
  }

  private func scores(_ scores: Scores) -> [String: Double] {
    let all = scores.entities.overall
    return isPlain
      ? ["accuracy": scores.accuracy]
      : [
        "F1": all.f1, "precision": all.precision, "recall": all.recall,
        "accuracy": scores.accuracy,
      ]
  }
}

extension TranslationEvaluation {
  /// BLEU and chrF, 0 to 100, and the perplexity of a token.
  public var scores: [String: Double] {
    ["BLEU": network.bleu.score, "chrF": network.chrF.score, "perplexity": perplexity]
  }

  /// BLEU and chrF of a `copy` of the sentence, and of the translation of the `nearest` one of the
  /// training part.
  public var baselines: [String: [String: Double]] {
    ["copy": copy, "nearest": nearest].compactMapValues { scores in
      scores.map { ["BLEU": $0.bleu.score, "chrF": $0.chrF.score] }
    }
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

  /// Nats and bits a character of counts: `unigram` of tokens, `fiveGram` of what follows four of them.
  public var baselines: [String: [String: Double]] {
    ["unigram": unigram, "fiveGram": fiveGram].compactMapValues { nats in
      nats.map { ["nats": $0, "bits": $0 / log(2)] }
    }
  }
}

extension ComposerEvaluation {
  /// Nats a step or event over all of them, the mean of the tunes' own means, and the accuracy.
  public var scores: [String: Double] { Self.scores(model) }

  /// The scores of a `markov` chain and of the `marginal` frequencies.
  public var baselines: [String: [String: Double]] {
    ["markov": Self.scores(markov), "marginal": Self.scores(marginal)]
  }

  private static func scores(_ scores: Scores) -> [String: Double] {
    [
      "nats": scores.nllOverSteps, "natsOverTunes": scores.nllOverTunes,
      "accuracy": scores.accuracy,
    ]
  }
}

extension ImageEvaluation {
  /// The share of right answers, and the cross-entropy of an image in nats.
  public var scores: [String: Double] { ["accuracy": accuracy, "crossEntropy": crossEntropy] }

  /// The accuracy of the `majority` class.
  public var baselines: [String: [String: Double]] {
    ["majority": ["accuracy": Double(majorityCount) / Double(max(1, confusion.total))]]
  }
}
