import Synchronization

extension RecurrentStack {
  /// Whether a prediction runs as a wave: layer 1 on the first steps while layer 0 is at the next
  /// ones. For rows so few that a layer alone keeps one thread busy only.
  func runsAsWave(_ input: SequenceBatch, mode: Mode) -> Bool {
    mode == .prediction && layers.count > 1 && input.time > 1 && Parallelism.threads > 1
      && !Tape.isRecordingHere && isCausal
      && keepsOneThread(batchSize: input.batchSize)
  }

  /// The outputs of the last layer, all layers in a wave over layers and pieces of time.
  ///
  /// A sequence in pieces gives the bits of the whole one.
  func wave(_ input: SequenceBatch, state: inout State) -> SequenceBatch {
    let length = max(8, (input.time + 7) / 8)
    let pieces = stride(from: 0, to: input.time, by: length).map {
      input.steps($0..<min($0 + length, input.time))
    }
    // A layer takes a piece from its own place, and puts its output into that of the next one.
    let places = Mutex((pieces: [pieces] + layers.map { _ in pieces }, states: state.layers))
    Parallelism.wave(rows: layers.count, columns: pieces.count) { layer, piece in
      var (input, own) = places.withLock { ($0.pieces[layer][piece], $0.states[layer]) }
      input = layers[layer].forward(input, state: &own, mode: .prediction)
      places.withLock {
        $0.pieces[layer + 1][piece] = input
        $0.states[layer] = own
      }
    }
    return places.withLock {
      state.layers = $0.states
      return input.with(Tensor.concatenated($0.pieces[layers.count].map(\.values), along: 1))
    }
  }
}
