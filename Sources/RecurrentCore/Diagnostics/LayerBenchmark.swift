/// Recurrent layers of some size, measured on this machine: time, operations and memory.
///
/// ```swift
/// var benchmark = LayerBenchmark()
/// benchmark.hiddenSize = 512
/// let result = benchmark.run()
/// print(result.seconds(at: 0.5), result.operationsPerSecond / 1e9)
/// ```
public struct LayerBenchmark: Sendable {
  /// The mode of running that is measured.
  public enum Mode: String, Sendable, Codable, CaseIterable {
    /// A forward and a backward pass that gives the gradient of every weight from a gradient of all
    /// outputs. No gradient of the input, no optimizer.
    case train
    /// A forward pass from the zero state that keeps nothing.
    case infer
    /// One time step after another through a ``ModelStream``; a run is one step.
    case step
  }

  /// How many steps of each row are valid.
  public enum Lengths: String, Sendable, Codable, CaseIterable {
    /// All steps of each row are valid.
    case full
    /// A number drawn from 1...T for each row, always the same: half of the steps in the mean.
    case uniform
  }

  /// The kind of layer.
  public var cell = CellKind.lstm
  /// The mode of running that is measured.
  public var mode = Mode.train
  /// B, the number of rows.
  public var batchSize = 64
  /// T; 1 when single steps are measured.
  public var time = 100
  /// I, the number of input features.
  public var inputSize = 256
  /// H, the number of hidden units.
  public var hiddenSize = 256
  /// Layers, each on the outputs of the one before.
  public var layerCount = 1
  /// Whether each layer runs in both directions.
  public var isBidirectional = false
  /// How many steps of each row are valid.
  public var lengths = Lengths.full

  /// A training pass of one LSTM of 256 units on 64 rows of 100 steps.
  public init() {}

  /// The valid steps of each row.
  var rowLengths: [Int] {
    let time = mode == .step ? 1 : time
    switch lengths {
    case .full: return Array(repeating: time, count: batchSize)
    case .uniform:
      var generator = RandomGenerator(seed: 0)
      return (0..<batchSize).map { _ in Int.random(in: 1...time, using: &generator) }
    }
  }

  /// N, the valid steps of all rows.
  public var steps: Int { rowLengths.reduce(0, +) }

  /// Operations of the matrix products of a run over the valid steps (``StepCost`` has the
  /// formulas).
  public var operations: Double {
    let steps = Double(steps)
    return shapes.paths.reduce(0) {
      let backward = mode == .train ? $1.backwardOperations(steps: steps) : 0
      return $0 + $1.forwardOperations(steps: steps) + backward
    }
  }

  /// What a run is expected to take where all rows are full; an optimizer included if it trains.
  public var cost: StepCost {
    let (paths, count) = (shapes.paths, shapes.parameterCount)
    return mode == .train
      ? .training(paths: paths, parameterCount: count, batchSize: batchSize, time: time)
      : .prediction(
        paths: paths, parameterCount: count, batchSize: batchSize, time: mode == .step ? 1 : time)
  }

  /// Steps that are timed together where one is a run.
  private static let stepsOfRun = 64

  /// Bytes of what the backward pass needs of the steps: values of all places, the input and the
  /// gradient of the output included, and what is kept of the valid ones. 0 where there is no
  /// backward pass.
  var activationBytes: Int {
    guard mode == .train else { return 0 }
    let (places, steps) = (batchSize * time, steps)
    return 4
      * shapes.paths.reduce(places * (inputSize + outputSize)) {
        $0 + places * $1.outputSize + steps * $1.keptSize
      }
  }

  private var outputSize: Int { isBidirectional ? 2 * hiddenSize : hiddenSize }

  /// The layers without their weights.
  private var shapes: RecurrentStack {
    var shapes = ShapesOnly()
    return stack(using: &shapes)
  }

  private func stack(using generator: inout some RandomNumberGenerator) -> RecurrentStack {
    RecurrentStack(
      cell, inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount,
      isBidirectional: isBidirectional, using: &generator)
  }

  /// Measures, after three runs that do not count: at least seven runs, and more until `budget`
  /// seconds are over.
  public func run(budget: Double = 2) -> Result {
    let pool = ExecutionContext.current.buffers
    pool.resetPeak()
    let before = pool.peak
    var generator = RandomGenerator(seed: 1)
    let stack = stack(using: &generator)
    let time = mode == .step ? 1 : time
    let draw = Initializer.normal(1)
    let input = SequenceBatch(
      draw([batchSize, time, inputSize], using: &generator), lengths: rowLengths)
    var body: () -> Void
    switch mode {
    case .train:
      let gradient = draw([batchSize, time, outputSize], using: &generator)
      body = {
        _ = outputAndGradients(of: stack, from: gradient) {
          $0(input, mode: .training(RandomKey(seed: 1))).values
        }
      }
    case .infer:
      body = { _ = stack(input) }
    case .step:
      // A step may take less time than to look at the clock.
      let stream = ModelStream(stack, rows: batchSize)
      let steps = draw([Self.stepsOfRun, batchSize, inputSize], using: &generator)
      let outputs = Storage(count: Self.stepsOfRun * batchSize * outputSize)
      body = {
        stream.process(
          UnsafeBufferPointer(start: steps.pointer, count: steps.count),
          into: UnsafeMutableBufferPointer(start: outputs.pointer, count: outputs.count))
      }
    }

    for _ in 0..<3 { body() }
    let steps = mode == .step ? Double(Self.stepsOfRun) : 1
    let (allocated, small) = (pool.allocatedFloats, pool.smallFloats)
    let clock = ContinuousClock()
    let end = clock.now + .seconds(budget)
    var seconds: [Double] = []
    while seconds.count < 7 || (clock.now < end && seconds.count < 100_000) {
      seconds.append(clock.measure(body) / .seconds(1) / steps)
    }
    let (allocatedAfter, smallAfter) = (pool.allocatedFloats, pool.smallFloats)
    pool.resetPeak()
    body()
    return Result(
      benchmark: self, seconds: seconds.sorted(),
      allocatedBytes: 4 * (allocatedAfter - allocated) / seconds.count,
      smallBytes: 4 * (smallAfter - small) / seconds.count, peakBytes: 4 * (pool.peak - before),
      parameterBytes: 4 * stack.parameterCount)
  }

  /// The times of a benchmark's runs.
  public struct Result: Sendable {
    /// The benchmark that was run.
    public let benchmark: LayerBenchmark
    /// The time of each run, the shortest first.
    public let seconds: [Double]
    /// Bytes that a run takes from the system, because no buffer that fits was waiting.
    public let allocatedBytes: Int
    /// Bytes of buffers below 4 KiB, which the system's allocator gives and takes back in each run.
    public let smallBytes: Int
    /// The most bytes of buffers in use at once in a run, weights and input included; small ones
    /// do not count.
    public let peakBytes: Int
    /// Bytes of the weights.
    public let parameterBytes: Int

    /// Bytes of the gradients of the weights; 0 where there is no backward pass.
    public var gradientBytes: Int { benchmark.mode == .train ? parameterBytes : 0 }
    /// Bytes of what the backward pass needs of the steps, the input and the gradient of the
    /// output included; 0 where there is none.
    public var activationBytes: Int { benchmark.activationBytes }

    /// The time that this share of the runs stays below: 0.5 is the median.
    public func seconds(at share: Double) -> Double {
      seconds[min(seconds.count - 1, max(0, Int(share * Double(seconds.count))))]
    }

    /// Operations over the median time.
    public var operationsPerSecond: Double { benchmark.operations / seconds(at: 0.5) }
  }
}
