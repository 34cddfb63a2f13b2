import Foundation
import Recurrent

/// Forecasts as text, as JSON and as a table for other programs.
public struct ForecastReport: CustomStringConvertible {
  let forecaster: Forecaster
  let forecasts: [Forecast]
  private let model: String
  /// Shares whose quantiles are told; nil: the interval.
  private let levels: [Double]?
  /// Paths of each forecast, `[forecasts][paths][rows]`.
  private let samples: [[[Double]]]

  /// A report of what `forecaster`, read from the folder `model`, forecasts.
  ///
  /// - Parameters:
  ///   - levels: shares below, each in 0...1, whose quantiles are told; nil: those that the network was
  ///     trained for, or the ends of the interval.
  ///   - samples: so many ways in which each series may go on.
  ///   - seed: where these come from.
  public init(
    _ forecaster: Forecaster, _ forecasts: [Forecast], model: String, levels: [Double]? = nil,
    samples: Int = 0, seed: UInt64 = 0
  ) {
    self.forecaster = forecaster
    self.forecasts = forecasts
    self.model = model
    let own = forecaster.options.loss == .quantile ? forecaster.shownLevels : []
    self.levels = levels ?? (own.count > 3 ? own : nil)
    self.samples = forecasts.map { samples > 0 ? $0.samples(samples, seed: seed) : [] }
  }

  private var percent: String { NumberFormat.fixed(forecaster.nominalCoverage * 100, 0) }

  private func name(of level: Double) -> String {
    "\(NumberFormat.short(Float((level * 1e6).rounded() / 1e4))) %"
  }

  /// A table a series, and where the intervals come from.
  public var description: String {
    let target = forecaster.configuration.channels[0]
    let tables = forecasts.map { forecast in
      var rows = [
        ["", target] + (levels.map { $0.map(name) } ?? ["\(percent) % from", "to"])
      ]
      let format = Self.format(forecast.points)
      let quantiles = (levels ?? []).map { forecast.quantile($0) }
      for (place, point) in forecast.points.enumerated() {
        let others = levels == nil ? [point.lower, point.upper] : quantiles.map { $0[place] }
        rows.append([forecast.times.label(place)] + ([point.value] + others).map(format))
      }
      return (forecast.series.map { $0 + "\n" } ?? "") + TextTable(rows).description
    }
    let source = forecaster.configuration.intervalWords
    return tables.joined(separator: "\n\n")
      + (levels == nil
        ? "\n\nThe interval should hold \(percent) % of the values; it comes from \(source)."
        : "\n\nBelow a quantile that share of the values should lie; they come from \(source).")
      + (forecaster.configuration.evaluation.map { evaluation in
        let verdict = evaluation.verdict
        return "\nOn \(evaluation.part), " + verdict.prefix(1).lowercased() + verdict.dropFirst()
      } ?? "")
      + (forecaster.configuration.refitted.map { "\nThe network: \($0)." } ?? "")
  }

  /// A line for each row that is forecast: series, time, step, forecast, the ends of the interval,
  /// quantiles, samples.
  public var csv: String {
    let hasNames = forecasts.contains { $0.series != nil }
    let shown = levels ?? []
    var text = (hasNames ? "series," : "") + "time,step,forecast,lower,upper"
    text += shown.map { ",q\(NumberFormat.short(Float($0)))" }.joined()
    text +=
      (1...max(1, samples.first?.count ?? 0)).map { ",sample\($0)" }
      .prefix(samples.first?.count ?? 0).joined() + "\n"
    for (forecast, paths) in zip(forecasts, samples) {
      let quantiles = shown.map { forecast.quantile($0) }
      for (place, point) in forecast.points.enumerated() {
        let numbers =
          [point.value, point.lower, point.upper] + quantiles.map { $0[place] }
          + paths.map { $0[place] }
        let cells =
          (hasNames ? [forecast.series ?? ""] : []) + [forecast.times.label(place), "\(place + 1)"]
        text +=
          (cells.map(TestForecasts.quoted) + numbers.map { "\($0)" }).joined(separator: ",") + "\n"
      }
    }
    return text
  }

  /// As many decimals for all numbers as the narrowest interval needs to be told from its ends.
  private static func format(_ points: [Forecaster.Point]) -> (Double) -> String {
    let widths = points.map { $0.upper - $0.lower }.filter { $0 > 0 }
    let largest = points.map { abs($0.value) }.max() ?? 0
    guard let narrowest = widths.min(), (1e-4..<1e7).contains(largest) else {
      return NumberFormat.significant
    }
    let decimals = 1 - Int(log10(narrowest).rounded(.down))
    return { NumberFormat.fixed($0, max(0, min(6, decimals))) }
  }

  /// The report as one JSON object with the model, the interval and a list of series.
  public var json: String {
    get throws(DataError) {
      struct Object: Encodable {
        struct Part: Encodable {
          var name: String?
          var forecast: [Step]
          var samples: [[Double]]?
        }
        struct Step: Encodable {
          var time: String
          var value: Double
          var lower: Double
          var upper: Double
          var quantiles: [Double]?
        }
        struct Interval: Encodable {
          var coverage: Double
          var source: String
        }
        var model: String
        var target: String
        var interval: Interval
        var levels: [Double]?
        var skill: Double?
        var series: [Part]
      }
      let object = Object(
        model: model, target: forecaster.configuration.channels[0],
        interval: .init(
          coverage: Double(percent).map { $0 / 100 } ?? forecaster.nominalCoverage,
          source: forecaster.configuration.intervalWords),
        levels: levels, skill: forecaster.configuration.evaluation?.skill,
        series: zip(forecasts, samples).map { forecast, paths in
          let quantiles = (levels ?? []).map { forecast.quantile($0) }
          return .init(
            name: forecast.series,
            forecast: forecast.points.enumerated().map { place, point in
              .init(
                time: forecast.times.label(place), value: point.value, lower: point.lower,
                upper: point.upper,
                quantiles: levels == nil ? nil : quantiles.map { $0[place] })
            }, samples: paths.isEmpty ? nil : paths)
        })
      let bytes = try encodeJSON(object, file: "forecast")
      return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
    }
  }
}
