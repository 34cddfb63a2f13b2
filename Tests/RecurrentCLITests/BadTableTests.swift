import Foundation
import TestSupport
import Testing

/// `recurrent train forecaster` on tables that are not as they should be: one message with the
/// place, what is wrong and what helps; exit code 65; nothing written.
@Suite(.optimized) struct BadTableTests {
  private let data = { (text: String) in Data(text.utf8) }

  @Test func missingFile() async throws {
    try await Workspace.with { workspace in
      try await workspace.expectFailure(
        66, ["recurrent: no/prices.csv: there is no such file. Check the name"],
        running: ["train", "forecaster", "no/prices.csv", "--output", "new"])
    }
  }

  @Test func folderInsteadOfFile() async throws {
    try await Workspace.with { workspace in
      try await workspace.expectFailure(
        65, ["recurrent: .: found a folder, expected a file. Name the file in the folder."],
        running: ["train", "forecaster", ".", "--output", "new"])
    }
  }

  @Test func emptyFile() async throws {
    try await Workspace.expectRefused(
      Data(), ["t.csv: the file is empty. Expected a line of column names, then one line per row."])
  }

  @Test func headerOnly() async throws {
    try await Workspace.expectRefused(
      data("Date,Close\n"), ["t.csv:1: the header is the only line, expected rows below it."])
  }

