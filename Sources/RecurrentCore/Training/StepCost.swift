internal import RecurrentKernels

/// What recurrent layers take for a prediction or for a training step: operations and bytes, counted
/// before anything runs.
///
/// Operations are those of the matrix products, a multiplication and an addition each; activations
/// are not counted. With N valid steps, W weights on a step's input (G·H·I) and U on the hidden
/// state (G·H·H):
///
///     forward pass         2·N·(W + U)
///     weight gradients     2·N·(W + U)
///     back through time    2·N·U
///     input gradients      2·N·W          in layers above the first
///
/// Layers that are not fused are not counted (``LayerPath/Method``).
public struct StepCost: Sendable, Equatable {
  /// Multiplications and additions.
  public private(set) var operations = 0.0
  /// Bytes of the weights.
  public let parameters: Double
  /// Bytes of their gradients; 0 in a prediction.
  public private(set) var gradients = 0.0
  /// Bytes of the optimizer's state: the two moments of the Adam family; 0 in a prediction.
  public private(set) var optimizerState = 0.0
  /// Bytes of the input, and of what the backward pass needs of each step: outputs, gates, masks; 0
  /// in a prediction, which keeps nothing.
  public private(set) var activations = 0.0
  /// The most bytes in use at once, with the gradients of activations, packed weights and
  /// workspaces, in the sizes in which the library hands out buffers.
  public private(set) var peak = 0.0

  /// A prediction for `batchSize` rows of `time` steps by layers one after the other.
  ///
  /// - Parameters:
  ///   - paths: The layers (``Layer/paths``), from the input up.
  ///   - parameterCount: Weights of the model.
  public static func prediction(
    paths: [LayerPath], parameterCount: Int, batchSize: Int, time: Int
  ) -> StepCost {
    StepCost(
      paths: paths, parameterCount: parameterCount, batchSize: Double(batchSize),
      time: Double(time))
  }

  /// A training step on `batchSize` rows of `time` steps, loss and update included.
  ///
  /// - Parameters:
  ///   - paths: The layers (``Layer/paths``), from the input up.
  ///   - parameterCount: Weights of the model.
  ///   - segmentLength: The steps that are kept at a time (``MemoryPlan``); nil: all.
  public static func training(
    paths: [LayerPath], parameterCount: Int, batchSize: Int, time: Int, segmentLength: Int? = nil
  ) -> StepCost {
    StepCost(
      paths: paths, parameterCount: parameterCount, batchSize: Double(batchSize),
      time: Double(time), segmentLength: segmentLength.map(Double.init))
  }

  // In `Double`, where no product overflows.

  private init(paths: [LayerPath], parameterCount: Int, batchSize: Double, time: Double) {
    parameters = 4 * Double(parameterCount)
    let steps = batchSize * time
    operations = paths.reduce(0) { $0 + $1.forwardOperations(steps: steps) }
    let input = Self.buffer(steps * Double(paths.first?.inputSize ?? 0))
    let running = paths.map { path in
      (path.givesInputGradient ? Self.buffer(steps * Double(path.inputSize)) : 0)
        + Self.buffer(steps * Double(path.outputSize))
        + Self.buffer(path.products)
    }
    peak = 4 * (Self.weights(paths, parameterCount) + input + (running.max() ?? 0))
  }

