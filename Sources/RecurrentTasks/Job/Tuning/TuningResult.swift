import Recurrent

/// The result of a search: its records and the best options.
public struct TuningResult<Options: JobOptions>: Sendable {
  /// All records, in the order in which they came.
  public let records: [TrialRecord]
  /// The best trial.
  public let best: TuningChoice<Options>
  /// The names of the options that were searched.
  public let names: [String]
  /// Whether its time was over before all trials were made.
  public let isOutOfTime: Bool

  /// The last record of each trial with a score, the best first.
  public var ranking: [TrialRecord] { Self.ranking(of: records) }

  /// The file `trials.jsonl`: a record a line.
  public var jsonLines: [UInt8] {
    get throws(DataError) { try TrialLog.lines(records) }
  }

  static func best(of records: [TrialRecord]) -> TrialRecord? { ranking(of: records).first }

  private static func ranking(of records: [TrialRecord]) -> [TrialRecord] {
    var last: [Int: TrialRecord] = [:]
    for record in records where record.loss != nil { last[record.trial] = record }
    return last.values.sorted { ($0.loss ?? 0, $0.trial) < ($1.loss ?? 0, $1.trial) }
  }

  /// The measure in words: `validation loss`.
  public var measure: String {
    records.lazy.compactMap(\.measure).first.map { EpochScore($0, 0, isHigherBetter: false).title }
      ?? "score"
  }

  /// The names of what differs among these trials, in the order of the search.
  func differing(_ records: [TrialRecord]) -> [String] {
    names.filter { name in Set(records.map { $0.options[name] ?? "" }).count > 1 }
  }

  /// The best few as a table: options that differ, epochs, score.
  public func table(_ count: Int = 8) -> String {
    let best = Array(ranking.prefix(count))
    let names = differing(best)
    let rows = best.map { record in
      ["\(record.trial)"] + names.map { Self.shown(record.options[$0]) }
        + ["\(record.epochs)", NumberFormat.significant(record.score ?? 0)]
    }
    return TextTable([["trial"] + names + ["epochs", measure]] + rows).description
  }

  /// How many trials failed, and why the first of them did; nil if none.
  public var failures: String? {
    let failed = records.filter { $0.score == nil }
    guard let first = failed.first, let problem = first.problem else { return nil }
    let count = failed.count == 1 ? "1 trial was" : "\(failed.count) trials were"
    return "\(count) left out; trial \(first.trial): \(problem)"
  }

  private static func shown(_ text: String?) -> String {
    guard let text else { return "–" }
    guard Int(text) == nil, let number = Double(text) else { return text }
    return NumberFormat.short(Float(number))
  }
}
