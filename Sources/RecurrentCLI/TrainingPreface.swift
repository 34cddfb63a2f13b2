import Recurrent
import RecurrentTasks

/// What is printed before a forecaster's plan: the table, its columns and times.
struct TrainingPreface: CustomStringConvertible {
  let files: SeriesOfFiles
  let columns: ForecastColumns
  let series: [Series]
  /// Remarks on how table, columns and times were read.
  let remarks: [String]

  var description: String {
    let size = "\(files.rowCount) rows, \(files.columnNames.count) columns"
    let lines =
      ["\(files.source): \(size)"]
      + files.preview.split(separator: "\n").map { Self.cut(String($0)) }
      + ["", "forecast    \(columnText)"] + series.prefix(3).map(describe)
      + remarks.prefix(20).map { Self.wrapped("note        \($0)") }
      + (remarks.count > 20 ? ["            and \(remarks.count - 20) more"] : [])
    return lines.joined(separator: "\n")
  }

  private var columnText: String {
    var text = columns.target
    if let series = columns.series { text += " of each \(series)" }
    if let time = columns.time { text += " by \(time)" }
    if !columns.covariates.isEmpty {
      text += ", from \(columns.covariates.joined(separator: ", ")) too"
    }
    return text
  }

  private func describe(_ series: Series) -> String {
    let name = series.name.map { "\($0): " } ?? ""
    guard !series.times.isRowNumbers else {
      return "times       \(name)no column of times was found; rows are numbered"
    }
    let first = series.times.label(0)
    let last = series.times.label(series.count - 1)
    var lines = ["times       \(name)\(series.times.frequency), \(first) to \(last)"]
    if let reading = series.times.reading, series.name == self.series.first?.name {
      lines.append(TextWidth.wrapped("            \(reading)", columns: 100))
    }
    if series.times.holidays > 0 {
      lines.append(
        "            \(series.times.holidays) business days without a row, as holidays are")
    }
    return lines.joined(separator: "\n")
  }

  /// A line in lines of at most 100 characters, the further ones below its text.
  private static func wrapped(_ line: String) -> String {
    TextWidth.wrapped(line, columns: 100)
  }

  /// A line of a table with many columns, as far as it fits.
  private static func cut(_ line: String) -> String {
    line.count > 100 ? line.prefix(99) + "…" : line
  }
}
