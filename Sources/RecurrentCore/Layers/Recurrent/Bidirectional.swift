/// Two layers over a sequence, one from its start and one from its end (Schuster and Paliwal 1997):
/// `[B, T, F]` to `[B, T, F']`.
///
/// Each row's backward layer starts at that row's own last valid step. The two may be of different
/// kinds.
///
/// ```swift
/// Sequential {
///   Bidirectional(
///     LSTM(inputSize: 8, hiddenSize: 32, using: &generator),
///     LSTM(inputSize: 8, hiddenSize: 32, using: &generator)
///   ).final                                                     // [B, 64]
///   Dense(inputSize: 64, outputSize: 2, using: &generator)
/// }
/// ```
public struct Bidirectional<
  Forward: Layer<SequenceBatch, SequenceBatch>, Backward: Layer<SequenceBatch, SequenceBatch>
>: Layer {
  /// The layer from start to end.
  public var forward: Forward
  /// The layer from end to start.
  public var backward: Reversed<Backward>
  /// What becomes of the two outputs of a step.
  public let merge: Merge

  /// Runs `forward` from the start and `backward` from the end.
  public init(_ forward: Forward, _ backward: Backward, merge: Merge = .concatenate) {
    self.forward = forward
    self.backward = Reversed(backward)
    self.merge = merge
  }

  /// The states of both layers.
  public typealias State = StatePair<Forward.State, Backward.State>

  /// False: an output depends on steps to come.
  public var isCausal: Bool { false }

  /// Whether both layers do.
  public func keepsOneThread(batchSize: Int) -> Bool {
    forward.keepsOneThread(batchSize: batchSize) && backward.keepsOneThread(batchSize: batchSize)
  }

  /// How the layers of both directions run.
  public var paths: [LayerPath] {
    forward.paths.map { $0.under("forward") } + backward.paths.map { $0.under("backward") }
  }

  /// The states of both directions before their first step.
  public func initialState(batchSize: Int) -> State {
    State(
      forward.initialState(batchSize: batchSize), backward.initialState(batchSize: batchSize))
  }

  /// The merged outputs of all steps.
  public func forward(_ input: SequenceBatch, state: inout State, mode: Mode) -> SequenceBatch {
    let (there, back) = both(input, state: &state, mode: mode)
    return input.with(merge(there.values, back.values))
  }

  /// The outputs of both layers, each at the time of its input.
  public func both(
    _ input: SequenceBatch, state: inout State, mode: Mode = .prediction
  ) -> (forward: SequenceBatch, backward: SequenceBatch) {
    func there(_ state: inout Forward.State) -> SequenceBatch {
      forward.forward(input, state: &state, mode: mode.child(0))
    }
    func back(_ state: inout Backward.State) -> SequenceBatch {
      backward.forward(input, state: &state, mode: mode.child(1))
    }
    if Parallelism.threads > 1, !Tape.isRecordingHere,
      keepsOneThread(batchSize: input.batchSize)
    {
      var (first, second) = (state.first, state.second)
      let outputs = Parallelism.both({ there(&first) }, { back(&second) })
      state = State(first, second)
      return outputs
    }
    return (there(&state.first), back(&state.second))
  }

  /// The same layer giving the merged last outputs of both directions, `[B, F']`: what forward
  /// gives at each row's last valid step, and backward at its first.
  public var final: BidirectionalEnds<Forward, Backward> { BidirectionalEnds(layer: self) }

  /// Visits the layers as `forward` and `backward`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("forward", &forward)
    visitor.visit("backward", &backward)
  }
}

/// The last outputs of both directions of a ``Bidirectional``: `[B, T, F]` to `[B, F']`.
public struct BidirectionalEnds<
  Forward: Layer<SequenceBatch, SequenceBatch>, Backward: Layer<SequenceBatch, SequenceBatch>
>: Layer {
  /// The layer whose ends these are.
  public var layer: Bidirectional<Forward, Backward>

  /// False: an output depends on steps to come.
  public var isCausal: Bool { false }

  /// Whether both layers do.
  public func keepsOneThread(batchSize: Int) -> Bool {
    layer.keepsOneThread(batchSize: batchSize)
  }

  /// How the layers of both directions run.
  public var paths: [LayerPath] { layer.paths }

  /// The states of both directions before their first step.
  public func initialState(batchSize: Int) -> StatePair<Forward.State, Backward.State> {
    layer.initialState(batchSize: batchSize)
  }

  /// The merged ends; zeros are merged for an empty row.
  public func forward(
    _ input: SequenceBatch, state: inout StatePair<Forward.State, Backward.State>, mode: Mode
  ) -> Tensor {
    let (there, back) = layer.both(input, state: &state, mode: mode)
    let ends = SequenceBatch.ends(forward: there, backward: back)
    return layer.merge(ends.forward, ends.backward)
  }

  /// Visits the layers as `forward` and `backward`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    layer.visitParameters(&visitor)
  }
}

/// A layer run over sequences from each row's last valid step to its first; each output stands at
/// the time of its input. (Keras's `go_backwards` gives them in the order in which they come.)
public struct Reversed<Base: Layer<SequenceBatch, SequenceBatch>>: Layer {
  /// The layer.
  public var layer: Base

  /// Runs `layer` backwards.
  public init(_ layer: Base) { self.layer = layer }

  /// False: an output depends on steps to come.
  public var isCausal: Bool { false }

  /// Whether the inner layer keeps one thread busy only, for so few rows.
  public func keepsOneThread(batchSize: Int) -> Bool {
    layer.keepsOneThread(batchSize: batchSize)
  }

  /// How the reversed layer runs.
  public var paths: [LayerPath] { layer.paths }

  /// The reversed layer's state before the last step, which it reads first.
  public func initialState(batchSize: Int) -> Base.State {
    layer.initialState(batchSize: batchSize)
  }

  /// The outputs of all steps; `state` becomes that after each row's first valid step.
  public func forward(
    _ input: SequenceBatch, state: inout Base.State, mode: Mode
  ) -> SequenceBatch {
    input.with(layer.forward(input.reversed, state: &state, mode: mode).values)
  }

  /// Visits the parameters of the layer under their own names.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    layer.visitParameters(&visitor)
  }
}

extension SequenceBatch {
  /// What two directions say last, each `[B, F]`: forward at each row's last valid step, backward at
  /// its first.
  static func ends(
    forward: SequenceBatch, backward: SequenceBatch
  ) -> (forward: Tensor, backward: Tensor) {
    (forward.lastValidSteps, backward.reversed.lastValidSteps)
  }

  /// The summary of two directions that stand side by side in the features, as a bidirectional layer
  /// gives them: what each says last, `[B, F]`; zeros for an empty row.
  public var bidirectionalEnds: Tensor {
    let (ends, half) = (Self.ends(forward: self, backward: self), features / 2)
    return .concatenated(
      [
        ends.forward.slice(0..<half, along: 1),
        ends.backward.slice(half..<features, along: 1),
      ], along: 1)
  }
}
