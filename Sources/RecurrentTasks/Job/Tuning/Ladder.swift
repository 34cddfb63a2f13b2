/// Which trial goes to which rung next: the rule of ASHA for one worker.
struct Ladder {
  private let tuning: Tuning
  private let rungs: Int
  private(set) var records: [TrialRecord] = []
  private var drawn = 0
  private var isDrawing = true

  init(_ tuning: Tuning, rungs: Int) {
    self.tuning = tuning
    self.rungs = rungs
  }

  /// No other trial can be drawn.
  mutating func drawsNoMore() {
    (drawn, isDrawing) = (drawn - 1, false)
  }

  /// What to do next; nil: nothing is left. Trials are numbered from 1, rungs from 0.
  mutating func next() -> (trial: Int, rung: Int)? {
    for rung in (0..<max(0, rungs - 1)).reversed() {
      let scored = records.filter { $0.rung == rung && $0.loss != nil }
      // Of equal ones the earlier.
      let order = scored.sorted {
        ($0.loss ?? 0, $0.trial) < ($1.loss ?? 0, $1.trial)
      }
      let onNext = Set(records.lazy.filter { $0.rung == rung + 1 }.map(\.trial))
      let best = order.prefix(scored.count / tuning.reduction).first { !onNext.contains($0.trial) }
      if let best { return (best.trial, rung + 1) }
    }
    guard isDrawing, drawn < tuning.trials else { return nil }
    drawn += 1
    return (drawn, 0)
  }

  mutating func add(_ record: TrialRecord) { records.append(record) }
}
