import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Drawing tunes from a network.
@Suite struct ComposingTests {
  private func composer(
    _ kind: ComposerKind, _ chords: ChordModel = .joint
  ) throws -> Composer {
    try ComposerPlan(
      MusicCollection(arpeggios(12), source: "t"),
      options: tinyComposer(kind) {
        $0.learningRate = 0.05
        $0.chords = chords
      }
    ).train()
  }

  @Test(arguments: ComposerKind.allCases)
  func sameSeedSameTune(kind: ComposerKind) throws {
    let composer = try composer(kind)
    func bytes(_ seed: UInt64) throws -> [UInt8] {
      var drawing = Composer.Drawing()
      drawing.seed = seed
      drawing.steps = 40
      return try composer.compose(from: Pitch(62), drawing: drawing).midi(stepsPerBeat: 2).bytes
    }
    #expect(try bytes(1) == bytes(1))
    #expect(try bytes(1) != bytes(2))
  }

  @Test(arguments: ComposerKind.allCases)
  func lengthAndBeginning(kind: ComposerKind) throws {
    let composer = try composer(kind)
    var drawing = Composer.Drawing()
    drawing.steps = 31
    drawing.temperature = 1.5
    let tune = try composer.compose(from: Pitch(62), drawing: drawing)
    #expect(tune.length == 2 + 31)
    #expect(tune.steps.prefix(2).allSatisfy { $0 == [62] })
    // Going on from a tune, its steps stand at the beginning.
    let primer = arpeggios(2, length: 7)[1]
    let longer = try composer.compose(after: primer, drawing: drawing)
    #expect(longer.length == 7 + 31 && Array(longer.steps.prefix(7)) == primer.steps)
  }

  @Test(arguments: ComposerKind.allCases)
  func onlyNotesOfTheScaleBegin(kind: ComposerKind) throws {
    let composer = try composer(kind)
    let scale = try #require(MusicalScale("D dorian"))
    var drawing = Composer.Drawing()
    drawing.scale = scale
    drawing.temperature = 3
    let tune = try composer.compose(from: Pitch(61), drawing: drawing)
    let composed = tune.notes.filter { $0.start >= 2 }
    #expect(!composed.isEmpty && composed.allSatisfy { scale.contains($0.pitch) })
    drawing.scale = nil
    let free = try composer.compose(from: Pitch(61), drawing: drawing)
    #expect(!free.notes.filter { $0.start >= 2 }.allSatisfy { scale.contains($0.pitch) })
  }

  @Test(arguments: ChordModel.allCases)
  func atMostSoManyKeys(chords: ChordModel) throws {
    let composer = try composer(.polyphonic, chords)
    var drawing = Composer.Drawing()
    drawing.topK = 2
    drawing.temperature = 50  // each allowed key sounds about every other time
    let tune = try composer.compose(from: Pitch(60), drawing: drawing)
    #expect(tune.steps.dropFirst(2).map(\.count).max() == 2)
    (drawing.topK, drawing.voices) = (nil, 3)
    let voices = try composer.compose(from: Pitch(60), drawing: drawing)
    #expect(voices.steps.dropFirst(2).map(\.count).max() == 3)
    drawing.voices = nil
    let free = try composer.compose(from: Pitch(60), drawing: drawing)
    #expect((free.steps.dropFirst(2).map(\.count).max() ?? 0) > 20)
  }

  /// With one candidate nothing is left to chance; time passes whatever the network prefers.
  @Test func likeliestEventOnly() throws {
    let composer = try composer(.events)
    var drawing = Composer.Drawing()
    drawing.topK = 1
    let first = try composer.compose(from: Pitch(60), drawing: drawing)
    drawing.seed = 77
    #expect(try composer.compose(from: Pitch(60), drawing: drawing) == first)
    #expect(first.length == 66)
  }

  /// What is foretold after a tune is what the network gives for its last step.
  @Test func foretellsFromTheLastStep() throws {
    let composer = try composer(.polyphonic, .independent)
    let tune = arpeggios(3, length: 9)[2]
    let next = composer.next(after: tune)
    let isSorted = zip(next, next.dropFirst()).allSatisfy { $0.probability >= $1.probability }
    #expect(next.count == 88 && isSorted)
    let coded = CodedTune(tune, kind: .polyphonic, events: composer.events)
    let logits = composer.model(
      composer.model.inputs([coded], shifts: [0], events: composer.events)
    ).lastValidSteps.elements
    let best = try #require(logits.indices.max { logits[$0] < logits[$1] })
    #expect(next[0].what == Pitch(21 + best).description)
    #expect(abs(next[0].probability - 1 / (1 + exp(-Double(logits[best])))) < 1e-9)
    let event = try self.composer(.events).next(after: tune)
    #expect(abs(event.reduce(0) { $0 + $1.probability } - 1) < 1e-9)
  }

  /// A folder may come from anywhere: reading it ends in a model or in a `DataError`.
  @Test(arguments: ComposerKind.allCases)
  func hostileFolders(kind: ComposerKind) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      try composer(kind).save(to: path)
      let config = try String(contentsOfFile: path + "/config.json", encoding: .utf8)
      let baselines = try String(contentsOfFile: path + "/baselines.json", encoding: .utf8)
      func write(_ text: String, _ name: String) throws {
        let bytes = Array(text.utf8)
        try Data(name == "config.json" ? ModelFolder.sealed(bytes) : bytes).write(
          to: URL(fileURLWithPath: path + "/" + name))
      }
      func expectRefused(
        _ file: String, replacing old: String, with new: String,
        sourceLocation: SourceLocation = #_sourceLocation
      ) throws {
        let text = file == "config.json" ? config : baselines
        let altered = text.replacing(old, with: new)
        #expect(altered != text, sourceLocation: sourceLocation)
        if file == "config.json" {
          try write(altered, "config.json")
        } else {
          // With a checksum that fits, so that the damage is not noticed by it.
          try write(altered, file)
          try write(
            config.replacing(
              checksumText(of: Array(text.utf8)), with: checksumText(of: Array(altered.utf8))),
            "config.json")
        }
        #expect(throws: DataError.self, sourceLocation: sourceLocation) {
          try Composer(contentsOf: path)
        }
        try write(config, "config.json")
        try write(baselines, "baselines.json")
      }
      for (old, new) in [
        ("\"hiddenSize\" : 7", "\"hiddenSize\" : 0"),
        ("\"hiddenSize\" : 7", "\"hiddenSize\" : 99999"), ("\"layers\" : 2", "\"layers\" : 3"),
        ("\"stepsPerBeat\" : 2", "\"stepsPerBeat\" : 1000"),
        (
          "\"kind\" : \"\(kind.rawValue)\",\n      \"layers",
          "\"kind\" : \"opera\",\n      \"layers"
        ),
      ] {
        try expectRefused("config.json", replacing: old, with: new)
      }
      let other = ComposerKind.allCases.first { $0 != kind } ?? kind
      for (old, new) in [
        ("\"\(kind.rawValue)\"", "\"\(other.rawValue)\""),
        ("\"isMarkov\" : true", "\"isMarkov\" : 1"), ("\"marginal\" : [", "\"marginal\" : [2, "),
      ] {
        try expectRefused("baselines.json", replacing: old, with: new)
      }
      _ = try Composer(contentsOf: path)
    }
  }
}
