import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent train composer FOLDER_OR_FILE…`
struct TrainComposer: JobCommand {
  static let configuration = CommandConfiguration(
    commandName: "composer",
    abstract: "Train a composer on MIDI files or piano rolls.",
    discussion: flowing(
      """
      Reads Standard MIDI files, piano rolls as JSON (tunes as lists of steps,
      steps as lists of MIDI pitches), and folders of both. The report stands on
      tunes that training never saw, beside a first-order Markov baseline.

      Examples:
        recurrent train composer chorales/
        recurrent train composer chorales.json --steps-per-beat 1
        recurrent train composer melodies/ --model events --steps-per-beat 12
        recurrent train composer train/ --validation valid/ --test test/
      """))

  @Argument(
    help: ArgumentHelp(
      "MIDI files, piano rolls (.json), and folders.", valueName: "folder-or-file"),
    completion: .file()
  )
  var paths: [String]

  @OptionGroup var parts: PartFlags

  @Option(
    help: ArgumentHelp(
      "polyphonic: which keys sound at each step. events: notes begin and end, time passes.",
      valueName: "model"))
  var model = ComposerOptions().kind

  @Option(
    help: ArgumentHelp(
      "Of a polyphonic model. joint: each key of a step given those above it. independent: each by "
        + "itself.", valueName: "chords"))
  var chords = ChordModel.joint

  @Option(help: ArgumentHelp("Hidden units of joint chords.", valueName: "units"))
  var chordUnits = ComposerOptions().chordUnits ?? 1

  @Option(help: ArgumentHelp("Dropout of these hidden units.", valueName: "share"))
  var chordDropout: Float?

  @Flag(
    inversion: .prefixedNo,
    help:
      "Learn which keys that sound on are struck again, with joint chords. (default: if all tunes are of MIDI files and some are)"
  )
  var repeats: Bool?

  @Option(
    help: ArgumentHelp(
      "Steps of a quarter note; of piano rolls, what their steps are taken for. (default: with MIDI "
        + "files \(ComposerOptions().stepsPerBeat); of piano rolls alone, as they look)",
      valueName: "steps"))
  var stepsPerBeat: Int?

  @Option(
    help: ArgumentHelp(
      "Each tune is moved by up to so many semitones, anew each epoch; 0: never.",
      valueName: "semitones"))
  var transpose = ComposerOptions().transpose

  @Option(help: ArgumentHelp("Steps trained on at once; longer tunes are cut.", valueName: "steps"))
  var window = ComposerOptions().window

  @OptionGroup var dropped: DropConnectFlag<Self>
  @OptionGroup var network: NetworkFlags<Self>
  @OptionGroup var course: CourseFlags<Self>
  @OptionGroup var running: TrainingRunOptions<Self>

  var inputs: [String] { paths + parts.files }

  static let plural = "composers"
  static let words = FlagWords(
    unit: "tunes", dropout: "Dropout behind each layer.",
    learningRate: "Adam's learning rate; it falls along a cosine over all epochs.")

  var options: ComposerOptions {
    var options = ComposerOptions()
    network.apply(to: &options)
    course.apply(to: &options)
    options.kind = model
    options.chords = chords
    options.chordUnits = chordUnits
    options.chordDropout = chordDropout
    options.repeats = repeats
    options.stepsPerBeat = stepsPerBeat ?? options.stepsPerBeat
    options.transpose = transpose
    options.window = window
    dropped.apply(to: &options)
    return options
  }

  func plan(from model: Composer?) throws -> (plan: ComposerPlan, preface: String) {
    func read(_ paths: [String], stepsPerBeat: Int?) throws(DataError) -> MusicCollection? {
      guard !paths.isEmpty else { return nil }
      let music = try MusicCollection(paths: paths, stepsPerBeat: stepsPerBeat)
      music.warnOfSkipped()
      return music
    }
    let music = try MusicCollection(
      paths: paths, stepsPerBeat: model?.options.stepsPerBeat ?? stepsPerBeat)
    music.warnOfSkipped()
    var options = options
    options.stepsPerBeat = stepsPerBeat ?? music.stepsPerBeat ?? options.stepsPerBeat
    // Of one grid.
    let grid = options.stepsPerBeat
    let plan = try ComposerPlan(
      music, validation: read(parts.validation, stepsPerBeat: grid),
      test: read(parts.test, stepsPerBeat: grid), options: options, from: model)
    return (
      plan,
      "\(music.source): \(music.tunes.count) tunes"
        + (music.gridText.map { "\n            \($0)" } ?? "")
    )
  }

  func closing(_ composer: Composer, _ plan: ComposerPlan) -> TrainingRun.Closing {
    .init(next: "recurrent compose \(running.output.shellQuoted) --seed-note C4")
  }
}

extension MusicCollection {
  /// Says on standard error what was passed over: the first few, and how many.
  func warnOfSkipped() {
    for reason in skipped.prefix(5) { warn("passed over: \(reason)") }
    if skipped.count > 5 { warn("passed over \(skipped.count - 5) more files and tunes.") }
  }
}

extension ComposerKind: ExpressibleByArgument {}
extension ChordModel: ExpressibleByArgument {}