  private init(
    paths: [LayerPath], parameterCount: Int, batchSize: Double, time: Double,
    segmentLength: Double?
  ) {
    parameters = 4 * Double(parameterCount)
    gradients = parameters
    optimizerState = 2 * parameters
    let steps = batchSize * time
    let segments = segmentLength.map { (time / $0).rounded(.up) }
    let input = Double(paths.first?.inputSize ?? 0)
    for path in paths {
      let forward = path.forwardOperations(steps: steps)
      operations += forward + path.backwardOperations(steps: steps)
      if segments != nil { operations += forward }
    }

    /// What a layer leaves behind going forward: its output, its masks, and what it keeps of its
    /// steps or of its segments' starts.
    func held(_ path: LayerPath, _ buffer: (Double) -> Double) -> Double {
      buffer(steps * Double(path.outputSize)) + buffer(steps * Double(path.maskSize))
        + (segments.map { $0 * buffer(batchSize * Double(path.segmentStateSize)) }
          ?? path.kept(of: steps, buffer))
    }
    activations = 4 * (steps * input + paths.reduce(0) { $0 + held($1) { $0 } })

    var inUse = Self.buffer(steps * input)
    inUse += paths.reduce(0) { $0 + held($1, Self.buffer) }
    var most = inUse
    // Backward, from the top: gradients of output and input beside what is still held, the segment
    // that is computed again, and the gradients of the weights so far.
    for path in paths.reversed() {
      inUse += path.weights
      var own = Self.buffer(steps * Double(path.outputSize))
      if path.givesInputGradient { own += Self.buffer(steps * Double(path.inputSize)) }
      own += Self.buffer(Double(path.recurrentWeights))
      if let segmentLength {
        own += path.kept(of: batchSize * segmentLength, Self.buffer)
        own += Self.buffer(path.products)
      }
      own += path.workspace(steps: batchSize * (segmentLength ?? time))
      most = max(most, inUse + own)
      inUse -= held(path, Self.buffer)
    }
    peak = 4 * (3 * Self.weights(paths, parameterCount) + most)
  }

  /// Floats of the weights as the pool holds them; those outside `paths` as they are.
  private static func weights(_ paths: [LayerPath], _ parameterCount: Int) -> Double {
    let counted = paths.reduce(0) { $0 + $1.products + Double($1.biases) }
    return paths.reduce(max(0, Double(parameterCount) - counted)) { $0 + $1.weights }
  }

  /// What the pool gives for so many floats: whole sixteenths of a power of two.
  fileprivate static func buffer(_ floats: Double) -> Double {
    guard floats > 16 else { return floats }
    let step = Double(sign: .plus, exponent: floats.exponent - 4, significand: 1)
    return (floats / step).rounded(.up) * step
  }
}

extension LayerPath {
  /// Operations of the forward pass over N = `steps` valid steps: 2·N·(W + U).
  public func forwardOperations(steps: Double) -> Double {
    2 * steps * products
  }

  /// Operations of the backward pass over N = `steps` valid steps: 2·N·(W + U) for the gradients of
  /// the weights, 2·N·U through time, 2·N·W for that of the input where a layer below needs it.
  public func backwardOperations(steps: Double) -> Double {
    let through = givesInputGradient ? products : Double(recurrentWeights)
    return forwardOperations(steps: steps) + 2 * steps * through
  }

  /// Weights in matrix products.
  fileprivate var products: Double { Double(inputWeights) + Double(recurrentWeights) }

  /// Floats of the weights as the pool holds them.
  fileprivate var weights: Double {
    StepCost.buffer(Double(inputWeights)) + StepCost.buffer(Double(recurrentWeights))
      + Double(biases)
  }

  /// Floats kept of so many steps: the gates, and the rest.
  fileprivate func kept(of steps: Double, _ buffer: (Double) -> Double) -> Double {
    let width = min(biases / 2, keptSize)
    return buffer(steps * Double(width)) + buffer(steps * Double(keptSize - width))
  }

  /// Floats that the gradients of the weights and the input need on the way: tables of the steps, and
  /// the blocks of each thread's product.
  fileprivate func workspace(steps: Double) -> Double {
    let (inputs, width) = (Double(inputSize), Double(biases / 2))
    guard width > 0, steps > 0 else { return 0 }
    func blocks(_ rows: Double, _ columns: Double, depth: Double, dividesRows: Bool) -> Double {
      let operations = Int(min(2 * rows * columns * depth, 1e15))
      let divided = dividesRows ? rows : columns
      let parts = Double(
        Parallelism.parts(operations: operations, atMost: max(1, Int(min(divided, 1e9)) / 16)))
      func size(_ count: Double, _ isDivided: Bool) -> Int64 {
        Int64(min((isDivided ? count / parts : count).rounded(.up), 1e9))
      }
      let one = rk_multiply_workspace(
        size(rows, dividesRows), size(columns, !dividesRows), size(depth, false))
      return parts * StepCost.buffer(Double(one))
    }
    let ofWeights = blocks(
      Double(max(inputSize, outputSize)), width, depth: steps, dividesRows: false)
    let ofInput =
      givesInputGradient
      ? blocks(steps, inputs, depth: width, dividesRows: steps >= inputs) : 0
    return 2 * StepCost.buffer(steps) + max(ofWeights, ofInput)
  }
}
