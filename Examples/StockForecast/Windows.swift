import Recurrent

/// Prices as examples: `length` prices in, the next one out, all of them inside `rows`.
struct Windows {
  let prices: [Double]
  let rows: Range<Int>
  let length: Int

  /// The last window that has a next price inside `rows` starts at `rows.count - length - 1`, so
  /// there are `rows.count - length` of them.
  var count: Int { rows.count - length }

  /// What the guides' `for i in range(len(data) - length - 1)` gives: it stops one short.
  var countInGuides: Int { count - 1 }

  /// The prices of window `index`, and the row of the price that follows.
  func window(_ index: Int) -> (prices: ArraySlice<Double>, next: Int) {
    let start = rows.lowerBound + index
    return (prices[start..<start + length], start + length)
  }

  /// The rows that are forecast.
  var forecastRows: Range<Int> { rows.lowerBound + length..<rows.upperBound }

  /// All windows, scaled: inputs `[count, length, 1]`, targets `[count, 1]`.
  func examples(_ scaling: Scaling) -> TensorExamples {
    var inputs: [Float] = []
    var targets: [Float] = []
    for index in 0..<count {
      let (window, next) = window(index)
      let scale = scaling.scale(of: window)
      inputs += window.map(scale.apply)
      targets.append(scale.apply(prices[next]))
    }
    return TensorExamples(
      inputs: SequenceBatch(Tensor(inputs, shape: [count, length, 1])),
      targets: Tensor(targets, shape: [count, 1]))
  }

  /// The model's outputs `[count, 1]` in dollars.
  func prices(_ outputs: Tensor, _ scaling: Scaling) -> [Double] {
    zip(0..<count, outputs.elements).map { index, output in
      scaling.scale(of: window(index).prices).restore(output)
    }
  }

  /// The naive forecast: tomorrow as today.
  var naive: [Double] { forecastRows.map { prices[$0 - 1] } }

  /// The root of the mean squared error, in dollars.
  func error(_ forecasts: [Double]) -> Double {
    let squares = zip(forecastRows, forecasts).map { row, forecast in
      (prices[row] - forecast) * (prices[row] - forecast)
    }
    return (squares.reduce(0, +) / Double(count)).squareRoot()
  }
}
