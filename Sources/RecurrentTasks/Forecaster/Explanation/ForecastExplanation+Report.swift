import Recurrent
import RecurrentCharts
import RecurrentFiles

extension ForecastExplanation: CustomStringConvertible {
  /// Columns, and the parts that count most.
  public var description: String {
    let unit = series.targetName
    func cells(_ part: Part) -> [String] {
      [NumberFormat.significant(part.size), NumberFormat.significant(part.mean)]
    }
    let whole =
      [["without", "|change| of \(unit)", "change"]] + columns.map { [$0.column] + cells($0) }
    let most = parts.sorted { $0.size > $1.size }.prefix(10).filter { $0.size > 0 }
    let rows =
      [["without", "rows back", "time", "|change|", "change"]]
      + most.map { part in
        [part.column, Self.lagText(part), timeText(part)] + cells(part)
      }
    return TextTable(whole).description
      + (most.isEmpty ? "\n\nNo row of the window counts." : "\n\n" + TextTable(rows).description)
  }

  private static func lagText(_ part: Part) -> String {
    guard let lags = part.lags else { return "all" }
    return lags.count == 1 ? "\(lags.lowerBound)" : "\(lags.upperBound) to \(lags.lowerBound)"
  }

  private func timeText(_ part: Part) -> String {
    guard let lags = part.lags else { return "" }
    let labels = [lags.upperBound, lags.lowerBound].map { series.times.label(series.count - $0) }
    return lags.count == 1 ? labels[0] : labels.joined(separator: " to ")
  }

  /// The sizes of the changes as a picture: columns from row to row of the window.
  public var svg: String {
    let names = columns.map(\.column).filter { name in parts.contains { $0.column == name } }
    let blocks = parts.filter { $0.column == names.first }
    let largest = parts.map(\.size).max() ?? 0
    return HeatMap(
      title:
        "What the forecast of \(series.targetName) hangs on: by how much it changes without it; dark: "
        + NumberFormat.significant(largest),
      columns: blocks.map(timeText), rows: names,
      shares: names.map { name in
        parts.filter { $0.column == name }.map { largest > 0 ? Float($0.size / largest) : 0 }
      }
    ).svg()
  }
}

/// The explanations of several forecasts, for programs.
public struct ForecastExplanations: Sendable {
  /// The explanations, one a series.
  public let all: [ForecastExplanation]

  /// A report of these explanations.
  public init(_ all: [ForecastExplanation]) { self.all = all }

  /// A line for each part, and for each column as a whole, without lags.
  public var csv: String {
    let hasNames = all.contains { $0.series.name != nil }
    var text = (hasNames ? "series," : "") + "column,first_lag,last_lag,size,change\n"
    for one in all {
      for part in one.columns + one.parts {
        var cells = [TestForecasts.quoted(part.column)]
        if hasNames { cells.insert(TestForecasts.quoted(one.series.name ?? ""), at: 0) }
        cells += [part.lags?.upperBound, part.lags?.lowerBound].map { $0.map { "\($0)" } ?? "" }
        cells += ["\(part.size)", "\(part.mean)"]
        text += cells.joined(separator: ",") + "\n"
      }
    }
    return text
  }

  /// The report as one JSON object with a list of series.
  public var json: String {
    get throws(DataError) {
      struct Object: Encodable {
        struct Part: Encodable {
          var column: String
          var firstLag, lastLag: Int?
          var size: Double
          var changes: [Double]
        }
        struct One: Encodable {
          var name: String?
          var target: String
          var forecast: [Double]
          var columns, parts: [Part]
        }
        var series: [One]
      }
      func told(_ parts: [ForecastExplanation.Part]) -> [Object.Part] {
        parts.map {
          .init(
            column: $0.column, firstLag: $0.lags?.upperBound, lastLag: $0.lags?.lowerBound,
            size: $0.size, changes: $0.changes)
        }
      }
      let object = Object(
        series: all.map {
          .init(
            name: $0.series.name, target: $0.series.targetName, forecast: $0.forecast,
            columns: told($0.columns), parts: told($0.parts))
        })
      return String(
        decoding: try encodeJSON(object, file: "explanation").dropLast(), as: UTF8.self)
    }
  }
}
