import Recurrent

/// Everything about a composer that is fixed before training starts: the tunes, which of them it
/// learns from, and the untrained network.
public struct ComposerPlan: Sendable, CustomStringConvertible {
  /// The options.
  public let options: ComposerOptions
  /// Tunes to learn from.
  public let training: [Tune]
  /// Tunes that judge each epoch.
  public let validation: [Tune]
  /// Tunes that only the report sees.
  public let test: [Tune]
  /// How the parts were made, in words.
  public let split: String
  let source: String
  let events: MusicEvents
  let model: ComposerModel

  /// Plans a composer.
  ///
  /// Parts that a collection names stay as they are. Else a tenth of the tunes, drawn by the seed,
  /// judges each epoch and another tenth is for the report; of fewer than three tunes, the last
  /// tenths of each.
  ///
  /// - Throws: ``DataError`` if the options break a rule, or there is nothing to learn from.
  public init(
    _ collection: MusicCollection, options: ComposerOptions = ComposerOptions()
  ) throws(DataError) {
    try require(options.problem, of: "the options")
    self.options = options
    source = collection.source
    events = MusicEvents(stepsPerBeat: options.stepsPerBeat)
    let tunes = collection.tunes.map(\.tune)
    let parts: (training: [Tune], validation: [Tune], test: [Tune])
    if collection.tunes.contains(where: { $0.part != nil }) {
      func part(_ part: PianoRollFile.Part) -> [Tune] {
        collection.tunes.filter { ($0.part ?? .train) == part }.map(\.tune)
      }
      parts = (part(.train), part(.valid), part(.test))
      split = "the parts that the file names"
    } else if tunes.count >= 3 {
      var order = Array(tunes.indices)
      var generator = RandomGenerator(RandomKey(seed: options.seed).child(2))
      order.shuffle(using: &generator)
      let tenth = max(1, tunes.count / 10)
      func some(_ range: Range<Int>) -> [Tune] { order[range].sorted().map { tunes[$0] } }
      parts = (some(2 * tenth..<tunes.count), some(tenth..<2 * tenth), some(0..<tenth))
      split = "drawn by the seed"
    } else {
      func share(_ from: Int, _ to: Int) -> [Tune] {
        tunes.map { $0.part($0.length * from / 10..<$0.length * to / 10) }
      }
      parts = (share(0, 8), share(8, 9), share(9, 10))
      split = "the last tenths of each tune"
    }
    // What is too short to foretell anything is in no part, so that a part is empty where it has
    // nothing to say.
    let (kind, coding) = (options.kind, events)
    func usable(_ tunes: [Tune]) -> [Tune] {
      tunes.filter { CodedTune($0, kind: kind, events: coding).count >= 2 }
    }
    (training, validation, test) = (
      usable(parts.training), usable(parts.validation), usable(parts.test)
    )
    guard training.contains(where: { $0.length >= 2 && !$0.notes.isEmpty }) else {
      throw DataError(
        file: collection.source, problem: "found no music to train on",
        advice: "Bring more tunes, or longer ones")
    }
    var generator = RandomGenerator(RandomKey(seed: options.seed).child(1))
    model = ComposerModel(options, using: &generator)
  }

  /// Tunes, as the network reads them.
  func coded(_ tunes: [Tune]) -> [CodedTune] {
    tunes.map { CodedTune($0, kind: options.kind, events: events) }
  }

  private var trainingExamples: TuneExamples {
    TuneExamples(
      coded(training), window: options.window, transpose: options.transpose, events: events)
  }

  /// Trains the network.
  ///
  /// - Throws: ``NonFiniteError`` if training runs away in its first epoch; later, what was learned
  ///   before is kept.
  public func train(callbacks: [TrainingCallback] = []) throws(NonFiniteError) -> Composer {
    let events = events
    let judges = TuneExamples(coded(validation), window: nil, transpose: 0, events: events)
    var trainer = Trainer(
      model, optimizer: Adam(learningRate: options.learningRate),
      options: TrainingOptions(
        epochs: options.epochs, batchSize: options.batchSize, seed: options.seed,
        schedule: .cosine(epochs: Double(options.epochs), floor: 0.02),
        earlyStopping: EarlyStopping(patience: options.patience),
        averaging: options.averaging),
      on: TuneExamples.self
    ) { model, pieces, mode in
      model.loss(pieces, events: events, mode: mode)
    }
    try trainer.runKeepingBest(
      on: trainingExamples, validation: judges, callbacks: callbacks)
    return Composer(
      plan: self, model: trainer.bestModel, history: trainer.state.history)
  }

  /// Tunes, parts, network, as lines.
  public var description: String {
    func size(_ tunes: [Tune]) -> String {
      let steps = coded(tunes).reduce(0) { $0 + $1.count }
      let unit = options.kind == .events ? "events" : "steps"
      return "\(tunes.count) tunes, \(NumberFormat.grouped(steps)) \(unit)"
    }
    let notes = (training + validation + test).flatMap(\.notes)
    let outside = notes.count { !Pitch.piano.contains($0.pitch) }
    var lines = [
      "training    \(size(training))", "validation  \(size(validation))",
      "test        \(size(test)); split: \(split)",
    ]
    if options.kind == .polyphonic, outside > 0 {
      lines.append("            \(outside) of \(notes.count) notes lie outside the piano, left out")
    }
    return (lines + [options.summary + ", \(NumberFormat.grouped(model.parameterCount)) weights"])
      .joined(separator: "\n")
  }
}

extension ComposerOptions {
  /// The network in a line.
  var summary: String {
    let layers = layers == 1 ? "1 layer" : "\(layers) layers"
    return
      "network     \(kind.rawValue), \(cell.rawValue.uppercased()), \(layers) of \(hiddenSize) units"
  }
}
