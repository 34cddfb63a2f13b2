import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent train composer FOLDER_OR_FILE…`
struct TrainComposer: TrainingCommand {
  static let configuration = CommandConfiguration(
    commandName: "composer",
    abstract: "Train a composer on MIDI files or piano rolls.",
    discussion: """
      Reads Standard MIDI files, piano rolls as JSON (tunes as lists of steps,
      steps as lists of MIDI pitches), and folders of both. The report stands on
      tunes that training never saw, beside a first-order Markov baseline.

      Examples:
        recurrent train composer chorales/
        recurrent train composer chorales.json --steps-per-beat 1
        recurrent train composer melodies/ --model events --steps-per-beat 12
      """)

  @Argument(
    help: ArgumentHelp("MIDI files, piano rolls (.json), and folders.", valueName: "folder-or-file")
  )
  var paths: [String]

  @Option(
    help: ArgumentHelp(
      "polyphonic: which keys sound at each step. events: notes begin and end, time passes.",
      valueName: "model"))
  var model = ComposerOptions().kind

  @Option(help: ArgumentHelp("Steps of a quarter note.", valueName: "steps"))
  var stepsPerBeat = ComposerOptions().stepsPerBeat

  @Option(
    help: ArgumentHelp(
      "Each tune is moved by up to so many semitones, anew each epoch; 0: never.",
      valueName: "semitones"))
  var transpose = ComposerOptions().transpose

  @Option(help: "The recurrent layer.")
  var cell = ComposerOptions().cell

  @Option(help: ArgumentHelp("Hidden units of a layer.", valueName: "units"))
  var hidden = ComposerOptions().hiddenSize

  @Option(help: ArgumentHelp("Recurrent layers.", valueName: "count"))
  var layers = ComposerOptions().layers

  @Option(help: ArgumentHelp("Dropout behind each layer.", valueName: "share"))
  var dropout = ComposerOptions().dropout

  @Option(
    help: ArgumentHelp(
      "The share of recurrent weights left out, anew in each training step.", valueName: "share"))
  var dropConnect: Float?

  @Option(help: ArgumentHelp("Steps trained on at once; longer tunes are cut.", valueName: "steps"))
  var window = ComposerOptions().window

  @Option(help: ArgumentHelp("Epochs at most.", valueName: "count"))
  var epochs = ComposerOptions().epochs

  @Option(help: ArgumentHelp("Tunes in a training step.", valueName: "tunes"))
  var batch = ComposerOptions().batchSize

  @Option(
    help: ArgumentHelp(
      "Adam's learning rate; it falls along a cosine over all epochs.", valueName: "rate"))
  var learningRate = ComposerOptions().learningRate

  @Option(
    help: ArgumentHelp(
      "Judge and keep not the weights of the last step but their mean over the steps, each older step counting this much less, such as 0.999.",
      valueName: "decay"))
  var averaging: Double?

  @Option(
    help: ArgumentHelp(
      "Epochs without a better validation loss before training stops.", valueName: "epochs"))
  var patience = ComposerOptions().patience

  @Option(help: ArgumentHelp("The start of all random numbers. Same seed, same bits."))
  var seed: UInt64 = 0

  @OptionGroup var running: TrainingRunOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The model folder to write, with history.csv and loss.svg.", valueName: "folder"))
  var output = "composer"

  func validate() throws {
    if let problem = options.problem { throw ValidationError(problem.capitalizedFirst + ".") }
  }

  private var options: ComposerOptions {
    var options = ComposerOptions()
    options.kind = model
    options.stepsPerBeat = stepsPerBeat
    options.transpose = transpose
    options.cell = cell
    options.hiddenSize = hidden
    options.layers = layers
    options.dropout = dropout
    options.dropConnect = dropConnect
    options.window = window
    options.epochs = epochs
    options.batchSize = batch
    options.learningRate = learningRate
    options.averaging = averaging
    options.patience = patience
    options.seed = seed
    return options
  }

  mutating func run() throws {
    var training = try TrainingRun(to: output, running)
    let music = try MusicCollection(paths: paths, stepsPerBeat: stepsPerBeat)
    music.warnOfSkipped()
    let plan = try ComposerPlan(music, options: options)
    try training.begin("\(music.source): \(music.tunes.count) tunes\n\(plan)")

    let composer = try plan.train(callbacks: [
      { event, _ in training.show(event, epochs: plan.options.epochs, unit: "tunes") }
    ])
    try training.finish(
      composer, test: composer.configuration.evaluation.map { "\($0.tunes) tunes" }, seed: seed,
      next: "recurrent compose \(output.shellQuoted) --seed-note C4")
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
