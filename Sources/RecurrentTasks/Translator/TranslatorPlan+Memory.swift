import Recurrent

extension TranslatorPlan {
  /// About how many bytes the whole training takes at its height: the program, the pairs as text and as tokens, a
  /// training step on the longest pairs, and what the report reads at once. Buffers of pairs of other lengths wait to be
  /// used again.
  var processBytes: Double {
    let (network, examples) = (outline, trainingExamples)
    let (vector, units) = (options.embeddingSize, options.hiddenSize)
    let weights = MemoryPlan.smallestBytes(
      paths: [], parameterCount: network.parameterCount, batchSize: 1, time: 1)
    let rows = min(options.batchSize, examples.count)
    let (read, said) = Self.longest(rows, of: examples)
    let encoder = MemoryPlan(
      paths: network.paths, parameterCount: network.parameterCount, batchSize: rows,
      time: read / max(1, rows))
    // Beside the encoder's layers: vectors and what dropout makes of them, what is looked at, and of each step of the
    // decoder its gates, states and weights of attention, with the gradients of all.
    let decoder = read * (3 * vector + 10 * units) + said * (8 * vector + 36 * units)
    let step =
      (encoder?.bytes ?? weights) - weights + Double(decoder + logits(said)) * 4
    let judged = Self.longest(256, of: self.examples(test), atMost: 8192)
    let report =
      judged.read * (2 * vector + 14 * units) + judged.said * (3 * vector + 22 * units)
    return 33e6 + weights + pairBytes + 2 * step + Double(report + logits(judged.said)) * 4
  }

  /// Tokens of both sides of so many of the longest pairs, the ends of translations counted.
  private static func longest(
    _ count: Int, of examples: TranslationExamples, atMost most: Int = .max
  ) -> (read: Int, said: Int) {
    func sum(_ lengths: [Int]) -> Int {
      min(most, lengths.sorted(by: >).prefix(count).reduce(0, +))
    }
    return (sum(examples.sources.map(\.count)), sum(examples.targets.map { $0.count + 1 }))
  }

  /// Scores of all tokens at so many steps, of which no more than a block are there at once, and what products pack of them.
  private func logits(_ steps: Int) -> Int { 2 * min(steps * target.vocabulary.count, 1 << 23) }

  /// The pairs as text, those of training as numbers too, and the tokens that are known.
  private var pairBytes: Double {
    let pairs = [training, backTranslated, validation, test].flatMap(\.pairs)
    let text = pairs.reduce(0) { sum, pair in
      pair.targets.reduce(sum + pair.source.utf8.count) { $0 + $1.utf8.count }
    }
    let tokens = [trainingExamples.sources, trainingExamples.targets].reduce(0) { sum, side in
      side.reduce(sum) { $0 + $1.count }
    }
    let known = source.vocabulary.count + target.vocabulary.count
    return Double(text + pairs.count * 300 + tokens * 8 + known * 150)
  }
}
