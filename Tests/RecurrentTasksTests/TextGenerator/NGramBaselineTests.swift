import Foundation
import TestSupport
import Testing

@testable import RecurrentTasks

/// The n-gram beside the network, against counts by hand and against a plain second way.
@Suite struct NGramBaselineTests {
  /// "abab": a and b twice each, b after a twice, a after b once.
  @Test func byHand() {
    let unigram = NGramBaseline(order: 1, "abab")
    // P(a) = (2 + 2 · 1/3) / (4 + 2), an unknown character (0 + 2 · 1/3) / 6.
    let a = (2 + 2.0 / 3) / 6
    let unknown = 2.0 / 3 / 6
    #expect(abs(unigram.nats("a") + log(a)) < 1e-12)
    #expect(abs(unigram.nats("az") + (log(a) + log(unknown)) / 2) < 1e-12)
    let bigram = NGramBaseline(order: 2, "abab")
    // After a: (2 + 1 · P(b)) / (2 + 1); after b: (1 + 1 · P(a)) / (1 + 1).
    let expected = log(a) + log((2 + a) / 3) + log((1 + a) / 2)
    #expect(abs(bigram.nats("aba") + expected / 3) < 1e-12)
    #expect(bigram.nats("") == 0)
  }

  /// With room for the n-grams a, b and "ab" alone, "ba" is no n-gram: after b all is as after nothing.
  @Test func whatHasNoRoomIsNotCounted() {
    var bigram = NGramBaseline<Character>(order: 2, limit: 3)
    bigram.count("ab")
    #expect(!bigram.isPartial)
    bigram.count("abac")
    #expect(bigram.isPartial)
    // a three times, b twice, 3 symbols and an unknown one; c has no room, nor has what follows b.
    let (a, b) = ((3 + 2.0 / 4) / 7, (2 + 2.0 / 4) / 7)
    #expect(abs(bigram.nats("a") + log(a)) < 1e-12)
    #expect(abs(bigram.nats("ba") + (log(b) + log(a)) / 2) < 1e-12)
    // Of what followed a, the b that was counted: (2 + P(x)) / 3.
    #expect(abs(bigram.nats("ab") + (log(a) + log((2 + b) / 3)) / 2) < 1e-12)
  }

  /// All probabilities of a place add up to 1, and equal those counted in another way.
  @Test(arguments: [1, 2, 3, 5]) func againstPlainCounting(order: Int) {
    var generator = SeededGenerator(seed: 4)
    func text(_ count: Int) -> [Character] {
      (0..<count).map { _ in "abcd".randomElement(using: &generator) ?? "a" }
    }
    let training = text(300)
    let baseline = NGramBaseline(order: order, training)
    func probability(_ c: Character, after history: [Character]) -> Double {
      var p = 1.0 / 5
      for length in 0..<order where length <= history.count {
        let context = Array(history.suffix(length))
        let places = training.indices.filter {
          $0 >= length && Array(training[($0 - length)..<$0]) == context
        }
        guard !places.isEmpty else { break }
        let kinds = Double(Set(places.map { training[$0] }).count)
        let count = Double(places.count { training[$0] == c })
        p = (count + kinds * p) / (Double(places.count) + kinds)
      }
      return p
    }
    let test = text(40)
    let expected = test.indices.reduce(0.0) {
      $0 - log(probability(test[$1], after: Array(test[..<$1])))
    }
    #expect(abs(baseline.nats(test) - expected / 40) < 1e-12)
    let sum = "abcdz".reduce(0.0) {
      $0 + exp(baseline.nats(test) * 40 - baseline.nats(test + [$1]) * 41)
    }
    #expect(abs(sum - 1) < 1e-9)
  }
}
