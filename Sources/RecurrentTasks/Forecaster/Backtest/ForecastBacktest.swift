import Recurrent
import RecurrentFiles

/// How a forecaster would have done: it forecasts from one moment after another, each time with what
/// was known then, and is compared with what came (rolling origin, Tashman 2000).
///
/// ```swift
/// let backtest = try ForecastBacktest([prices], options: options, origins: 8, stride: 24)
/// print(try backtest.run())
/// ```
public struct ForecastBacktest: Sendable {
  /// When networks are trained.
  public enum Refit: String, Sendable, CaseIterable {
    /// Once, on the rows before the first origin.
    case never
    /// At each origin anew, on all rows before it.
    case every
  }

  /// The moments.
  public struct Origins: Sendable {
    /// How many.
    public var count = 8
    /// Rows from one to the next; nil: the horizon, so that no row is forecast twice.
    public var stride: Int?
    /// Rows before an origin that training does not see, as where data come late. Forecasts do see
    /// them.
    public var gap = 0
    /// When networks are trained.
    public var refit = Refit.never

    /// Eight of them, one horizon apart.
    public init() {}
  }

  /// What is forecast.
  public let series: [Series]
  /// How.
  public let options: ForecasterOptions
  /// From where.
  public let origins: Origins
  private let stride: Int
  /// One where networks are trained once, else one an origin.
  private let plans: [ForecastPlan]

  /// Plans a backtest whose last forecast covers the last rows of each series.
  ///
  /// - Throws: ``DataError`` as ``ForecastPlan/init(_:options:columns:splits:from:)``, and if the rows
  ///   before the first origin are too few: before anything is trained.
  public init(
    _ series: [Series], options: ForecasterOptions, origins: Origins = Origins(),
    columns: ForecastColumns? = nil
  ) throws(DataError) {
    let stride = origins.stride ?? options.horizon
    require(
      origins.count >= 1 && stride >= 1 && origins.gap >= 0,
      "a backtest has origins, a stride and no negative gap: \(origins)")
    (self.options, self.origins, self.stride) = (options, origins, stride)
    var series = series
    let span = (origins.count - 1).multipliedReportingOverflow(by: stride)
    var plans: [ForecastPlan] = []
    for place in 0..<(origins.refit == .never ? 1 : origins.count) {
      var splits: [ForecastSplit] = []
      for one in series {
        let known = one.count - options.horizon - origins.gap
        guard !span.overflow, span.partialValue < known else {
          throw DataError(
            file: one.source, place: one.name.map { "series \(quoted($0))" },
            problem: "found \(one.count) rows, expected more for \(origins.count) origins, "
              + "\(stride) rows apart",
            advice: "Use fewer --origins or a smaller --stride")
        }
        let trained = known - span.partialValue + place * stride
        let end =
          origins.refit == .never ? one.count : trained + origins.gap + options.horizon
        splits += ForecastSplit.rolling([trained], testRows: end - trained, options: options)
      }
      let plan = try ForecastPlan(series, options: options, columns: columns, splits: splits)
      // What the first training cannot use is judged at no origin.
      series = series.filter { one in plan.series.contains { $0.name == one.name } }
      plans.append(plan)
    }
    (self.series, self.plans) = (series, plans)
  }

  /// The first row that the forecast from an origin covers, of each series.
  private func rows(_ place: Int) -> [Int] {
    series.map { $0.count - options.horizon - (origins.count - 1 - place) * stride }
  }

  /// Trains and forecasts.
  ///
  /// - Parameter callbacks: hear of trainings, which are numbered from 0; any of them may stop one.
  /// - Throws: ``NonFiniteError`` if training runs away.
  public func run(
    callbacks: (_ training: Int) -> [TrainingCallback] = { _ in [] }
  ) throws -> BacktestReport {
    var windows: [[JudgedWindow]] = []
    var forecaster: Forecaster?
    for place in 0..<origins.count {
      let plan = plans[min(place, plans.count - 1)]
      let trained: Forecaster
      if let forecaster, origins.refit == .never {
        trained = forecaster
      } else {
        trained = try plan.train(callbacks: callbacks(place))
        forecaster = trained
      }
      let examples = plan.examples(from: rows(place))
      windows.append(
        WindowForecasts(examples, by: trained).judged(
          naiveScales: plan.naiveScales, rivals: plan.rivals(on: examples)))
    }
    return BacktestReport(
      windows: windows, series: series, options: options,
      overlap: (options.horizon + stride - 1) / stride,
      nominalCoverage: forecaster?.nominalCoverage ?? 0)
  }

  /// The origins and the trainings in words.
  public var description: String {
    let rows = rows(0)
    let first = zip(series, rows).map { $0.times.label($1) }.min() ?? ""
    let trainings = plans.count == 1 ? "one training before the first" : "a training at each"
    return "origins     \(origins.count), \(stride) rows apart, the first \(first); \(trainings)"
      + (origins.gap > 0 ? ", \(origins.gap) rows before it left out" : "")
  }
}

extension ForecastPlan {
  /// One window a series, that which forecasts from this row on.
  fileprivate func examples(from rows: [Int]) -> ForecastExamples {
    ForecastExamples(channels, origins: rows.map { $0..<$0 + 1 }, options: options, base: base)
  }
}
