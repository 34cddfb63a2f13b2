import Foundation
import Recurrent

/// The rule of which keys a step may hold.
struct StepRule {
  /// Below 1 what is likely becomes likelier, above 1 less so.
  var temperature = 1.0
  /// Whether a key may sound.
  var allows: (_ pitch: Int) -> Bool = { _ in true }
  /// The tune of the step; no key above it sounds.
  var melody: Int?
  /// Keys that begin anew if they sound; of the tune no other does.
  var anew = PitchSet()
  /// No key above it sounds.
  var ceiling: Int?
  /// The most keys of a step; nil: any number, or unknown.
  var voices: Int?

  /// What must be of a key; nil: the network says.
  func decision(_ pitch: Int, among keys: PitchSet) -> Bool? {
    if let melody {
      if pitch == melody { return true }
      if pitch > melody { return false }
    }
    if let ceiling, pitch > ceiling { return false }
    return allows(pitch) ? nil : false
  }
}

/// A step as it was drawn.
struct DrawnStep {
  var keys = PitchSet()
  /// The keys that sounded before and begin anew.
  var struck = PitchSet()
  /// How probable it is that the tune ends with the step; 0 where the network does not tell.
  var endProbability = 0.0
}

/// What the network says of the next step.
struct StepDistribution {
  /// The logits of the keys from the lowest to the highest, or the biases of joint chords.
  let outputs: [Float]
  let chords: NADE?
  let code: ChordCode

  /// How often a step with too many voices is drawn again before drawing stops at so many.
  private static let attempts = 50

  /// Draws a step. Where it may have so many voices only, steps with more are drawn again, which draws
  /// from the network's own distribution of such steps.
  func draw(
    after before: PitchSet, _ rule: StepRule, using generator: inout RandomGenerator
  ) -> DrawnStep {
    guard let voices = rule.voices else { return attempt(before, rule, nil, &generator) }
    for _ in 0..<Self.attempts {
      let step = attempt(before, rule, nil, &generator)
      if step.keys.count <= voices { return step }
    }
    return attempt(before, rule, voices, &generator)
  }

  private func attempt(
    _ before: PitchSet, _ rule: StepRule, _ limit: Int?, _ generator: inout RandomGenerator
  ) -> DrawnStep {
    // One number a key, whatever is allowed.
    let numbers = Pitch.piano.map { _ in Double(generator.uniform()) }
    var step = DrawnStep()
    go { variable, logit in
      switch variable {
      case .key(let pitch):
        let mayMore = limit.map { step.keys.count < $0 } ?? true
        let sounds =
          rule.decision(pitch, among: step.keys)
          ?? (mayMore
            && numbers[pitch - Pitch.piano.lowerBound] < probability(logit() / rule.temperature))
        if sounds { step.keys.insert(pitch) }
        return sounds
      case .strike(let pitch):
        guard step.keys.contains(pitch), before.contains(pitch) else { return false }
        let isStruck =
          rule.anew.contains(pitch)
          || pitch != rule.melody
            && Double(generator.uniform()) < probability(logit() / rule.temperature)
        if isStruck { step.struck.insert(pitch) }
        return isStruck
      case .end:
        step.endProbability = probability(logit())
        return false
      }
    }
    return step
  }

  /// The logit of each key, from the lowest to the highest: of joint chords given that those above it
  /// are as they are likeliest, one after the other.
  func keyLogits(_ rule: StepRule = StepRule()) -> [Double] {
    var logits = [Double](repeating: -.infinity, count: ChordCode.keys)
    var keys = PitchSet()
    go { variable, logit in
      guard case .key(let pitch) = variable else { return false }
      let value = logit()
      logits[pitch - Pitch.piano.lowerBound] = value
      let sounds = rule.decision(pitch, among: keys) ?? (value > 0)
      if sounds { keys.insert(pitch) }
      return sounds
    }
    return logits
  }

  /// Goes through all variables in their order.
  private func go(
    _ choose: (_ variable: ChordCode.Variable, _ logit: @escaping () -> Double) -> Bool
  ) {
    if let chords {
      _ = chords.draw(biases: outputs) { choose(code.variable($0), $1) }
    } else {
      for pitch in Pitch.piano.reversed() {
        _ = choose(.key(pitch)) { Double(outputs[pitch - Pitch.piano.lowerBound]) }
      }
    }
  }

  private func probability(_ logit: Double) -> Double { 1 / (1 + exp(-logit)) }
}
