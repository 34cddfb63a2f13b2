import InferenceProtocol
import Recurrent

/// A series as a network reads it: windows of differences from their last value, and the change from
/// there to the row that is to be forecast.
///
/// So a network that gives 0 is the naive forecast, which repeats the last value, and a trend needs no
/// other scaling in rows that are yet to come. All scales come from the rows that are trained on.
struct SeriesWindows: Sendable {
  /// Rows of a series at most.
  static let maximumRows = 20_000

  /// The values, oldest first.
  let values: [Double]
  /// T, the rows that are read for a forecast.
  let window: Int
  /// A forecast is for so many rows behind the window.
  let ahead: Int
  /// The rows that are forecast in training, to choose the best epoch, and for the last line.
  let training, validation, test: Range<Int>
  /// What differences in windows are divided by, and what changes are.
  private let inputScale, scale: Double

  /// - Throws: ``RequestError`` if there are too few rows or too many, or they do not vary.
  init(_ values: [Double], window: Int, ahead: Int) throws(RequestError) {
    guard values.count <= Self.maximumRows else {
      throw RequestError(
        .tooLarge,
        "The series has \(values.count) rows, expected at most \(Self.maximumRows): send the last ones."
      )
    }
    if let place = values.firstIndex(where: { !($0.magnitude <= 1e18) }) {
      throw RequestError(
        .malformed,
        "Value \(place + 1) of the series is \(values[place]), expected a number up to 1e18.")
    }
    let first = window + ahead - 1
    let count = values.count - first
    guard count >= 40 else {
      throw RequestError(
        .malformed,
        "The series has \(values.count) rows, expected at least \(first + 40) for a window of \(window) and \(ahead) ahead: "
          + "40 forecasts to learn from and to be judged by. Take a shorter window, or a longer series."
      )
    }
    (self.values, self.window, self.ahead) = (values, window, ahead)
    training = first..<first + count * 7 / 10
    validation = training.upperBound..<first + count * 85 / 100
    test = validation.upperBound..<values.count
    var (changes, differences) = (0.0, 0.0)
    for row in training {
      let last = values[row - ahead]
      changes += (values[row] - last) * (values[row] - last)
      for before in 1..<max(2, window) where row - ahead - before >= 0 {
        let difference = values[row - ahead - before] - last
        differences += difference * difference
      }
    }
    scale = (changes / Double(training.count)).squareRoot()
    let pairs = Double(training.count * max(1, window - 1))
    inputScale = (differences / pairs).squareRoot()
    guard scale > 0, inputScale > 0, scale.isFinite, inputScale.isFinite else {
      throw RequestError(
        .malformed,
        "The first \(training.upperBound) rows do not vary: there is nothing to learn.")
    }
  }

  /// The windows before these rows, `[B, T, 1]`.
  func inputs(_ rows: [Int]) -> SequenceBatch {
    let elements = rows.flatMap { row in
      let last = values[row - ahead]
      return (row - ahead - window + 1...row - ahead).map { place in
        // An outlier a thousand times as far as usual tells no more than that it is one.
        Float(max(-1e3, min(1e3, (values[place] - last) / inputScale)))
      }
    }
    return SequenceBatch(Tensor(elements, shape: [rows.count, window, 1]))
  }

  /// The changes up to these rows, `[B, 1]`.
  func targets(_ rows: [Int]) -> Tensor {
    Tensor(
      rows.map { Float(max(-1e6, min(1e6, (values[$0] - values[$0 - ahead]) / scale))) },
      shape: [rows.count, 1])
  }

  /// Forecasts of these rows, in the units of the series, from what the network gives for them.
  func forecasts(_ rows: [Int], from outputs: Tensor) -> [Double] {
    zip(rows, outputs.elements).map { values[$0 - ahead] + Double($1) * scale }
  }

  /// The naive forecasts of these rows.
  func naive(_ rows: some Sequence<Int>) -> [Double] { rows.map { values[$0 - ahead] } }

  /// The mean square of the naive forecast's error, in the network's units.
  func naiveLoss(_ rows: some Collection<Int>) -> Double {
    let error = rootMeanSquare(naive(rows), rows) / scale
    return error * error
  }

  /// The root of the mean square error of forecasts of these rows, in the units of the series.
  func rootMeanSquare(_ forecasts: [Double], _ rows: some Collection<Int>) -> Double {
    let squares = zip(forecasts, rows).reduce(0.0) { sum, pair in
      sum + (pair.0 - values[pair.1]) * (pair.0 - values[pair.1])
    }
    return (squares / Double(max(1, rows.count))).squareRoot()
  }
}

extension Range<Int> {
  /// At most so many of them, evenly apart.
  func spread(_ most: Int) -> [Int] {
    guard count > most else { return Array(self) }
    return (0..<most).map { lowerBound + $0 * count / most }
  }
}
