import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentData
@testable import RecurrentTasks

/// Tables in parts and in several files are what one table of all rows is.
@Suite struct SeriesOfFilesTests {
  private func read(
    _ files: KeyValuePairs<String, String>, _ columns: ForecastColumns,
    joining: FileJoining? = nil, partSize: Int = 1 << 27
  ) throws -> SeriesOfFiles {
    try withTemporaryFolder { folder in
      let pieces = try files.map { name, text in
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
        return try TextPieces(folder + "/" + name)
      }
      return try SeriesOfFiles(
        pieces, format: TableFormat(), joining: joining, partSize: partSize
      ) { _ in columns }
    }
  }

  private func rows(_ range: Range<Int>, _ names: [String]) -> [String] {
    range.flatMap { day -> [String] in
      let number = day % 31 + 1
      let date = "2024-0\(day / 31 + 1)-\(number < 10 ? "0" : "")\(number)"
      return names.map { "\(date),\($0),\(day * 3 % 17).5,\(day)\n" }
    }
  }

  private let header = "date,shop,sold,price\n"
  private let columns = ForecastColumns(
    target: "sold", time: "date", covariates: ["price"], series: "shop")

  @Test func rowsThatCountOtherTimesAreTold() throws {
    let months = (1...9).map { "2024-0\($0)-01,month,\($0)\n" }
    let days = rows(0..<20, ["day"]).map {
      $0.split(separator: ",").prefix(3).joined(separator: ",") + "\n"
    }
    let read = try read(
      ["a.csv": "date,shop,sold\n" + (days + months).joined()],
      ForecastColumns(target: "sold", time: "date", covariates: [], series: "shop"))
    let remark = try #require(read.remarks.first { $0.hasPrefix("rows are ") })
    #expect(remark.contains("day (daily)") || remark.contains("month (monthly)"))
  }

  /// By time and by series, whole and in parts of a few rows, in one file and in two: the same series.
  @Test(arguments: [60, 200, 1 << 27]) func parts(size: Int) throws {
    let names = ["north", "south", "west"]
    let byTime = rows(0..<45, names)
    let whole = try Series.read(
      Table(csvText: header + byTime.joined(), source: "whole"), value: "sold", time: "date",
      covariates: ["price"], groupedBy: "shop")
    #expect(whole.map(\.count) == [45, 45, 45])
    let bySeries = names.flatMap { rows(0..<45, [$0]) }
    for lines in [byTime, bySeries, bySeries.reversed()] {
      let one = try read(["a.csv": header + lines.joined()], columns, partSize: size)
      let two = try read(
        ["a.csv": header + lines[..<50].joined(), "b.csv": header + lines[50...].joined()], columns,
        partSize: size)
      for found in [one, two] {
        #expect(found.rowCount == 135 && found.columnNames == ["date", "shop", "sold", "price"])
        let series = found.series.sorted { ($0.name ?? "") < ($1.name ?? "") }
        #expect(series.map(\.name) == whole.map(\.name))
        #expect(series.map(\.target) == whole.map(\.target))
        #expect(series.map(\.covariates) == whole.map(\.covariates))
        #expect(series.map { $0.times.ticks } == whole.map { $0.times.ticks })
        #expect(series.map { $0.times.frequency } == whole.map { $0.times.frequency })
      }
    }
  }

  /// Empty cells at the end of a part are no future and no absent rows: a table in parts is filled, and ends, as
  /// one that is read whole; newest row first too, and with words that are known.
  @Test(arguments: [130, 500]) func emptyCellsBetweenParts(size: Int) throws {
    var columns = columns
    columns.missing = .interpolate
    columns.known = ["offer"]
    let names = ["north", "south", "west"]
    let cells = names.flatMap { name in
      (0..<45).map { day -> (day: Int, line: String) in
        let date = rows(day..<day + 1, [name])[0].prefix(10)
        // Runs of one to four, each series its own, and five at its end.
        let isEmpty = day >= 40 || day < 39 && (day + name.count) % 7 < day % 5 && day > 1
        let price = day % 6 == 5 ? "" : "\(day)"
        return (
          day,
          "\(date),\(name),\(isEmpty ? "" : "\(day * 3 % 17).5"),\(price),\(["a", "b", "c"][day / 15])\n"
        )
      }
    }
    let bySeries = cells.map(\.line)
    let byTime = (0..<45).flatMap { day in cells.filter { $0.day == day }.map(\.line) }
    let header = "date,shop,sold,price,offer\n"
    for lines in [bySeries, byTime, bySeries.reversed(), byTime.reversed()] {
      let text = header + lines.joined()
      let whole = try columns.reading(Table(csvText: text, source: "whole"))
      let parts = try read(["a.csv": text], columns, partSize: size)
      #expect(parts.series.count == 3 && parts.remarks == whole.remarks)
      for (one, other) in zip(parts.series, whole.series) {
        #expect(one.name == other.name && one.times == other.times && one.count == 40)
        #expect(one.target == other.target && one.covariates == other.covariates)
        #expect(one.future == other.future && one.future?.count == 5)
        #expect(one.known == other.known && one.known[0].count == 45)
      }
    }
    columns.missing = .error
    let first = bySeries.firstIndex { $0.contains(",,") } ?? 0
    let error = try dataError {
      _ = try read(["a.csv": header + bySeries.joined()], columns, partSize: size)
    }
    #expect(error.line == first + 2 && error.place == "column \"sold\"", "\(error)")
  }