  /// The count that the message asks for is enough, and one row less is not.
  @Test func tooFewRows() async throws {
    let options = ["--horizon", "3"]
    let message = [
      "t.csv: found 10 rows, expected at least ",
      "for a window of 8, a horizon of 3",
      "Use a smaller --window or --horizon, or bring more rows.",
    ]
    try await Workspace.expectRefused(data(Sample.csv(Sample.rows(10))), message, options)
    let needed = try await Workspace.with { workspace in
      try workspace.write(Sample.csv(Sample.rows(10)), to: "t.csv")
      let result = try await workspace.recurrent(
        ["train", "forecaster", "t.csv"] + Sample.small + options)
      let count = result.errorOutput.firstMatch(of: #/at least (\d+)/#)?.1
      return try #require(count.flatMap { Int($0) })
    }
    #expect(needed > 8 + 3)
    try await Workspace.expectRefused(
      data(Sample.csv(Sample.rows(needed - 1))), ["at least \(needed)"], options)
    let enough = Sample.csv(Sample.rows(needed))
    try await Workspace.expectSame(data(enough), as: enough, options)
  }

  @Test(arguments: [["--target", "Price"], ["--time", "Price"], ["--covariates", "Open,Price"]])
  func missingColumn(_ options: [String]) async throws {
    try await Workspace.expectRefused(
      data(Sample.prices),
      [
        "t.csv:1: column \"Price\": there is no such column. ",
        "The columns are \"Date\", \"Close\", \"Open\", \"Volume\"",
      ], options)
  }

  @Test func missingColumnThatIsNear() async throws {
    try await Workspace.expectRefused(
      data(Sample.prices), ["Did you mean \"Close\"? The columns are"], ["--target", "close"])
  }

  @Test func severalNumberColumnsAndNoChoice() async throws {
    let table = Sample.prices.replacing("Close", with: "Price")
    try await Workspace.expectRefused(
      data(table),
      [
        "t.csv: there are several columns of numbers: \"Price\", \"Open\", \"Volume\".",
        "Name the one to forecast with --target.",
      ])
  }

  @Test func noNumberColumn() async throws {
    try await Workspace.expectRefused(
      data("Day,Note\n2020-01-01,a\n2020-01-02,b\n"),
      ["t.csv: there is no column of numbers; the columns are \"Day\", \"Note\"."])
  }

  @Test func columnInTwoRoles() async throws {
    try await Workspace.expectRefused(
      data(Sample.prices), ["t.csv: column \"Close\": the column is named as "],
      ["--covariates", "Open,Close"])
  }

  @Test(arguments: MissingPolicy.all) func textInNumberColumn(_ policy: MissingPolicy) async throws
  {
    try await Workspace.expectRefused(
      data(Sample.prices(line: 20, column: 1, "twelve")),
      [
        "t.csv:20: column \"Close\": found \"twelve\", expected a number. ",
        "Leave the cell empty when the value is unknown, or choose another column.",
      ], policy.options)
  }

  @Test(arguments: ["", "NaN", "nan", "NA", "null", "-"]) func missingValue(
    _ cell: String
  ) async throws {
    try await Workspace.expectRefused(
      data(Sample.prices(line: 20, column: 1, cell)),
      [
        "t.csv:20: column \"Close\": found no value, expected a number",
        "Fill gaps with --missing interpolate or --missing forward-fill, or take",
      ])
  }

  /// A filled table gives the same model as one that was filled by hand.
  @Test(arguments: ["", "NaN"]) func missingValueFilled(_ cell: String) async throws {
    let rows = Sample.rows(60)
    let (before, after) = (try #require(Double(rows[17][1])), try #require(Double(rows[19][1])))
    let gap = data(Sample.prices(line: 20, column: 1, cell))
    try await Workspace.expectSame(
      gap, as: Sample.prices(line: 20, column: 1, "\((before + 0.5 * (after - before)))"),
      ["--missing", "interpolate"])
    try await Workspace.expectSame(
      gap, as: Sample.prices(line: 20, column: 1, rows[17][1]), ["--missing", "forward-fill"])
  }

  @Test func missingValueAtTheEnds() async throws {
    for policy in ["interpolate", "forward-fill"] {
      try await Workspace.expectRefused(
        data(Sample.prices(line: 2, column: 1, "")),
        ["t.csv:2: column \"Close\": found no value, and none before it"], ["--missing", policy])
    }
    try await Workspace.expectRefused(
      data(Sample.prices(line: 61, column: 2, "")),
      ["t.csv:61: column \"Open\": found no value, and none after it", "forward-fill"],
      ["--missing", "interpolate", "--covariates", "Open"])
  }

  @Test func missingValueInCovariate() async throws {
    try await Workspace.expectRefused(
      data(Sample.prices(line: 33, column: 2, "")),
      ["t.csv:33: column \"Open\": found no value"], ["--covariates", "Open"])
  }

  @Test(arguments: ["1e30", "-1e30", "inf", "-Infinity"]) func tooLargeToBeMeasured(
    _ cell: String
  ) async throws {
    try await Workspace.expectRefused(
      data(Sample.prices(line: 9, column: 1, cell)),
      [
        "t.csv:9: column \"Close\": \"\(cell)\" is not a measurement (the largest magnitude is 1e18)."
      ]
    )
  }

  @Test func constantColumn() async throws {
    let rows = Sample.rows(60).map { [$0[0], "5"] + $0[2...] }
    try await Workspace.expectRefused(
      data(Sample.csv(rows)),
      [
        "t.csv: column \"Close\": all 60 values are 5.0, expected values that change. Choose another"
      ])
  }

  /// The rows behind the training part must not rescue it: scales are fitted on training rows.
  @Test func constantOverTrainingRows() async throws {
    let rows = Sample.rows(60).enumerated().map { row, cells in
      [cells[0], row < 42 ? "5" : cells[1]] + cells[2...]
    }
    try await Workspace.expectRefused(
      data(Sample.csv(rows)),
      ["t.csv: column \"Close\": the first 41 values, the training part, are all 5.0; expected"])
  }

  @Test func datesNotInOrder() async throws {
    var rows = Sample.rows(60)
    rows.swapAt(20, 21)
    try await Workspace.expectRefused(
      data(Sample.csv(rows)),
      [
        "t.csv:23: column \"Date\": the time \"2020-01-21\" comes after \"2020-01-22\" of line 22, "
          + "but is earlier.",
        "Sort the rows by time", "--series",
      ])
  }

  @Test func repeatedDates() async throws {
    try await Workspace.expectRefused(
      data(Sample.prices(line: 30, column: 0, Sample.day(27))),
      ["t.csv:30: column \"Date\": the time \"2020-01-28\" repeats \"2020-01-28\" of line 29."])
  }

  @Test(arguments: ["yesterday", "2020-02-30", "2020-13-01", ""]) func unreadableDate(
    _ cell: String
  ) async throws {
    let found = cell.isEmpty ? "an empty cell" : "\"\(cell)\""
    try await Workspace.expectRefused(
      data(Sample.prices(line: 32, column: 0, cell)),
      [
        "t.csv:32: column \"Date\": found \(found), expected a time like \"2020-01-30\".",
        cell.isEmpty ? "Fill in the time, or remove the row." : "Times are read as 2012-01-31",
      ])
  }

  @Test func raggedRows() async throws {
    var rows = Sample.rows(60)
    rows[10].append("extra")
    try await Workspace.expectRefused(
      data(Sample.csv(rows)),
      ["t.csv:12: expected 4 cells as in the header, found 5. The delimiter is \",\";"])
    rows = Sample.rows(60)
    rows[10].removeLast(2)
    try await Workspace.expectRefused(
      data(Sample.csv(rows)), ["t.csv:12: expected 4 cells as in the header, found 2."])
  }

  @Test func quoteNeverClosed() async throws {
    try await Workspace.expectRefused(
      data(Sample.prices(line: 40, column: 1, "\"12")),
      ["t.csv:40: a quote that opens here", "is never closed. Close it"])
  }

  @Test func bytesThatAreNotText() async throws {
    var bytes = data(Sample.prices)
    bytes.append(contentsOf: [0x47, 0x72, 0xF6, 0xDF, 0x65, 0x0A])
    try await Workspace.expectRefused(
      bytes, ["t.csv:62: found byte 0xF6", "expected utf-8 text.", "--encoding windows-1252"])
    try await Workspace.expectRefused(
      Data([0x1F, 0x8B, 8, 0, 0, 0]),
      ["t.csv: ends in the middle of its packed bytes (byte 6 of the file, 0 bytes unpacked)"])
    try await Workspace.expectRefused(
      Data([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0, 1]), ["t.csv: ", "xz"])
    try await Workspace.expectRefused(
      Data([0xFF, 0xFE]) + data("D"),
      ["t.csv:1: found bytes that are no character, expected UTF-16"])
  }

  /// The line that the error names, and flags that this command has.
  @Test func absentRows() async throws {
    var rows = Sample.rows(60)
    rows.removeSubrange(20..<22)
    try await Workspace.expectRefused(
      data(Sample.csv(rows)),
      [
        "t.csv:21: the rows are daily, but 2 of them after 2020-01-20 are absent. Fill gaps with "
          + "--missing interpolate or --missing forward-fill, or take the rows that are whole, as if there "
          + "were no gap, with --missing drop."
      ])
  }

  @Test func oneBadNumberIsNamed() async throws {
    try await Workspace.expectRefused(
      data(
        "Month,Load\n"
          + (0..<60).map { "x\($0),\($0 == 40 ? "abc" : "\(100 + $0 % 7)")\n" }.joined()),
      ["t.csv:42: column \"Load\": found \"abc\", expected a number."])
  }

  @Test func headerLineThatIsNone() async throws {
    try await Workspace.expectRefused(
      data(Sample.prices), ["t.csv:99: no row of the table begins on this line."],
      ["--header-line", "99"])
  }

  @Test func noHeader() async throws {
    try await Workspace.expectRefused(
      data("1,2\n3,4\n"), ["t.csv:1: found only numbers, expected the names of the columns."])
  }
}

/// A value of `--missing`, the default included.
struct MissingPolicy: CustomTestStringConvertible {
  let options: [String]

  static let all = [
    MissingPolicy(options: []), MissingPolicy(options: ["--missing", "interpolate"]),
    MissingPolicy(options: ["--missing", "forward-fill"]),
  ]

  var testDescription: String { options.last ?? "default" }
}
