import Recurrent

/// Ridge regression on what the network sees: for each step of the horizon a weighted sum of all
/// values of the window, by least squares with a penalty on the weights (Hoerl and Kennard 1970).
///
/// Windows are scaled as for the network, and what is forecast is likewise the correction of the
/// naive forecast: a network that is no better than this one has learned nothing but a line.
struct RidgeForecast: Sendable {
  /// More inputs than these are too many for its equations; then only those of the target count.
  private static let mostInputs = 1024
  /// More windows than these are taken evenly from all.
  private static let mostWindows = 100_000
  private static let rowsAtOnce = 1024
  /// The penalties that are tried, as shares of the mean square of the inputs.
  private static let penalties = [1e-6, 1e-4, 1e-2, 1, 100]

  /// `[inputs + 1, horizon]`, the last row for a constant input of 1.
  private let weights: Tensor
  private let ofTargetAlone: Bool
  /// The penalty on the weights, as a share of the mean square of the inputs.
  let penalty: Double

  /// The regression as a layer, from the window of the target to the horizon.
  var line: Dense {
    let inputs = weights.shape[0] - 1
    return Dense(
      weights: weights.slice(0..<inputs, along: 0),
      bias: weights.slice(inputs..<inputs + 1, along: 0).reshaped(to: [weights.shape[1]]))
  }

  /// Fitted on `training`, with the penalty that is best on `validation`, or the middle one where
  /// there is none; nil without training windows.
  ///
  /// - Parameters:
  ///   - penalty: what was chosen before, where there is no validation part.
  ///   - ofTargetAlone: whether the inputs are the target's values, though there are covariates.
  init?(
    training: ForecastExamples, validation: ForecastExamples, penalty known: Double? = nil,
    ofTargetAlone: Bool = false
  ) {
    self.ofTargetAlone = ofTargetAlone
    guard training.count > 0 else { return nil }
    let every = (training.count + Self.mostWindows - 1) / Self.mostWindows
    let windows = Array(stride(from: 0, to: training.count, by: every))
    let (horizon, inputs) = (
      training.options.horizon, Self.inputs(training, [0], ofTargetAlone).shape[1]
    )
    var squares = [Double](repeating: 0, count: inputs * inputs)
    var products = [Double](repeating: 0, count: inputs * horizon)
    for start in stride(from: 0, to: windows.count, by: Self.rowsAtOnce) {
      let rows = Array(windows[start..<min(start + Self.rowsAtOnce, windows.count)])
      let x = Self.inputs(training, rows, ofTargetAlone).transposed()
      Self.add(x.matrixProduct(x.transposed()), to: &squares)
      Self.add(x.matrixProduct(Self.corrections(training, rows)), to: &products)
    }
    let mean = (0..<inputs - 1).reduce(0) { $0 + squares[$1 * inputs + $1] } / Double(inputs - 1)
    let judges = validation.count > 0
    let penalties =
      judges ? Self.penalties : [known ?? Self.penalties[Self.penalties.count / 2]]
    let found = penalties.compactMap {
      penalty -> (weights: Tensor, penalty: Double, error: Double)? in
      var matrix = squares
      // The constant is not held back.
      for place in 0..<inputs - 1 { matrix[place * inputs + place] += penalty * mean }
      guard let weights = solution(of: matrix, products, size: inputs, columns: horizon) else {
        return nil
      }
      return (
        weights, penalty,
        judges ? Self.squaredError(of: weights, on: validation, ofTargetAlone) : 0
      )
    }
    guard let best = found.min(by: { $0.error < $1.error }) else { return nil }
    (weights, penalty) = (best.weights, best.penalty)
  }

  /// The forecasts for each window, `[windows][horizon]`, in the unit of the target.
  func values(_ examples: ForecastExamples) -> [[Double]] {
    let horizon = examples.options.horizon
    return Self.chunks(examples).flatMap { rows in
      let scaled = Self.inputs(examples, rows, ofTargetAlone).matrixProduct(weights)
      let sums = (scaled + Self.bases(examples, rows)).elements
      return rows.enumerated().map { place, window in
        let scale = examples.targetScale(window)
        let power = examples.power(window)
        return sums[place * horizon..<(place + 1) * horizon].map {
          power.inverse(scale.restored($0))
        }
      }
    }
  }

  private static func chunks(_ examples: ForecastExamples) -> [[Int]] {
    stride(from: 0, to: examples.count, by: rowsAtOnce).map {
      Array($0..<min($0 + rowsAtOnce, examples.count))
    }
  }

  /// `[B, inputs + 1]`.
  private static func inputs(
    _ examples: ForecastExamples, _ rows: [Int], _ ofTargetAlone: Bool
  ) -> Tensor {
    let values = examples.batch(rows).inputs.values
    // The target and what is seen beside it; what is known ahead is the network's alone.
    let (time, columns) = (values.shape[1], examples.channels[0].values.count)
    let kept = values.slice(
      0..<(!ofTargetAlone && time * columns <= mostInputs ? columns : 1), along: 2)
    let flat = kept.reshaped(to: [rows.count, -1])
    return Tensor.concatenated([flat, Tensor(repeating: 1, shape: [rows.count, 1])], along: 1)
  }

  private static func bases(_ examples: ForecastExamples, _ rows: [Int]) -> Tensor {
    examples.batch(rows).base.reshaped(to: [rows.count, -1])
  }

  /// What the base must be corrected by, `[B, H]`.
  private static func corrections(_ examples: ForecastExamples, _ rows: [Int]) -> Tensor {
    let batch = examples.batch(rows)
    return (batch.targets - batch.base).reshaped(to: [rows.count, -1])
  }

  private static func squaredError(
    of weights: Tensor, on examples: ForecastExamples, _ ofTargetAlone: Bool
  ) -> Double {
    chunks(examples).reduce(0) { sum, rows in
      let inputs = inputs(examples, rows, ofTargetAlone)
      let errors = inputs.matrixProduct(weights) - corrections(examples, rows)
      return sum + Double(errors.squared().sum().value)
    }
  }

  private static func add(_ tensor: Tensor, to sums: inout [Double]) {
    for (place, element) in tensor.elements.enumerated() { sums[place] += Double(element) }
  }
}

/// The solution `[size, columns]` of `matrix`·x = `sides`, for a symmetric matrix; nil if it is not
/// positive definite. By Cholesky's decomposition.
private func solution(
  of matrix: [Double], _ sides: [Double], size: Int, columns: Int
) -> Tensor? {
  var (lower, x) = (matrix, sides)
  for row in 0..<size {
    for column in 0...row {
      var sum = lower[row * size + column]
      for place in 0..<column { sum -= lower[row * size + place] * lower[column * size + place] }
      if row == column {
        guard sum > 0, sum.isFinite else { return nil }
        lower[row * size + row] = sum.squareRoot()
      } else {
        lower[row * size + column] = sum / lower[column * size + column]
      }
    }
  }
  func eliminate(_ row: Int, by places: Range<Int>, _ factor: (Int) -> Double) {
    for place in places {
      let factor = factor(place)
      for column in 0..<columns {
        x[row * columns + column] -= factor * x[place * columns + column]
      }
    }
    for column in 0..<columns { x[row * columns + column] /= lower[row * size + row] }
  }
  for row in 0..<size { eliminate(row, by: 0..<row) { lower[row * size + $0] } }
  for row in (0..<size).reversed() {
    eliminate(row, by: row + 1..<size) { lower[$0 * size + row] }
  }
  return Tensor(x.map(Float.init), shape: [size, columns])
}
