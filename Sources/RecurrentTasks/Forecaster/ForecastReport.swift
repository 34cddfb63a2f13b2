import Foundation
import Recurrent

/// Forecasts as text and as JSON.
public struct ForecastReport: CustomStringConvertible {
  private let forecaster: Forecaster
  private let forecasts: [Forecast]
  private let model: String

  /// A report of what `forecaster`, read from the folder `model`, forecasts.
  public init(_ forecaster: Forecaster, _ forecasts: [Forecast], model: String) {
    self.forecaster = forecaster
    self.forecasts = forecasts
    self.model = model
  }

  private var percent: String { NumberFormat.fixed(forecaster.nominalCoverage * 100, 0) }

  /// A table a series, and where the intervals come from.
  public var description: String {
    let target = forecaster.configuration.channels[0]
    let tables = forecasts.map { forecast in
      var rows = [["", target, "\(percent) % from", "to"]]
      let format = Self.format(forecast.points)
      for (time, point) in zip(forecast.times.labels, forecast.points) {
        rows.append([time] + [point.value, point.lower, point.upper].map(format))
      }
      return (forecast.series.map { $0 + "\n" } ?? "") + TextTable(rows).description
    }
    return tables.joined(separator: "\n\n")
      + "\n\nThe interval should hold \(percent) % of the values; it comes from \(forecaster.configuration.intervalSource.explanation)."
      + (forecaster.configuration.evaluation.map { evaluation in
        let verdict = evaluation.verdict
        return "\nOn its test part, " + verdict.prefix(1).lowercased() + verdict.dropFirst()
      } ?? "")
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

  /// One object with the model, the interval and a list of series.
  public var json: String {
    get throws(DataError) {
      struct Object: Encodable {
        struct Part: Encodable {
          var name: String?
          var forecast: [Step]
        }
        struct Step: Encodable {
          var time: String
          var value: Double
          var lower: Double
          var upper: Double
        }
        struct Interval: Encodable {
          var coverage: Double
          var source: String
        }
        var model: String
        var target: String
        var interval: Interval
        var skill: Double?
        var series: [Part]
      }
      let object = Object(
        model: model, target: forecaster.configuration.channels[0],
        interval: .init(
          coverage: Double(percent).map { $0 / 100 } ?? forecaster.nominalCoverage,
          source: forecaster.configuration.intervalSource.explanation),
        skill: forecaster.configuration.evaluation?.skill,
        series: forecasts.map { forecast in
          .init(
            name: forecast.series,
            forecast: zip(forecast.times.labels, forecast.points).map {
              .init(time: $0, value: $1.value, lower: $1.lower, upper: $1.upper)
            })
        })
      let bytes = try encodeJSON(object, file: "forecast")
      return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
    }
  }
}
