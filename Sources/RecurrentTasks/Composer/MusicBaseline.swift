import Foundation
import Recurrent

/// Counts of a training part, as forecasts of what comes next: what a network must beat.
///
/// For steps, each key by itself: how often it sounds (marginal), or how often after it did and did
/// not sound in the step before (first-order Markov), each with one imagined case of either kind.
/// For events, how often each comes, with one imagined case, or comes after the event before, mixed
/// with the former as Witten and Bell do (1991).
struct MusicBaseline: Sendable, Codable, Equatable {
  /// Whether the step before is looked at.
  let isMarkov: Bool
  private let kind: ComposerKind
  /// Of steps: [sounded before][key] probabilities. Of events: [event] probabilities.
  private var keys: [[Double]] = []
  private var marginal: [Double] = []
  private var followers: [[Int: Int]] = []

  init(_ tunes: [CodedTune], kind: ComposerKind, events: MusicEvents, isMarkov: Bool) {
    self.isMarkov = isMarkov
    self.kind = kind
    let piano = Pitch.piano
    var counts = [[Double]](repeating: Array(repeating: 1, count: piano.count), count: 2)
    var totals = [[Double]](repeating: Array(repeating: 2, count: piano.count), count: 2)
    var eventCounts = [Double](repeating: 1, count: events.count)
    followers = isMarkov && kind == .events ? Array(repeating: [:], count: events.count) : []
    for tune in tunes {
      switch tune {
      case .polyphonic(let steps, _):
        for (before, now) in zip(steps, steps.dropFirst()) {
          for (index, pitch) in piano.enumerated() {
            let row = isMarkov && before.contains(pitch) ? 1 : 0
            totals[row][index] += 1
            if now.contains(pitch) { counts[row][index] += 1 }
          }
        }
      case .events(let codes):
        for (before, now) in zip(codes, codes.dropFirst()) {
          eventCounts[now] += 1
          if isMarkov { followers[before][now, default: 0] += 1 }
        }
      }
    }
    keys = zip(counts, totals).map { zip($0, $1).map { $0 / $1 } }
    let total = eventCounts.reduce(0, +)
    marginal = eventCounts.map { $0 / total }
  }

  /// The first way in which it does not fit its model, as a sentence: what is read from a file can
  /// say anything.
  func problem(kind: ComposerKind, events: MusicEvents) -> String? {
    func areProbabilities(_ numbers: [Double], _ count: Int) -> Bool {
      numbers.count == count && numbers.allSatisfy { $0 > 0 && $0 < 1 }
    }
    let fits =
      kind == self.kind && keys.count == 2
      && keys.allSatisfy { areProbabilities($0, Pitch.piano.count) }
      && areProbabilities(marginal, events.count)
      && followers.count == (isMarkov && kind == .events ? events.count : 0)
      && followers.allSatisfy { row in
        row.allSatisfy { (0..<events.count).contains($0.key) && (1...1 << 40).contains($0.value) }
      }
    return fits ? nil : "the counts do not fit the model"
  }

  /// Scores all steps of a tune but the first.
  func score(_ tune: CodedTune) -> TuneScore {
    var score = TuneScore()
    switch tune {
    case .polyphonic(let steps, _):
      for (before, now) in zip(steps, steps.dropFirst()) {
        var nll = 0.0
        var hits = KeyHits()
        for (index, pitch) in Pitch.piano.enumerated() {
          let p = keys[isMarkov && before.contains(pitch) ? 1 : 0][index]
          let sounds = now.contains(pitch)
          nll -= log(sounds ? p : 1 - p)
          hits.add(sounds: sounds, guessed: p > 0.5)
        }
        score.add(nll: nll, hits: hits)
      }
    case .events(let codes):
      let commonest = marginal.indices.max { marginal[$0] < marginal[$1] }
      for (before, now) in zip(codes, codes.dropFirst()) {
        guard isMarkov else {
          score.add(nll: -log(marginal[now]), hits: KeyHits(isRight: now == commonest))
          continue
        }
        let row = followers[before]
        let (count, kinds) = (row.values.reduce(0, +), row.count)
        let p =
          count == 0
          ? marginal[now]
          : (Double(row[now] ?? 0) + Double(kinds) * marginal[now]) / Double(count + kinds)
        // Of equally frequent followers the lowest code.
        let best = row.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key ?? commonest
        score.add(nll: -log(p), hits: KeyHits(isRight: now == best))
      }
    }
    return score
  }
}

/// Right and wrong guesses: keys that sound and were guessed, and those where one of both fails.
struct KeyHits: Sendable {
  var right = 0
  var wrong = 0

  init() {}

  init(isRight: Bool) {
    right = isRight ? 1 : 0
    wrong = isRight ? 0 : 1
  }

  mutating func add(sounds: Bool, guessed: Bool) {
    if sounds && guessed { right += 1 } else if sounds != guessed { wrong += 1 }
  }
}

/// How well the steps of one tune were foretold.
struct TuneScore: Sendable {
  private(set) var nll = 0.0
  private(set) var steps = 0
  private(set) var hits = KeyHits()
  /// Of the keys that go on or are struck again.
  private(set) var strikes = 0.0
  /// Of where the tune ends.
  private(set) var end = 0.0

  mutating func add(nll: Double, hits: KeyHits, strikes: Double = 0, end: Double = 0) {
    self.nll += nll
    self.strikes += strikes
    self.end += end
    steps += 1
    self.hits.right += hits.right
    self.hits.wrong += hits.wrong
  }
}
