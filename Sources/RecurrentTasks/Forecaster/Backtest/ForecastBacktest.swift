import Recurrent
import RecurrentFiles

/// How a forecaster would have done: it forecasts from one moment after another, each time with what
/// was known then, and is compared with what came (rolling origin, Tashman 2000).
///
/// ```swift
/// let backtest = try ForecastBacktest([prices], options: options, origins: 8, stride: 24)
/// print(try backtest.run())
/// ```
public struct ForecastBacktest: Sendable, CustomStringConvertible {
  /// When networks are trained.
  public enum Refit: String, Sendable, CaseIterable {
    /// Once, on the rows before the first origin.
    case never
    /// At each origin anew, on all rows before it.
    case every
  }

  /// The moments.
  public struct Origins: Sendable {
    /// The number of origins.
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

  /// The series that are forecast.
  public let series: [Series]
  /// Series with too few rows before the first origin, or without change there, and why.
  public let leftOut: [(series: Series, problem: String)]
  /// The options that networks are trained with.
  public let options: ForecasterOptions
  /// The moments from which rows are forecast.
  public let origins: Origins
  private let stride: Int
  /// The plans of the trainings: one where networks are trained once, else one an origin.
  private let plans: [ForecastPlan]

  /// Plans a backtest whose last forecast covers the last rows of each series.
  ///
  /// - Parameter given: what of the options stays as it is, while the rest follows the size of the data
  ///   (``JobPlan/followingSize(keeping:)``); nil: all of it.
  /// - Throws: ``DataError`` as ``ForecastPlan/init(_:options:columns:splits:from:)``, and if the rows
  ///   before the first origin are too few: before anything is trained.
  public init(
    _ series: [Series], options: ForecasterOptions, origins: Origins = Origins(),
    columns: ForecastColumns? = nil, keeping given: Set<CourseMember>? = nil
  ) throws(DataError) {
    var options = options
    // Forecasts are those of networks that did not see what came.
    options.refit = nil
    let stride = origins.stride ?? options.horizon
    require(
      origins.count >= 1 && stride >= 1 && origins.gap >= 0,
      "a backtest has origins, a stride and no negative gap: \(origins)")
    (self.options, self.origins, self.stride) = (options, origins, stride)
    let (span, overflows) = (origins.count - 1).multipliedReportingOverflow(by: stride)
    /// Rows that are known to the first training.
    func known(_ series: Series) -> Int {
      overflows ? 0 : series.count - options.horizon - origins.gap - span
    }
    let long = series.filter { known($0) > 0 }
    guard let shortest = series.first else {
      throw DataError(file: "the series", problem: "there is none, expected at least one")
    }
    guard !long.isEmpty else {
      throw DataError(
        file: shortest.source, place: shortest.name.map { "series \(quoted($0))" },
        problem: "found \(shortest.count) rows, expected more for \(origins.count) origins, "
          + "\(stride) rows apart" + (origins.gap > 0 ? ", and a gap of \(origins.gap)" : ""),
        advice: "Use fewer --origins" + (origins.gap > 0 ? ", a smaller --gap" : "")
          + " or a smaller --stride")
    }
    func plan(_ series: [Series], _ place: Int) throws(DataError) -> ForecastPlan {
      let splits = series.flatMap { one in
        let trained = known(one) + place * stride
        let end =
          origins.refit == .never ? one.count : trained + origins.gap + options.horizon
        return ForecastSplit.rolling([trained], testRows: end - trained, options: options)
      }
      let plan = try ForecastPlan(series, options: options, columns: columns, splits: splits)
      return given.map { plan.followingSize(keeping: $0) } ?? plan
    }
    let first = try plan(long, 0)
    let used = Set(first.series.map(\.name))
    let kept = long.filter { used.contains($0.name) }
    self.series = kept
    leftOut =
      first.leftOut
      + series.filter { known($0) <= 0 }.map { ($0, "\($0.count) rows are too few") }
    var plans = [first]
    for place in 1..<(origins.refit == .never ? 1 : max(1, origins.count)) {
      plans.append(try plan(kept, place))
    }
    self.plans = plans
  }

  /// The number of trainings.
  public var trainings: Int { plans.count }
  /// The epochs of a training at most.
  public var epochs: Int { plans[0].options.epochs }

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
          plan.units, rivals: plan.rivals.on(examples)))
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
      + leftOut.map { "\nleft out    \($0.series.name ?? $0.series.targetName): \($0.problem)" }
      .joined()
  }
}

extension ForecastPlan {
  /// The windows that forecast from these rows on, one a series.
  fileprivate func examples(from rows: [Int]) -> ForecastExamples {
    ForecastExamples(channels, origins: rows.map { $0..<$0 + 1 }, options: options, places: places)
  }
}
