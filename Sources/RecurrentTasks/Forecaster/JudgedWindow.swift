import Recurrent

/// A window whose future is known: what came, what the network forecast, and what others did.
struct JudgedWindow: Sendable, Codable {
  /// The forecast of one of the rivals.
  struct Other: Sendable, Codable {
    let name: String
    /// By step.
    let values: [Double]
  }

  static let naive = "naive"
  static let seasonal = "seasonal naive"

  /// The name in windows of what reports call the naive forecast, or the seasonal one.
  static func name(ofNaive name: String) -> String { name.hasPrefix(seasonal) ? seasonal : naive }

  /// The number of the window's series.
  let series: Int
  /// The name of the window's series.
  var name: String?
  /// The first row that was forecast.
  let origin: Int
  /// The values that came.
  let actual: [Double]
  /// The network's forecast.
  let points: [Forecaster.Point]
  /// Shares below, those that reports show.
  let levels: [Double]
  /// For each step, what the network says of these, and behind them of ``PinballLosses/grid``.
  let quantiles: [[Double]]
  /// What others said, the naive forecasts first.
  let others: [Other]
  /// MASE's denominator.
  let naiveScale: Double
  /// The deviation of the training rows; 0 where there are none.
  let deviation: Double

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
  init(_ windows: [JudgedWindow], nominalCoverage: Double, of rows: Rows? = nil) {
    var sums = Sums()
    for window in windows { sums.add(window) }
    self.init(sums, nominalCoverage: nominalCoverage, of: rows)
  }

  /// How forecasts went over the windows that were added up, at least one.
  init(_ sums: Sums, nominalCoverage: Double, of rows: Rows? = nil) {
    let others = zip(sums.names, sums.others).map { Rival(name: $0, errors: Errors($1)) }
    let series = sums.series.sorted { $0.key < $1.key }.map(\.value)
    let rivals = others.filter { ![JudgedWindow.naive, JudgedWindow.seasonal].contains($0.name) }
    let model = Errors(sums.model)
    self.init(
      rows: rows, windows: sums.windows, model: model,
      naive: others.first { $0.name == JudgedWindow.naive }?.errors ?? model,
      seasonalNaive: others.first { $0.name == JudgedWindow.seasonal }?.errors,
      rivals: rivals.isEmpty ? nil : rivals,
      coverage: Double(sums.inside.reduce(0, +)) / Double(sums.windows * sums.inside.count),
      nominalCoverage: nominalCoverage,
      coverageBySteps: sums.inside.map { Double($0) / Double(sums.windows) },
      seriesCount: series.count, probability: sums.pinball.probability,
      bySeries: series.count > 1 && !others.isEmpty
        ? SeriesComparison(
          sums.names,
          series.map {
            ($0.name, ForecastErrors($0.model), $0.others.map { ForecastErrors($0) })
          }) : nil)
  }

  /// Windows that are added up and forgotten: of many series and long horizons, all of them would not
  /// fit in memory.
  struct Sums {
    fileprivate var windows = 0
    /// Errors of each series over all steps.
    fileprivate var series:
      [Int: (name: String, model: ForecastErrors.Sums, others: [ForecastErrors.Sums])] = [:]
    fileprivate var model: [ForecastErrors.Sums] = []
    fileprivate var names: [String] = []
    fileprivate var others: [[ForecastErrors.Sums]] = []
    /// Values inside their interval, by step.
    fileprivate var inside: [Int] = []
    fileprivate var pinball = PinballLosses()

    /// Of none.
    init() {}

    /// Of all windows of series for which these errors are divided by.
    init(of examples: ForecastExamples, by forecaster: Forecaster, _ units: [SeriesUnit]) {
      for part in examples.parts {
        for window in WindowForecasts(examples[part], by: forecaster).judged(units) { add(window) }
      }
    }

    mutating func add(_ window: JudgedWindow) {
      if windows == 0 {
        let none = [ForecastErrors.Sums](repeating: .init(), count: window.actual.count)
        model = none
        names = window.others.map(\.name)
        others = names.map { _ in none }
        inside = none.map { _ in 0 }
      }
      windows += 1
      pinball.add(window)
      let (scale, deviation) = (window.naiveScale, window.deviation)
      var own = series[
        window.series, default: (window.name ?? "", .init(), names.map { _ in .init() })]
      for (step, value) in window.actual.enumerated() {
        let point = window.points[step]
        model[step].add(value, forecast: point.value, scale: scale, deviation: deviation)
        own.model.add(value, forecast: point.value, scale: scale, deviation: deviation)
        if point.lower <= value, value <= point.upper { inside[step] += 1 }
      }
      for place in others.indices {
        let forecasts = window.others[place].values
        for (step, value) in window.actual.enumerated() {
          others[place][step].add(
            value, forecast: forecasts[step], scale: scale, deviation: deviation)
          own.others[place].add(
            value, forecast: forecasts[step], scale: scale, deviation: deviation)
        }
      }
      series[window.series] = own
    }
  }
}

extension ForecastEvaluation.Errors {
  fileprivate init(_ steps: [ForecastErrors.Sums]) {
    self.init(
      overall: ForecastErrors(steps.dropFirst().reduce(steps[0]) { $0.merged(with: $1) }),
      steps: steps.map { ForecastErrors($0) })
  }
}
