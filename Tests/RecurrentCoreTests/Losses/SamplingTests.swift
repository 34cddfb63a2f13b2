import Foundation
import Recurrent
import TestSupport
import Testing

/// What may be drawn, how often it is, and that one random number decides.
@Suite struct SamplingTests {
  /// The logarithms of .1, .4, .2, .05 and .25, moved by a constant.
  private let logits = [0.1, 0.4, 0.2, 0.05, 0.25].map { log($0) + 3 }

  private func expect(
    _ sampling: Sampling, _ expected: [(Int, Double)], among allowed: [Int]? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let found = sampling.candidates(of: logits, among: allowed)
    #expect(found.map(\.class) == expected.map(\.0), sourceLocation: sourceLocation)
    for (a, b) in zip(found, expected) {
      #expect(abs(a.probability - b.1) < 1e-12, sourceLocation: sourceLocation)
    }
  }

  @Test func candidates() {
    expect(Sampling(), [(1, 0.4), (4, 0.25), (2, 0.2), (0, 0.1), (3, 0.05)])
    expect(Sampling(temperature: 0), [(1, 1)])
    expect(Sampling(topK: 3), [(1, 0.4 / 0.85), (4, 0.25 / 0.85), (2, 0.2 / 0.85)])
    expect(Sampling(topK: 9), [(1, 0.4), (4, 0.25), (2, 0.2), (0, 0.1), (3, 0.05)])
    // .4 + .25 is less than .66, .4 + .25 + .2 is more.
    expect(Sampling(topP: 0.66), [(1, 0.4 / 0.85), (4, 0.25 / 0.85), (2, 0.2 / 0.85)])
    expect(Sampling(topP: 0.64), [(1, 0.4 / 0.65), (4, 0.25 / 0.65)])
    expect(Sampling(topP: 1e-9), [(1, 1)])
    expect(Sampling(topP: 1), [(1, 0.4), (4, 0.25), (2, 0.2), (0, 0.1), (3, 0.05)])
    // Of the three likeliest the first has .4 / .85 = .47 already.
    expect(Sampling(topK: 3, topP: 0.47), [(1, 1)])
    // At temperature 1/2 probabilities are squared: .16 .0625 .04 .01 .0025 of .275.
    expect(Sampling(temperature: 0.5, topP: 0.8), [(1, 0.16 / 0.2225), (4, 0.0625 / 0.2225)])
    expect(Sampling(temperature: 0.5, topK: 1), [(1, 1)])
    expect(Sampling(), [(2, 0.2 / 0.25), (3, 0.05 / 0.25)], among: [3, 2])
    expect(Sampling(), [], among: [])
  }

  @Test func tiesAndOddNumbers() {
    let sampling = Sampling(topK: 2)
    #expect(sampling.candidates(of: [1, 2, 2, 2]).map(\.class) == [1, 2])
    let odd: [Double] = [-.infinity, .nan, 1, -.infinity]
    #expect(Sampling().candidates(of: odd).map(\.class) == [2])
    var generator = RandomGenerator(seed: 1)
    #expect(Sampling().draw(from: [-.infinity, .nan], using: &generator) == nil)
    // The largest differences are no trouble.
    let far = Sampling(temperature: 1e-300).candidates(of: [-1e30, 5, 4])
    #expect(far[0].class == 1 && far[0].probability == 1)
  }

  /// As often as they should be: within five standard deviations.
  @Test(arguments: [
    Sampling(), Sampling(temperature: 2), Sampling(topK: 3), Sampling(topP: 0.7),
    Sampling(temperature: 0.5, topK: 4, topP: 0.95),
  ])
  func frequencies(_ sampling: Sampling) {
    let count = 20_000
    var seen = [Int](repeating: 0, count: logits.count)
    for place in 0..<count {
      var generator = RandomGenerator(RandomKey(seed: 9).child(place))
      seen[sampling.draw(from: logits, using: &generator) ?? 0] += 1
      #expect(generator.position == 1)
    }
    var expected = [Double](repeating: 0, count: logits.count)
    for (index, probability) in sampling.candidates(of: logits) { expected[index] = probability }
    for (seen, p) in paired(seen, expected) {
      let deviation = (Double(count) * p * (1 - p)).squareRoot()
      #expect(abs(Double(seen) - Double(count) * p) <= 5 * deviation)
    }
  }

