import Foundation

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
    if let problem { preconditionFailure(problem) }
    var order = (allowed ?? Array(logits.indices)).filter { logits[$0] > -.infinity }
    order.sort { (-logits[$0], $0) < (-logits[$1], $1) }
    guard let first = order.first else { return [] }
    if temperature == 0 { return [(first, 1)] }
    if let topK { order = Array(order.prefix(topK)) }
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
  public func draw(
    from logits: [Double], among allowed: [Int]? = nil,
    using generator: inout some RandomNumberGenerator
  ) -> Int? {
    let candidates = candidates(of: logits, among: allowed)
    var rest = Double(generator.next() >> 11) * 0x1p-53
    for (candidate, probability) in candidates {
      rest -= probability
      if rest < 0 { return candidate }
    }
    return candidates.last?.class
  }
}
