import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Composers that foretell the keys of a step together.
@Suite struct JointChordTests {
  private let low: PitchSet = [60, 64, 67]
  private let high: PitchSet = [62, 65, 69]

  /// Tunes of two chords, each step one or the other as a coin falls, and an end that is neither.
  private func coins(_ count: Int, length: Int = 30) -> [Tune] {
    var generator = SeededGenerator(seed: 21)
    return (0..<count).map { index in
      let steps = (1..<length).map { _ in Bool.random(using: &generator) ? low : high }
      return Tune(name: "coins \(index)", steps: steps + [PitchSet([48])])
    }
  }

  private func trained(
    _ tunes: [Tune], _ change: (inout ComposerOptions) -> Void = { _ in }
  ) throws -> Composer {
    let options = tinyComposer(.polyphonic) {
      ($0.hiddenSize, $0.chordUnits, $0.layers, $0.dropout) = (16, 32, 1, 0)
      ($0.epochs, $0.patience, $0.learningRate) = (40, 40, 0.03)
      ($0.transpose, $0.window, $0.batchSize) = (0, 64, 2)
      change(&$0)
    }
    return try ComposerPlan(MusicCollection(tunes, source: "t"), options: options).train()
  }

  @Test(arguments: [false, true])
  func everyVariableHasAPlaceOfItsOwn(tellsRepeats: Bool) {
    let code = ChordCode(tellsRepeats: tellsRepeats)
    #expect(code.count == (tellsRepeats ? 177 : 89))
    for index in 0..<code.count { #expect(code.index(code.variable(index)) == index) }
    #expect(code.variable(0) == .key(108) && code.variable(87) == .key(21))
    #expect(code.variable(code.count - 1) == .end)
  }

  /// The definition, written down plainly, beside the loss that is trained and the scores that are
  /// reported.
  @Test(arguments: [false, true])
  func lossIsTheDefinition(tellsRepeats: Bool) throws {
    let options = tinyComposer(.polyphonic) { $0.repeats = tellsRepeats }
    let composer = try ComposerPlan(
      MusicCollection(arpeggios(10, length: 11), source: "t"), options: options
    ).train()
    let notes = [(60, 0, 2), (60, 2, 3), (60, 3, 6), (64, 1, 4), (64, 4, 5), (67, 0, 6)]
    let tune = Tune(name: "t", notes: notes.map { Tune.Note(pitch: $0, start: $1, end: $2) })
    let model = composer.model
    let coded = CodedTune(tune, kind: .polyphonic, events: composer.events)
    let outputs = model(model.inputs([coded[0..<5]], shifts: [0], events: composer.events))
    let nade = try #require(model.chords)
    let (w, v) = (nade.weights.elements, nade.outputWeights.elements)
    var (keys, strikes, ends) = (0.0, 0.0, 0.0)
    let (steps, struck) = (tune.steps, tune.struck)
    for step in 1..<6 {
      let biases = outputs.values.slice(step - 1..<step, along: 1).elements
      // The keys from the highest to the lowest, then the strikes in that order, then the end.
      var x = (21...108).reversed().map { steps[step].contains($0) }
      if tellsRepeats { x += (21...108).reversed().map { struck[step].contains($0) } }
      x.append(step == 5)
      for index in x.indices {
        var logit = Double(biases[index])
        for unit in 0..<11 {
          var sum = Double(biases[x.count + unit])
          for before in 0..<index where x[before] { sum += Double(w[before * 11 + unit]) }
          logit += Double(v[index * 11 + unit]) / (1 + exp(-sum))
        }
        let nll = log(1 + exp(x[index] ? -logit : logit))
        if index < 88 {
          keys += nll
        } else if index == x.count - 1 {
          ends += nll
        } else {
          let pitch = 108 - (index - 88)
          if steps[step].contains(pitch), steps[step - 1].contains(pitch) { strikes += nll }
        }
      }
    }
    let evaluation = try composer.evaluate(on: MusicCollection([tune], source: "t"))
    #expect(abs(evaluation.model.nllOverSteps - keys / 5) < 1e-5)
    #expect(abs((evaluation.endNLL ?? .nan) - ends / 5) < 1e-5 && ends > 0.1)
    if tellsRepeats {
      #expect(abs((evaluation.strikeNLL ?? .nan) - strikes / 5) < 1e-5 && strikes > 0.5)
    } else {
      #expect(evaluation.strikeNLL == nil)
    }
    let pieces = TuneExamples([coded], window: nil, transpose: 0, events: composer.events).pieces
    let loss = model.loss(pieces, events: composer.events, mode: .prediction).value
    #expect(abs(Double(loss) - (keys + ends + (tellsRepeats ? strikes : 0)) / 5) < 1e-4)
  }

  /// Keys that come together by chance: a coin costs ln 2, six keys by themselves six times as much.
  @Test func knowsWhatBelongsTogether() throws {
    let joint = try trained(coins(24))
    let alone = try trained(coins(24)) { $0.chords = .independent }
    let test = MusicCollection(coins(30).suffix(6), source: "t")
    let (one, other) = (try joint.evaluate(on: test), try alone.evaluate(on: test))
    #expect(one.model.nllOverSteps < 1.1 && other.model.nllOverSteps > 3.5)
    #expect(one.endNLL != nil && other.endNLL == nil)

    var drawing = Composer.Drawing()
    // Within what it was trained on: behind an end it has heard nothing.
    drawing.steps = 20
    func share(_ composer: Composer) throws -> Double {
      let drawn = try composer.compose(after: coins(1)[0].part(0..<4), drawing: drawing)
        .steps.dropFirst(4)
      return Double(drawn.count { $0 == low || $0 == high }) / Double(drawn.count)
    }
    #expect(try share(joint) > 0.9 && share(alone) < 0.3)
    // The likeliest chord is one of the two, not the keys that are likely each by itself.
    let next = joint.next(after: coins(1)[0].part(0..<4)).filter { $0.probability > 0.5 }
    let chords = [["C4", "E4", "G4"], ["A4", "D4", "F4"]]
    #expect(chords.contains(next.map(\.what).sorted()))
  }

  /// A tune that is given stays on top, with its repeated notes, and the keys below follow it.
  @Test func harmonizes() throws {
    let composer = try trained(coins(24))
    let pitches = [67, 67, 69, 67, 69, 69, 69, 67]
    let melody = Tune(
      name: "m", notes: pitches.enumerated().map { .init(pitch: $1, start: $0, end: $0 + 1) })
    var drawing = Composer.Drawing()
    drawing.voices = 3
    let tune = try composer.harmonize(melody, drawing: drawing)
    #expect(tune.length == 8)
    let top = tune.notes.filter { $0.pitch >= 67 }
    #expect(top.map(\.pitch) == pitches && top.map(\.start) == Array(0..<8))
    #expect(top.map(\.end) == Array(1...8))
    let right = zip(tune.steps, pitches).count { $0 == ($1 == 67 ? low : high) }
    #expect(right >= 6)
    #expect(try composer.harmonize(melody, drawing: drawing) == tune)
    // Keys that a voice had before, or takes up behind the tune, change no note of it.
    let bent = [72, 71, 69, 67, 65, 67, 69, 71]
    var wild = Composer.Drawing()
    wild.temperature = 20
    let free = try composer.harmonize(
      Tune(
        name: "m", notes: bent.enumerated().map { .init(pitch: $1, start: $0, end: $0 + 1) }),
      drawing: wild)
    #expect(free.steps.dropFirst().contains { $0.count > 10 })
    for (step, pitch) in bent.enumerated() {
      #expect(free.notes.contains { ($0.pitch, $0.start, $0.end) == (pitch, step, step + 1) })
    }
    // Behind a rest no key is above the last note of the tune.
    let resting = Tune(name: "m", notes: [.init(pitch: 67, start: 0, end: 1)], length: 6)
    drawing.temperature = 20
    let voices = try composer.harmonize(resting, drawing: drawing)
    #expect(voices.length == 6 && voices.notes.allSatisfy { $0.pitch <= 67 })
    #expect(voices.steps.dropFirst().contains { !$0.isEmpty })

    let problem = try dataError {
      _ = try composer.harmonize(Tune(name: "m", steps: [[], []]), drawing: drawing)
    }.problem
    #expect(problem == "holds no note to harmonize")
    let events = try ComposerPlan(
      MusicCollection(arpeggios(6), source: "t"), options: tinyComposer(.events) { $0.epochs = 1 }
    ).train()
    #expect(
      try dataError { _ = try events.harmonize(melody) }.problem
        == "cannot be harmonized by a model that writes events")
  }

