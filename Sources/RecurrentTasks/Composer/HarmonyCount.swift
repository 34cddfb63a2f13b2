import Foundation
import Recurrent

/// What teachers of harmony mark in red, counted.
///
/// A chord is a step of at least two keys that differs from the step before. Parallels are counted
/// between chords that follow one another with as many keys each, voices being told by their order
/// from the lowest to the highest: two voices that both move, in the same direction, and are a fifth
/// or octave apart (or octaves more) before and after.
public struct HarmonyCount: Sendable, Codable, Equatable {
  /// The number of chords.
  public private(set) var chords = 0
  /// Pairs of keys in them that are a semitone apart.
  public private(set) var semitones = 0
  /// Pairs of keys in them that are a whole tone apart.
  public private(set) var wholeTones = 0
  /// Pairs of voices that move in parallel fifths.
  public private(set) var parallelFifths = 0
  /// Pairs of voices that move in parallel octaves.
  public private(set) var parallelOctaves = 0

  /// A count of no chords.
  public init() {}

  /// The count of a tune's chords.
  public init(_ tune: Tune) { add(tune.steps) }

  mutating func add(_ steps: [PitchSet]) {
    var before: [Int] = []
    for (place, step) in steps.enumerated() where place == 0 || step != steps[place - 1] {
      let keys = Array(step)
      defer { before = keys }
      guard keys.count >= 2 else { continue }
      chords += 1
      for high in keys.indices {
        for low in 0..<high {
          let interval = keys[high] - keys[low]
          if interval == 1 { semitones += 1 }
          if interval == 2 { wholeTones += 1 }
          guard before.count == keys.count, (before[high] - before[low]) % 12 == interval % 12,
            keys[low] != before[low],
            (keys[low] > before[low]) == (keys[high] > before[high]), keys[high] != before[high]
          else { continue }
          if interval % 12 == 7 { parallelFifths += 1 }
          if interval % 12 == 0 { parallelOctaves += 1 }
        }
      }
    }
  }

  /// Of a hundred chords each: semitones, whole tones, parallel fifths, parallel octaves.
  var cells: [String] {
    [semitones, wholeTones, parallelFifths, parallelOctaves].map {
      NumberFormat.fixed(100 * Double($0) / Double(max(1, chords)), 1)
    }
  }

  /// The titles of the columns of ``cells``.
  static let header = ["semitones", "whole tones", "parallel fifths", "parallel octaves"]

  /// The counts of a hundred chords, on a line.
  public var description: String {
    "of 100 chords: "
      + zip(Self.header, cells).map { "\($0) \($1)" }.joined(separator: ", ")
  }
}

extension Composer {
  /// Tunes composed to be counted, and the most steps of each.
  private static let countedTunes = 16, countedSteps = 64

  /// Counts of tunes, and of as long ones that the model makes of their first beats; nil of events.
  func harmony(of tunes: [CodedTune]) -> ComposerEvaluation.Harmony? {
    guard options.kind == .polyphonic else { return nil }
    var (own, composed) = (HarmonyCount(), HarmonyCount())
    for (index, tune) in tunes.enumerated() {
      guard case .polyphonic(let steps, let struck) = tune else { continue }
      own.add(steps)
      let given = min(options.stepsPerBeat, steps.count - 1)
      guard index < Self.countedTunes, given >= 1 else { continue }
      var drawing = Drawing()
      drawing.seed = UInt64(index)
      drawing.steps = min(Self.countedSteps, steps.count - given)
      composed.add(
        continued(
          Array(steps[..<given]), struck.isEmpty ? [] : Array(struck[..<given]), name: "",
          drawing
        ).steps)
    }
    return .init(collection: own, composed: composed)
  }
}
