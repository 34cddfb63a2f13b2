import ArgumentParser
import Recurrent
import RecurrentTasks

/// `recurrent anomalies MODEL FILE`
struct Anomalies: ThreadedCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell the rows of a table that a forecaster did not expect.",
    discussion: flowing(
      """
      Each row with a whole window before it is forecast from the rows before it. How
      unlikely its error is, is counted in the errors of one-step forecasts on rows that
      the model was not trained on: its validation part, or a table of usual rows.

      Examples:
        recurrent anomalies model june.csv --csv june-judged.csv --plot june.svg
        recurrent anomalies model june.csv --alpha 0.001 --usual may.csv
        recurrent anomalies model june.csv --level 0.95 --adjusted --json
      """))

  @Argument(help: "The folder of a forecaster.", completion: .directory) var model: String
  @Argument(
    help: ArgumentHelp(
      "A CSV file with the model's columns; - is standard input.", valueName: "file.csv"),
    completion: .file())
  var file: String

  @Option(
    help: ArgumentHelp(
      "The share of usual rows that may be flagged. (default: 0.01, or what the number of errors allows)",
      valueName: "share"))
  var alpha: Double?

  @Option(help: ArgumentHelp("The same the other way: 0.99 is --alpha 0.01.", valueName: "share"))
  var level: Double?

  @Flag(
    help:
      "Flag by the p-value that is adjusted for all rows of the file (Benjamini and Hochberg): of what is flagged, that share is usual."
  )
  var adjusted = false

  @Option(
    help: ArgumentHelp(
      "A table of rows that are as they should be, whose errors count in place of the validation part's.",
      valueName: "file.csv"), completion: .file())
  var usual: String?

  @Option(
    help: ArgumentHelp("Write a line for each row.", valueName: "file.csv"), completion: .file())
  var csv: String?
  @Option(
    help: ArgumentHelp(
      "Draw the series with the most anomalies as SVG.", valueName: "file.svg"),
    completion: .file())
  var plot: String?

  @OptionGroup var answer: JSONFlag
  @OptionGroup(title: "Table") var table: TableOptions
  @OptionGroup(title: "Table") var reading: EncodingOption
  @OptionGroup(title: "Table") var times: TimeFlags
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    try checkDrawing("--plot", plot)
    guard alpha == nil || level == nil else {
      throw ValidationError("--alpha and --level say the same; give one of them.")
    }
    for (flag, share) in [("--alpha", alpha), ("--level", level)] {
      if let share, !(share > 0 && share < 1) {
        throw ValidationError("\(flag) lies between 0 and 1, not \(share).")
      }
    }
    guard file != "-" || usual != "-" else {
      throw ValidationError("Standard input can be read once; keep one of the tables in a file.")
    }
  }

  mutating func run() throws {
    try checkKept([file, usual], whenWriting: [csv, plot])
    let forecaster = try Forecaster(contentsOf: model)
    func read(_ path: String) throws -> [Series] {
      let read = try table.reading(
        path, reading.encoding, times: times.options, for: forecaster)
      if let times = read.series.first?.times.reading { warn("\(path): times \(times).") }
      for remark in read.remarks { warn("\(path): \(remark).") }
      return read.series
    }
    let scan = try AnomalyScan(
      of: try read(file), by: forecaster, alpha: alpha ?? level.map { 1 - $0 },
      usual: try usual.map(read), isAdjusted: adjusted)
    for remark in scan.remarks { warn("\(remark).") }
    let files = [(csv, csv == nil ? "" : scan.csv), (plot, plot == nil ? "" : scan.chart.svg())]
    try Interruption.deferred { () throws(DataError) in
      for case (let path?, let text) in files { try ChartFile.write(text, to: path) }
    }
    if answer.json { print(try scan.json) } else { printText("\(scan)") }
    try flushOutput()
    for case (let path?, _) in files { warn("wrote \(path).") }
  }
}
