import Foundation
import TestSupport
import Testing

@testable import RecurrentTasks

/// Naive Bayes, by hand.
@Suite struct NaiveBayesTests {
  private func evidence(
    _ bag: NaiveBayes, _ tokens: [String], leavingOut own: Int? = nil
  ) -> [Float] {
    bag.evidence(in: bag.terms(in: tokens), leavingOut: own)
  }

  /// Manning, Raghavan and Schütze 2008, example 13.1, with the pairs of words beside the words.
  @Test func byHand() {
    let bag = NaiveBayes(
      tokens: [["c", "b", "c"], ["c", "c", "s"], ["c", "m"], ["t", "j", "c"]],
      classes: [0, 0, 0, 1], classCount: 2)
    #expect(bag.predict(["c", "c", "c", "t", "j"]) == 0)
    #expect(bag.predict(["t", "j", "c"]) == 1)
    #expect(bag.predict(["c", "c", "c"]) == 0)
    // Only the prior is left.
    #expect(bag.predict([]) == 0 && bag.predict(["unseen"]) == 0)
    #expect(bag.predict(["t"]) == 1)
  }

  /// Pairs of words count: each word alone is as frequent in both classes.
  @Test func pairs() {
    let bag = NaiveBayes(
      tokens: [["not", "good", "is", "bad"], ["not", "bad", "is", "good"]], classes: [0, 1],
      classCount: 2)
    #expect(bag.predict(["not", "good"]) == 0)
    #expect(bag.predict(["not", "bad"]) == 1)
  }

  /// A text that was counted says about itself what it would say had it not been.
  @Test func leavingOut() {
    let texts = [
      ["a", "b", "a"], ["a", "c"], ["b", "b", "a"], ["c", "d", "a", "b"], ["d"], ["e", "e"],
    ]
    let classes = [0, 1, 2, 1, 0, 2]
    let bag = NaiveBayes(tokens: texts, classes: classes, classCount: 3)
    for left in texts.indices {
      let others = texts.indices.filter { $0 != left }
      let rest = NaiveBayes(
        tokens: others.map { texts[$0] }, classes: others.map { classes[$0] }, classCount: 3)
      let own = evidence(bag, texts[left], leavingOut: classes[left])
      for (a, b) in paired(own, evidence(rest, texts[left])) { #expect(abs(a - b) < 1e-6) }
      #expect(own != evidence(bag, texts[left]))
      #expect(abs(own.reduce(0, +)) < 1e-5)
    }
    // Nothing but itself: no evidence.
    #expect(evidence(bag, ["e", "e"], leavingOut: 2) == [0, 0, 0])
    let empty = NaiveBayes(tokens: [[], []], classes: [0, 1], classCount: 2)
    #expect(evidence(empty, ["a"]) == [0, 0] && evidence(empty, [], leavingOut: 1) == [0, 0])
    #expect(evidence(bag, ["zzz"]) == [0, 0, 0] && evidence(bag, []) == [0, 0, 0])
  }

  /// Of more terms than are kept the rare ones are forgotten, and nothing else.
  @Test func forgets() {
    let texts = (0..<200).map { row in
      ["often", "own\(row)", row % 2 == 0 ? "even" : "odd", "own\(row + 1)"]
    }
    let classes = (0..<200).map { $0 % 2 }
    let all = NaiveBayes(tokens: texts, classes: classes, classCount: 2)
    let some = NaiveBayes(tokens: texts, classes: classes, classCount: 2, mostTerms: 50)
    #expect(some.problem(classCount: 2) == nil)
    #expect(some.contains("even") && some.contains("often") && all.contains("own7"))
    #expect(!some.contains("own7") && some.terms(in: texts[0]).count < 7)
    #expect(some.predict(["even"]) == 0 && some.predict(["odd"]) == 1)
    for row in texts.indices {
      let said = evidence(some, texts[row], leavingOut: classes[row])
      #expect(said.allSatisfy { $0.isFinite } && said[classes[row]] > 0)
    }
    #expect(NaiveBayes(tokens: texts, classes: classes, classCount: 2, mostTerms: 5000) == all)
  }

  @Test func evidenceByHand() {
    let bag = NaiveBayes(
      tokens: [["a", "b"], ["a", "b"], ["c", "a"]], classes: [0, 0, 1], classCount: 2)
    // Terms: a 2:1, b 2:0, c 0:1, "a b" 2:0, "c a" 0:1. Totals 6 and 3.
    let sums = [
      log(3.0 / 11) + log(3.0 / 11) + log(3.0 / 11), log(2.0 / 8) + log(1.0 / 8) + log(1.0 / 8),
    ]
    let expected = (sums[0] - sums[1]) / 2 / 3.0.squareRoot()
    let evidence = evidence(bag, ["a", "b", "zzz"])
    #expect(abs(Double(evidence[0]) - expected) < 1e-6 && evidence[1] == -evidence[0])
  }

  /// Counts that a file could hold and that do not fit one another.
  @Test func hostileCounts() throws {
    let bag = NaiveBayes(
      tokens: [["a", "b"], ["a", "c"], ["b"]], classes: [0, 1, 1], classCount: 2)
    #expect(bag.problem(classCount: 2) == nil)
    #expect(try #require(bag.problem(classCount: 3)).contains("another number of classes"))
    let data = try JSONEncoder().encode(bag)
    let whole = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    func problem(_ key: String, _ change: (inout [Int]) -> Void) throws -> String? {
      var values = try #require(whole[key] as? [Int])
      change(&values)
      var other = whole
      other[key] = values
      let changed = try JSONDecoder().decode(
        NaiveBayes.self, from: try JSONSerialization.data(withJSONObject: other))
      return changed.problem(classCount: 2)
    }
    for key in ["starts", "classes", "counts", "totals"] {
      #expect(try problem(key) { _ in } == nil)
      #expect(try problem(key) { $0.removeLast() } != nil, "\(key) shorter")
      #expect(try problem(key) { $0.append(0) } != nil, "\(key) longer")
      #expect(try problem(key) { $0[1] = -1 } != nil, "\(key) negative")
      #expect(try problem(key) { $0[1] = .max } != nil, "\(key) huge")
    }
    #expect(try problem("counts") { $0[0] += 1 } == "word counts that do not sum to their totals")
  }
}
