import Foundation
import Recurrent
import RecurrentFiles

/// The yardstick of text generation: what symbols, characters or words, follow the last few, counted
/// on the training part, with the smoothing of Witten and Bell (1991).
///
///     P(c | h) = (count(h c) + kinds(h) · P(c | h′)) / (count(h) + kinds(h))
///
/// where h′ is h without its first symbol, kinds(h) the number of different symbols that followed h,
/// and the last P the same for every known symbol and one that stands for all others.
struct NGramBaseline<Symbol: Hashable & Sendable>: Sendable {
  /// n: symbols that are looked at together, the one foretold included.
  let order: Int
  private var numbers: [Symbol: Int] = [:]
  /// The node of each n-gram by that of the n-gram without its last symbol, and that symbol.
  private var children: [UInt64: Int32] = [:]
  /// By node: how often its n-gram occurs, how often it is followed, and by how many kinds.
  private var counts: [Int32] = [0]
  private var followers: [Int32] = [0]
  private var kinds: [Int32] = [0]

  /// Counts the symbols of a text.
  init(order: Int, _ text: some Sequence<Symbol>) {
    require(order >= 1, "an n-gram has at least one symbol, not \(order)")
    self.order = order
    var contexts: [Int32] = [0]
    for symbol in text {
      let number = numbers[symbol] ?? numbers.count
      numbers[symbol] = number
      contexts = contexts.map { count(number, after: $0) }
      contexts = [0] + contexts.prefix(order - 1)
    }
  }

  /// Takes note of a symbol after the n-gram of `node`; the node of both.
  private mutating func count(_ symbol: Int, after node: Int32) -> Int32 {
    let key = UInt64(node) << 32 | UInt64(symbol)
    let child = children[key] ?? Int32(counts.count)
    if child == counts.count {
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
    // The nodes of the n-grams that end here, the shortest first.
    var contexts: [Int32] = [0]
    var (sum, length) = (0.0, 0)
    for symbol in text {
      let number = numbers[symbol]
      var probability = 1 / Double(numbers.count + 1)
      var next: [Int32] = [0]
      for node in contexts {
        let key = number.map { UInt64(node) << 32 | UInt64($0) }
        let child = key.flatMap { children[$0] }
        let (all, kinds) = (Double(followers[Int(node)]), Double(kinds[Int(node)]))
        if all > 0 {
          let count = child.map { Double(counts[Int($0)]) } ?? 0
          probability = (count + kinds * probability) / (all + kinds)
        }
        if let child { next.append(child) }
      }
      contexts = Array(next.prefix(order))
      sum -= log(probability)
      length += 1
    }
    return sum / Double(max(1, length))
  }
}
