import ArgumentParser

/// (price - offset) / size.
struct Scale {
  let offset: Double
  let size: Double

  func apply(_ price: Double) -> Float { Float((price - offset) / size) }
  func restore(_ value: Float) -> Double { offset + size * Double(value) }
}

/// How prices are brought to the network's range.
enum Scaling {
  /// One scale for everything.
  case fixed(Scale)
  /// Each window by its own last value and spread. Nothing is fitted, so nothing can leak, and a
  /// price level never seen in training is nothing unusual.
  case window

  /// To 0...1 over `prices`.
  static func minMax(over prices: ArraySlice<Double>) -> Scaling {
    let (low, high) = (prices.min() ?? 0, prices.max() ?? 1)
    return .fixed(Scale(offset: low, size: high > low ? high - low : 1))
  }

  func scale(of window: ArraySlice<Double>) -> Scale {
    switch self {
    case .fixed(let scale): return scale
    case .window:
      let mean = window.reduce(0, +) / Double(window.count)
      let variance = window.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(window.count)
      return Scale(
        offset: window.last ?? 0, size: variance > 0 ? variance.squareRoot() : 1)
    }
  }
}

/// The three ways that are compared.
enum Variant: String, CaseIterable, ExpressibleByArgument {
  /// The guides' way: the scaler sees the test prices before the model is trained. A leak.
  case allRows = "all-rows"
  /// The same without the leak.
  case trainingRows = "training-rows"
  /// A scale for each window.
  case window

  var name: String {
    switch self {
    case .allRows: "min-max fitted on all rows (the guides' leak)"
    case .trainingRows: "min-max fitted on the training rows"
    case .window: "each window by its last value and spread"
    }
  }

  func scaling(_ training: Windows) -> Scaling {
    switch self {
    case .allRows: .minMax(over: training.prices[...])
    case .trainingRows: .minMax(over: training.prices[training.rows])
    case .window: .window
    }
  }
}
