/// Finds the most frequent pairs of neighbours in counted words, one after the other.
///
/// The counts of pairs are kept up to date join by join: only the words that hold the pair are
/// looked at again. Of equally frequent pairs the one of older symbols wins, so that the result
/// depends on the texts alone.
struct PairLearner {
  typealias Pair = BytePairEncoding.Pair

  private(set) var symbols: [String]
  private(set) var joins: [Pair] = []
  /// Unicode scalars of each symbol.
  private var lengths: [Int]
  let characterCount: Int
  private var words: [(symbols: [Int], count: Int)] = []
  private var counts: [Pair: Int] = [:]
  private var places: [Pair: Set<Int>] = [:]
  private var queue = PairQueue()

  /// Words and how often they occur; characters as symbols, the most frequent first, until they
  /// make up a share of `characterCoverage` of all.
  init(_ wordCounts: [String: Int], characterCoverage: Double) {
    var characters: [UnicodeScalar: Int] = [:]
    for (word, count) in wordCounts {
      for scalar in word.unicodeScalars { characters[scalar, default: 0] += count }
    }
    let sorted = characters.sorted {
      $0.value != $1.value ? $0.value > $1.value : $0.key.value < $1.key.value
    }
    let wanted = characterCoverage * Double(characters.values.reduce(0, +))
    var covered = 0
    symbols = []
    for (scalar, count) in sorted where Double(covered) < wanted || characterCoverage >= 1 {
      symbols.append(String(scalar))
      covered += count
    }
    characterCount = symbols.count
    lengths = Array(repeating: 1, count: characterCount)
    let numbers = Dictionary(
      uniqueKeysWithValues: sorted.prefix(characterCount).enumerated().map { ($1.key, $0) })
    // Sorted, so that nothing depends on the order of a dictionary.
    for (word, count) in wordCounts.sorted(by: { $0.key < $1.key }) {
      words.append((word.unicodeScalars.map { numbers[$0] ?? -1 }, count))
    }
    for word in words.indices { add(word, sign: 1) }
    for (pair, count) in counts { queue.insert(count, pair) }
  }

  /// Joins the most frequent pair; false if none occurs twice.
  mutating func joinMostFrequent() -> Bool {
    while let (count, pair) = queue.popLargest() {
      // An entry is old if the pair was counted again since.
      guard counts[pair] == count else { continue }
      guard count >= 2 else { return false }
      guard length(of: pair) <= BytePairEncoding.longestPart else { continue }
      join(pair)
      return true
    }
    return false
  }

  private func length(of pair: Pair) -> Int { lengths[pair.left] + lengths[pair.right] }

  private mutating func join(_ pair: Pair) {
    let symbol = symbols.count
    symbols.append(symbols[pair.left] + symbols[pair.right])
    lengths.append(length(of: pair))
    joins.append(pair)
    var touched: Set<Pair> = []
    for word in (places[pair] ?? []).sorted() {
      touched.formUnion(pairs(of: word))
      add(word, sign: -1)
      words[word].symbols = Self.joined(words[word].symbols, pair, symbol)
      add(word, sign: 1)
      touched.formUnion(pairs(of: word))
    }
    for pair in touched {
      if let count = counts[pair], count > 0 { queue.insert(count, pair) }
    }
  }

  private static func joined(_ symbols: [Int], _ pair: Pair, _ symbol: Int) -> [Int] {
    var result: [Int] = []
    var index = 0
    while index < symbols.count {
      if index + 1 < symbols.count, symbols[index] == pair.left, symbols[index + 1] == pair.right {
        result.append(symbol)
        index += 2
      } else {
        result.append(symbols[index])
        index += 1
      }
    }
    return result
  }

  private func pairs(of word: Int) -> [Pair] {
    let symbols = words[word].symbols
    return zip(symbols, symbols.dropFirst()).compactMap { left, right in
      left < 0 || right < 0 ? nil : Pair(left: left, right: right)
    }
  }

  private mutating func add(_ word: Int, sign: Int) {
    for pair in pairs(of: word) {
      let count = (counts[pair] ?? 0) + sign * words[word].count
      counts[pair] = count > 0 ? count : nil
      if sign > 0 {
        places[pair, default: []].insert(word)
      } else {
        places[pair]?.remove(word)
      }
    }
  }
}

/// Pairs by count in a binary heap; of equal counts the pair of older symbols first.
private struct PairQueue {
  private var heap: [(count: Int, pair: BytePairEncoding.Pair)] = []

  mutating func insert(_ count: Int, _ pair: BytePairEncoding.Pair) {
    heap.append((count, pair))
    var child = heap.count - 1
    while child > 0, precedes(child, (child - 1) / 2) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func popLargest() -> (count: Int, pair: BytePairEncoding.Pair)? {
    guard !heap.isEmpty else { return nil }
    heap.swapAt(0, heap.count - 1)
    let result = heap.removeLast()
    var parent = 0
    while true {
      let children = [2 * parent + 1, 2 * parent + 2].filter { $0 < heap.count }
      guard let first = children.min(by: precedes), precedes(first, parent) else { return result }
      heap.swapAt(parent, first)
      parent = first
    }
  }

  private func precedes(_ a: Int, _ b: Int) -> Bool {
    let (a, b) = (heap[a], heap[b])
    if a.count != b.count { return a.count > b.count }
    return (a.pair.left, a.pair.right) < (b.pair.left, b.pair.right)
  }
}
