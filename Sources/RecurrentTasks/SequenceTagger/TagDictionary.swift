import Recurrent

/// The yardstick of every tagger: each word with its most frequent tag, an unknown word with that of
/// all tokens.
struct TagDictionary {
  private let tags: [String: String]
  /// The most frequent tag of all.
  let majority: String

  init(_ sentences: some Sequence<TaggedSentences.Sentence>) {
    var counts: [String: [String: Int]] = [:]
    var all: [String: Int] = [:]
    for sentence in sentences {
      for (token, tag) in zip(sentence.tokens, sentence.tags) {
        counts[token, default: [:]][tag, default: 0] += 1
        all[tag, default: 0] += 1
      }
    }
    tags = counts.mapValues(Self.mostFrequent)
    majority = Self.mostFrequent(all)
  }

  func tags(of tokens: [String]) -> [String] { tokens.map { tags[$0] ?? majority } }

  /// Of equally frequent ones the first by letters.
  private static func mostFrequent(_ counts: [String: Int]) -> String {
    counts.min { ($1.value, $0.key) < ($0.value, $1.key) }?.key ?? "O"
  }
}
