import Recurrent

/// The network of a composer: recurrent layers over steps or embedded events, and a dense layer to
/// the logits of what comes next, `[B, T, F]` to `[B, T, V]`; of joint chords, to the biases of their
/// distribution, `[B, T, D + K]`.
public struct ComposerModel: Layer {
  /// The vectors of the events, `[V, D]`; a polyphonic model has none.
  public var embedding: Embedding?
  /// The recurrent layers.
  public var recurrent: RecurrentStack
  /// The layer from a hidden state to what comes next.
  public var head: Dense
  /// Which keys sound together; nil where each is foretold by itself, and of events.
  public var chords: NADE?
  /// How the steps of joint chords are written.
  let code: ChordCode
  let dropout: Float
  let chordDropout: Float

  init(_ options: ComposerOptions, using generator: inout some RandomNumberGenerator) {
    code = options.code
    let sizes = Self.sizes(options)
    embedding =
      options.kind == .events
      ? Embedding(vocabularySize: sizes.outputs, size: sizes.inputs, using: &generator) : nil
    recurrent = RecurrentStack(
      options.cell, inputSize: sizes.inputs, hiddenSize: options.hiddenSize,
      layerCount: options.layers, options: RecurrentOptions(dropConnect: options.dropConnect ?? 0),
      dropout: options.dropout, using: &generator)
    head = Dense(inputSize: options.hiddenSize, outputSize: sizes.outputs, using: &generator)
    chords =
      options.hasJointChords
      ? NADE(variables: code.count, units: options.chordUnits ?? 1, using: &generator) : nil
    (dropout, chordDropout) = (options.dropout, options.chordDropout ?? 0)
  }

  private static func sizes(_ options: ComposerOptions) -> (inputs: Int, outputs: Int) {
    switch options.kind {
    case .polyphonic:
      (
        options.code.inputs,
        options.hasJointChords
          ? options.code.count + (options.chordUnits ?? 1) : Pitch.piano.count
      )
    case .events:
      (min(options.hiddenSize, 128), MusicEvents(stepsPerBeat: options.stepsPerBeat).count)
    }
  }

  /// How the recurrent layers run.
  public var paths: [LayerPath] { recurrent.paths.map { $0.under("recurrent") } }

  /// The state before the first step: zeros.
  public func initialState(batchSize: Int) -> RecurrentStack.State {
    recurrent.initialState(batchSize: batchSize)
  }

  /// The logits of the step after each step, or the biases of its joint distribution.
  public func forward(
    _ input: SequenceBatch, state: inout RecurrentStack.State, mode: Mode
  ) -> SequenceBatch {
    let drop = EachStep(Dropout(rate: dropout))
    let hidden = recurrent.forward(
      embedding == nil ? input : drop(input, mode: mode.child(0)), state: &state,
      mode: mode.child(1))
    return EachStep(head)(drop(hidden, mode: mode.child(2)), mode: mode)
  }

  /// What the network reads, for tunes moved by so many semitones: `[B, T, F]`.
  func inputs(_ tunes: [CodedTune], shifts: [Int], events: MusicEvents) -> SequenceBatch {
    if let embedding {
      let codes = zip(tunes, shifts).map { tune, shift -> [Int] in
        guard case .events(let codes) = tune else { return [] }
        return codes.map { events.transposed($0, by: shift) }
      }
      return embedding(TokenBatch(codes))
    }
    let width = code.inputs
    let time = tunes.map(\.count).max() ?? 0
    var values = [Float](repeating: 0, count: tunes.count * time * width)
    for (row, (tune, shift)) in zip(tunes, shifts).enumerated() {
      guard case .polyphonic(let steps, let struck) = tune else { continue }
      for (step, pitches) in steps.enumerated() {
        let start = (row * time + step) * width + shift - Pitch.piano.lowerBound
        for pitch in pitches { values[start + pitch] = 1 }
        guard code.tellsRepeats, !struck.isEmpty else { continue }
        for pitch in struck[step] { values[start + ChordCode.keys + pitch] = 1 }
      }
    }
    return SequenceBatch(
      Tensor(values, shape: [tunes.count, time, width]), lengths: tunes.map(\.count))
  }

  /// The mean over all steps of the negative log-likelihood of a step (of a polyphonic one, the sum
  /// over its keys, and of joint chords over all that ``ChordCode`` tells). In training each piece is moved by a number of semitones drawn from its key.
  func loss(_ pieces: [TuneExamples.Piece], events: MusicEvents, mode: Mode) -> Tensor {
    let keys = mode.child(3).rowKeys(pieces.count)
    let shifts = pieces.enumerated().map { row, piece -> Int in
      guard let keys else { return 0 }
      var generator = RandomGenerator(keys[row])
      return Int.random(in: piece.transpositions, using: &generator)
    }
    let tunes = pieces.map(\.tune)
    let outputs = self(
      inputs(tunes.map { $0[0..<$0.count - 1] }, shifts: shifts, events: events), mode: mode)
    if embedding != nil {
      let classes = zip(tunes, shifts).map { tune, shift -> [Int] in
        guard case .events(let codes) = tune else { return [] }
        return codes.dropFirst().map { events.transposed($0, by: shift) }
      }
      return categoricalCrossEntropy(logits: outputs, classes: classes)
    }
    guard chords != nil else {
      let targets = inputs(tunes.map { $0[1..<$0.count] }, shifts: shifts, events: events)
      return binaryCrossEntropy(logits: outputs.validSteps, targets: targets.validSteps)
        * Float(Pitch.piano.count)
    }
    let targets = ChordTargets(pieces, shifts: shifts, code: code)
    let x = targets.values.validSteps
    let logits = chordLogits(outputs, targets, mode: mode)
    return ((logits.softplus() - logits * x) * targets.counted.validSteps).sum()
      * (1 / Float(max(1, x.shape[0])))
  }

  /// The logit of each variable of joint chords given those before it, of all valid steps, `[N, D]`.
  func chordLogits(_ biases: SequenceBatch, _ targets: ChordTargets, mode: Mode) -> Tensor {
    guard let chords else { return biases.validSteps }
    var mask: Tensor?
    if chordDropout > 0, mode != .prediction {
      let ones = SequenceBatch(
        Tensor(repeating: 1, shape: [biases.batchSize, biases.time, chords.units]),
        lengths: biases.lengths)
      mask = EachStep(Dropout(rate: chordDropout))(ones, mode: mode.child(4)).validSteps
    }
    return chords.logits(
      of: targets.values.validSteps, biases: biases.validSteps, mask: mask)
  }

  /// Visits `embedding`, `recurrent`, `head` and `chords`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("embedding", &embedding)
    visitor.visit("recurrent", &recurrent)
    visitor.visit("head", &head)
    visitor.visit("chords", &chords)
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ComposerModel: JobModel {
  public func products(steps: Int) -> [JobProduct] {
    [JobProduct("head", head.weights.count, of: head, times: steps)]
      + (chords.map {
        [JobProduct("chords", $0.outputWeights.count, of: $0, times: steps)]
      } ?? [])
  }
}
