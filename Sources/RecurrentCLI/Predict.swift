import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent predict MODEL [FILE]`
struct Predict: ThreadedCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Let a model answer: the next rows, a class, tags, a translation, how a text goes on.",
    discussion: flowing(
      """
      A forecaster, without a file: beyond the last row of the table that the model
      was trained on. Rows of a table behind the last value of the target are what is
      forecast. Models of texts: line by line, of a file or of standard input,
      with an answer a line as soon as the line is there.
        text classifier  class and probability
        tagger           a JSON object with the entities and where they stand,
                         counted in Unicode characters (scalars) from 0; with
                         --conll each token line with its tag behind it
        translator       the translation
        text generator   how the line goes on, up to its end

      A line that cannot be answered, as bytes that are not UTF-8, is named on
      standard error. An empty line stands for it, in JSON an object with the member
      "error"; the others are answered, and the exit code is 65.

      With --key-column, lines have columns between tabs, of which one is a key that
      stands first in the answer. A forecaster takes lines of key, time, values, all
      of a key together, and gives a line for each row that it forecasts: key, time,
      step, forecast, and the ends of its interval. An empty line ends a series.

      An image classifier: the class of each image of a file or folder. A composer:
      what may come next after a MIDI file.

      Examples:
        recurrent predict model --steps 5
        recurrent predict model prices.csv --steps 5 --json
        recurrent predict model prices.csv --steps 10 --plot next.svg
        recurrent predict model --quantiles 0.05,0.5,0.95 --csv next.csv
        recurrent predict model --samples 200 --seed 1 --csv paths.csv
        recurrent predict reviews --explain occlusion --html why.html < reviews.txt
        recurrent predict reviews --json --key-column 1 < reviews.tsv
        recurrent predict sales --key-column shop < rows-by-shop.tsv
        recurrent predict reviews big.txt.gz --output answers --output-shards 16
        recurrent predict tagger < sentences.txt
        recurrent predict tagger test.conll --conll > tagged.conll
        echo 'Ein Hund.' | recurrent predict translator --attention why.svg
        recurrent predict generator --temperature 0.5 < half-lines.txt
        recurrent predict digits scan.png
      """))

  @Argument(help: "A model folder.", completion: .directory) var model: String
  @Argument(
    help: ArgumentHelp(
      "A CSV file with the model's columns, lines of text, images, or a MIDI file; - is standard input.",
      valueName: "file"), completion: .file())
  var file: String?

  @Option(
    help: ArgumentHelp(
      "Forecasters: rows to forecast. (default: those behind the last value, else the model's horizon)",
      valueName: "rows"))
  var steps: Int?

  @OptionGroup var answer: JSONFlag
  var json: Bool { answer.json }

  @Option(
    help: ArgumentHelp("Forecasters: draw the forecast as SVG.", valueName: "file.svg"),
    completion: .file())
  var plot: String?

  @OptionGroup(title: "Forecasters") var telling: ForecastTellingOptions
  @OptionGroup(title: "Forecasters") var table: TableOptions
  @OptionGroup var reading: EncodingOption
  var encoding: TextEncoding { reading.encoding }

  @OptionGroup(title: "Lines") var lines: LineOptions
  @OptionGroup(title: "Forecasters") var times: TimeFlags
  @OptionGroup(title: "Text classifiers") var explaining: ClassifierPredictOptions
  @OptionGroup(title: "Taggers") var tagging: TaggerPredictOptions
  @OptionGroup(title: "Translators") var translating: TranslatorPredictOptions
  @OptionGroup(title: "Text generators") var writing: WritingOptions
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    if let steps, !(1...100_000).contains(steps) {
      throw ValidationError("--steps is between 1 and 100000, not \(steps).")
    }
    try checkDrawing("--plot", plot)
    try checkDrawing("--attention", translating.attention)
  }

  mutating func run() throws {
    try checkKept([file], whenWriting: [plot, telling.csv, translating.attention, explaining.html])
    let job = try Jobs.ofModel(in: model)
    try job.check(
      [
        JobFlags([TrainForecaster.self], ["--steps": steps != nil, "--plot": plot != nil]),
        telling.flags, table.flags, times.flags,
        JobFlags(Jobs.texts + [TrainForecaster.self], ["--encoding": encoding != .utf8]),
        JobFlags(
          Jobs.texts + [TrainForecaster.self],
          [
            "--on-error": lines.onError != .goOn, "--key-column": lines.keyColumn != nil,
            "--output": lines.sharding.output != nil,
          ]),
        explaining.flags, explaining.pageFlags, tagging.flags,
      ] + writing.flags(with: telling.samples == nil ? [] : [TrainForecaster.self])
        + translating.flags)
    try job.predict(self)
  }
}

/// What is told of a forecast beside the forecast itself.
struct ForecastTellingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The quantiles to tell, as 0.05,0.5,0.95. (default: the interval, or those that the network was trained for)",
      valueName: "numbers"))
  var quantiles: NumberList?

  @Option(
    help: ArgumentHelp(
      "Draw so many ways in which each series may go on, and print them as a table.",
      valueName: "count"))
  var samples: Int?

  @Option(
    help: ArgumentHelp(
      "Write the forecasts of all series as a table.", valueName: "file.csv"),
    completion: .file())
  var csv: String?

  var flags: JobFlags {
    JobFlags(
      [TrainForecaster.self],
      ["--quantiles": quantiles != nil, "--samples": samples != nil, "--csv": csv != nil])
  }

  func validate() throws {
    if let samples, !(1...100_000).contains(samples) {
      throw ValidationError("--samples is between 1 and 100000, not \(samples).")
    }
    if let quantiles, !quantiles.numbers.allSatisfy({ $0 > 0 && $0 < 1 }) {
      throw ValidationError(
        "--quantiles are numbers between 0 and 1, as 0.05,0.5,0.95, not \(quantiles).")
    }
  }
}

extension TrainForecaster {
  static func predict(_ forecaster: Forecaster, _ command: Predict) throws {
    if command.lines.keyColumn != nil { return try command.forecastByKey(forecaster) }
    if command.lines.sharding.output != nil || command.lines.onError != .goOn {
      throw ValidationError(
        "--output and --on-error are of lines; a forecaster reads lines with --key-column.")
    }
    try command.forecast(forecaster)
  }

  static func read(
    _ request: DataRequest, for forecaster: Forecaster
  ) throws -> DataRead<[Series]> {
    let file = request.files[0]
    let read =
      try request.table?.reading(file, request.encoding, times: request.times, for: forecaster)
      ?? forecaster.reading(file, times: request.times)
    let (series, part, remarks) = try forecaster.evaluable(read.series)
    let times = series.first?.times.reading.map { ["times " + $0] } ?? []
    let all = times + read.remarks + remarks
    return DataRead(
      data: series, source: file, part: part,
      remark: all.isEmpty ? nil : all.joined(separator: "\n"))
  }
}

extension Predict {
  fileprivate func forecast(_ forecaster: Forecaster) throws {
    let read = try file.map {
      try table.reading(
        $0, encoding, times: times.options, for: forecaster, takesPlan: true)
    }
    let series = read?.series ?? forecaster.recent
    let (forecasts, remarks) = try forecaster.forecasts(after: series, steps: steps)
    if let file, let reading = series.first?.times.reading { warn("\(file): times \(reading).") }
    for remark in read?.remarks ?? [] { warn("\(file ?? ""): \(remark).") }
    for remark in remarks { warn("\(remark).") }
    if let method = explaining.explain {
      let forecast = Set(forecasts.map(\.series))
      return try explain(series.filter { forecast.contains($0.name) }, by: method, forecaster)
    }
    let report = ForecastReport(
      forecaster, forecasts, model: model, levels: telling.quantiles?.levels,
      samples: telling.samples ?? 0, seed: writing.seed)
    let files = [
      (plot, plot == nil ? "" : report.chart(after: series)),
      (telling.csv, telling.csv == nil ? "" : report.csv),
    ]
    try Interruption.deferred { () throws(DataError) in
      for case (let path?, let text) in files { try ChartFile.write(text, to: path) }
    }
    if json {
      print(try report.json)
    } else if telling.samples != nil, telling.csv == nil {
      printText(String(report.csv.dropLast()))
    } else {
      printText(report.description)
    }
    try flushOutput()
    for case (let path?, _) in files { warn("wrote \(path).") }
  }

  /// Prints which columns and rows forecasts hang on.
  private func explain(
    _ series: [Series], by method: ExplanationMethod, _ forecaster: Forecaster
  ) throws {
    guard method == .occlusion else {
      throw DataError(
        file: model, problem: "is a forecaster, which has no attention to show",
        advice: "Use --explain occlusion")
    }
    let all = try series.map { one throws(DataError) in try forecaster.explain(after: one) }
    let files = [
      (plot, plot == nil ? "" : all.first?.svg ?? ""),
      (telling.csv, telling.csv == nil ? "" : ForecastExplanations(all).csv),
    ]
    try Interruption.deferred { () throws(DataError) in
      for case (let path?, let text) in files { try ChartFile.write(text, to: path) }
    }
    if json {
      print(try ForecastExplanations(all).json)
    } else {
      printText(
        all.map { one in (one.series.name.map { $0 + "\n" } ?? "") + one.description }
          .joined(separator: "\n\n"))
    }
    try flushOutput()
    for case (let path?, _) in files {
      warn("wrote \(path)\(path == plot && all.count > 1 ? ", the first series" : "").")
    }
  }
}
