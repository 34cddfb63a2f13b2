import Recurrent

/// Training steps with Adam, for what they need of memory. A process runs one such case and no
/// other, for what it asked from the system it does not give back.
struct MemoryCase {
  let layers: LayerCase

  /// Three steps: in the second the moments exist, in the third nothing new should be needed.
  func run() {
    var generator = RandomGenerator(seed: 0)
    let draw = Initializer.normal(1)
    let shape = layers.shape
    var model = layers.stack(using: &generator)
    let x = SequenceBatch(
      draw([shape.batch, shape.time, shape.input], using: &generator), lengths: shape.lengths)
    let outputGradient = draw(layers.outputShape, using: &generator)
    var optimizer = Adam(learningRate: 1e-3)
    for _ in 0..<3 {
      let (_, gradients) = outputAndGradients(of: model, from: outputGradient) { $0(x).values }
      optimizer.update(&model, along: gradients)
    }
  }

  /// Bytes that a step cannot do without: the input, the output of each layer and what the
  /// backward pass needs of its steps, and of each weight the value, the gradient and two moments.
  var storedBytes: Int {
    var shapes = ShapesOnly()
    let model = layers.stack(using: &shapes)
    let steps = layers.shape.batch * layers.shape.time
    let activations = model.paths.reduce(steps * layers.shape.input) {
      $0 + steps * ($1.outputSize + $1.keptSize)
    }
    return 4 * (activations + 4 * model.parameterCount)
  }

  /// A training step without optimizer: the most bytes of buffers in use at once, and those of them
  /// that it cannot do without. Of rows of full length.
  var step: (peakBytes: Int, storedBytes: Int) {
    var benchmark = LayerBenchmark()
    benchmark.cell = layers.cell
    (benchmark.batchSize, benchmark.time) = (layers.shape.batch, layers.shape.time)
    (benchmark.inputSize, benchmark.hiddenSize) = (layers.shape.input, layers.shape.hidden)
    benchmark.layerCount = layers.shape.layers
    benchmark.isBidirectional = layers.shape.directions == 2
    let result = benchmark.run(budget: 0)
    let stored = result.activationBytes + result.parameterBytes + result.gradientBytes
    return (result.peakBytes, stored)
  }
}
