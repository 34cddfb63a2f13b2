import Testing

@testable import RecurrentTasks

/// Naive Bayes, by hand.
@Suite struct BagOfWordsTests {
  /// Manning, Raghavan and Schütze 2008, example 13.1, with the pairs of words beside the words.
  @Test func byHand() {
    let bag = BagOfWords(
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
    let bag = BagOfWords(
      tokens: [["not", "good", "is", "bad"], ["not", "bad", "is", "good"]], classes: [0, 1],
      classCount: 2)
    #expect(bag.predict(["not", "good"]) == 0)
    #expect(bag.predict(["not", "bad"]) == 1)
  }
}
