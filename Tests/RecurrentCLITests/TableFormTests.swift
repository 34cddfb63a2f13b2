import Foundation
import TestSupport
import Testing

/// Tables as they come out of meters, shops and spreadsheets: the same model comes out, to the bit.
@Suite(.optimized) struct TableFormTests {
  private static let rows = Sample.rows(60)

  @Test func newestFirst() async throws {
    try await Workspace.expectSame(Data(Sample.csv(Self.rows.reversed()).utf8), as: Sample.prices)
  }

  @Test func linesAboveAndBelowTheHeader() async throws {
    let lines = Sample.prices.split(separator: "\n").map(String.init)
    let units = "day,USD,USD,pieces"
    let text = ["My export", "made 2024-01-01, by hand", "", lines[0], units] + lines.dropFirst()
    try await Workspace.expectSame(
      Data(text.joined(separator: "\n").utf8), as: Sample.prices, ["--covariates", "all"])
  }

  @Test func noHeader() async throws {
    let bare = Sample.prices.split(separator: "\n").dropFirst().joined(separator: "\n")
    let numbered = "1,2,3,4\n" + bare
    try await Workspace.expectSame(
      Data(bare.utf8), as: numbered.replacing("1,2,3,4", with: "Date,2,Open,Volume"),
      ["--no-header", "--target", "2"], ["--target", "2"])
  }

  @Test func namelessColumns() async throws {
    let text = Sample.prices.split(separator: "\n").enumerated().map { index, line in
      ",\(line)," + (index == 0 ? "" : "x")
    }.joined(separator: "\n")
    try await Workspace.expectSame(Data(text.utf8), as: Sample.prices)
  }

  @Test func otherEncodings() async throws {
    let text = Sample.prices.replacing("Volume", with: "Verkäufe")
    for (encoding, name) in [
      (String.Encoding.isoLatin1, "latin-1"), (.windowsCP1252, "windows-1252"),
      (.utf16LittleEndian, "utf-16"), (.utf16BigEndian, "UTF-16"),
    ] {
      try await Workspace.expectSame(
        try #require(text.data(using: encoding)), as: text,
        ["--covariates", "Open,Verkäufe", "--encoding", name], ["--covariates", "Open,Verkäufe"])
    }
    // With a byte-order mark no flag is needed.
    try await Workspace.expectSame(
      Data([0xFF, 0xFE]) + #require(text.data(using: .utf16LittleEndian)), as: text)
  }

  @Test(arguments: ["gzip", "xz", "zstd", "bzip2"]) func packed(program: String) async throws {
    let programs = ["/usr/bin/", "/bin/", "/opt/homebrew/bin/"].map { $0 + program }
    guard let path = programs.first(where: FileManager.default.isExecutableFile) else { return }
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let packed = try await CommandRunner.run(
        path, ["-c", "t.csv"], workingDirectory: workspace.path)
      try await Workspace.expectSame(packed.outputBytes, as: Sample.prices)
      // Damaged, it is an error that names the file.
      try await Workspace.expectRefused(packed.outputBytes.prefix(60), ["t.csv: "])
    }
  }

