import Foundation
import TestSupport
import Testing

/// `recurrent predict` between other programs: a line in, a line out, whatever comes; keys that go
/// through; answers in files that are whole or not there.
@Suite struct LineRequestTests {
  private static let small = ["--embedding", "4", "--hidden", "3", "--epochs", "1"]

  private func withClassifier(_ body: (Workspace) async throws -> Void) async throws {
    try await Workspace.with { workspace in
      try workspace.write(
        "text\tlabel\n" + (0..<40).map { "a film no \($0)\t\($0 % 2)\n" }.joined(), to: "t.tsv")
      let trained = try await workspace.recurrent(
        ["train", "classifier", "t.tsv", "--output", "model"] + Self.small)
      try #require(trained.exitCode == 0, "\(trained.errorOutput)")
      try await body(workspace)
    }
  }

  /// Three shops of 40 days, each by its own level, and a forecaster of them.
  private func withForecaster(_ body: (Workspace, [String]) async throws -> Void) async throws {
    try await Workspace.with { workspace in
      let rows = ["north", "south", "west"].enumerated().flatMap { place, shop in
        (0..<40).map {
          "\(shop)\t\(Sample.day($0))\t\(100 * (place + 1) + ($0 * 7 + place) % 11)"
        }
      }
      let csv = rows.map { $0.replacing("\t", with: ",") }.joined(separator: "\n")
      try workspace.write("shop,day,sales\n" + csv, to: "t.csv")
      try await workspace.train(
        "t.csv", "--series", "shop", "--target", "sales", "--horizon", "2")
      try await body(workspace, rows)
    }
  }

  private func predict(
    _ arguments: String..., input: Data, in workspace: Workspace
  ) async throws -> CommandResult {
    try await CommandRunner.run(
      CommandRunner.commandPath(), ["predict", "model"] + arguments,
      workingDirectory: workspace.path, input: input)
  }

  private func lines(_ result: CommandResult) -> [String] {
    result.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      .map(String.init)
  }

  // MARK: - Lines