  /// Tunes end with a key of their own: what is composed does too, near the length asked for.
  @Test func endsWhereAnEndIsLikeliest() throws {
    var generator = SeededGenerator(seed: 3)
    // Phrases of four to seven steps.
    let tunes = (0..<24).map { index in
      let phrases = (0..<Int.random(in: 1...3, using: &generator)).flatMap { _ -> [PitchSet] in
        let held = [PitchSet](repeating: low, count: Int.random(in: 3...6, using: &generator))
        return held + [PitchSet([48])]
      }
      return Tune(name: "\(index)", steps: phrases)
    }
    let composer = try trained(tunes)
    var drawing = Composer.Drawing()
    (drawing.steps, drawing.endsPhrase) = (24, true)
    for seed in 0..<5 {
      drawing.seed = UInt64(seed)
      let tune = try composer.compose(after: Tune(name: "t", steps: [low, low]), drawing: drawing)
      #expect((2 + 18...2 + 30).contains(tune.length) && tune.steps.last == [48])
    }
    drawing.endsPhrase = false
    #expect(try composer.compose(from: Pitch(60), drawing: drawing).length == 26)
  }

  /// One tune strikes its key at each step, the other holds it: both are told apart, and written.
  @Test func tellsStruckFromHeld() throws {
    func tune(_ pitch: Int, every: Int) -> Tune {
      Tune(
        name: "\(pitch)",
        notes: stride(from: 0, to: 24, by: every).map {
          .init(pitch: pitch, start: $0, end: $0 + every)
        })
    }
    let tunes = (0..<8).flatMap { _ in [tune(60, every: 1), tune(72, every: 2)] }
    let collection = MusicCollection(tunes, source: "t")
    #expect(
      collection.repeats.text
        == "told: of 368 steps of keys that sound on, 272 are struck again")
    let composer = try trained(tunes) { ($0.epochs, $0.patience) = (80, 80) }
    #expect(composer.options.repeats == true)
    var drawing = Composer.Drawing()
    drawing.steps = 16
    func lengths(_ primer: Tune) throws -> [Int] {
      try composer.compose(after: primer.part(0..<8), drawing: drawing).notes
        .map { $0.end - $0.start }
    }
    #expect(try lengths(tunes[0]) == Array(repeating: 1, count: 24))
    #expect(try lengths(tunes[1]) == Array(repeating: 2, count: 12))
    let evaluation = try #require(composer.configuration.evaluation)
    #expect((evaluation.strikeNLL ?? 1) < 0.1)
    #expect(evaluation.description.contains("whether a key that sounds on is struck again 0.0"))

