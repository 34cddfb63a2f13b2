import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Options of a composer that trains in a moment, with a size of its own for each dimension.
func tinyComposer(
  _ kind: ComposerKind, _ change: (inout ComposerOptions) -> Void = { _ in }
) -> ComposerOptions {
  var options = ComposerOptions()
  options.kind = kind
  options.stepsPerBeat = 2
  options.hiddenSize = 7
  options.chordUnits = 11
  options.layers = 2
  options.window = 9
  options.epochs = 2
  options.batchSize = 3
  options.transpose = 3
  options.seed = 5
  change(&options)
  return options
}

/// Tunes that go up a broken chord, one step a note, each from a root of its own.
func arpeggios(_ count: Int, length: Int = 24) -> [Tune] {
  (0..<count).map { index in
    let root = 48 + 5 * index % 24
    return Tune(
      name: "arpeggio \(index)",
      steps: (0..<length).map { step in PitchSet([root + [0, 4, 7][step % 3], root + 24]) })
  }
}

@Suite struct ComposerTests {
  private let events = MusicEvents(stepsPerBeat: 3)

  /// The published chorales on three grids, and what lies on none.
  @Test(
    .sharedData("music/jsb/jsb-chorales-quarter.json.xz"),
    arguments: [
      ("jsb/jsb-chorales-quarter", 1, "1.14"), ("jsb/jsb-chorales-8th", 2, "1.43"),
      ("jsb/jsb-chorales-16th", 4, "2.78"), ("jsb/Jsb16thSeparated", 4, "2.78"),
      ("polymusic/JSB_Chorales", 1, "1.14"),
    ])
  func gridOfPianoRolls(_ name: String, _ steps: Int, _ mean: String) async throws {
    let bytes = try await SharedData.bytes("music/\(name).json.xz")
    try withTemporaryFolder { folder in
      try writeAtomically(Array(bytes), to: folder + "/rolls.json")
      let music = try MusicCollection(paths: [folder + "/rolls.json"])
      #expect(music.stepsPerBeat == steps)
      #expect(music.gridText?.contains("last \(mean) steps") == true)
      let asked = try MusicCollection(paths: [folder + "/rolls.json"], stepsPerBeat: 3)
      #expect(asked.stepsPerBeat == 3 && asked.gridText == nil)
    }
  }