  @Test(.optimized) func aLineForEachLine() async throws {
    try await withClassifier { workspace in
      let long = Data(repeating: 0x61, count: (1 << 24) + 1)
      // A line that begins as a PDF is a line; one of bytes, one too long and one with a zero are told.
      let parts: [Data] = [
        Data("%PDF-1.4".utf8), Data(), Data([0x61, 0xFF]), long, Data("b\0".utf8),
        Data("a film".utf8), Data("a\tb\r".utf8), Data("end".utf8),
      ]
      let sound = ["%PDF-1.4", "", "a film", "a\tb", "end"].joined(separator: "\n")
      let expected = try await predict("--json", input: Data(sound.utf8), in: workspace)
      #expect(expected.exitCode == 0 && lines(expected).count == 5)
      let plain = try await predict(
        "--json", input: Data(parts.joined(separator: [0x0A])), in: workspace)
      #expect(plain.exitCode == 65)
      let faulty = [2, 3, 4]
      let answers = lines(plain)
      try #require(answers.count == parts.count)
      for place in faulty {
        #expect(answers[place].hasPrefix("{\"error\":\"standard input:\(place + 1): "))
      }
      #expect(
        answers.indices.filter { !faulty.contains($0) }.map { answers[$0] } == lines(expected))

      // With keys before the text and behind it, the same answers.
      for (column, isFirst) in [("1", true), ("2", false)] {
        let keyed = parts.enumerated().filter { isFirst || $0.offset != 3 && $0.offset != 6 }.map {
          isFirst ? Data("k \($0)é\t".utf8) + $1 : $1 + Data("\tk \($0)é".utf8)
        }
        let result = try await predict(
          "--json", "--key-column", column, input: Data(keyed.joined(separator: [0x0A])),
          in: workspace)
        #expect(result.exitCode == 65)
        let kept = parts.indices.filter { isFirst || $0 != 3 && $0 != 6 }
        try #require(lines(result).count == kept.count)
        for (place, answer) in zip(kept, lines(result)) {
          let start = "{\"key\":\"k \(place)é\","
          #expect(answer.hasPrefix(start))
          if faulty.contains(place) {
            #expect(answer.hasPrefix(start + "\"error\":"))
          } else {
            #expect("{" + answer.dropFirst(start.count) == answers[place])
          }
        }
      }
    }
  }

  @Test func keysInThePlainForm() async throws {
    try await withClassifier { workspace in
      let some = try await predict(input: Data("a film\n\nb".utf8), in: workspace)
      let header =
        Data("stars\tid\ttext\n5\t\u{E9}1\ta film\n3\t\t\n".utf8) + Data("x\n1\tz\tb".utf8)
      let keyed = try await predict("--key-column", "id", input: header, in: workspace)
      #expect(keyed.exitCode == 65)
      // The other columns are the text.
      let texts = try await predict(input: Data("5\ta film\n3\t\n1\tb".utf8), in: workspace)
      let answers = lines(texts)
      #expect(
        lines(keyed) == ["\u{E9}1\t\(answers[0])", "\t\(answers[1])", "\t", "z\t\(answers[2])"])
      #expect(
        keyed.errorOutput.contains(
          "standard input:4: found 1 column between tabs, expected the key in column 2."))
      #expect(lines(some).count == 3)
      let missing = try await predict("--key-column", "no", input: header, in: workspace)
      #expect(missing.exitCode == 65 && missing.output.isEmpty)
      #expect(missing.errorOutput.contains("column \"no\": there is no such column"))
      let stopped = try await predict(
        "--key-column", "1", "--on-error", "stop", input: Data("a\tb\nc\t\0\nd\te".utf8),
        in: workspace)
      #expect(stopped.exitCode == 65 && lines(stopped).count == 1)
      for wrong in ["0", "-3"] {
        #expect(
          try await predict("--key-column=\(wrong)", input: Data(), in: workspace).exitCode == 64)
      }
    }
  }

  /// Who asks, waits for the answer and asks again is answered.
  @Test func dialogue() async throws {
    try await withForecaster { workspace, rows in
      let script = """
        coproc "$0" predict model --key-column 1 2>err
        for i in 1 2 3; do
          printf '%s\\n' "$1" >&${COPROC[1]}
          for step in 1 2; do read -r -t 60 line <&${COPROC[0]} || exit 9; echo "$line"; done
        done
        """
      let north = rows.filter { $0.hasPrefix("north") }.joined(separator: "\n") + "\n"
      let result = try await CommandRunner.run(
        "/bin/bash", ["-c", script, CommandRunner.commandPath(), north],
        workingDirectory: workspace.path)
      #expect(result.exitCode == 0)
      let answers = lines(result)
      #expect(answers.count == 6 && Set(answers).count == 2)
    }
  }

  // MARK: - Series

  /// Rows by key give what the table of them gives, one bad series or not.
  @Test func seriesByKey() async throws {
    try await withForecaster { workspace, rows in
      let table = try await workspace.recurrent(["predict", "model", "t.csv", "--csv", "f.csv"])
      try #require(table.exitCode == 0, "\(table.errorOutput)")
      let expected = try workspace.text("f.csv").split(separator: "\n").dropFirst()
        .map { String($0).replacing(",", with: "\t") }
      #expect(expected.count == 6)
      let bad = ["bad\t2020-01-01\tx", "bad\t2020-01-02\t2"]
      let others = ["short\t2020-01-01\t5", "alone", rows[0]]
      let input: [String] = rows[..<40] + bad + rows[40...] + others
      let all = input.joined(separator: "\n")
      let result = try await predict("--key-column", "1", input: Data(all.utf8), in: workspace)
      #expect(result.exitCode == 65)
      let answers = lines(result)
      #expect(
        answers.indices.filter { [0, 1, 3, 4, 5, 6].contains($0) }.map { answers[$0] } == expected)
      #expect(answers[2] == "bad\t" && answers.suffix(3) == ["short\t", "alone\t", "north\t"])
      #expect(answers.count == 10)
      for part in [
        "standard input:41: column \"sales\": found \"x\", expected a number",
        "standard input:123: series \"short\": found 1 rows, expected at least 8",
        "standard input:124: key \"alone\": found nothing behind the key",
        "standard input:125: key \"north\": found rows behind those of other keys",
      ] {
        #expect(result.errorOutput.contains(part), "\(part) in: \(result.errorOutput)")
      }

      // The key in another place, by its name, as JSON; an empty line ends a series too.
      let named =
        "day\tsales\tshop\n"
        + rows.prefix(80).map { row in
          let cells = row.split(separator: "\t")
          return "\(cells[1])\t\(cells[2])\t\(cells[0])\n"
        }.joined()
      let json = try await predict(
        "--key-column", "shop", "--json", "--quantiles", "0.5", input: Data((named + "\n").utf8),
        in: workspace)
      #expect(json.exitCode == 0, "\(json.errorOutput)")
      let objects = try lines(json).map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
      #expect(
        objects.count == 4 && objects.allSatisfy { ($0["quantiles"] as? [Double])?.count == 1 })
      for (text, line) in zip(lines(json), expected) {
        let cells = line.split(separator: "\t")
        #expect(
          text.hasPrefix(
            "{\"key\":\"\(cells[0])\",\"time\":\"\(cells[1])\",\"step\":\(cells[2]),\"value\":\(cells[3]),"
              + "\"lower\":\(cells[4]),\"upper\":\(cells[5]),"))
      }
      let wrong = try await workspace.recurrent(
        ["predict", "model", "t.csv", "--key-column", "1", "--plot", "a.svg"])
      #expect(wrong.exitCode == 64 && wrong.errorOutput.contains("--plot is of a table"))
      #expect(
        try await workspace.recurrent(["predict", "model", "t.csv", "--output", "o"]).exitCode == 64
      )
    }
  }

  // MARK: - Shards

  @Test func shards() async throws {
    try await withClassifier { workspace in
      let texts = (0..<11).map { "\($0)\ta film no \($0)\n" }
      let input = Data(texts.joined().utf8) + [0x62, 0xFF]
      try workspace.write(input, to: "in.tsv")
      for flags in [["--json"], []] {
        let command = ["predict", "model", "in.tsv", "--key-column", "1"] + flags
        let plain = try await workspace.recurrent(command)
        #expect(plain.exitCode == 65)
        let output = ["--output", "out\(flags.count)", "--output-shards"]
        let suffix = flags.isEmpty ? "txt" : "jsonl"
        func part(_ number: Int) -> String {
          "out\(flags.count)/part-0000\(number)-of-00005.\(suffix)"
        }
        func joined() throws -> String { try (0..<5).map { try workspace.text(part($0)) }.joined() }
        let result = try await workspace.recurrent(command + output + ["5"])
        #expect(result.exitCode == 65 && result.output.isEmpty)
        #expect(try joined() == plain.output)
        #expect(try workspace.text(part(0)).split(separator: "\n").count == 3)
        let errors = part(4).replacing("." + suffix, with: ".errors")
        #expect(try workspace.text(errors).hasPrefix("in.tsv:12: found byte 0xFF"))
        // What is missing is made, what is there is left as it is.
        try FileManager.default.removeItem(atPath: workspace.path + "/" + part(2))
        try workspace.write("mine\n", to: part(1))
        let again = try await workspace.recurrent(command + output + ["5"] + ["--threads", "1"])
        #expect(
          again.exitCode == 65 && again.errorOutput.contains("4 of 5 files are there already"))
        #expect(try workspace.text(part(1)) == "mine\n")
        #expect(
          try workspace.text(part(2))
            == lines(plain)[6..<8].map { $0 + "\n" }.joined())
        for (other, problem) in [
          (command + output + ["4"], "begun with --output-shards 5, not 4"),
          (
            Array(command.dropLast(flags.count + 2)) + output + ["5"],
            "begun by another command: recurrent predict model in.tsv --key-column 1"
          ),
        ] {
          try await workspace.expectFailure(65, [problem], running: other)
        }
      }
      // More files than lines, and none in a folder of somebody else.
      try workspace.write("a\nb\n", to: "two.txt")
      let few = try await workspace.recurrent(
        ["predict", "model", "two.txt", "--output", "few", "--output-shards", "3"])
      #expect(few.exitCode == 0 && workspace.isThere("few/part-00002-of-00003.txt"))
      try workspace.write("c\n", to: "two.txt")
      try await workspace.expectFailure(
        65, ["few: holds answers to \"two.txt\"", "is other text"],
        running: ["predict", "model", "two.txt", "--output", "few", "--output-shards", "3"])
      try await workspace.expectFailure(
        65, ["model: holds \"config.json\" and no manifest.json"],
        running: ["predict", "model", "two.txt", "--output", "model"])
    }
  }
}
