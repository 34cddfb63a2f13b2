import Recurrent
import RecurrentCharts
import RecurrentFiles

extension AnomalyScan: CustomStringConvertible {
  /// The anomalies as a table, the least likely first, and what the numbers mean.
  public var description: String {
    let flagged = anomalies.sorted { ($0.row.p, $0.row.row) < ($1.row.p, $1.row.row) }
    let count = parts.reduce(0) { $0 + $1.rows.count }
    let hasNames = parts.contains { $0.series.name != nil }
    var rows = [
      [
        hasNames ? "series, time" : "time", parts[0].series.targetName, "forecast", "from", "to",
        "p",
      ]
        + ["adjusted"]
    ]
    for (series, row) in flagged.prefix(40) {
      let name = series.name.map { "\($0), " } ?? ""
      rows.append(
        [name + series.times.label(row.row)]
          + [row.value, row.forecast, row.lower, row.upper].map { NumberFormat.significant($0) }
          + [row.p, row.adjusted].map { NumberFormat.short(Float($0)) })
    }
    let level = NumberFormat.short(Float(alpha))
    var lines = [
      "\(flagged.count) of \(count) rows are anomalies: "
        + (isAdjusted ? "p adjusted for all rows" : "p") + " of at most \(level)"
    ]
    if !flagged.isEmpty { lines += ["", TextTable(rows).description] }
    if flagged.count > 40 { lines.append("and \(flagged.count - 40) more") }
    lines += [
      "",
      "p is the share of \(NumberFormat.grouped(errorCount)) one-step errors on \(errorSource) "
        + "that are as large;",
      "it is never below \(NumberFormat.significant(smallest)). "
        + (isAdjusted
          ? "Of these anomalies, a share of about \(level) are usual rows."
          : "Of usual rows, a share of about \(level) is flagged."),
    ]
    return lines.joined(separator: "\n")
  }

  /// The anomalies, series by series.
  public var anomalies: [(series: Series, row: Row)] {
    parts.flatMap { part in part.rows.filter(\.isAnomaly).map { (part.series, $0) } }
  }

  /// A line for each row that was looked at.
  public var csv: String {
    let hasNames = parts.contains { $0.series.name != nil }
    var text = (hasNames ? "series," : "") + "time,value,forecast,lower,upper,p,adjusted,anomaly\n"
    for part in parts {
      for row in part.rows {
        var cells = [TestForecasts.quoted(part.series.times.label(row.row))]
        if hasNames { cells.insert(TestForecasts.quoted(part.series.name ?? ""), at: 0) }
        cells += [row.value, row.forecast, row.lower, row.upper, row.p, row.adjusted].map {
          "\($0)"
        }
        cells.append(row.isAnomaly ? "1" : "0")
        text += cells.joined(separator: ",") + "\n"
      }
    }
    return text
  }

  /// The series with the most anomalies: rows, what was expected, and a point at each anomaly.
  public var chart: LineChart {
    let most = parts.indices.max { one, other in
      let counts = [one, other].map { parts[$0].rows.count(where: \.isAnomaly) }
      return counts[0] < counts[1] || counts[0] == counts[1] && one > other
    }
    let part = parts[most ?? 0]
    let x = part.series.times.positions
    let at = part.rows.map { x[$0.row] }
    let flagged = part.rows.filter(\.isAnomaly)
    let name = part.series.name.map { " of \($0)" } ?? ""
    return LineChart(
      title:
        "\(part.series.targetName)\(name): \(flagged.count) of \(part.rows.count) rows are anomalies",
      subtitle: "outside of the band p is at most \(NumberFormat.short(Float(alpha)))"
        + (isAdjusted ? "; anomalies are those whose adjusted p is" : ""),
      x: part.series.times.chartAxis, yLabel: part.series.targetName,
      lines: [
        .init("actual", x: x, y: part.series.target, weight: .thin, role: .actual),
        // No line joins them.
        .init(
          "anomaly", x: flagged.flatMap { [x[$0.row], x[$0.row]] },
          y: flagged.flatMap { [$0.value, .nan] }, role: .validation),
      ],
      bands: [
        .init("expected", x: at, lower: part.rows.map(\.lower), upper: part.rows.map(\.upper))
      ])
  }

  /// The scan as one JSON object: how rows were judged, and the anomalies.
  public var json: String {
    get throws(DataError) {
      struct Object: Encodable {
        struct Anomaly: Encodable {
          var series: String?
          var time: String
          var value, forecast, lower, upper, p, adjusted: Double
        }
        var alpha: Double
        var isAdjusted: Bool
        var rows, errors: Int
        var smallestP: Double
        var anomalies: [Anomaly]
      }
      let object = Object(
        alpha: alpha, isAdjusted: isAdjusted, rows: parts.reduce(0) { $0 + $1.rows.count },
        errors: errorCount, smallestP: smallest,
        anomalies: anomalies.map { series, row in
          .init(
            series: series.name, time: series.times.label(row.row), value: row.value,
            forecast: row.forecast, lower: row.lower, upper: row.upper, p: row.p,
            adjusted: row.adjusted)
        })
      return String(
        decoding: try encodeJSON(object, file: "anomalies").dropLast(), as: UTF8.self)
    }
  }
}
