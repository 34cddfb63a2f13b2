import Foundation
import Recurrent

/// The way in which options are searched: trials, rungs, budget.
public struct Tuning: Sendable, Equatable {
  /// Options that are tried, those that tuning starts from included.
  public var trials = 40
  /// Seconds after which nothing new is begun; nil: all trials are made. What is tried then depends on
  /// the machine, and is not the same each time.
  public var budget: Double?
  /// Of the trials of a rung, one in so many goes on to the next, which is as many times longer.
  public var reduction = 3
  /// Rungs at most.
  public var rungs = 4
  /// The seed of the draws.
  public var seed: UInt64 = 0

  /// The defaults.
  public init() {}

  /// Rungs: with few trials or epochs there are fewer, so that one trial reaches the last.
  func rungCount(epochs: Int) -> Int {
    var (count, reached) = (1, reduction)
    while count < rungs, reached <= min(trials, epochs) {
      count += 1
      reached = reached.multipliedReportingOverflow(by: reduction).partialValue
    }
    return count
  }

  /// The epochs of a rung for a training of so many: all of them in the last one, in each before it
  /// ``reduction`` times fewer.
  func epochs(of rung: Int, rungs: Int, epochs: Int) -> Int {
    let part = (rung + 1..<rungs).reduce(1) { part, _ in part * reduction }
    return max(1, (epochs + part - 1) / part)
  }

  /// The first thing that is wrong with it, as a sentence; nil if it is fine.
  public var problem: String? {
    if !(1...100_000).contains(trials) {
      return "the number of trials is between 1 and 100000, not \(trials)"
    }
    if let budget, !(budget > 0 && budget <= 1e9) {
      return "the budget is a time of more than nothing, not \(budget) seconds"
    }
    if !(2...10).contains(reduction) {
      return "the reduction is between 2 and 10, not \(reduction)"
    }
    if !(1...10).contains(rungs) { return "there are between 1 and 10 rungs, not \(rungs)" }
    return nil
  }
}

/// Options that are tried.
public struct TuningChoice<Options: JobOptions>: Sendable {
  /// Which trial, from 1; the first has the options that tuning started from.
  public let trial: Int
  /// What was drawn, by the names of flags; of the first nothing.
  public let values: [(name: String, value: String)]
  /// The options with these values.
  public let options: Options
}

/// What came of a trial on one rung: a line of `trials.jsonl`.
public struct TrialRecord: Sendable, Codable, Equatable {
  /// The trial's number, from 1.
  public var trial: Int
  /// The rung's number, from 0.
  public var rung: Int
  /// What was drawn, by the names of flags.
  public var drawn: [String: String]
  /// The searched options as it was trained, drawn or not.
  public var options: [String: String] = [:]
  /// Epochs done.
  public var epochs = 0
  /// The epochs of a whole training.
  public var allEpochs = 0
  /// The name of the measure that ``score`` is.
  public var measure: String?
  /// Whether more of it is better.
  public var isHigherBetter: Bool?
  /// The score on the validation part; nil if the trial failed.
  public var score: Double?
  /// Why the trial has no score; nil if it has one.
  public var problem: String?
  /// The seconds that the rung took.
  public var seconds = 0.0

  /// The lower the better.
  var loss: Double? { score.map { isHigherBetter == true ? -$0 : $0 } }
}
