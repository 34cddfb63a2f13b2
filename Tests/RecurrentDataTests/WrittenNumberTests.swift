import Recurrent
import TestSupport
import Testing

/// Numbers as spreadsheets, shops and banks write them.
@Suite struct WrittenNumberTests {
  private func table(
    _ cells: [String], delimiter: Character = "\t", mark: DecimalMark? = nil
  ) throws -> Table {
    let text = "n\(delimiter)x\n" + cells.map { "\($0)\(delimiter)a\n" }.joined()
    return try Table(
      csvText: text, source: "t.csv", delimiter: delimiter,
      format: TableFormat(decimalMark: mark))
  }

  private func numbers(_ cells: [String], mark: DecimalMark? = nil) throws -> [Double] {
    try table(cells, mark: mark).numbers("n")
  }

  @Test(
    arguments: [
      (["1.55M", "12k", "2B", "7", "3.5bn", "1K"], [1_550_000, 12_000, 2e9, 7, 3.5e9, 1000]),
      (["0.48%", "-1.2 %", "0", "12%"], [0.48, -1.2, 0, 12]),
      (
        ["$3,617", "$ 12.50", "-$5", "$-6", "($7.25)", "0", "8"], [3617, 12.5, -5, -6, -7.25, 0, 8]
      ),
      (["3.617,22 €", "€12", "-1,5€", "9"], [3617.22, 12, -1.5, 9]),
      (["£1,000,000", "£0.5"], [1_000_000, 0.5]),
      (["¥120", "₹3", "¥1"], nil),
      (["1 234,5", "12 345 678,25", "-1 000", "7"], [1234.5, 12_345_678.25, -1000, 7]),
      (["1\u{A0}234,5", "1\u{202F}000", "2\u{2009}500,75"], [1234.5, 1000, 2500.75]),
      (["1'234.5", "12'345'678", "1’000"], [1234.5, 12_345_678, 1000]),
      (["(12.5)", "12.5-", "\u{2212}3", "- 4", "+5", "( 6 )"], [-12.5, -12.5, -3, -4, 5, -6]),
      (["1,234.5", "7,380,500", "12"], [1234.5, 7_380_500, 12]),
      (["1.234,5", "7.380.500", "12"], [1234.5, 7_380_500, 12]),
      (["0,48", "12,5", "100"], [0.48, 12.5, 100]),
      (["0,123", "0,456"], [0.123, 0.456]), (["0.123", "1.456"], [0.123, 1.456]),
    ] as [([String], [Double]?)])
  func forms(_ cells: [String], _ expected: [Double]?) throws {
    if let expected {
      #expect(try numbers(cells) == expected)
    } else {
      #expect(throws: DataError.self) { try numbers(cells) }
    }
  }

  @Test(arguments: ["?", "NA", "N/A", "null", "-", ".", "NaN", "#N/A", "none", "–", "—", ""])
  func missing(_ word: String) throws {
    #expect(try table(["1", word, "3"]).numbers("n", missing: .interpolate) == [1, 2, 3])
    #expect(try table(["1", word, "3"]).numbers("n", missing: .drop) == [1, 3])
  }

  @Test(arguments: [
    "5m", "1.5 kg", "12 %%", "$€5", "--5", "(-5)", "5--", "1e3k", "12,34,56", "1 23", "1'2", "$",
    "%",
    "k", "()", "1'234 567", "3.5.6", "1,2.3,4", "12h", "#5", "5$ (old)",
  ])
  func whatIsNotUnderstoodNamesTheCell(_ cell: String) throws {
    let error = try dataError { _ = try numbers(["1", "2", cell, "4"]) }
    #expect(error.line == 4 && error.place == "column \"n\"")
    #expect(error.problem == "found \"\(cell)\", expected a number")
  }