  /// A table with a series a column, in parts: series that begin late, end early, or are empty over whole parts are what
  /// they are in a table that is read whole, with times and without.
  @Test(arguments: [60, 130, 1 << 27]) func wideParts(size: Int) throws {
    let lines = (0..<60).map { day -> (date: String, cells: String) in
      let date = String(rows(day..<day + 1, ["x"])[0].prefix(10))
      let cells = [
        "\(day * 3 % 17).5", day < 3 || day > 40 ? "" : "\(day)",
        day == 0 || day > 10 && day < 44 || day > 50 ? "NA" : "\(day * day)",
      ]
      return (date, cells.joined(separator: ","))
    }
    var columns = ForecastColumns(target: "value", wide: .columns)
    columns.missing = .interpolate
    for isTimed in [true, false] {
      let text =
        (isTimed ? "date," : "") + "a,b,c\n"
        + lines.map { (isTimed ? $0.date + "," : "") + $0.cells + "\n" }.joined()
      let whole = try columns.reading(Table(csvText: text, source: "whole"))
      let parts = try read(["a.csv": text], columns, partSize: size)
      #expect(whole.series.map(\.count) == [60, 38, 50] && parts.rowCount == 60)
      #expect(parts.series.map(\.name) == ["a", "b", "c"] && parts.remarks == whole.remarks)
      for (one, other) in zip(parts.series, whole.series) {
        #expect(one.target == other.target && one.times == other.times && one.future == nil)
      }
      // Two files are one table.
      let head = text.prefix { $0 != "\n" } + "\n"
      let cut = text.split(separator: "\n")[41...].joined(separator: "\n") + "\n"
      let first = text.split(separator: "\n")[...40].joined(separator: "\n") + "\n"
      guard isTimed else { continue }
      let two = try read(["a.csv": first, "b.csv": head + cut], columns, partSize: size)
      #expect(two.series.map(\.target) == whole.series.map(\.target))
      let bad = text.replacing("2024-02-20,", with: "2024-02-20,many")
      let error = try dataError { _ = try read(["a.csv": bad], columns, partSize: size) }
      #expect(error.line == 52 && error.place == "column \"a\"", "\(error)")
    }
  }

  /// Rows that are not in order are told by their lines, wherever the parts are cut.
  @Test(arguments: [130, 1 << 27]) func orderOfParts(size: Int) throws {
    var lines = rows(0..<40, ["north"])
    lines.swapAt(20, 30)
    let error = try dataError {
      _ = try read(["a.csv": header + lines.joined()], columns, partSize: size)
    }
    #expect(error.line == 23 && error.problem.contains("of line 22"), "\(error)")
    let again = rows(0..<40, ["north"]) + rows(39..<40, ["north"])
    let repeated = try dataError {
      _ = try read(["a.csv": header + again.joined()], columns, partSize: size)
    }
    #expect(repeated.line == 42 && repeated.problem.contains("repeats"), "\(repeated)")
  }

