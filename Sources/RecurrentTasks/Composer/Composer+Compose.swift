import Foundation
import Recurrent

extension Composer {
  /// How a tune is drawn from the network.
  public struct Drawing: Sendable {
    /// Steps to be composed.
    public var steps = 64
    /// Below 1, what is likely becomes likelier; above 1, less so.
    public var temperature = 1.0
    /// Only the likeliest may be drawn: of events so many, of keys at most so many at a step.
    public var topK: Int?
    /// At most so many notes sound at a step; nil: as many as come. Of steps, not of events.
    public var voices: Int?
    /// Whether the tune ends where an end is likeliest, up to a quarter of the steps before or behind
    /// those asked for; of joint chords only, which learn where tunes end.
    public var endsPhrase = false
    /// Only notes of this scale begin; what was given stays.
    public var scale: MusicalScale?
    /// Where all random numbers come from: the same seed gives the same tune.
    public var seed: UInt64 = 0

    /// The defaults.
    public init() {}

    /// The first rule that is broken, as a sentence; nil if all is fine.
    public var problem: String? {
      var rules = OptionRules()
      rules.require(["the number of steps": steps])
      rules.require(["the number of voices": voices ?? 1])
      rules.require(temperature > 0, else: "a temperature is above 0, not \(temperature)")
      return rules.problem ?? Sampling(temperature: temperature, topK: topK).problem
    }
  }

  /// From one note to a tune: the note for a beat, and what the network makes of it.
  ///
  /// - Throws: ``DataError`` if the network does not know the note (``check(_:)``), or for a drawing
  ///   that breaks a rule.
  public func compose(
    from note: Pitch, drawing: Drawing = Drawing()
  ) throws(DataError) -> Tune {
    try check(note)
    let seed = Tune.Note(pitch: note.number, start: 0, end: options.stepsPerBeat)
    return try compose(after: Tune(name: "\(note)", notes: [seed]), drawing: drawing)
  }

  /// `primer`, and what comes after it. Notes that the network does not know are left out.
  ///
  /// - Throws: ``DataError`` if the primer has no step, or for a drawing that breaks a rule.
  public func compose(
    after primer: Tune, drawing: Drawing = Drawing()
  ) throws(DataError) -> Tune {
    try check(drawing)
    try require(
      primer.length < 1 ? "composing begins with at least one step" : nil, of: primer.name)
    let coded = CodedTune(primer, kind: options.kind, events: events)
    switch coded {
    case .polyphonic(let steps, let struck):
      return continued(steps, struck, name: primer.name, drawing)
    case .events(let codes):
      // What was given is to go on, so its end is left out.
      let all = continued(Array(codes.dropLast()), length: primer.length, drawing)
      return events.decode(all, name: primer.name).part(0..<primer.length + drawing.steps)
    }
  }

  /// What may come next and how probable it is, likeliest first: keys that sound, or events. Of joint
  /// chords each key has its probability given that those above it are as they are likeliest.
  public func next(after tune: Tune) -> [(what: String, probability: Double)] {
    let coded = CodedTune(tune, kind: options.kind, events: events)
    let given = options.kind == .events ? coded[0..<coded.count - 1] : coded
    guard given.count > 0 else { return [] }
    var session = Session(model)
    let outputs = session.feed(inputs(given))
    let result: [(what: String, probability: Double)]
    switch coded {
    case .polyphonic:
      result = zip(Pitch.piano, distribution(outputs).keyLogits()).map {
        ("\(Pitch($0))", 1 / (1 + exp(-$1)))
      }
    case .events:
      let logits = last(of: outputs)
      let highest = logits.max() ?? 0
      let weights = logits.map { exp($0 - highest) }
      let sum = weights.reduce(0, +)
      result = weights.enumerated().map { (events.event($0).description, $1 / sum) }
    }
    return result.sorted { $0.probability > $1.probability }
  }

  func inputs(_ tune: CodedTune) -> SequenceBatch {
    model.inputs([tune], shifts: [0], events: events)
  }

  /// What the network says behind the last of the steps that it has read.
  func distribution(_ outputs: SequenceBatch) -> StepDistribution {
    StepDistribution(
      outputs: outputs.lastValidSteps.elements, chords: model.chords, code: model.code)
  }

  private func last(of logits: SequenceBatch) -> [Double] {
    logits.lastValidSteps.elements.map { Double($0) }
  }

  // MARK: Events

  /// At most so many notes begin before time must pass.
  private static let notesAtOnce = 16

  private func continued(_ given: [Int], length: Int, _ drawing: Drawing) -> [Int] {
    let events = events
    var session = Session(model)
    var logits = last(of: session.feed(inputs(.events(given))))
    var codes = given
    var grammar = Grammar(events: events)
    for code in given { grammar.take(code) }
    let end = length + drawing.steps
    while grammar.now < end {
      var generator = RandomGenerator(RandomKey(seed: drawing.seed).child(codes.count))
      let allowed = logits.indices.filter { code in
        switch events.event(code) {
        // The length is given.
        case .end: false
        case .noteOn(let pitch):
          !grammar.sounding.contains(pitch) && !grammar.touched.contains(pitch)
            && grammar.begun < Self.notesAtOnce && (drawing.scale?.contains(pitch) ?? true)
        case .noteOff(let pitch):
          grammar.sounding.contains(pitch) && !grammar.touched.contains(pitch)
        case .velocity: !grammar.isVelocitySet
        case .wait: true
        }
      }
      let sampling = Sampling(temperature: drawing.temperature, topK: drawing.topK)
      let drawn =
        sampling.draw(from: logits, among: allowed, using: &generator) ?? events.code(.wait(1))
      codes.append(drawn)
      grammar.take(drawn)
      logits = last(of: session.feed(inputs(.events([drawn]))))
    }
    return codes
  }

  /// What may follow, so that events are always a tune and time always passes.
  private struct Grammar {
    let events: MusicEvents
    var sounding: Set<Int> = []
    /// Pitches that began or ended at this step.
    var touched: Set<Int> = []
    var begun = 0
    var isVelocitySet = false
    var now = 0

    mutating func take(_ code: Int) {
      switch events.event(code) {
      case .end: break
      case .noteOn(let pitch):
        sounding.insert(pitch)
        touched.insert(pitch)
        begun += 1
        isVelocitySet = false
      case .noteOff(let pitch):
        sounding.remove(pitch)
        isVelocitySet = false
      case .wait(let steps):
        now += steps
        touched = []
        begun = 0
        isVelocitySet = false
      case .velocity: isVelocitySet = true
      }
    }
  }
}

extension MusicEvents.Event: CustomStringConvertible {
  var description: String {
    switch self {
    case .end: "end of the tune"
    case .noteOn(let pitch): "\(Pitch(pitch)) begins"
    case .noteOff(let pitch): "\(Pitch(pitch)) ends"
    case .wait(let steps): "\(steps) \(steps == 1 ? "step" : "steps")"
    case .velocity(let level): "velocity \(MusicEvents.velocity(ofLevel: level))"
    }
  }
}
