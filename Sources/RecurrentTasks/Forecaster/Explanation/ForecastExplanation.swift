import Recurrent

/// Which inputs a forecast hangs on: what it would be if some of them said nothing.
///
/// Of the window's rows a few at a time, and then all, the values of a column are replaced by its mean over
/// the window (occlusion; Zeiler and Fergus 2014), and the forecast is made again. Columns that are known
/// before are replaced as a whole, numbers by their mean and words by none.
///
/// Changes are in the unit of the target. They are of one input at a time: of two that say the same, none
/// may seem to count, and a change tells what this network uses, not what causes what.
public struct ForecastExplanation: Sendable {
  /// Rows of a column, and what the forecast would be without them.
  public struct Part: Sendable, Equatable {
    /// The column.
    public let column: String
    /// The rows, counted back from the last one, which is 1; nil: all, those that are forecast too.
    public let lags: ClosedRange<Int>?
    /// By how much each row of the forecast would be another, with its sign.
    public let changes: [Double]

    /// The mean size of the changes.
    public var size: Double {
      changes.reduce(0) { $0 + abs($1) } / Double(max(1, changes.count))
    }

    /// The mean of the changes.
    public var mean: Double { changes.reduce(0, +) / Double(max(1, changes.count)) }
  }

  /// The series.
  public let series: Series
  /// The forecast as it is.
  public let forecast: [Double]
  /// The effect of each column as a whole.
  public let columns: [Part]
  /// The effect of each column of the window, a few rows at a time, the earliest first.
  public let parts: [Part]
}

extension Forecaster {
  /// The most parts that a window is taken in.
  private static var mostParts: Int { 48 }

  /// What the forecast of the rows after a series hangs on.
  ///
  /// - Throws: ``DataError`` as ``forecast(after:steps:)``.
  public func explain(after series: Series) throws(DataError) -> ForecastExplanation {
    _ = try forecast(after: series, steps: min(options.horizon, series.future?.count ?? .max))
    let window = options.window
    guard series.count >= window else {
      throw DataError(
        file: series.source, place: series.name.map { "series \"\($0)\"" },
        problem:
          "found \(series.count) rows, expected a whole window of \(window): of a padded one, rows that "
          + "are not there would be explained", advice: "Bring more rows")
    }
    let all = channels(goingOn: series, knownRows: series.count)
    // What follows all rows needs them; the network sees a window.
    let rows = all.base.kind.followsRows ? series.count : window
    let before = all.steps(upTo: series.count - rows)
    let last = series.suffix(rows)
    let atOnce = (window + Self.mostParts - 1) / Self.mostParts
    let blocks = stride(from: window, to: 0, by: -atOnce).map { max(1, $0 - atOnce + 1)...$0 }
    let names = [last.targetName] + last.covariates.map(\.name)
    var questions: [(column: String, lags: ClosedRange<Int>?, series: Series)] = []
    for place in names.indices {
      questions.append((names[place], nil, last.occluding(place, lags: 1...window, of: window)))
      for lags in blocks {
        questions.append((names[place], lags, last.occluding(place, lags: lags, of: window)))
      }
    }
    for place in last.known.indices {
      questions.append((last.known[place].name, nil, last.occludingKnown(place)))
    }
    func forecasts(_ series: [Series]) -> [[Double]] {
      let channels = series.map { one in
        var channels = Channels(one, rule: all.rule, power: all.power, before: before)
        channels.base = base(of: one, channels, fittedRows: one.count)
        return channels.with(configuration.known, of: one, ahead: options.horizon)
      }
      return self.rows(
        ForecastExamples(
          channels, origins: series.map { $0.count..<$0.count + 1 }, options: options,
          places: series.map(place))
      ).map { $0.map(\.value) }
    }
    let own = forecasts([last])[0]
    var parts: [ForecastExplanation.Part] = []
    // Some at a time: of a long window with many columns, all would be a large copy of it.
    for first in stride(from: 0, to: questions.count, by: 64) {
      let some = questions[first..<min(first + 64, questions.count)]
      for (question, other) in zip(some, forecasts(some.map(\.series))) {
        parts.append(
          .init(
            column: question.column, lags: question.lags,
            changes: zip(other, own).map { $0 - $1 }))
      }
    }
    return ForecastExplanation(
      series: series, forecast: own, columns: parts.filter { $0.lags == nil },
      parts: parts.filter { $0.lags != nil })
  }
}

extension Series {
  /// With the mean over the last `window` rows in the place of some of them, of the target (0) or of a
  /// covariate (from 1).
  ///
  /// - Parameter lags: the rows, counted back from the last one, which is 1.
  fileprivate func occluding(_ column: Int, lags: ClosedRange<Int>, of window: Int) -> Series {
    func occluded(_ values: [Double]) -> [Double] {
      let mean = values.suffix(window).reduce(0) { $0 + $1 / Double(window) }
      var values = values
      for lag in lags { values[values.count - lag] = mean }
      return values
    }
    let covariates = covariates.enumerated().map { place, covariate in
      place + 1 == column
        ? Covariate(name: covariate.name, values: occluded(covariate.values)) : covariate
    }
    return replacing(
      target: column == 0 ? occluded(target) : target, covariates: covariates, known: known)
  }

  /// With nothing told by a column that is known before.
  fileprivate func occludingKnown(_ column: Int) -> Series {
    var known = known
    switch known[column].values {
    case .numbers(let values):
      let mean = values.reduce(0) { $0 + $1 / Double(max(1, values.count)) }
      known[column].values = .numbers(values.map { _ in mean })
    case .words(let words): known[column].values = .words(words.map { _ in "" })
    }
    return replacing(target: target, covariates: covariates, known: known)
  }

  private func replacing(
    target: [Double], covariates: [Covariate], known: [KnownColumn]
  ) -> Series {
    // Means of finite numbers up to 1e18 are such numbers.
    (try? Series(
      values: target, name: name, targetName: targetName, times: times, covariates: covariates,
      source: source, future: future, known: known)) ?? self
  }
}
