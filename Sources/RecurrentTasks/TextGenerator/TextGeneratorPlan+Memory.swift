import Foundation
import Recurrent

extension TextGeneratorPlan {
  /// About how many bytes the whole training takes at its height: the program, the tokens that are kept, then a
  /// training step or the counts of the report's 5-gram.
  var processBytes: Double {
    let (network, streams) = (outline, trainingExamples.targets.batchSize)
    let step = MemoryPlan(
      paths: network.paths, parameterCount: network.parameterCount, batchSize: streams,
      time: options.steps)
    // Beside the recurrent layers: what dropout leaves of their output, its mask and its gradient.
    let beside = Double(streams * options.steps * options.hiddenSize) * 12
    // Different n-grams are ever fewer of the characters that come; of words nearly each is new.
    let known = Double(training.count + validation.count)
    let nGrams =
      test.isEmpty ? 0 : code.words == true ? known / 5 * 3.2 : 40 * pow(known, 0.62)
    return 33e6 + Double(trainingTokens.keptSize + validationTokens.keptSize)
      + Double(code.vocabulary.count) * 150
      + max((step?.bytes ?? 0) + beside, min(nGrams, Double(NGramBaseline<Int>.mostCounted)) * 48)
  }
}
