import Recurrent

/// Sentences as numbers of words, with the numbers of their tags.
public struct TaggerExamples: ExampleSet {
  /// A batch: its different words, and its sentences as numbers of these.
  public struct Batch {
    var words: WordFeatures
    let sentences: [[Int]]
    let tags: [[Int]]
  }

  /// All different words.
  private let words: WordFeatures
  private let sentences: [[Int]]
  private let tags: [[Int]]
  private let buckets: LengthBuckets

  /// Sentences and as many tags as tokens.
  init(sentences: [[String]], tags: [[Int]], encoder: WordEncoder) {
    let distinct = DistinctWords(sentences)
    words = encoder.features(of: distinct.words)
    self.sentences = distinct.sentences
    self.tags = tags
    buckets = LengthBuckets(lengths: sentences.map(\.count))
  }

  public var count: Int { sentences.count }

  public func batch(_ indices: [Int]) -> Batch {
    let distinct = DistinctWords(indices.map { sentences[$0] })
    return Batch(
      words: WordFeatures(
        ids: distinct.words.map { words.ids[$0] }, shapes: distinct.words.map { words.shapes[$0] },
        characters: distinct.words.map { words.characters[$0] }),
      sentences: distinct.sentences, tags: indices.map { tags[$0] })
  }

  public func batches(of order: [Int], size: Int) -> [[Int]] {
    buckets.batches(of: order, size: size)
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
