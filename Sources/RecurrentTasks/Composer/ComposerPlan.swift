import Recurrent

/// Everything about a composer that is fixed before training starts: the tunes, which of them it
/// learns from, and the untrained network.
public struct ComposerPlan: JobPlan {
  /// The options.
  public var options: ComposerOptions
  /// The model that training goes on from.
  public let origin: Composer?
  /// Tunes to learn from.
  public let training: [Tune]
  /// Tunes that judge each epoch.
  public let validation: [Tune]
  /// Tunes that only the report sees.
  public let test: [Tune]
  /// How the tunes were split into parts, in words.
  public let split: String
  /// Whether the tunes tell repeated notes.
  let repeats: (areTold: Bool, text: String)
  let source: String
  let events: MusicEvents

  /// Plans a composer.
  ///
  /// Parts that a collection names stay as they are. Else a tenth of the tunes, drawn by the seed,
  /// judges each epoch and another tenth is for the report; of fewer than three tunes, the last
  /// tenths of each.
  ///
  /// - Parameters:
  ///   - collection: on the grid of the options.
  ///   - validation: tunes that judge each epoch, in place of those of the collection.
  ///   - test: tunes that only the report sees, in place of those of the collection.
  ///   - model: a model to go on from, of which all but the course of training stays.
  /// - Throws: ``DataError`` if the options break a rule or contradict the model, or there is nothing
  ///   to learn from.
  public init(
    _ collection: MusicCollection, validation: MusicCollection? = nil,
    test: MusicCollection? = nil, options: ComposerOptions = ComposerOptions(),
    from model: Composer? = nil
  ) throws(DataError) {
    var options = try options.settled(from: model)
    let told = collection.repeats
    if model == nil, options.repeats == nil, options.hasJointChords, told.areTold {
      options.repeats = true
    }
    repeats = told
    self.options = options
    origin = model
    source = collection.source
    events = MusicEvents(stepsPerBeat: options.stepsPerBeat)
    let own = (validation?.tunes.map(\.tune), test?.tunes.map(\.tune))
    let drawn = Self.parts(
      of: collection, seed: options.seed, drawsValidation: own.0 == nil, drawsTest: own.1 == nil)
    let parts = (
      training: drawn.training, validation: own.0 ?? drawn.validation, test: own.1 ?? drawn.test
    )
    split =
      own.0 != nil && own.1 != nil
      ? "the files given"
      : drawn.words + (own.0 != nil || own.1 != nil ? ", and the files given" : "")
    // What is too short to foretell anything is in no part, so that a part is empty where it has
    // nothing to say.
    let (kind, coding) = (options.kind, events)
    func usable(_ tunes: [Tune]) -> [Tune] {
      tunes.filter { CodedTune($0, kind: kind, events: coding).count >= 2 }
    }
    (training, self.validation, self.test) = (
      usable(parts.training), usable(parts.validation), usable(parts.test)
    )
    guard training.contains(where: { $0.length >= 2 && !$0.notes.isEmpty }) else {
      throw DataError(
        file: collection.source, problem: "found no music to train on",
        advice: "Bring more tunes, or longer ones")
    }
  }

