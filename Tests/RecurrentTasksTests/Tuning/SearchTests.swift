import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// What is drawn, and which trial goes on when.
@Suite struct SearchTests {
  @Test func rangesAreReadAsTheyAreWritten() {
    #expect(SearchRange("24,48, 96") == .choices(["24", "48", "96"]))
    #expect(SearchRange("gru") == .choices(["gru"]))
    #expect(SearchRange("1e-4...1e-2") == .numbers(1e-4...1e-2))
    #expect(SearchRange("8…64") == .whole(8...64))
    #expect(SearchRange("0...0.5") == .numbers(0...0.5))
    for text in ["", ",", "24,,48", "9...3", "1...x", "a...b", "1...2...3", "1...inf", "nan...1"] {
      #expect(SearchRange(text) == nil, "\(text)")
    }
    #expect(SearchRange("1...99999999999999999999") == nil)
    for text in ["24,48", "8...64", "0.0001...0.01"] {
      #expect(SearchRange(text)?.description == text)
    }
  }

  /// Half of the draws of a range above zero lie below the root of the product of its ends, half of others
  /// below their mean; the ends of whole numbers are drawn.
  @Test func drawsAreSpreadEvenly() throws {
    var generator = RandomGenerator(seed: 3)
    func draws(_ range: SearchRange, _ count: Int = 4000) -> [Double] {
      (0..<count).compactMap { _ in Double(range.draw(using: &generator)) }
    }
    let rates = draws(.numbers(1e-4...1e-2))
    #expect(rates.count == 4000 && rates.allSatisfy { (1e-4...1e-2).contains($0) })
    #expect((1850...2150).contains(rates.count { $0 < 1e-3 }))
    let shares = draws(.numbers(0...0.5))
    #expect((1850...2150).contains(shares.count { $0 < 0.25 }))
    let sizes = draws(.whole(4...64))
    #expect(sizes.min() == 4 && sizes.max() == 64)
    #expect((1700...2150).contains(sizes.count { $0 < 16 }))
    let choices = draws(.choices(["1", "2"]))
    #expect((1850...2150).contains(choices.count { $0 == 1 }))
  }

  @Test func fewTrialsOrEpochsHaveFewRungs() {
    var tuning = Tuning()
    #expect(tuning.rungCount(epochs: 100) == 4 && tuning.rungCount(epochs: 20) == 3)
    #expect(tuning.rungCount(epochs: 2) == 1)
    // 1 / 27, 1 / 9, 1 / 3 and all of 100 epochs, rounded up.
    #expect((0..<4).map { tuning.epochs(of: $0, rungs: 4, epochs: 100) } == [4, 12, 34, 100])
    tuning.trials = 8
    #expect(tuning.rungCount(epochs: 100) == 2)
    tuning.trials = 1
    #expect(tuning.rungCount(epochs: 100) == 1)
    #expect(Tuning().problem == nil)
    for change: (inout Tuning) -> Void in [
      { $0.trials = 0 }, { $0.budget = 0 }, { $0.budget = .nan }, { $0.reduction = 1 },
      { $0.rungs = 0 },
    ] {
      var broken = Tuning()
      change(&broken)
      #expect(broken.problem != nil)
    }
  }

  /// By hand, the rule of ASHA (Li et al. 2020, algorithm 2) with one worker: of 9 trials, a third goes on
  /// as soon as it is a third; what failed is none of them.
  @Test func theBestThirdGoesOnAtOnce() {
    var tuning = Tuning()
    tuning.trials = 9
    let losses = [5.0, 3, 4, 9, 1, .nan, 2, 8, 7]
    var ladder = Ladder(tuning, rungs: 3)
    var order: [String] = []
    while let (trial, rung) = ladder.next() {
      order.append("\(trial).\(rung)")
      let loss = losses[trial - 1]
      ladder.add(
        TrialRecord(
          trial: trial, rung: rung, drawn: [:], score: loss.isNaN ? nil : loss - Double(rung)))
    }
    // The 3rd makes a third of one: 2. The 5th is better than it. With six scores there are two thirds, 5
    // and 7, and with 5, 2 and 7 on the second rung the best of those goes to the last.
    #expect(
      order == ["1.0", "2.0", "3.0", "2.1", "4.0", "5.0", "5.1", "6.0", "7.0", "7.1", "5.2"]
        + ["8.0", "9.0"])
  }

  /// Every option that can be tuned takes its own value and the ends of its range, and says it again.
  @Test func optionsAreSetAndTold() throws {
    func check<Options: JobOptions>(_: Options.Type) throws {
      #expect(Set(Options.tunable.map(\.name)).count == Options.tunable.count)
      for option in Options.tunable {
        var options = Options()
        if option.range(options) == nil {
          // A segment needs segments.
          let model = try #require(Options.tunable.first { $0.name == "model" })
          #expect(model.apply("segments", to: &options))
        }
        let range = try #require(option.range(options), "\(option.name)")
        for value in range.samples {
          #expect(option.apply(value, to: &options), "\(option.name) \(value)")
          let told = option.value(options)
          #expect(told == value || Double(told) == Double(value), "\(option.name) \(told) \(value)")
          #expect(options.problem == nil, "\(option.name) \(value)")
        }
        #expect(!option.apply("such a thing", to: &options), "\(option.name)")
      }
    }
    try check(ForecasterOptions.self)
    try check(TextClassifierOptions.self)
    try check(SequenceTaggerOptions.self)
    try check(TranslatorOptions.self)
    try check(TextGeneratorOptions.self)
    try check(ComposerOptions.self)
    try check(ImageClassifierOptions.self)
  }

  @Test func whatAnOptionIsNotIsRefused() throws {
    let cell = try #require(ForecasterOptions.tunable.first { $0.name == "cell" })
    let error = try dataError { _ = try cell.drawn(from: .choices(["gru", "rnnn"])) }
    #expect(
      error.place == "cell" && error.problem == "has no value rnnn; expected such as lstm,gru")
    let hidden = try #require(ForecasterOptions.tunable.first { $0.name == "hidden" })
    #expect(throws: DataError.self) { _ = try hidden.drawn(from: .numbers(0.5...2.5)) }
    #expect(
      try hidden.drawn(from: .whole(3...4)).range(ForecasterOptions()) == .whole(3...4))
  }
}
