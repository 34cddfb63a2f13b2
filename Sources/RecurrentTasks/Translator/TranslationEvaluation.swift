import Foundation
import Recurrent

/// How well sentences were translated, beside what takes no network.
public struct TranslationEvaluation: JobEvaluation {
  /// The scores of some translations.
  public struct Scores: Sendable, Codable, Equatable {
    /// The BLEU of the translations, 0 to 100.
    public let bleu: BLEU
    /// The chrF2 of the translations, 0 to 100.
    public let chrF: ChrF

    init(_ translations: [String], _ pairs: [SentencePairs.Pair], lowercases: Bool) {
      let count = pairs.map(\.targets.count).min() ?? 1
      let references = (0..<count).map { index in pairs.map { $0.targets[index] } }
      bleu = BLEU(of: translations, references: references, lowercases: lowercases)
      chrF = ChrF(of: translations, references: references, lowercases: lowercases)
    }
  }

  /// A sentence with what was made of it.
  public struct Sample: Sendable, Codable, Equatable {
    /// The sentence.
    public let source: String
    /// A person's translation.
    public let reference: String
    /// The network's translation.
    public let translation: String
  }

  /// The scores of the network.
  public let network: Scores
  /// The scores of sentences that are left as they are.
  public let copy: Scores
  /// Those of the translation of the training sentence that shares the most words; nil where the
  /// training part is not at hand.
  public let nearest: Scores?
  /// exp of the mean cross-entropy of a token of the references.
  public let perplexity: Double
  /// The width of the beam.
  public let beam: Int
  /// α of the length penalty.
  public let lengthPenalty: Float
  /// β of the coverage penalty; nil: 0.
  public let coveragePenalty: Float?
  /// The number of pairs.
  public let count: Int
  /// Sentences that were cut to the maximum length.
  public let truncated: Int
  /// Some sentences.
  public let samples: [Sample]

  /// A line that says whether the network is worth having.
  public var verdict: String {
    let others =
      [("the copied source", copy)] + (nearest.map { [("the nearest sentence", $0)] } ?? [])
    // Sentences under four words have a BLEU of 0, however right they are.
    let tells = network.bleu.score > 0
    func score(_ scores: Scores) -> Double { tells ? scores.bleu.score : scores.chrF.score }
    guard let best = others.max(by: { score($0.1) < score($1.1) }) else { return "" }
    let (own, other) = (score(network), score(best.1))
    let points =
      NumberFormat.fixed(abs(own - other), 1) + (tells ? " BLEU" : " \(network.chrF.name)")
    let result =
      own > other
      ? "beats \(best.0) by \(points)"
      : "does NOT beat \(best.0): it is \(own == other ? "no better" : "\(points) worse")"
    let note = tells ? "" : " (Its BLEU is 0, as is that of sentences under four words.)"
    return "The network \(result).\(note)"
  }
}

extension TranslationEvaluation {

  /// Scores, signatures, samples and the verdict.
  public var description: String {
    var rows = [["", "BLEU", network.chrF.name]]
    func add(_ name: String, _ scores: Scores) {
      rows.append([
        name, NumberFormat.fixed(scores.bleu.score, 2), NumberFormat.fixed(scores.chrF.score, 2),
      ])
    }
    add("network, beam \(beam)", network)
    if let nearest { add("nearest sentence", nearest) }
    add("source copied", copy)
    var text = TextTable(rows).description
    text += "\n\nBLEU \(network.bleu.signature)\n\(network.chrF.name) \(network.chrF.signature)"
    text += "\nlength penalty of Wu et al. 2016, α = \(lengthPenalty)"
    if let coveragePenalty { text += "; coverage penalty, β = \(coveragePenalty)" }
    let ratio = Double(network.bleu.length) / Double(max(1, network.bleu.referenceLength))
    text += "; length \(NumberFormat.fixed(ratio, 3)) of the references'"
    text += "\nperplexity \(NumberFormat.fixedOrShort(perplexity, 2)) a token"
    if truncated > 0 { text += "; \(truncated) sentences cut to the maximum length" }
    for sample in samples {
      text += "\n\n  \(sample.source)\n= \(sample.reference)\n→ \(sample.translation)"
    }
    return text + "\n\n\(verdict)"
  }
}

extension Translator {
  /// How well it translates sentences whose translation is known.
  ///
  /// - Parameters:
  ///   - beam: translations that are pursued at once; nil: as in the options.
  ///   - lengthPenalty: α; nil: as in the options.
  ///   - coveragePenalty: β; nil: as in the options.
  /// - Throws: ``DataError`` if there are no pairs, or for what
  ///   ``translations(of:beam:lengthPenalty:coveragePenalty:keepsAttention:)`` refuses.
  public func evaluate(
    on pairs: SentencePairs, beam: Int? = nil, lengthPenalty: Float? = nil,
    coveragePenalty: Float? = nil
  ) throws(DataError) -> (evaluation: TranslationEvaluation, translations: [String]) {
    try require(
      pairs.pairs.isEmpty ? "there are no pairs of sentences in it" : nil, of: pairs.origin)
    return measured(
      pairs, training: nil,
      try asked(beam: beam, lengthPenalty: lengthPenalty, coveragePenalty: coveragePenalty))
  }