  @Test func standardInput() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try await workspace.train("t.csv", output: "file")
      let result = try await CommandRunner.run(
        CommandRunner.commandPath(),
        ["train", "forecaster", "-"] + Sample.small + ["--output", "pipe"],
        workingDirectory: workspace.path, input: Data(Sample.prices.utf8))
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      #expect(result.output.hasPrefix("standard input: 60 rows, 4 columns"))
      #expect(
        try workspace.bytes("pipe/model.safetensors") == workspace.bytes("file/model.safetensors"))
      let piped = try await CommandRunner.run(
        CommandRunner.commandPath(), ["predict", "pipe", "-"], workingDirectory: workspace.path,
        input: Data(Sample.prices.utf8))
      let read = try await workspace.recurrent(["predict", "file", "t.csv"])
      #expect(piped.output == read.output && piped.exitCode == 0, "\(piped.errorOutput)")
    }
  }

  /// Rows behind the last value: left out of training, and what `predict` forecasts.
  @Test func rowsToCome() async throws {
    try await Workspace.with { workspace in
      let known = Sample.rows(60)
      let ahead = Sample.rows(64).suffix(4).map { [$0[0], "", $0[2], $0[3]] }
      try workspace.write(Sample.csv(known), to: "known.csv")
      try workspace.write(Sample.csv(known + ahead), to: "ahead.csv")
      try await workspace.train("known.csv", "--horizon", "5", output: "a")
      let trained = try await workspace.recurrent(
        ["train", "forecaster", "ahead.csv", "--horizon", "5", "--missing", "forward-fill"]
          + Sample.small + ["--output", "b"])
      #expect(trained.exitCode == 0, "\(trained.errorOutput)")
      #expect(
        trained.output.contains(
          "note        the target ends at 2020-02-29: the 4 rows behind, up to 2020-03-04, are the future"
        )
      )
      #expect(try workspace.bytes("a/model.safetensors") == workspace.bytes("b/model.safetensors"))
      let five = try await workspace.recurrent(["predict", "a", "known.csv"])
      let four = five.output.split(separator: "\n").filter { !$0.hasPrefix("2020-03-05") }
      for arguments in [["b"], ["a", "ahead.csv"], ["b", "ahead.csv"]] {
        let result = try await workspace.recurrent(["predict"] + arguments)
        #expect(result.output.split(separator: "\n") == four, "\(result.errorOutput)")
      }
    }
  }

  @Test func flagsOfPredictAndEvaluate() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try await workspace.train("t.csv")
      var rows = Sample.rows(60)
      rows.removeSubrange(20..<22)
      try workspace.write("made by hand\n" + Sample.csv(rows), to: "gaps.csv")
      for command in ["predict", "evaluate"] {
        let refused = try await workspace.recurrent([command, "model", "gaps.csv"])
        #expect(refused.exitCode == 65 && refused.errorOutput.contains("--missing drop"))
        let done = try await workspace.recurrent(
          [command, "model", "gaps.csv", "--missing", "drop", "--header-line", "2"])
        #expect(done.exitCode == 0, "\(done.errorOutput)")
        #expect((done.output + done.errorOutput).contains("taken as if there were no gap"))
      }
    }
  }
}

/// Tables that look odd and are fine: the same model comes out, to the bit.
@Suite(.optimized) struct OddTableTests {
  @Test func lineEnds() async throws {
    let text = Sample.csv(Sample.rows(60), lineEnd: "\r\n")
    try await Workspace.expectSame(Data(text.utf8), as: Sample.prices, ["--covariates", "all"])
  }

  @Test func byteOrderMark() async throws {
    try await Workspace.expectSame(
      Data([0xEF, 0xBB, 0xBF]) + Data(Sample.prices.utf8), as: Sample.prices, ["--time", "Date"])
  }

  @Test(arguments: [";", "\t", "|"]) func delimiters(_ separator: String) async throws {
    let text = Sample.csv(Sample.rows(60), separator: separator)
    try await Workspace.expectSame(Data(text.utf8), as: Sample.prices, ["--covariates", "all"])
  }

  @Test func decimalCommas() async throws {
    let text = Sample.csv(
      Sample.rows(60).map { $0.map { $0.replacing(".", with: ",") } }, separator: ";")
    try await Workspace.expectSame(Data(text.utf8), as: Sample.prices, ["--covariates", "all"])
  }

  @Test func quotedCellsAndNoLastLineEnd() async throws {
    let rows = Sample.rows(60).map { $0.map { "\"\($0)\"" } }
    try await Workspace.expectSame(
      Data(Sample.csv(rows).dropLast().utf8), as: Sample.prices, ["--covariates", "Open"])
  }
}