  /// Files that follow each other in time are one series, in whatever order they are named; others are
  /// series of their own, called like the files.
  @Test func filesWithoutNames() throws {
    func table(_ range: Range<Int>) -> String {
      let lines = rows(range, ["x"]).map { line -> String in
        let cells = line.split(separator: ",")
        return "\(cells[0]),\(cells[2])\n"
      }
      return "date,sold\n" + lines.joined()
    }
    let columns = ForecastColumns(target: "sold", time: "date")
    let joined = try read(["late.csv": table(20..<40), "early.csv": table(0..<20)], columns)
    #expect(joined.series.map(\.name) == [nil] && joined.series[0].count == 40)
    let sold = (0..<40).map { (day: Int) -> Double in Double(day * 3 % 17) + 0.5 }
    #expect(joined.series[0].target == sold)
    #expect(joined.remarks.last?.hasPrefix("the 2 files are one series, since they follow") == true)
    let apart = try read(["b.csv": table(0..<20), "a.csv": table(10..<30)], columns)
    #expect(apart.series.map(\.name) == ["b", "a"] && apart.series.map(\.count) == [20, 20])
    #expect(
      apart.remarks.last
        == "the files are 2 series, called like them, since their times overlap; --files rows makes one"
    )
    let asked = try read(
      ["b.csv": table(0..<20), "a.csv": table(20..<40)], columns, joining: .series)
    #expect(asked.series.map(\.name) == ["b", "a"] && asked.remarks.isEmpty)
    // Rows that are absent between two files are a gap as within one.
    let gap = try dataError {
      _ = try read(["a.csv": table(0..<20), "b.csv": table(25..<40)], columns)
    }
    #expect(gap.problem.contains("5 after 2024-01-20 are absent"), "\(gap)")
    var filling = columns
    filling.missing = .interpolate
    let filled = try read(["a.csv": table(0..<20), "b.csv": table(25..<40)], filling)
    #expect(filled.series[0].count == 40)
    let overlap = try dataError {
      _ = try read(["a.csv": table(0..<20), "b.csv": table(10..<30)], columns, joining: .rows)
    }
    #expect(overlap.problem.contains("expected a time after 2024-01-20"), "\(overlap)")
    let untimed = ForecastColumns(target: "sold")
    let numbers = try read(["a.csv": "sold\n1\n2\n", "b.csv": "sold\n3\n5\n"], untimed)
    #expect(numbers.series.map(\.target) == [[1, 2], [3, 5]])
    #expect(numbers.remarks.last?.contains("since they have no times") == true)
    let asRows = try read(
      ["a.csv": "sold\n1\n2\n", "b.csv": "sold\n3\n5\n"], untimed, joining: .rows)
    #expect(asRows.series.map(\.target) == [[1, 2, 3, 5]])
  }

  /// An object a line is a row, whole and in parts: the members are columns, and one that is null or not there is an
  /// empty cell.
  @Test(arguments: [100, 1 << 27]) func objects(size: Int) throws {
    let cells = (0..<40).map { day -> [String] in
      let row = rows(day..<day + 1, ["north"])[0].dropLast().split(separator: ",")
      return [String(row[0]), String(row[1]), day == 7 ? "" : String(row[2]), String(row[3])]
    }
    let table = header + cells.map { $0.joined(separator: ",") + "\n" }.joined()
    let objects = cells.enumerated().map { day, cells -> String in
      let sold =
        cells[2].isEmpty ? (size > 100 ? "" : ", \"sold\": null") : ", \"sold\": \(cells[2])"
      let shop = day % 2 == 0 ? "\"no\\u0072th\"" : "\"north\""
      // Two orders of members.
      return day % 3 == 2
        ? "{\"shop\":\(shop),\"date\":\"\(cells[0])\"\(sold),\"price\":\(cells[3])}\n"
        : "{\"date\": \"\(cells[0])\", \"shop\": \(shop)\(sold), \"price\": \(cells[3])}\r\n"
    }
    var columns = columns
    columns.missing = .interpolate
    let found = try read(["a.jsonl": objects.joined()], columns, partSize: size)
    let expected = try columns.reading(Table(csvText: table, source: "table"))
    #expect(found.columnNames == ["date", "shop", "sold", "price"] && found.rowCount == 40)
    #expect(found.series.map(\.target) == expected.series.map(\.target))
    #expect(found.series.map(\.covariates) == expected.series.map(\.covariates))
    #expect(found.series.map { $0.times.ticks } == expected.series.map { $0.times.ticks })
    #expect(found.series.map(\.name) == ["north"])

    func problem(_ line: Int, _ text: String) throws -> DataError {
      var lines = objects
      lines[line - 1] = text + "\n"
      return try dataError { _ = try read(["a.jsonl": lines.joined()], columns, partSize: size) }
    }
    let other = try problem(30, #"{"date": "2024-01-30", "shop": "north", "price": 1, "cost": 2}"#)
    #expect(other.line == 30 && other.problem.contains("\"cost\", which the first"), "\(other)")
    let twice = try problem(30, #"{"date": "2024-01-30", "shop": "x", "sold": 1, "sold": 2}"#)
    #expect(twice.line == 30 && twice.problem == "found two members named \"sold\"", "\(twice)")
    let list = try problem(30, #"{"date": "2024-01-30", "shop": "x", "sold": [1]}"#)
    #expect(list.line == 30 && list.problem.hasPrefix("found '[', expected a number"), "\(list)")
    let cut = try problem(30, #"{"date": "2024-01-30","#)
    #expect(cut.line == 30 && cut.advice?.hasPrefix("Expected an object a line") == true, "\(cut)")
    let word = try problem(
      30, #"{"date": "2024-01-30", "shop": "north", "sold": "many", "price": 1}"#)
    #expect(word.line == 30 && word.problem.contains("many"), "\(word)")
  }

  /// What is wrong in a later part is told by its file and line; a file without the column by its name.
  @Test func errorsOfParts() throws {
    let good = rows(0..<40, ["north"])
    let bad = good[..<30] + ["2024-01-31,north,many,3\n"]
    let error = try dataError {
      _ = try read(["a.csv": header + bad.joined()], columns, partSize: 100)
    }
    #expect(error.line == 32 && error.problem.contains("many"), "\(error)")
    let json = try dataError {
      _ = try read(["a.json": "[{\"date\": \"2024-01-01\", \"sold\": 3}]\n"], columns)
    }
    #expect(json.problem.hasPrefix("found a JSON array") && json.line == 1, "\(json)")
    let lacking = try dataError {
      _ = try read(["a.csv": header + good.joined(), "b.csv": "date,shop,price\n"], columns)
    }
    #expect("\(lacking)".contains("b.csv"), "\(lacking)")
  }
}
