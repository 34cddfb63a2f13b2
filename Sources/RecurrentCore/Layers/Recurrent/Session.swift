import RecurrentFiles

/// A model and its own state, fed one step at a time: for streams.
///
/// A session of several rows feeds as many streams side by side.
///
/// The model is shared with every other session, the state is this session's own. A copy is a fork:
/// both go on from the same state. Feeding a sequence step by step gives the same bits as feeding
/// it whole.
///
/// ```swift
/// var session = Session(model)
/// for value in sensor { alarm(try session.step([value])) }
/// ```
public struct Session<Model: Layer>: Sendable where Model.Input: SequenceValue {
  /// The model.
  public let model: Model
  /// The state after the last step.
  public var state: Model.State {
    get { run.map { $0.state(like: outside) } ?? outside }
    set {
      outside = newValue
      run?.makeUnique()
      run?.set(newValue)
    }
  }
  /// The state where nothing is laid out, else its shapes.
  private var outside: Model.State
  /// The layout of single steps, from the first of them on, of a model that has one.
  private var run: StreamRun?
  /// The number of streams, B.
  public let batchSize: Int
  /// Asked once: a step may take less time than the answer.
  private let featureCount: Int?
  /// Whether a layout of single steps is still to be tried.
  private var mayBeLaidOut = true
  /// Constants of a layout at most, in floats (2 MiB): a step of a larger model several threads share, which is where they
  /// were measured to overtake one (LSTM: from 384 units on).
  private static var mostConstants: Int { 1 << 19 }

  /// A session before its first step.
  public init(_ model: Model, batchSize: Int = 1) {
    require(batchSize >= 1, "a session has at least one row, not \(batchSize)")
    require(
      model.isCausal, "a session feeds step by step, and \(Model.self) looks at later steps")
    self.model = model
    self.batchSize = batchSize
    featureCount = model.featureCount
    outside = model.initialState(batchSize: batchSize)
  }

  /// Several steps of each stream, `[B, T, F]` or `[B, T]`; the model's output for them.
  public mutating func feed(_ steps: Model.Input) -> Model.Output {
    require(
      steps.batchSize == batchSize,
      "a session of \(batchSize) rows takes as many sequences, not \(steps.batchSize)")
    guard run != nil else { return model.forward(steps, state: &outside, mode: .prediction) }
    var now = state
    let output = model.forward(steps, state: &now, mode: .prediction)
    state = now
    return output
  }

  /// Back to the initial state.
  public mutating func reset() {
    state = model.initialState(batchSize: batchSize)
  }
}

extension Session where Model.Input == SequenceBatch {
  /// One step of the only stream with these features; the model's output for it.
  ///
  /// - Parameter source: What the error names as the place that they come from.
  /// - Throws: ``DataError`` if they are not as many as the model's ``Layer/featureCount``; the
  ///   state stays as it was. A model that does not tell it traps.
  public mutating func step(
    _ features: [Float], from source: @autoclosure () -> String = "stream"
  ) throws(DataError) -> Model.Output {
    if let featureCount, features.count != featureCount {
      throw DataError(
        file: source(),
        problem: "found a step of \(features.count) features, expected \(featureCount)")
    }
    return laidOut(features)
      ?? feed(SequenceBatch(Tensor(features, shape: [1, 1, features.count])))
  }

  /// The same by the layout, which spares making tensors of what is between the layers; nil if there
  /// is none.
  private mutating func laidOut(_ features: [Float]) -> Model.Output? {
    guard mayBeLaidOut, batchSize == 1 else { return nil }
    if run == nil {
      guard Model.Output.self == SequenceBatch.self || Model.Output.self == Tensor.self,
        let new = StreamRun(
          model, inputSize: features.count, rows: 1, mostConstants: Self.mostConstants),
        new.isLaidOut
      else {
        mayBeLaidOut = false
        return nil
      }
      new.set(outside)
      run = new
    }
    guard run?.input.width == features.count, let width = run?.output.width else { return nil }
    run?.makeUnique()
    let isSequence = Model.Output.self == SequenceBatch.self
    let output = Tensor(shape: isSequence ? [1, 1, width] : [1, width]) { output in
      features.withUnsafeBufferPointer {
        if let input = $0.baseAddress { run?.step(input, output) }
      }
    }
    return isSequence ? SequenceBatch(output) as? Model.Output : output as? Model.Output
  }
}

extension Session where Model.Input == TokenBatch {
  /// One token of the only stream; the model's output for it.
  ///
  /// - Precondition: The model knows it, as it does those that the vocabulary of its texts gives.
  public mutating func step(_ token: Int) -> Model.Output {
    feed(TokenBatch([[token]]))
  }
}
