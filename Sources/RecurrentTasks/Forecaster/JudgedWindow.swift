import Recurrent

/// A window whose future is known: what came, what the network forecast, and what others did.
struct JudgedWindow: Sendable {
  static let naive = "naive"
  static let seasonal = "seasonal naive"

  /// Which of the series.
  let series: Int
  /// The first row that was forecast.
  let origin: Int
  /// What came.
  let actual: [Double]
  /// What the network said.
  let points: [Forecaster.Point]
  /// What others said, the naive forecasts first.
  let others: [(name: String, values: [Double])]
  /// MASE's denominator.
  let naiveScale: Double

  /// The mean squared error of one of the others, or of the network.
  func squaredError(of name: String? = nil) -> Double {
    let forecasts =
      others.first { $0.name == name }?.values ?? points.map(\.value)
    let squares = zip(actual, forecasts).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return squares / Double(max(1, actual.count))
  }
}

extension ForecastEvaluation {
  /// How forecasts went over windows, at least one, that all have the same others.
  init(_ windows: [JudgedWindow], nominalCoverage: Double) {
    func errors(_ forecasts: (JudgedWindow) -> [Double]) -> Errors {
      func over(_ steps: Range<Int>) -> ForecastErrors {
        ForecastErrors(
          values: windows.flatMap { $0.actual[steps] },
          forecasts: windows.flatMap { forecasts($0)[steps] },
          scale: windows.flatMap { Array(repeating: $0.naiveScale, count: steps.count) })
      }
      let steps = windows[0].actual.indices
      return Errors(overall: over(steps), steps: steps.map { over($0..<$0 + 1) })
    }
    let others = windows[0].others.indices.map { place in
      Rival(name: windows[0].others[place].name, errors: errors { $0.others[place].values })
    }
    let inside = windows.reduce(0) { sum, window in
      sum + zip(window.points, window.actual).count { $0.lower <= $1 && $1 <= $0.upper }
    }
    let rivals = others.filter { ![JudgedWindow.naive, JudgedWindow.seasonal].contains($0.name) }
    let model = errors { $0.points.map(\.value) }
    self.init(
      windows: windows.count, model: model,
      naive: others.first { $0.name == JudgedWindow.naive }?.errors ?? model,
      seasonalNaive: others.first { $0.name == JudgedWindow.seasonal }?.errors,
      rivals: rivals.isEmpty ? nil : rivals,
      coverage: Double(inside) / Double(windows.count * windows[0].actual.count),
      nominalCoverage: nominalCoverage)
  }
}
