import Recurrent

extension TextClassifierPlan {
  /// About how many bytes the whole training takes at its height: the program, the texts and their tokens, the words
  /// that are known and counted, a training step on the longest texts.
  var processBytes: Double {
    let parts = [training, validation, test].map(\.examples)
    let texts = Double(parts.reduce(0) { $0 + $1.count })
    let bytes = Double(parts.reduce(0) { $0 + $1.reduce(0) { $0 + $1.byteCount } })
    // A text as it was read, and in its part; its length, and its place in an order and in a batch.
    let kept =
      texts * Double(2 * MemoryLayout<LabeledTexts.Example>.stride + 40)
      + min(bytes, Double(TextStore.mostKept))
      + Double(trainingTexts.keptSize + validationTexts.keptSize)
    let words =
      Double(encoder.vocabulary.count) * 150 + Double(encoder.naiveBayes?.size ?? 0) * 450
    let network = outline
    let lengths = (0..<trainingTexts.count).lazy.map(trainingTexts.length)
    let longest = max(1, lengths.max() ?? 1)
    let rows =
      options.tokenBudget.map { max(1, $0 / longest) }
      ?? min(options.batchSize, training.examples.count)
    let step = MemoryPlan(
      paths: network.paths, parameterCount: network.parameterCount, batchSize: rows, time: longest)
    // Beside the recurrent layers: what dropout leaves of vectors, its mask and its gradient; what attention
    // pooling makes of each state.
    let beside =
      (options.dropout > 0 ? 3 * options.embeddingSize : 0)
      + (options.pooling == .attention ? 3 * options.hiddenSize + options.featureSize : 0)
    return 33e6 + kept + words + (step?.bytes ?? 0) + Double(rows * longest * beside) * 4
  }
}
