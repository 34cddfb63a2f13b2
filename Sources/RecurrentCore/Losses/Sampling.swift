import Foundation
import RecurrentFiles

/// How one of several classes is drawn from their logits: what a model writes, plays or chooses
/// next.
///
/// Temperature comes first, then the limits: of what they leave, each class keeps its share.
///
/// ```swift
/// var generator = RandomGenerator(RandomKey(seed: 1).child(position))
/// let token = Sampling(temperature: 0.8, topP: 0.95).draw(from: logits, using: &generator)
/// ```
public struct Sampling: Sendable, Codable, Equatable {
  /// Logits are divided by it: below 1 what is likely becomes likelier, above 1 less so; 0 takes
  /// the likeliest always.
  public var temperature: Double
  /// Only so many of the likeliest may be drawn.
  public var topK: Int?
  /// Only the fewest of the likeliest may be drawn that have this probability together, after
  /// temperature and `topK` (nucleus sampling, Holtzman et al. 2020, arXiv:1904.09751).
  public var topP: Double?

  /// Plain drawing, with what is given changed.
  public init(temperature: Double = 1, topK: Int? = nil, topP: Double? = nil) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
  }

  /// The first rule that is broken, as a sentence; nil if all is fine.
  public var problem: String? {
    if !(temperature >= 0 && temperature.isFinite) {
      return "a temperature is a number of at least 0, not \(temperature)"
    }
    if let topK, topK < 1 { return "top-k is at least 1, not \(topK)" }
    if let topP, !(topP > 0 && topP <= 1) { return "top-p is above 0 and at most 1, not \(topP)" }
    return nil
  }

  /// The classes that may be drawn with their probabilities, likeliest first; of equally likely
  /// ones the lowest first.
  ///
  /// - Parameters:
  ///   - logits: V numbers.
  ///   - allowed: The classes that are looked at; nil: all. A logit of -∞ is never drawn.
  public func candidates(
    of logits: [Double], among allowed: [Int]? = nil
  ) -> [(class: Int, probability: Double)] {
    if let problem { trap(problem) }
    let likeliest = Likeliest(logits, among: allowed)
    guard let first = likeliest.first else { return [] }
    if temperature == 0 { return [(first, 1)] }
    let order = Array(IteratorSequence(likeliest).prefix(topK ?? logits.count))
    let highest = logits[first]
    var weights = order.map { exp((logits[$0] - highest) / temperature) }
    if let topP {
      let needed = topP * weights.reduce(0, +)
      var sum = 0.0
      let count = weights.firstIndex {
        sum += $0
        return sum >= needed
      }
      weights = Array(weights.prefix((count ?? weights.count - 1) + 1))
    }
    let total = weights.reduce(0, +)
    return zip(order, weights).map { ($0, $1 / total) }
  }

  /// One of the candidates, by one random number; nil if there is none.
  ///
  /// - Complexity: O(V + k · log V), where k candidates are likelier than the one that is drawn, or
  ///   with `topK` are let in.
  public func draw(
    from logits: [Double], among allowed: [Int]? = nil,
    using generator: inout some RandomNumberGenerator
  ) -> Int? {
    let number = Double(generator.next() >> 11) * 0x1p-53
    if topK == nil, let drawn = drawnEarly(from: logits, among: allowed, by: number) {
      return drawn
    }
    let candidates = candidates(of: logits, among: allowed)
    var rest = number
    for (candidate, probability) in candidates {
      rest -= probability
      if rest < 0 { return candidate }
    }
    return candidates.last?.class
  }

  /// What is drawn of all candidates, told from the first few in their order; nil where that cannot
  /// be told for sure.
  ///
  /// The candidates' sum is here taken in another order. Both sums are rounded; where the difference
  /// could matter, the draw is left to the sum in order.
  private func drawnEarly(from logits: [Double], among allowed: [Int]?, by number: Double) -> Int? {
    if let problem { trap(problem) }
    var likeliest = Likeliest(logits, among: allowed)
    guard let first = likeliest.first else { return nil }
    if temperature == 0 { return first }
    func weight(_ candidate: Int) -> Double {
      exp((logits[candidate] - logits[first]) / temperature)
    }
    let sum = likeliest.unordered.reduce(0) { $0 + weight($1) }
    // Each of V terms adds at most 2⁻⁵³ of a sum of 1 to the error, four times: of two sums, and of
    // two times what is subtracted.
    let slack = Double(likeliest.unordered.count + 1) * 0x1p-50
    var (chosen, weights, taken) = ([Int](), [Double](), 0.0)
    var rest = number
    while let next = likeliest.next() {
      let own = weight(next)
      guard let topP else {
        rest -= own / sum
        guard rest > slack else { return rest < -slack ? next : nil }
        continue
      }
      chosen.append(next)
      weights.append(own)
      taken += own
      guard taken < topP * sum * (1 - slack) else {
        guard taken > topP * sum * (1 + slack) else { return nil }
        // These are the candidates, and their sum is that in order.
        let place = weights.firstIndex {
          rest -= $0 / taken
          return rest < 0
        }
        return chosen[place ?? chosen.count - 1]
      }
    }
    return nil
  }
}

/// Classes from the likeliest down, of equally likely ones the lowest first, put in order only as far
/// as they are asked for: a binary heap. Those that can never be drawn are left out.
private struct Likeliest: IteratorProtocol {
  private let logits: [Double]
  /// The indices that are left, in no order.
  private(set) var unordered: [Int]

  init(_ logits: [Double], among allowed: [Int]?) {
    self.logits = logits
    unordered = (allowed ?? Array(logits.indices)).filter { logits[$0] > -.infinity }
    for place in stride(from: unordered.count / 2 - 1, through: 0, by: -1) { sink(from: place) }
  }

  /// The likeliest that is left.
  var first: Int? { unordered.first }

  mutating func next() -> Int? {
    guard let first, let last = unordered.popLast() else { return nil }
    if !unordered.isEmpty {
      unordered[0] = last
      sink(from: 0)
    }
    return first
  }

  private mutating func sink(from start: Int) {
    var place = start
    while true {
      var best = place
      for child in 2 * place + 1..<max(2 * place + 1, min(2 * place + 3, unordered.count))
      where precedes(unordered[child], unordered[best]) {
        best = child
      }
      guard best != place else { return }
      unordered.swapAt(place, best)
      place = best
    }
  }

  private func precedes(_ a: Int, _ b: Int) -> Bool {
    logits[a] != logits[b] ? logits[a] > logits[b] : a < b
  }
}