  /// A word that all of a column have is no part of the numbers, and is told.
  @Test func wordsOfAWholeColumn() throws {
    for (cells, expected, word) in [
      (["100.13 kWh", "7 kWh", "", "-8.5 kWh"], [100.13, 7, 7, -8.5], "kWh"),
      (["1.234,5 €/MWh", "7,25 €/MWh", "3 €/MWh"], [1234.5, 7.25, 3], "€/MWh"),
      (["EUR 100.13", "EUR 1,250.50", "0"], [100.13, 1250.5, 0], "EUR"),
      (["21.5°C", "22.0°C", "-3.5°C"], [21.5, 22, -3.5], "°C"),
      (["5 m3", "7.5 m3", "1e"], nil, "m3"),
      (["273.15K", "280.5K", "291K"], [273.15, 280.5, 291], "K"),
    ] as [([String], [Double]?, String)] {
      let table = try table(cells)
      guard let expected else {
        #expect(throws: DataError.self) { try table.numbers("n", missing: .forwardFill) }
        continue
      }
      #expect(try table.numbers("n", missing: .forwardFill) == expected)
      #expect(table.numericColumns == ["n"])
      let remark = try #require(table.remark(onNumbersOf: "n"))
      #expect(
        remark.contains("\"\(word)\" beside each number is taken for their unit"), "\(remark)")
    }
    // Endings that differ say how many.
    let scaled = try table(["1.5K", "2M", "7"])
    #expect(try scaled.numbers("n") == [1500, 2_000_000, 7])
    #expect(
      scaled.remark(onNumbersOf: "n") == "n: behind numbers stands K for thousands, M for millions")
    #expect(try numbers(["1.5K", "700"]) == [1500, 700])
    #expect(
      try table(["5%", "7%"]).remark(onNumbersOf: "n") == "n: numbers are taken without %")
    // One that lacks it is named, and advice is true.
    let rows = (1...20).map { $0 == 12 ? "5" : "\($0) kWh" }
    let error = try dataError { _ = try numbers(rows) }
    #expect(error.line == 13)
    #expect(
      error.problem
        == "found \"5\", expected a number with \"kWh\" behind it, as others of the column have it")
    let other = try dataError { _ = try numbers(["1", "2", "3.5 mg", "4"]) }
    #expect(
      other.advice == "Leave the cell empty when the value is unknown, or choose another column")
    // Words of times are none.
    for cells in [["1 Jan", "2 Jan", "3 Jan"], ["0:00 CET", "1:00 CET"], ["Shop 1", "Shop 2"]] {
      #expect(try table(cells).numericColumns.isEmpty, "\(cells)")
    }
  }

  /// Marks of missing values that are numbers are told; numbers among others are none.
  @Test func placeholdersAreTold() throws {
    let told = try table(["5.5", "-999", "7.25", "6", "-999"]).remark(onNumbersOf: "n")
    #expect(try #require(told).contains("-999 of line 3 lies far from all other numbers"))
    for cells in [["-999", "5", "-1200", "800"], ["997", "999", "1001"], ["0", "999", "500"]] {
      #expect(try table(cells).remark(onNumbersOf: "n") == nil)
    }
  }

  /// One number that is far from all others is told, if enough stand beside it; numbers that lie apart are not.
  @Test(arguments: ["61000", "-8000"]) func slipsAreTold(slip: String) throws {
    let usual = (0..<30).map { "\(60 + $0 * 7 % 30)" }
    let told = try table(usual + [slip]).remark(onNumbersOf: "n")
    #expect(try #require(told).contains("\(slip) of line 32 lies far from all other numbers"))
    #expect(try table(usual + ["190"]).remark(onNumbersOf: "n") == nil)
    #expect(try table(usual + [slip, slip]).remark(onNumbersOf: "n") == nil)
  }

  @Test func unitsOfOneColumnAreOne() throws {
    for (cells, line, problem) in [
      (["$5", "6", "€7"], 4, "found \"€7\" in the column of \"$5\" of line 2, expected"),
      (["0", "0.5", "0.48%"], 4, "found \"0.48%\" in the column of \"0.5\" of line 3, expected"),
      (["5%", "0", "0.07"], 4, "found \"0.07\" in the column of \"5%\" of line 2, expected"),
    ] {
      let error = try dataError { _ = try numbers(cells) }
      #expect(error.line == line)
      #expect(error.problem.hasPrefix(problem), "\(error.problem)")
    }
    #expect(try numbers(["0", "5%", "0", "-7%"]) == [0, 5, 0, -7])
  }

  /// Columns that either mark fits: what else speaks for one of them, and what is said.
  @Test func marksThatCouldBeEither() throws {
    // Nothing does: as it always was.
    #expect(try numbers(["1,234", "5,678"]) == [1234, 5678])
    #expect(try numbers(["1.234", "5.678"]) == [1.234, 5.678])
    #expect(try numbers(["1,234", "5,678"], mark: .comma) == [1.234, 5.678])
    #expect(try numbers(["1.234", "5.678"], mark: .comma) == [1234, 5678])
    // Sizes: 950 beside 1020 or beside 1.02.
    #expect(try numbers(["950", "1,020", "980", "1,010"]) == [950, 1020, 980, 1010])
    #expect(try numbers(["950", "1.020", "980", "1.010"]) == [950, 1020, 980, 1010])
    #expect(try numbers(["1.234", "2", "3"]) == [1.234, 2, 3])
    // The other columns.
    let german = try Table(csvText: "a\tb\n1.234\t0,5\n5.678\t12,25\n")
    #expect(try german.numbers("a") == [1234, 5678])
    #expect(
      german.remark(onNumbersOf: "a")
        == "a: 1.234 is taken for 1234.0; with --decimal point it is 1.234")
    #expect(german.remark(onNumbersOf: "b") == nil)
    let told = try Table(
      csvText: "a\tb\n1.234\t0,5\n5.678\t12,25\n", format: TableFormat(decimalMark: .point))
    #expect(try told.numbers("a") == [1.234, 5.678])
    #expect(told.remark(onNumbersOf: "a") == nil)
    #expect(try told.numbers("b") == [0.5, 12.25])
  }

  @Test func aColumnWithBothMarksNamesTheRarerCell() throws {
    let error = try dataError { _ = try numbers(["1.5", "2.25", "3,5", "4.5"]) }
    #expect(error.line == 4)
    #expect(try #require(error.advice).contains("has the point as its decimal mark"))
  }

  @Test func aFewBadCellsHideNoColumn() throws {
    let table = try Table(csvText: "x,n\na,1\nb,2\nc,abc\nd,4\n")
    #expect(table.numericColumns == ["n"])
    #expect(try Table(csvText: "x,n\na,1\nb,p\nc,q\n").numericColumns == [])
  }
}
