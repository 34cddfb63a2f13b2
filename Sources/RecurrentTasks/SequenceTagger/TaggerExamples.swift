import Recurrent

/// Sentences as numbers of words, with the numbers of their tags.
public struct TaggerExamples: ExampleSet {
  /// A batch: its different words, and its sentences as numbers of these.
  public struct Batch {
    var words: WordFeatures
    let sentences: [[Int]]
    let tags: [[Int]]
    /// What is known of the words in their sentences, `[B, T, W + G]`.
    let contexts: SequenceBatch?
  }

  /// The features of all different words.
  private let words: WordFeatures
  private let sentences: [[Int]]
  private let tags: [[Int]]
  private let buckets: LengthBuckets
  private let extras: SequenceTagger.Words
  /// What is known of the words in each sentence, if that is kept.
  private let contexts: [[Float]]?
  /// The sentences' different words as text, where the network reads it.
  private let texts: [String]

  /// Sentences and as many tags as tokens.
  ///
  /// - Parameter keepsContexts: Whether what language models and lists know of each word is computed at
  ///   once and kept, and not for each batch anew.
  init(
    sentences: [[String]], tags: [[Int]], extras: SequenceTagger.Words, keepsContexts: Bool = true
  ) {
    let distinct = DistinctWords(sentences)
    words = extras.encoder.features(of: distinct.words)
    self.extras = extras
    contexts = keepsContexts ? extras.contexts(of: sentences) : nil
    texts = keepsContexts ? [] : distinct.words
    self.sentences = distinct.sentences
    self.tags = tags
    buckets = LengthBuckets(lengths: sentences.map(\.count))
  }
}

/// The different words of sentences in the order in which they come, and the sentences as numbers of
/// these.
struct DistinctWords<Word: Hashable> {
  var words: [Word] = []
  var sentences: [[Int]] = []

  init(_ sentences: [[Word]]) {
    var numbers: [Word: Int] = [:]
    self.sentences.reserveCapacity(sentences.count)
    for sentence in sentences {
      self.sentences.append(
        sentence.map { word in
          if let number = numbers[word] { return number }
          numbers[word] = words.count
          words.append(word)
          return words.count - 1
        })
    }
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TaggerExamples {
  public var count: Int { sentences.count }

  public func batch(_ indices: [Int]) -> Batch {
    let distinct = DistinctWords(indices.map { sentences[$0] })
    return Batch(
      words: WordFeatures(
        ids: distinct.words.map { words.ids[$0] }, shapes: distinct.words.map { words.shapes[$0] },
        characters: distinct.words.map { words.characters[$0] }),
      sentences: distinct.sentences, tags: indices.map { tags[$0] },
      contexts: contextBatch(indices))
  }

  private func contextBatch(_ indices: [Int]) -> SequenceBatch? {
    guard extras.contextSize.total > 0 else { return nil }
    if let contexts {
      return extras.contextBatch(
        indices.map { contexts[$0] }, lengths: indices.map { sentences[$0].count })
    }
    return extras.contextBatch(of: indices.map { sentences[$0].map { texts[$0] } })
  }

  public func batches(of order: [Int], size: Int) -> [[Int]] {
    buckets.batches(of: order, size: size)
  }
}