  /// How well it translates, with the options it was trained with.
  ///
  /// - Throws: ``DataError`` if there are no pairs.
  public func evaluate(on pairs: SentencePairs) throws(DataError) -> TranslationEvaluation {
    try evaluate(on: pairs, beam: nil, lengthPenalty: nil).evaluation
  }

  func evaluation(
    _ pairs: SentencePairs, training: SentencePairs
  ) -> TranslationEvaluation {
    measured(pairs, training: training, options).evaluation
  }

  private func measured(
    _ part: SentencePairs, training: SentencePairs?, _ options: TranslatorOptions
  ) -> (evaluation: TranslationEvaluation, translations: [String]) {
    let pairs = part.pairs
    let translations = search(pairs.map(\.source), options, keepsAttention: false).map {
      $0.first?.text ?? ""
    }
    let lowercases = options.normalization.lowercases
    func scores(_ texts: [String]) -> TranslationEvaluation.Scores {
      .init(texts, pairs, lowercases: lowercases)
    }
    let memory = training.map(NearestSentence.init)
    let samples = stride(from: 0, to: pairs.count, by: max(1, (pairs.count + 4) / 5)).map {
      TranslationEvaluation.Sample(
        source: pairs[$0].source, reference: pairs[$0].target, translation: translations[$0])
    }
    let evaluation = TranslationEvaluation(
      network: scores(translations), copy: scores(pairs.map(\.source)),
      nearest: memory.map { memory in scores(pairs.map { memory.translation(of: $0.source) }) },
      perplexity: perplexity(pairs), beam: options.beam,
      lengthPenalty: options.lengthPenalty, coveragePenalty: options.coveragePenalty,
      count: pairs.count,
      truncated: pairs.count { source.ids(of: $0.source).count > options.maximumLength },
      samples: samples)
    return (evaluation, translations)
  }

  /// exp of the mean cross-entropy of a token of the references, their ends counted.
  private func perplexity(_ pairs: [SentencePairs.Pair]) -> Double {
    let limit = options.maximumLength
    let examples = TranslationExamples(
      sources: pairs.map { Array(source.ids(of: $0.source).prefix(limit)) },
      targets: pairs.map { Array(target.ids(of: $0.target).prefix(limit)) }, tokenBudget: 8192)
    var (sum, count) = (0.0, 0)
    for rows in examples.batches(of: Array(0..<examples.count), size: 256) {
      let batch = examples.batch(rows)
      let tokens = batch.targets.reduce(0) { $0 + $1.count + 1 }
      count += tokens
      if models.count == 1 {
        let loss = model.loss(batch, labelSmoothing: 0, mode: .prediction).value
        sum += Double(loss) * Double(tokens)
      } else {
        let mean = TranslatorEnsemble.logMean(models.map { Tensor($0.logProbabilities(batch)) })
        sum -= mean.elements.reduce(0) { $0 + Double($1) }
      }
    }
    return exp(sum / Double(max(1, count)))
  }
}

/// The memory of the training part: answers with the translation of the sentence that shares the
/// most words with the one asked for, rare words counting more (tf-idf, cosine).
struct NearestSentence {
  private let pairs: [SentencePairs.Pair]
  private let tokenizer = Tokenizer(.word, normalization: TextNormalization(lowercases: true))
  private var places: [String: [Int]] = [:]
  private var norms: [Double] = []

  init(_ training: SentencePairs) {
    pairs = training.pairs
    let words = pairs.map { [tokenizer] in Set(tokenizer.tokens(in: $0.source)) }
    for (index, words) in words.enumerated() {
      for word in words { places[word, default: []].append(index) }
    }
    norms = words.map { words in
      words.sorted().reduce(0) { $0 + weight($1) * weight($1) }.squareRoot()
    }
  }

  private func weight(_ word: String) -> Double {
    log(Double(pairs.count + 1) / Double((places[word]?.count ?? 0) + 1)) + 1
  }

  /// Of equally near ones, the first.
  func translation(of sentence: String) -> String {
    var overlaps = [Double](repeating: 0, count: pairs.count)
    for word in Set(tokenizer.tokens(in: sentence)).sorted() {
      let square = weight(word) * weight(word)
      for place in places[word] ?? [] { overlaps[place] += square }
    }
    let best = overlaps.indices.reduce(0) { best, index in
      overlaps[index] / max(norms[index], 1e-9) > overlaps[best] / max(norms[best], 1e-9)
        ? index : best
    }
    return pairs[best].target
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TranslationEvaluation {
  public var headline: EpochScore { EpochScore("BLEU", network.bleu.score, isHigherBetter: true) }
  public var size: String { "\(count) pairs" }
}
