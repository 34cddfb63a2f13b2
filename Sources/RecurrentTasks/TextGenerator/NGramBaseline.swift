import Foundation
import Recurrent
import RecurrentFiles

/// The yardstick of text generation: what symbols, characters or words, follow the last few, counted
/// on the training part, with the smoothing of Witten and Bell (1991).
///
///     P(c | h) = (count(h c) + kinds(h) · P(c | h′)) / (count(h) + kinds(h))
///
/// where h′ is h without its first symbol, kinds(h) the number of different symbols that followed h,
/// and the last P the same for every known symbol and one that stands for all others. Only so many
/// different n-grams are counted as a text finds first (`limit`): memory has a bound.
struct NGramBaseline<Symbol: Hashable & Sendable>: Sendable {
  /// n: symbols that are looked at together, the one foretold included.
  let order: Int
  /// The most n-grams of all lengths that are told apart.
  let limit: Int
  private var numbers: [Symbol: Int] = [:]
  /// The node of each n-gram by that of the n-gram without its last symbol, and that symbol.
  private var children: [UInt64: Int32] = [:]
  /// By node: how often its n-gram occurs, how often it is followed, and by how many kinds.
  private var counts: [Int32] = [0]
  private var followers: [Int32] = [0]
  private var kinds: [Int32] = [0]
  /// The nodes of the n-grams that end with what was counted last, the shortest first; of those that are
  /// not counted none.
  private var ending: [Int32?] = [0]

  /// They take about 0.6 GB.
  static var mostCounted: Int { 1 << 24 }

  /// What a text gives that is judged piece by piece.
  struct Score {
    fileprivate var contexts: [Int32] = [0]
    fileprivate var sum = 0.0
    fileprivate var length = 0

    /// The mean negative log-likelihood of the symbols so far, in nats.
    var nats: Double { sum / Double(max(1, length)) }
  }

  /// Counts the symbols of a text.
  init(order: Int, _ text: some Sequence<Symbol>) {
    self.init(order: order)
    count(text)
  }

  /// Counts that begin with nothing.
  ///
  /// - Parameter limit: the most different n-grams, of all lengths, that are counted.
  init(order: Int, limit: Int = Self.mostCounted) {
    require(order >= 1, "an n-gram has at least one symbol, not \(order)")
    self.order = order
    self.limit = limit
  }

  /// Whether there were more different n-grams than are counted.
  private(set) var isPartial = false

  /// Counts symbols that follow those before.
  mutating func count(_ text: some Sequence<Symbol>) {
    for symbol in text {
      let number = numbers[symbol] ?? numbers.count
      numbers[symbol] = number
      for place in ending.indices {
        ending[place] = ending[place].flatMap { count(number, after: $0) }
      }
      ending = [0] + ending.prefix(order - 1)
    }
  }

  /// Takes note of a symbol after the n-gram of `node`; the node of both, if it is counted.
  private mutating func count(_ symbol: Int, after node: Int32) -> Int32? {
    let key = UInt64(node) << 32 | UInt64(symbol)
    let child = children[key] ?? Int32(counts.count)
    if child == counts.count {
      guard child <= limit else {
        isPartial = true
        return nil
      }
      children[key] = child
      counts.append(0)
      followers.append(0)
      kinds.append(0)
      kinds[Int(node)] += 1
    }
    counts[Int(child)] += 1
    followers[Int(node)] += 1
    return child
  }

  /// The mean negative log-likelihood of a text's symbols, in nats.
  func nats(_ text: some Sequence<Symbol>) -> Double {
    var score = Score()
    judge(text, &score)
    return score.nats
  }

  /// Judges symbols that follow those before.
  func judge(_ text: some Sequence<Symbol>, _ score: inout Score) {
    for symbol in text {
      let number = numbers[symbol]
      var probability = 1 / Double(numbers.count + 1)
      var next: [Int32] = [0]
      for node in score.contexts {
        let key = number.map { UInt64(node) << 32 | UInt64($0) }
        let child = key.flatMap { children[$0] }
        let (all, kinds) = (Double(followers[Int(node)]), Double(kinds[Int(node)]))
        if all > 0 {
          let count = child.map { Double(counts[Int($0)]) } ?? 0
          probability = (count + kinds * probability) / (all + kinds)
        }
        if let child { next.append(child) }
      }
      score.contexts = Array(next.prefix(order))
      score.sum -= log(probability)
      score.length += 1
    }
  }
}