  /// Notes of MIDI files that a grid does not hold are told, with the grid that would.
  @Test func notesBetweenTheSteps() throws {
    let triplets = Tune(
      name: "t",
      notes: (0..<12).map { .init(pitch: $0 == 5 ? 5 : 60 + $0, start: 4 * $0, end: 4 * $0 + 4) })
    let composer = try ComposerPlan(
      MusicCollection(arpeggios(6), source: "t"),
      options: tinyComposer(.polyphonic) { $0.epochs = 1 }
    ).train()
    try withTemporaryFolder { folder in
      let path = folder + "/t.mid"
      try triplets.midi(stepsPerBeat: 12).write(to: path)
      let four = try MusicCollection(paths: [path])
      #expect(
        four.gridText
          == "of 12 notes 8 begin between the steps and are moved to the nearest; 3 steps a quarter note "
          + "would hold them (--steps-per-beat)")
      #expect(try MusicCollection(paths: [path], stepsPerBeat: 3).gridText == nil)
      let remarks = try composer.readPrimer(path).remarks
      #expect(
        remarks == [
          "of its 12 notes 8 begin between the steps of this model, 2 a quarter note, which a model of "
            + "3 steps a quarter note would hold; they are moved to the nearest, and of those that meet at a "
            + "step the highest is heard as the tune",
          "1 of its 12 notes lies outside A0 to C8, the keys of this model, and is left out",
        ])
      try triplets.part(0..<4).midi(stepsPerBeat: 4).write(to: path)
      #expect(try composer.readPrimer(path).remarks.isEmpty)
    }
  }

  /// Tunes given as parts are those parts, and all others are for training.
  @Test func partsOfTheirOwn() throws {
    let (own, other) = (arpeggios(2, length: 12), arpeggios(3, length: 13))
    func plan(_ tunes: Int, _ validation: [Tune]?, _ test: [Tune]?) throws -> ComposerPlan {
      func music(_ tunes: [Tune]) -> MusicCollection { MusicCollection(tunes, source: "made") }
      return try ComposerPlan(
        music(arpeggios(tunes)), validation: validation.map(music), test: test.map(music),
        options: tinyComposer(.polyphonic))
    }
    let both = try plan(20, own, other)
    #expect(both.training == arpeggios(20) && both.validation == own && both.test == other)
    #expect(both.split == "the files given")
    let tested = try plan(20, nil, other)
    #expect(tested.validation.count == 2 && tested.training.count == 18 && tested.test == other)
    #expect(tested.split == "drawn by the seed, and the files given")
    let drawn = try plan(20, nil, nil)
    #expect(drawn.validation.count == 2 && drawn.test.count == 2 && drawn.training.count == 16)
    let short = try plan(1, own, nil)
    #expect(short.training.map(\.length) == [21] && short.test.map(\.length) == [3])
    #expect(short.validation == own)
    // A tune of one step foretells nothing: nothing judges, and the last epoch's weights are those that are told.
    let silent = try plan(20, arpeggios(1, length: 1), other)
    #expect(silent.validation.isEmpty)
    let trained = try silent.train()
    #expect(trained.configuration.bestEpoch == 2 && trained.history.best?.validationLoss == nil)
    #expect(trained.history.epochs.count == 2)
  }

  /// The same tune on finer and finer grids.
  @Test func gridFollowsTheFineness() throws {
    let quarters = (0..<40).map { PitchSet([48 + $0 * 7 % 24, 60 + $0 * 5 % 12]) }
    for factor in [1, 2, 4, 8] {
      let steps = quarters.flatMap { [PitchSet](repeating: $0, count: factor) }
      let found = MusicCollection.stepsPerBeat(of: [Tune(name: "t", steps: steps)])
      #expect(found?.steps == factor)
    }
    #expect(
      MusicCollection.stepsPerBeat(of: [Tune(name: "t", steps: Array(quarters[..<9]))]) == nil)
  }

  @Test func everyEventHasACodeOfItsOwn() {
    for code in 0..<events.count { #expect(events.code(events.event(code)) == code) }
    #expect(events.event(events.count - 1) == .velocity(31) && events.event(268) == .wait(12))
    #expect(events.event(256) == .noteOff(127) && events.event(257) == .wait(1))
  }

  @Test func eventsAreTheTune() {
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<50 {
      let notes = (0..<30).map { _ in
        let start = Int.random(in: 0..<90, using: &generator)
        return Tune.Note(
          pitch: Int.random(in: 0...127, using: &generator),
          // In the middle of a level, so that it reads back.
          velocity: 4 * Int.random(in: 0...31, using: &generator) + 2, start: start,
          end: start + Int.random(in: 1...40, using: &generator))
      }
      let tune = Tune(name: "t", notes: notes, length: 150)
      #expect(events.decode(events.encode(tune), name: "t") == tune)
    }
    let tune = Tune(name: "t", notes: [.init(pitch: 60, velocity: 82, start: 0, end: 14)])
    #expect(events.encode(tune) == [61, 268, 258, 189, 0])
  }

  @Test func transpositionsStayOnTheKeyboard() {
    let tune = Tune(name: "t", steps: [[23, 60], [106]])
    let keys = CodedTune(tune, kind: .polyphonic, events: events)
    #expect(keys.transpositions(within: 5) == -2...2)
    #expect(CodedTune(tune, kind: .events, events: events).transpositions(within: 30) == -23...21)
    #expect(keys.transpositions(within: 0) == 0...0)
    // A rest has no key to leave.
    #expect(CodedTune.polyphonic([[], []]).transpositions(within: 4) == 0...0)
    // Notes outside the piano are not there.
    let low = CodedTune(
      Tune(name: "t", steps: [[3], [60]]), kind: .polyphonic, events: events)
    #expect(low == .polyphonic([[], [60]]))
  }

  @Test func piecesCoverEachStepOnce() {
    let tune = CodedTune.polyphonic((0..<20).map { [30 + $0] })
    let examples = TuneExamples([tune], window: 8, transpose: 0, events: events)
    let foretold = examples.pieces.map { piece -> [Int] in
      guard case .polyphonic(let steps, _) = piece.tune else { return [] }
      return steps.dropFirst().flatMap { $0 }
    }
    #expect(foretold == [Array(31...38), Array(39...46), Array(47...49)])
  }

  /// The definition, written down plainly, beside the loss that is trained and the score that is
  /// reported.
  @Test(arguments: ComposerKind.allCases)
  func lossIsTheDefinition(kind: ComposerKind) throws {
    let options = tinyComposer(kind) { $0.chords = .independent }
    let events = MusicEvents(stepsPerBeat: options.stepsPerBeat)
    let plan = try ComposerPlan(
      MusicCollection(arpeggios(10, length: 11), source: "t"), options: options)
    let composer = try plan.train()
    let tunes = [arpeggios(1, length: 13)[0], arpeggios(2, length: 6)[1]]
    let coded = tunes.map { CodedTune($0, kind: kind, events: events) }
    var own: [(sum: Double, steps: Int)] = []
    for tune in coded {
      let logits = composer.model(
        composer.model.inputs([tune[0..<tune.count - 1]], shifts: [0], events: events))
      var sum = 0.0
      for step in 1..<tune.count {
        let row = logits.values.slice(step - 1..<step, along: 1).elements.map { Double($0) }
        switch tune {
        case .polyphonic(let steps, _):
          for (key, x) in row.enumerated() {
            let p = 1 / (1 + exp(-x))
            sum -= log(steps[step].contains(21 + key) ? p : 1 - p)
          }
        case .events(let codes):
          sum -= log(exp(row[codes[step]]) / row.reduce(0) { $0 + exp($1) })
        }
      }
      own.append((sum, tune.count - 1))
    }
    let pieces = TuneExamples(coded, window: nil, transpose: 0, events: events).pieces
    let all = own.reduce(0) { $0 + $1.sum } / Double(own.reduce(0) { $0 + $1.steps })
    let loss = composer.model.loss(pieces, events: events, mode: .prediction)
    #expect(abs(Double(loss.value) - all) < 2e-5 * all)
    let scores = try composer.evaluate(on: MusicCollection(tunes, source: "t")).model
    #expect(abs(scores.nllOverSteps - all) < 1e-6 * all)
    let mean = own.reduce(0) { $0 + $1.sum / Double($1.steps) } / 2
    #expect(abs(scores.nllOverTunes - mean) < 1e-6 * mean)
    #expect(abs(mean - all) > 1e-4 * all)
  }

  /// Two keys, counted by hand.
  @Test func baselinesCount() {
    let tunes = [CodedTune.polyphonic([[60], [60], [62], [60]])]
    func score(_ isMarkov: Bool) -> Double {
      MusicBaseline(tunes, kind: .polyphonic, events: events, isMarkov: isMarkov)
        .score(.polyphonic([[60], [60]])).nll
    }
    // (n + 1) / (N + 2) of 3 steps: 60 sounds in two, 62 in one, the 86 others in none.
    #expect(abs(score(false) - (-log(3.0 / 5) - log(3.0 / 5) - 86 * log(4.0 / 5))) < 1e-12)
    // 60 after 60: 1 of 2. 62 after its silence: 1 of 2; the others after theirs: 0 of 3.
    #expect(abs(score(true) - (-log(2.0 / 4) - log(2.0 / 4) - 86 * log(4.0 / 5))) < 1e-12)

    let codes = [CodedTune.events([5, 6, 5, 6, 7])]
    let markov = MusicBaseline(codes, kind: .events, events: events, isMarkov: true)
    let total = Double(events.count + 4)
    // Witten and Bell: 6 is followed by 5 and by 7, once each.
    let p = (1 + 2 * 2 / total) / 4
    #expect(abs(markov.score(.events([6, 7])).nll + log(p)) < 1e-12)
    // After what nothing followed: as often as it comes.
    #expect(abs(markov.score(.events([9, 6])).nll + log(3 / total)) < 1e-12)
  }

  @Test(arguments: cases(ComposerKind.allCases))
  func learnsWhatCountingCannot(kind: ComposerKind) throws {
    // From the middle of three pitches, up or down? One step back does not tell.
    let tunes = (0..<12).map { index in
      Tune(name: "t", steps: (0..<40).map { [60 + [0, 2, 4, 2][($0 + index) % 4]] })
    }
    let options = tinyComposer(kind) {
      $0.hiddenSize = 24
      $0.layers = 1
      $0.epochs = 60
      $0.patience = 60
      $0.learningRate = 0.03
      $0.dropout = 0
      $0.transpose = 0
      $0.window = 128
    }
    let composer = try ComposerPlan(
      MusicCollection(tunes, source: "t"), options: options
    ).train()
    let evaluation = try #require(composer.configuration.evaluation)
    #expect(evaluation.model.nllOverSteps < 0.7 * evaluation.markov.nllOverSteps)
    #expect(evaluation.model.accuracy > evaluation.markov.accuracy + 0.05)
    #expect(evaluation.verdict.hasPrefix("The model beats the first-order Markov baseline"))
  }

  @Test(arguments: ComposerKind.allCases)
  func savedAndReadAgain(kind: ComposerKind) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      let composer = try ComposerPlan(
        MusicCollection(arpeggios(12), source: "t"), options: tinyComposer(kind)
      ).train()
      try composer.save(to: path)
      let again = try Composer(contentsOf: path)
      #expect(again.configuration == composer.configuration)
      #expect(again.baselines == composer.baselines)
      #expect(again.summary == composer.summary)
      var drawing = Composer.Drawing()
      drawing.seed = 9
      #expect(
        try again.compose(from: Pitch(60), drawing: drawing)
          == composer.compose(from: Pitch(60), drawing: drawing))
      let music = MusicCollection(arpeggios(3), source: "t")
      #expect(try again.evaluate(on: music) == composer.evaluate(on: music))
    }
  }

  @Test(arguments: ComposerKind.allCases)
  func trainingRepeatsItself(kind: ComposerKind) throws {
    func train(_ seed: UInt64) throws -> [[Float]] {
      let options = tinyComposer(kind) { $0.seed = seed }
      let plan = try ComposerPlan(
        MusicCollection(arpeggios(12), source: "t"), options: options)
      return try plan.train().model.parameters.map { $0.tensor.elements }
    }
    #expect(try train(1) == train(1))
    #expect(try train(1) != train(2))
  }

  /// Models of before these options were there.
  @Test func optionsWithoutWhatCameLaterAreRead() throws {
    var options = tinyComposer(.events)
    let plain = try JSONEncoder().encode(options)
    let keys = try #require(JSONSerialization.jsonObject(with: plain) as? [String: Any]).keys
    #expect(!keys.contains("averaging") && !keys.contains("dropConnect"))
    #expect(try JSONDecoder().decode(ComposerOptions.self, from: plain) == options)
    // Keys by themselves, as they all were.
    var former = try #require(JSONSerialization.jsonObject(with: plain) as? [String: Any])
    for key in ["chords", "chordUnits"] { #expect(former.removeValue(forKey: key) != nil) }
    let read = try JSONDecoder().decode(
      ComposerOptions.self, from: JSONSerialization.data(withJSONObject: former))
    #expect(read.chords == nil && !read.hasJointChords && read.code.inputs == 88)
    (options.averaging, options.dropConnect) = (0.995, 0.25)
    let full = try JSONEncoder().encode(options)
    #expect(try JSONDecoder().decode(ComposerOptions.self, from: full) == options)
  }

  /// The model is the average, and the history's validation loss that of the model.
  @Test func averagingChangesWhatIsKept() throws {
    func train(_ change: (inout ComposerOptions) -> Void) throws -> Composer {
      try ComposerPlan(
        MusicCollection(arpeggios(12), source: "t"), options: tinyComposer(.polyphonic, change)
      ).train()
    }
    func weights(_ composer: Composer) -> [[Float]] {
      composer.model.parameters.map { $0.tensor.elements }
    }
    let (plain, averaged) = (try train { _ in }, try train { $0.averaging = 0.9 })
    #expect(weights(plain) != weights(averaged))
    #expect(plain.history.epochs.map(\.loss) == averaged.history.epochs.map(\.loss))
    #expect(
      plain.history.epochs.map(\.validationLoss) != averaged.history.epochs.map(\.validationLoss))
    let dropped = try train { $0.dropConnect = 0.4 }
    #expect(plain.history.epochs.map(\.loss) != dropped.history.epochs.map(\.loss))
    #expect(try weights(train { $0.dropConnect = 0 }) == weights(plain))
  }

  @Test func partsAreKeptApart() throws {
    let tunes = arpeggios(23)
    let plan = try ComposerPlan(
      MusicCollection(tunes, source: "t"), options: tinyComposer(.polyphonic))
    #expect([plan.training, plan.validation, plan.test].map(\.count) == [19, 2, 2])
    let all = (plan.training + plan.validation + plan.test).map(\.name)
    #expect(Set(all) == Set(tunes.map(\.name)) && all.count == 23)
    let one = try ComposerPlan(
      MusicCollection(arpeggios(1, length: 50), source: "t"),
      options: tinyComposer(.polyphonic))
    #expect([one.training, one.validation, one.test].map { $0[0].length } == [40, 5, 5])
  }

  /// A validation part of a single step foretells nothing, so it judges nothing: the weights are
  /// those of the last epoch, and that is what is said.
  @Test func aPartTooShortToJudge() throws {
    var found: Composer?
    for seed in 0..<30 where found == nil {
      let plan = try ComposerPlan(
        MusicCollection(arpeggios(1, length: 10), source: "t"),
        options: tinyComposer(.polyphonic) {
          $0.epochs = 6
          $0.learningRate = 0.5
          $0.seed = UInt64(seed)
        })
      #expect(plan.training.map(\.length) == [8] && plan.validation.isEmpty && plan.test.isEmpty)
      let composer = try plan.train()
      // The training loss alone would name another epoch.
      if composer.history.epochs.min(by: { $0.loss < $1.loss })?.epoch != 6 { found = composer }
    }
    let composer = try #require(found)
    #expect(composer.configuration.bestEpoch == 6 && composer.configuration.epochs == 6)
    #expect(composer.configuration.evaluation == nil)
  }
}
