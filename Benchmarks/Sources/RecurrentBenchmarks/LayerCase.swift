import Recurrent

/// One recurrent layer at a named shape, trained or used for prediction.
///
/// Training is a forward and a backward pass that gives the gradient of every weight from a fixed
/// gradient of all outputs; no input gradient, no optimizer. Prediction is a forward pass from the
/// zero state.
struct LayerCase {
  enum Mode: String {
    case train
    case infer
    /// Training with rows of all lengths up to half of T, a quarter of it in the mean.
    case lengths
  }

  let mode: Mode
  let cell: CellKind
  let shape: NamedShape
  let budget: Double

  func run() -> Measurement {
    let (batch, time, inputs, units) = shape.sizes
    var generator = RandomGenerator(seed: 0)
    let layer = cell.layer(inputSize: inputs, hiddenSize: units, using: &generator)
    let draw = Initializer.normal(1)
    var lengths: [Int]?
    if mode == .lengths { lengths = (0..<batch).map { 2 + ($0 * 37 % batch) * (time / 2) / batch } }
    let x = SequenceBatch(draw([batch, time, inputs], using: &generator), lengths: lengths)
    let steps = Double(x.lengths.reduce(0, +))
    let outputGradient = draw([batch, time, units], using: &generator)
    let milliseconds =
      switch mode {
      case .train, .lengths:
        medianMilliseconds(budget: budget) {
          _ = outputAndGradients(of: layer, from: outputGradient) { $0(x).values }
        }
      case .infer:
        medianMilliseconds(budget: budget) { _ = layer(x) }
      }
    let forward = 2 * steps * Double(cell.gates * units * (inputs + units))
    // Backward has two products of the size of the recurrent part and one of the input part.
    let backward = forward + 2 * steps * Double(cell.gates * units * units)
    let operations = mode == .infer ? forward : forward + backward
    return Measurement(
      mode: mode.rawValue, cell: cell.rawValue, shape: shape.rawValue,
      threads: Parallelism.threads, milliseconds: milliseconds,
      gigaflops: operations / milliseconds / 1e6)
  }
}

/// A square matrix product: the ceiling for everything else.
struct ProductCase {
  let size: Int
  let budget: Double

  func run() -> Measurement {
    var generator = RandomGenerator(seed: 0)
    let draw = Initializer.normal(1)
    let (a, b) = (draw([size, size], using: &generator), draw([size, size], using: &generator))
    let milliseconds = medianMilliseconds(budget: budget) { _ = a.matrixProduct(b) }
    let operations = 2 * Double(size) * Double(size) * Double(size)
    return Measurement(
      mode: "product", shape: "\(size)", threads: Parallelism.threads, milliseconds: milliseconds,
      gigaflops: operations / milliseconds / 1e6)
  }
}
