import ArgumentParser
import Recurrent
import RecurrentTasks

extension Predict {
  /// The forecasts of series whose rows come one behind the other, told apart by a key: a line a row
  /// that is forecast.
  ///
  /// Each series is read as a table of its own, so what stands beside it changes nothing.
  func forecastByKey(_ forecaster: Forecaster) throws {
    for (flag, isGiven) in [
      ("--plot", plot != nil), ("--csv", telling.csv != nil), ("--samples", telling.samples != nil),
      ("--explain", explaining.explain != nil), ("--header-line", table.headerLine != nil),
      ("--no-header", table.noHeader),
    ] where isGiven {
      throw ValidationError("\(flag) is of a table, and with --key-column lines are read.")
    }
    let source = file.map { $0 == "-" ? "standard input" : $0 } ?? "standard input"
    let format = table.format(.utf8, like: forecaster.configuration.columns?.format)
    let levels = telling.quantiles?.levels ?? []
    var told = RemarkCount()
    func answer(_ request: LineRequest, _ names: [String]?) throws(DataError) -> String {
      var shown: [String] = []
      do throws(DataError) {
        let read = try forecaster.reading(
          rows: request.text, columns: names, series: request.key, source: source,
          times: times.options, missing: table.missing, format: format)
        let (forecasts, remarks) = try forecaster.forecasts(after: read.series, steps: steps)
        let times = read.series.first?.times.reading.map { ["times \($0)"] } ?? []
        told.take(times + read.remarks + remarks, of: request.key ?? "")
        for forecast in forecasts { shown += lines(of: forecast, levels) }
      } catch {
        var fault = error
        // The table's first line names its columns.
        fault.line = request.line + max(0, (error.line ?? 2) - 2)
        throw fault
      }
      return shown.joined(separator: "\n")
    }
    try forEachBatch(isJSON: json, bySeries: true, together: 1) { requests, names in
      try requests.map { request throws(DataError) in try answer(request, names) }
    } end: {
      told.end()
      return ""
    }
  }

  private func lines(of forecast: Forecast, _ levels: [Double]) -> [String] {
    let quantiles = levels.map { forecast.quantile($0) }
    return forecast.points.enumerated().map { place, point in
      let time = forecast.times.label(place)
      let numbers = [point.value, point.lower, point.upper]
      let more = quantiles.map { "\($0[place])" }
      guard json else {
        return ([time, "\(place + 1)"] + numbers.map { "\($0)" } + more).joined(separator: "\t")
      }
      let all = zip(["value", "lower", "upper"], numbers).map { ",\"\($0)\":\($1)" }.joined()
      return "{\"time\":\(time.jsonText),\"step\":\(place + 1)\(all)"
        + (levels.isEmpty ? "" : ",\"quantiles\":[\(more.joined(separator: ","))]") + "}"
    }
  }
}

/// What is to be said of how series were read: each sentence once, of the first series that it is true
/// of, with the number of the others.
private struct RemarkCount {
  private var counts: [String: Int] = [:]

  mutating func take(_ remarks: [String], of key: String) {
    let name = key + ": "
    for remark in remarks {
      let sentence = remark.hasPrefix(name) ? String(remark.dropFirst(name.count)) : remark
      // Those with numbers of a series' own are kept apart up to here.
      if counts[sentence] == nil, counts.count >= 20 { continue }
      if counts.updateValue((counts[sentence] ?? 0) + 1, forKey: sentence) == nil {
        warn("\(name)\(sentence).")
      }
    }
  }

  func end() {
    for (sentence, count) in counts.sorted(by: { $0.key < $1.key }) where count > 1 {
      warn("\(count - 1) other series: \(sentence).")
    }
  }
}
