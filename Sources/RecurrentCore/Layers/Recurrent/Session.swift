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
  public var state: Model.State
  /// The number of streams, B.
  public let batchSize: Int
  /// Asked once: a step may take less time than the answer.
  private let featureCount: Int?

  /// A session before its first step.
  public init(_ model: Model, batchSize: Int = 1) {
    require(batchSize >= 1, "a session has at least one row, not \(batchSize)")
    require(
      model.isCausal, "a session feeds step by step, and \(Model.self) looks at later steps")
    self.model = model
    self.batchSize = batchSize
    featureCount = model.featureCount
    state = model.initialState(batchSize: batchSize)
  }

  /// Several steps of each stream, `[B, T, F]` or `[B, T]`; the model's output for them.
  public mutating func feed(_ steps: Model.Input) -> Model.Output {
    require(
      steps.batchSize == batchSize,
      "a session of \(batchSize) rows takes as many sequences, not \(steps.batchSize)")
    return model.forward(steps, state: &state, mode: .prediction)
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
    return feed(SequenceBatch(Tensor(features, shape: [1, 1, features.count])))
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
