import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent compose MODEL`
struct Compose: ThreadedCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compose a tune from one note, go on from a tune, or harmonize one.",
    usage: "recurrent compose [<options>] <model>",
    discussion: flowing(
      """
      Writes a MIDI file and a piano roll as SVG, and shows the roll. The same
      model, flags and seed give the same files, byte for byte.

      Examples:
        recurrent compose composer --seed-note D4 --scale "D dorian" --top-k 4
        recurrent compose composer --primer start.mid --steps 128 --temperature 0.8
        recurrent compose composer --harmonize melody.mid --voices 4
      """))

  @Argument(help: "A model folder.", completion: .directory) var model: String

  @Option(
    help: ArgumentHelp("The note to begin with, for a beat: C4 is middle C.", valueName: "note"))
  var seedNote: Pitch?

  @Option(
    help: ArgumentHelp("A MIDI file to go on from.", valueName: "file.mid"), completion: .file())
  var primer: String?

  @Option(
    help: ArgumentHelp(
      "A MIDI file whose highest notes stay as they are: the keys below them are composed.",
      valueName: "file.mid"), completion: .file())
  var harmonize: String?

  @Option(
    help: ArgumentHelp(
      "Steps to compose; with --harmonize those of the tune. (default: 64)", valueName: "steps"))
  var steps: Int?

  @Option(
    help: ArgumentHelp(
      "phrase: where an end is likeliest, at most a quarter of the steps earlier or later, of models with joint chords. exact: after so many steps; the note or primer comes before them. (default: phrase)",
      valueName: "ending"))
  var ending: Ending?

  @Option(
    help: ArgumentHelp(
      "At most so many notes at a step, of a polyphonic model.", valueName: "count"))
  var voices: Int?

  @Option(
    help: ArgumentHelp("Below 1: closer to what is likely; above 1: freer.", valueName: "number"))
  var temperature = 1.0

  @Option(
    help: ArgumentHelp(
      "Draw from so many of the likeliest only: events, or keys at a step.", valueName: "count"))
  var topK: Int?

  @Option(
    help: ArgumentHelp(
      "Begin only notes of this scale: a root and one of "
        + MusicalScale.kinds.map(\.key).joined(separator: ", ") + ".", valueName: "scale"))
  var scale: MusicalScale?

  @Option(
    help: ArgumentHelp(
      "Quarter notes a minute. (default: those of the primer, or 120)", valueName: "beats"))
  var tempo: Double?

  @Option(help: ArgumentHelp("The start of all random numbers. Same seed, same tune."))
  var seed: UInt64 = 0

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The MIDI file to write; the piano roll gets the ending .svg.", valueName: "file.mid"),
    completion: .file())
  var output = "tune.mid"

  @OptionGroup var answer: JSONFlag
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    let starts = [
      (seedNote != nil, "--seed-note"), (primer != nil, "--primer"),
      (harmonize != nil, "--harmonize"),
    ].compactMap { $0 ? $1 : nil }
    if starts.count > 1 {
      throw ValidationError("\(listedWithAnd(starts)) exclude each other.")
    }
    if steps != nil, harmonize != nil {
      throw ValidationError("--steps and --harmonize exclude each other: the tune has its steps.")
    }
    if ending != nil, harmonize != nil {
      throw ValidationError("--ending and --harmonize exclude each other: the tune has its end.")
    }
    if let voices, voices < 1 {
      throw ValidationError("--voices is at least 1, not \(voices).")
    }
    if let steps, !(1...100_000).contains(steps) {
      throw ValidationError("--steps is between 1 and 100000, not \(steps).")
    }
    if !(temperature >= 0.01 && temperature <= 100) {
      throw ValidationError("--temperature is between 0.01 and 100, not \(temperature).")
    }
    if let topK, topK < 1 { throw ValidationError("--top-k is at least 1, not \(topK).") }
    if let tempo, !(tempo >= 4 && tempo <= 1000) {
      throw ValidationError("--tempo is between 4 and 1000, not \(tempo).")
    }
    let name = splitPath(output).name
    if !name.lowercased().hasSuffix(".mid"), !name.lowercased().hasSuffix(".midi") {
      throw ValidationError("--output names a file that ends in .mid, not \"\(output)\".")
    }
  }

  mutating func run() throws {
    let picture = String(output.prefix(upTo: output.lastIndex(of: ".") ?? output.endIndex) + ".svg")
    try checkKept([primer, harmonize], whenWriting: [output, picture])
    let composer = try Composer(contentsOf: model)
    if ending == .phrase, !composer.hasJointChords {
      throw ValidationError(
        "--ending phrase is of models with joint chords, which know ends; this one does not. "
          + "It composes as many steps as --steps says.")
    }
    let perBeat = composer.options.stepsPerBeat
    var drawing = Composer.Drawing()
    drawing.steps = steps ?? drawing.steps
    drawing.voices = voices
    drawing.endsPhrase = ending != .exact
    drawing.temperature = temperature
    drawing.topK = topK
    drawing.scale = scale
    drawing.seed = seed

    let tune: Tune
    var tempo = tempo
    let given: Int
    if let harmonize {
      let melody = try composer.readPrimer(harmonize)
      for remark in melody.remarks { warn("\(harmonize): \(remark).") }
      tempo = tempo ?? melody.beatsPerMinute
      given = 0
      tune = try composer.harmonize(melody.tune, drawing: drawing)
    } else if let primer {
      let start = try composer.readPrimer(primer)
      for remark in start.remarks { warn("\(primer): \(remark).") }
      tempo = tempo ?? start.beatsPerMinute
      given = start.tune.length
      tune = try composer.compose(after: start.tune, drawing: drawing)
    } else {
      let note = seedNote ?? Pitch(60)
      given = perBeat
      tune = try composer.compose(from: note, drawing: drawing)
    }
    let start = harmonize ?? primer ?? "\(seedNote ?? Pitch(60))"
    let chart = PianoRollChart(
      title:
        "\(harmonize == nil ? "From " : "Voices below ")\(splitPath(start).name), seed \(seed)",
      notes: tune.notes.map { ($0.pitch, $0.start..<$0.end) }, length: tune.length,
      stepsPerBeat: perBeat, givenSteps: given)
    let midi = tune.midi(stepsPerBeat: perBeat, beatsPerMinute: tempo ?? 120)
    try Interruption.deferred { () throws(DataError) in
      try midi.write(to: output)
      try writeAtomically(chart.svg(), to: picture)
    }
    if answer.json {
      return print(
        try jsonText(
          ComposedTune(
            midi: output, pianoRoll: picture, start: start, seed: seed, steps: tune.length,
            stepsPerBeat: perBeat, tempo: tempo ?? 120,
            notes: tune.notes.map { .init(pitch: "\($0.pitch)", start: $0.start, end: $0.end) }
          )))
    }
    print(chart.terminal(width: Terminal.chartWidth, colour: Terminal.wantsColour))
    let ends = drawing.endsPhrase && composer.hasJointChords && harmonize == nil
    if ends {
      print(
        "\nIt ends where an end is likeliest near the steps asked for (--ending exact: after these)."
      )
    }
    print(HarmonyCount(tune).description.capitalizedFirst + ".")
    print("\nWrote \(output) and \(picture): \(tune.notes.count) notes in \(tune.length) steps")
  }
}

/// Where a tune ends.
enum Ending: String, CaseIterable, ExpressibleByArgument {
  case phrase, exact
}

/// What `--json` prints of a tune; times are steps.
private struct ComposedTune: Encodable {
  struct Note: Encodable {
    let pitch: String
    let start, end: Int
  }
  let midi, pianoRoll, start: String
  let seed: UInt64
  let steps, stepsPerBeat: Int
  let tempo: Double
  let notes: [Note]
}

extension Pitch: ExpressibleByArgument {
  /// The pitch of a name, such as C4.
  public init?(argument: String) { self.init(argument) }
}

extension MusicalScale: ExpressibleByArgument {
  /// The scale of a name, such as C major.
  public init?(argument: String) { self.init(argument) }
}
