import Recurrent

/// Sentences that are cut another way each time they are learned from: BPE-dropout (Provilkov et al.
/// 2020, arXiv:1910.13267).
struct SampledSentences: Sendable {
  private let bytePairs: BytePairEncoding
  private let rate: Float
  private let maximumLength: Int
  /// The token of each symbol.
  private let tokens: [Int]
  /// The different words, as characters.
  private let words: [[Int]]
  /// The words of each sentence, as places among the different ones.
  private let sentences: [[Int32]]

  /// Nil where sentences are cut as ever.
  init?(_ sentences: [String], by encoder: SentenceEncoder, _ options: TranslatorOptions) {
    guard let rate = options.bpeDropout, rate > 0, let bytePairs = encoder.tokenizer.bytePairs
    else { return nil }
    (self.bytePairs, self.rate, maximumLength) = (bytePairs, rate, options.maximumLength)
    tokens = encoder.vocabulary.ids(of: bytePairs.symbols)
    var words: [[Int]] = []
    var places: [[Int]: Int32] = [:]
    self.sentences = sentences.map { sentence in
      bytePairs.words(in: encoder.tokenizer.normalization(sentence)).map { word in
        if let place = places[word] { return place }
        let place = Int32(words.count)
        places[word] = place
        words.append(word)
        return place
      }
    }
    self.words = words
  }

  /// A sentence as the key cuts it; nil where it would be longer than sentences may be.
  func tokens(of sentence: Int, _ key: RandomKey) -> [Int]? {
    var generator = RandomGenerator(key)
    var result: [Int] = []
    for word in sentences[sentence] {
      let symbols = bytePairs.joined(words[Int(word)]) { generator.uniform() < rate }
      result += symbols.map { $0 >= 0 ? tokens[$0] : 0 }
    }
    return result.count <= maximumLength ? result : nil
  }
}
