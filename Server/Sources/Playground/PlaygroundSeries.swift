import Foundation
import InferenceProtocol
import ModelServing
import Recurrent
import RecurrentTasks

/// A series to train on.
struct PlaygroundSeries: Sendable {
  let name: String
  let title: String
  let unit: String
  let values: [Double]

  var json: JSONValue {
    [
      "name": .string(name), "title": .string(title), "unit": .string(unit),
      "values": .numbers(values),
    ]
  }

  /// The names of ``bundled``, for which no table is read: a server starts without.
  static let names = ["co2", "passengers", "goog", "sine"]

  /// The series that the server carries.
  static let bundled: [PlaygroundSeries] = {
    func read(_ csv: String, _ column: String) -> [Double] {
      let table = try? Series.read(Table(csvText: csv), value: column, missing: .interpolate)
      return table?.first?.target ?? []
    }
    return [
      PlaygroundSeries(
        name: "co2", title: "CO₂ on Mauna Loa, by the week", unit: "ppm",
        values: read(BundledData.co2, "CO2")),
      PlaygroundSeries(
        name: "passengers", title: "A trend with seasons that grow", unit: "made up",
        values: seasons()),
      PlaygroundSeries(
        name: "goog", title: "GOOG, by the trading day", unit: "US$",
        values: read(BundledData.goog, "Close")),
      PlaygroundSeries(
        name: "sine", title: "Two sines and a little noise", unit: "made up", values: sines()),
    ]
  }()

  /// As counts of airline passengers go: 40 years by the month, each season larger than the last.
  private static func seasons() -> [Double] {
    var generator = RandomGenerator(seed: 3)
    return (0..<480).map { month in
      let level = 100 + 0.9 * Double(month)
      let year = 2 * Double.pi * Double(month) / 12
      let season = 0.16 * sin(year) + 0.06 * sin(2 * year + 1)
      return level * (1 + season + 0.02 * Double.random(in: -1...1, using: &generator))
    }
  }

  private static func sines() -> [Double] {
    var generator = RandomGenerator(seed: 4)
    return (0..<1000).map { row in
      let t = Double(row)
      return sin(t / 8) + 0.5 * sin(t / 21) + 0.05 * Double.random(in: -1...1, using: &generator)
    }
  }
}

/// A column of a table that was sent.
struct SentTable: Sendable {
  let column: String
  let columns: [String]
  let values: [Double]
  let remarks: [String]

  /// Reads a column, the last that holds numbers if none is named. Empty cells are filled along a
  /// straight line.
  init(csv: String, column: String?) throws(RequestError) {
    let (reading, name, columns) = try asked { () throws(DataError) in
      let table = try Table(csvText: csv, source: "table")
      let columns = table.numericColumns
      guard let name = column ?? columns.last else {
        throw DataError(
          file: "table", problem: "no column holds numbers, expected at least one",
          advice: "Send a CSV file with a header and a column of numbers")
      }
      return (try SeriesReading(table, value: name, missing: .interpolate), name, columns)
    }
    guard let series = reading.series.first, series.count <= SeriesWindows.maximumRows else {
      throw RequestError(
        .tooLarge,
        "The table has \(reading.series.first?.count ?? 0) rows, expected at most \(SeriesWindows.maximumRows)."
      )
    }
    self.column = name
    self.columns = columns
    values = series.target
    remarks = reading.remarks.map {
      $0.replacing(", by --missing interpolate", with: ", along a straight line")
    }
  }

  var json: JSONValue {
    [
      "column": .string(column), "columns": .array(columns.map { .string($0) }),
      "values": .numbers(values), "remarks": .array(remarks.map { .string($0) }),
    ]
  }
}