  /// The candidates by a whole sort, and one of them: what drawing means.
  private func sorted(
    _ sampling: Sampling, _ logits: [Double], among allowed: [Int]?, number: Double
  ) -> (candidates: [(class: Int, probability: Double)], drawn: Int?) {
    var order = (allowed ?? Array(logits.indices)).filter { logits[$0] > -.infinity }
    order.sort { (-logits[$0], $0) < (-logits[$1], $1) }
    guard let first = order.first else { return ([], nil) }
    if sampling.temperature == 0 { return ([(first, 1)], first) }
    if let topK = sampling.topK { order = Array(order.prefix(topK)) }
    var weights = order.map { exp((logits[$0] - logits[first]) / sampling.temperature) }
    if let topP = sampling.topP {
      let needed = topP * weights.reduce(0, +)
      var sum = 0.0
      let last = weights.firstIndex {
        sum += $0
        return sum >= needed
      }
      weights = Array(weights[...(last ?? weights.count - 1)])
    }
    let total = weights.reduce(0, +)
    var rest = number
    let drawn = zip(order, weights).first {
      rest -= $1 / total
      return rest < 0
    }
    return (
      zip(order, weights).map { ($0, $1 / total) }, drawn?.0 ?? order[weights.count - 1]
    )
  }

  /// A generator that gives one number.
  private struct Fixed: RandomNumberGenerator {
    let number: UInt64
    func next() -> UInt64 { number }
  }

  /// Putting only the first few in order draws the very same, also where the random number lies on
  /// the edge between two candidates, or next to it.
  @Test func drawsAreThoseOfAWholeSort() {
    var generator = SeededGenerator(seed: 8)
    for round in 0..<600 {
      let count = Int.random(in: 1...(round % 20 == 0 ? 700 : 40), using: &generator)
      let width: Double = [0.1, 3, 20, 900].randomElement(using: &generator) ?? 1
      var logits = (0..<count).map { _ in Double.random(in: -width...width, using: &generator) }
      for _ in 0..<Int.random(in: 0...3, using: &generator) {
        let odd: [Double] = [-.infinity, .nan, logits[0], .infinity, 0]
        logits[Int.random(in: 0..<count, using: &generator)] =
          odd.randomElement(using: &generator) ?? 0
      }
      var sampling = Sampling(
        temperature: [0, 0.3, 1, 1, 7].randomElement(using: &generator) ?? 1)
      if round % 3 == 0 { sampling.topK = Int.random(in: 1...count, using: &generator) }
      if round % 2 == 0 {
        sampling.topP = [1, 1e-9, 0.5, 0.95].randomElement(using: &generator)
      }
      let allowed = round % 5 == 0 ? (0..<count).filter { $0 % 3 != 1 }.shuffled() : nil
      let expected = sorted(sampling, logits, among: allowed, number: 0).candidates
      let found = sampling.candidates(of: logits, among: allowed)
      #expect(found.map(\.class) == expected.map(\.class))
      #expect(
        found.map { $0.probability.bitPattern } == expected.map { $0.probability.bitPattern })
      var numbers: [UInt64] = [0, 1 << 53 - 1]
      for _ in 0..<8 { numbers.append(generator.next() >> 11) }
      var edge = 0.0
      for (_, probability) in expected.prefix(6) where probability.isFinite {
        edge += probability
        let number = UInt64(min(edge * 0x1p53, 0x1p53 - 1))
        numbers += [number == 0 ? 0 : number - 1, number, min(number + 1, 1 << 53 - 1)]
      }
      for number in numbers {
        var fixed = Fixed(number: number << 11)
        let drawn = sampling.draw(from: logits, among: allowed, using: &fixed)
        let wanted = sorted(
          sampling, logits, among: allowed, number: Double(number) * 0x1p-53
        ).drawn
        #expect(drawn == wanted, "round \(round), number \(number)")
      }
    }
  }

  @Test func problems() {
    #expect(Sampling().problem == nil && Sampling(temperature: 0, topK: 1, topP: 1).problem == nil)
    for sampling in [
      Sampling(temperature: -0.1), Sampling(temperature: .nan), Sampling(temperature: .infinity),
      Sampling(topK: 0), Sampling(topP: 0), Sampling(topP: 1.01), Sampling(topP: .nan),
    ] {
      #expect(sampling.problem != nil)
    }
  }
}
