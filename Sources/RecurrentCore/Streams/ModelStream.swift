import RecurrentFiles

/// A model and its own state, laid out for single steps: for audio, sensors and control loops, from
/// a real-time thread.
///
/// All buffers are made with the stream. A step then allocates nothing, takes no lock and counts no
/// reference, and of a small network takes a fraction of a microsecond. Its bits are those of the
/// sequence fed whole, or through a ``Session``, which takes tensors and any layer.
///
/// ```swift
/// let stream = ModelStream(model)              // once
/// stream.process(input, into: output)          // in the audio callback: buffers of samples
/// ```
///
/// A recurrent layer, ``Dense``, ``Embedding``, ``Conv1D`` (causal), the norms, and what is composed
/// of them by ``Sequential``, ``RecurrentStack``, ``Branches``, ``SkipConnection``, ``EachStep`` or
/// ``AnyLayer`` are laid out; another layer is called with tensors at each step, which allocates
/// (``isLaidOut`` tells). A change to the model after this does not reach the stream.
///
/// One thread at a time may use a stream. As many as there are streams may run at once.
public final class ModelStream<Model: Layer> where Model.Input: SequenceValue {
  /// The model.
  public let model: Model
  private var run: StreamRun

  /// A stream before its first step.
  ///
  /// - Parameters:
  ///   - inputSize: The features of a step, where the model cannot tell (``Layer/featureCount``).
  ///   - rows: How many streams run side by side, B.
  /// - Precondition: The model is causal.
  /// - Complexity: That of copying the weights.
  public init(_ model: Model, inputSize: Int? = nil, rows: Int = 1) {
    require(rows >= 1, "a stream has at least one row, not \(rows)")
    require(model.isCausal, "a stream feeds step by step, and \(Model.self) looks at later steps")
    let width = Model.Input.self == TokenBatch.self ? 1 : inputSize ?? model.featureCount
    guard let width else {
      trap(
        "\(Model.self) does not tell how many features a step has: give the stream its inputSize")
    }
    self.model = model
    run = StreamRun(model, inputSize: width, rows: rows)
  }

  private init(_ model: Model, _ run: StreamRun) { (self.model, self.run) = (model, run) }

  /// B, the streams that run side by side.
  public var rows: Int { run.plan.rows }

  /// I, the features of a step; 1 where it is a token.
  public var inputSize: Int { run.input.width }

  /// O, the numbers that a step gives.
  public var outputSize: Int { run.output.width }

  /// Whether a step calls no layer, and so neither allocates nor locks.
  public var isLaidOut: Bool { run.isLaidOut }

  // MARK: Steps

  /// One step of each row: `input` holds their features `[B, I]`, `output` gets `[B, O]`.
  ///
  /// Never allocates or waits, if the stream ``isLaidOut``.
  ///
  /// - Precondition: `input` has B·I numbers, `output` room for B·O.
  public func step(
    _ input: UnsafeBufferPointer<Float>, into output: UnsafeMutableBufferPointer<Float>
  ) {
    require(
      input.count == rows * inputSize && output.count == rows * outputSize,
      "a step takes \(rows * inputSize) numbers and gives \(rows * outputSize), not \(input.count) and \(output.count)"
    )
    guard let from = input.baseAddress, let to = output.baseAddress else { return }
    run.step(from, to)
  }

  /// The steps of a buffer, one after the other: `input` holds `[T, B, I]`, `output` gets
  /// `[T, B, O]`. The two may be the same memory where I is O.
  ///
  /// Never allocates or waits, if the stream ``isLaidOut``.
  public func process(
    _ input: UnsafeBufferPointer<Float>, into output: UnsafeMutableBufferPointer<Float>
  ) {
    let (taken, given) = (rows * inputSize, rows * outputSize)
    require(
      input.count % taken == 0 && input.count / taken * given == output.count,
      "steps of \(taken) numbers that give \(given) each do not fit \(input.count) and \(output.count)"
    )
    guard let from = input.baseAddress, let to = output.baseAddress else { return }
    for step in 0..<input.count / taken {
      run.step(from + step * taken, to + step * given)
    }
  }

  /// One step, `[B, I]` to `[B, O]`: allocates nothing where `output` has that count already.
  ///
  /// - Throws: ``DataError`` if `input` has another count; the state stays as it was.
  public func step(
    _ input: [Float], into output: inout [Float], from source: @autoclosure () -> String = "stream"
  ) throws(DataError) {
    guard input.count == rows * inputSize else {
      throw DataError(
        file: source(),
        problem: "found a step of \(input.count) numbers, expected \(rows * inputSize)")
    }
    if output.count != rows * outputSize {
      output = Array(repeating: 0, count: rows * outputSize)
    }
    input.withUnsafeBufferPointer { input in
      output.withUnsafeMutableBufferPointer { step(input, into: $0) }
    }
  }

  /// One step, `[B, I]` to `[B, O]`.
  ///
  /// - Throws: ``DataError`` if `input` has another count; the state stays as it was.
  public func step(
    _ input: [Float], from source: @autoclosure () -> String = "stream"
  ) throws(DataError) -> [Float] {
    var output = [Float](repeating: 0, count: rows * outputSize)
    try step(input, into: &output, from: source())
    return output
  }

  // MARK: State

  /// Back to the initial state.
  public func reset() { state = model.initialState(batchSize: rows) }

  /// A stream of its own that goes on from the same state; what is laid out is shared.
  public func fork() -> sending ModelStream { ModelStream(model, run.copy()) }

  /// The state after the last step: to be saved (``LayerState/save(to:)``), restored, or handed to a
  /// ``Session``.
  public var state: Model.State {
    get { run.state(like: model.initialState(batchSize: rows)) }
    set { run.set(newValue) }
  }
}

extension ModelStream where Model.Input == TokenBatch {
  /// One token of each row; `output` gets `[B, O]`.
  ///
  /// - Precondition: As many tokens as rows, each known to the model and below 2^24.
  public func step(_ tokens: [Int], into output: inout [Float]) throws(DataError) {
    require(
      tokens.allSatisfy { (0..<1 << 24).contains($0) },
      "a stream takes tokens in 0..<2^24, not \(tokens)")
    try step(tokens.map(Float.init), into: &output)
  }
}
