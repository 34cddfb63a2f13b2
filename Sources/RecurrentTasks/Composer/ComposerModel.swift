import Recurrent

/// The network of a composer: recurrent layers over steps or embedded events, and a dense layer to
/// the logits of what comes next. `[B, T, 88]` to `[B, T, 88]`, or `[B, T, D]` to `[B, T, V]`.
public struct ComposerModel: Layer {
  /// The vectors of the events, `[V, D]`; a polyphonic model has none.
  public var embedding: Embedding?
  /// The recurrent layers.
  public var recurrent: RecurrentStack
  /// From a hidden state to what comes next.
  public var head: Dense
  let dropout: Float

  init(_ options: ComposerOptions, using generator: inout some RandomNumberGenerator) {
    let sizes = Self.sizes(options)
    embedding =
      options.kind == .events
      ? Embedding(vocabularySize: sizes.outputs, size: sizes.inputs, using: &generator) : nil
    recurrent = RecurrentStack(
      options.cell, inputSize: sizes.inputs, hiddenSize: options.hiddenSize,
      layerCount: options.layers, options: RecurrentOptions(dropConnect: options.dropConnect ?? 0),
      dropout: options.dropout, using: &generator)
    head = Dense(inputSize: options.hiddenSize, outputSize: sizes.outputs, using: &generator)
    dropout = options.dropout
  }

  private static func sizes(_ options: ComposerOptions) -> (inputs: Int, outputs: Int) {
    switch options.kind {
    case .polyphonic: (Pitch.piano.count, Pitch.piano.count)
    case .events:
      (min(options.hiddenSize, 128), MusicEvents(stepsPerBeat: options.stepsPerBeat).count)
    }
  }

  /// Those of the recurrent layers.
  public var paths: [LayerPath] { recurrent.paths.map { $0.under("recurrent") } }

  /// Zeros.
  public func initialState(batchSize: Int) -> RecurrentStack.State {
    recurrent.initialState(batchSize: batchSize)
  }

  /// The logits of the step after each step.
  public func forward(
    _ input: SequenceBatch, state: inout RecurrentStack.State, mode: Mode
  ) -> SequenceBatch {
    let drop = EachStep(Dropout(rate: dropout))
    let hidden = recurrent.forward(
      embedding == nil ? input : drop(input, mode: mode.child(0)), state: &state,
      mode: mode.child(1))
    return EachStep(head)(drop(hidden, mode: mode.child(2)), mode: mode)
  }

  /// What the network reads, for tunes moved by so many semitones: `[B, T, 88]` or `[B, T, D]`.
  func inputs(_ tunes: [CodedTune], shifts: [Int], events: MusicEvents) -> SequenceBatch {
    if let embedding {
      let codes = zip(tunes, shifts).map { tune, shift -> [Int] in
        guard case .events(let codes) = tune else { return [] }
        return codes.map { events.transposed($0, by: shift) }
      }
      return embedding(TokenBatch(codes))
    }
    let keys = Pitch.piano.count
    let time = tunes.map(\.count).max() ?? 0
    var values = [Float](repeating: 0, count: tunes.count * time * keys)
    for (row, (tune, shift)) in zip(tunes, shifts).enumerated() {
      guard case .polyphonic(let steps) = tune else { continue }
      for (step, pitches) in steps.enumerated() {
        let start = (row * time + step) * keys + shift - Pitch.piano.lowerBound
        for pitch in pitches { values[start + pitch] = 1 }
      }
    }
    return SequenceBatch(
      Tensor(values, shape: [tunes.count, time, keys]), lengths: tunes.map(\.count))
  }

  /// The mean over all steps of the negative log-likelihood of a step (of a polyphonic one, the sum
  /// over its keys). In training each piece is moved by a number of semitones drawn from its key.
  func loss(_ pieces: [TuneExamples.Piece], events: MusicEvents, mode: Mode) -> Tensor {
    let keys = mode.child(3).rowKeys(pieces.count)
    let shifts = pieces.enumerated().map { row, piece -> Int in
      guard let keys else { return 0 }
      var generator = RandomGenerator(keys[row])
      return Int.random(in: piece.transpositions, using: &generator)
    }
    let tunes = pieces.map(\.tune)
    let logits = self(
      inputs(tunes.map { $0[0..<$0.count - 1] }, shifts: shifts, events: events), mode: mode)
    if embedding != nil {
      let classes = zip(tunes, shifts).map { tune, shift -> [Int] in
        guard case .events(let codes) = tune else { return [] }
        return codes.dropFirst().map { events.transposed($0, by: shift) }
      }
      return categoricalCrossEntropy(logits: logits, classes: classes)
    }
    let targets = inputs(tunes.map { $0[1..<$0.count] }, shifts: shifts, events: events)
    return binaryCrossEntropy(logits: logits.validSteps, targets: targets.validSteps)
      * Float(Pitch.piano.count)
  }

  /// Visits `embedding`, `recurrent` and `head`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("embedding", &embedding)
    visitor.visit("recurrent", &recurrent)
    visitor.visit("head", &head)
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ComposerModel: JobModel {
  public func products(steps: Int) -> [JobProduct] {
    [JobProduct("head", head.weights.count, of: head, times: steps)]
  }
}
