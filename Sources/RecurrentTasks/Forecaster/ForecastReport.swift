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
      + "\n\nThe interval should hold \(percent) % of the values; it comes from \(forecaster.configuration.intervalSource.rawValue)."
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
          source: forecaster.configuration.intervalSource.rawValue),
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

/// Charts as files.
public enum ChartFile {
  /// Writes a chart as SVG, whole or not at all.
  public static func write(_ chart: LineChart, to path: String) throws(DataError) {
    try writeAtomically(chart.svg(), to: path)
  }
}

extension Forecaster {
  /// The series of a table with the columns that this forecaster was trained on.
  ///
  /// - Throws: ``DataError`` if the table cannot be read or lacks a column.
  public func read(_ path: String) throws(DataError) -> [Series] {
    let table = try Table(csv: path)
    let columns =
      configuration.columns
      ?? ForecastColumns(
        target: configuration.channels[0], covariates: Array(configuration.channels.dropFirst()))
    return try columns.read(table)
  }

  /// All but the weights' values, as text.
  public var summary: String {
    let options = options
    let layers = options.layers == 1 ? "1 layer" : "\(options.layers) layers"
    var lines = [
      "trained on  \(configuration.trainedOn)",
      "forecasts   \(configuration.channels[0]), \(options.horizon) ahead from \(options.window) rows",
    ]
    if configuration.channels.count > 1 {
      lines.append("covariates  \(configuration.channels.dropFirst().joined(separator: ", "))")
    }
    lines += [
      "scaling     \(options.scaling.explanation)",
      "network     \(options.cell.rawValue.uppercased()), \(layers) of \(options.hiddenSize) units; kernels: \(Kernels.name), fused",
      "training    \(options.loss.rawValue), Adam \(options.learningRate), seed \(options.seed); \(configuration.epochs) epochs, weights of epoch \(configuration.bestEpoch)",
      "interval    \(NumberFormat.fixed(nominalCoverage * 100, 0)) %, from \(configuration.intervalSource.rawValue)",
      "",
    ]
    var rows = [["parameter", "shape", "numbers"]]
    for (name, tensor) in model.parameters {
      rows.append(
        [
          name, tensor.shape.map(String.init).joined(separator: " × "),
          NumberFormat.grouped(tensor.count),
        ])
    }
    rows.append(["total", "", NumberFormat.grouped(model.parameterCount)])
    lines.append(TextTable(rows).description)
    lines += ["", "On the test part:", report]
    return lines.joined(separator: "\n")
  }
}