    // Held by choice, or because nobody tells.
    let plain = try trained(tunes) { ($0.repeats, $0.epochs) = (false, 1) }
    #expect(plain.model.code.count == 89 && plain.configuration.evaluation?.strikeNLL == nil)
    let held = MusicCollection(coins(3), source: "t").repeats
    #expect(!held.areTold && held.text == "not told: no note is struck again where it sounds")
    try withTemporaryFolder { folder in
      try Data(tunes[0].midi(stepsPerBeat: 4).bytes).write(
        to: URL(fileURLWithPath: folder + "/a.mid"))
      #expect(try MusicCollection(paths: [folder]).repeats.areTold)
      try writeAtomically(Array("[[[60],[60]],[[60],[62]]]".utf8), to: folder + "/b.json")
      let mixed = try MusicCollection(paths: [folder])
      #expect(mixed.tunes.count == 3 && !mixed.repeats.areTold)
    }
  }

  /// Counted by hand.
  @Test func clashesAndParallels() {
    let steps: [PitchSet] = [
      // C and G go to D and A: a fifth; both Cs to both Ds: an octave.
      [48, 55, 60], [50, 57, 62],
      // The same again is no new chord; one more voice: no parallels.
      [50, 57, 62], [48, 55, 60, 64],
      // F, F sharp and G: two semitones, a whole tone. The outer voices stay an octave and a third.
      [53, 54, 55], [],
      // In contrary motion nothing is parallel: C below goes up, G above it down.
      [48, 67], [55, 62],
    ]
    let count = HarmonyCount(Tune(name: "t", steps: steps))
    #expect(count.chords == 6)
    #expect(count.semitones == 2 && count.wholeTones == 1)
    #expect(count.parallelFifths == 1 && count.parallelOctaves == 1)
    #expect(HarmonyCount().description.hasPrefix("of 100 chords: semitones 0.0"))
  }
}