  /// The parts of a collection, and how they were made. What is not drawn is for training; tunes of a
  /// part that the collection names are not.
  private static func parts(
    of collection: MusicCollection, seed: UInt64, drawsValidation: Bool, drawsTest: Bool
  ) -> (training: [Tune], validation: [Tune], test: [Tune], words: String) {
    let tunes = collection.tunes.map(\.tune)
    if collection.tunes.contains(where: { $0.part != nil }) {
      func part(_ part: PianoRollFile.Part) -> [Tune] {
        collection.tunes.filter { ($0.part ?? .train) == part }.map(\.tune)
      }
      return (part(.train), part(.valid), part(.test), "the parts that the file names")
    }
    let shares = (test: drawsTest ? 1 : 0, judging: drawsValidation ? 1 : 0)
    guard tunes.count >= 3 else {
      func share(_ from: Int, _ to: Int) -> [Tune] {
        from == to
          ? [] : tunes.map { $0.part($0.length * from / 10..<$0.length * to / 10) }
      }
      let (end, middle) = (10 - shares.test, 10 - shares.test - shares.judging)
      return (share(0, middle), share(middle, end), share(end, 10), "the last tenths of each tune")
    }
    var order = Array(tunes.indices)
    var generator = RandomGenerator(RandomKey(seed: seed).child(2))
    order.shuffle(using: &generator)
    let tenth = max(1, tunes.count / 10)
    func some(_ range: Range<Int>) -> [Tune] { order[range].sorted().map { tunes[$0] } }
    let (tested, judged) = (shares.test * tenth, (shares.test + shares.judging) * tenth)
    return (
      some(judged..<tunes.count), some(tested..<judged), some(0..<tested), "drawn by the seed"
    )
  }

  /// Tunes, as the network reads them.
  func coded(_ tunes: [Tune]) -> [CodedTune] {
    tunes.map { CodedTune($0, kind: options.kind, events: events) }
  }

  /// What scores stand beside, counted on the training part.
  public var extras: Composer.Baselines {
    let training = coded(training)
    func baseline(_ isMarkov: Bool) -> MusicBaseline {
      MusicBaseline(training, kind: options.kind, events: events, isMarkov: isMarkov)
    }
    return Composer.Baselines(markov: baseline(true), marginal: baseline(false))
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
    let steps = options.stepsPerBeat == 1 ? "1 step" : "\(options.stepsPerBeat) steps"
    lines.append("grid        \(steps) a quarter note")
    if options.kind == .polyphonic, outside > 0 {
      lines.append("            \(outside) of \(notes.count) notes lie outside the piano, left out")
    }
    if options.hasJointChords {
      let asked =
        (options.repeats == true) == repeats.areTold
        ? "" : options.repeats == true ? "learned as asked; " : "not learned as asked; "
      lines.append("repeats     \(asked)\(repeats.text)")
    }
    return (lines + [options.summary + ", \(NumberFormat.grouped(parameterCount)) weights"])
      .joined(separator: "\n")
  }
}

extension ComposerOptions {
  /// The network in a line.
  var summary: String {
    let layers = layers == 1 ? "1 layer" : "\(layers) layers"
    let chords = hasJointChords ? ", joint chords of \(chordUnits ?? 1)" : ""
    return
      "network     \(kind.rawValue), \(cell.rawValue.uppercased()), \(layers) of \(hiddenSize) units\(chords)"
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ComposerPlan {
  public var trainingExamples: TuneExamples {
    TuneExamples(
      coded(training), window: options.window, transpose: options.transpose, events: events)
  }

  public var validationExamples: TuneExamples {
    TuneExamples(coded(validation), window: nil, transpose: 0, events: events)
  }

  public func initialKey(member: Int) -> RandomKey { RandomKey(seed: options.seed).child(1) }

  public func trainer(
    of model: ComposerModel, member: Int
  ) -> Trainer<ComposerModel, Adam, TuneExamples> {
    let events = events
    return Trainer(
      model, optimizer: Adam(learningRate: options.learningRate),
      options: options.training(
        member: member, schedule: .cosine(epochs: Double(options.epochs), floor: 0.02))
    ) { model, pieces, mode in
      model.loss(pieces, events: events, mode: mode)
    }
  }

  public func configuration(after histories: [TrainingHistory]) -> Composer.Configuration {
    Composer.Configuration(
      options: options, epochs: histories.first?.epochs.count ?? 0,
      bestEpoch: histories.first?.best?.epoch ?? 0,
      trainedOn: "\(source), \(training.count) tunes")
  }

  public func complete(_ composer: inout Composer) {
    let test = coded(test)
    if !test.isEmpty { composer.configuration.evaluation = composer.evaluation(of: test) }
  }
}
