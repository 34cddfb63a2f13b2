import TestSupport
import Testing

/// What is printed where there are only so many columns.
@Suite(.optimized) struct NarrowTerminalTests {
  @Test func breaksBetweenWords() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let train = ["train", "forecaster", "t.csv"] + Sample.small
      let wide = try await workspace.recurrent(train)
      let narrow = try await workspace.recurrent(
        train + ["--output", "narrow"], environment: ["COLUMNS": "60"])
      for line in narrow.output.split(separator: "\n") {
        #expect(line.count <= 60, "\(line.count): \(line)")
      }
      func plan(_ text: String) -> [Substring] {
        text.prefix(upTo: text.firstRange(of: "Test part")?.lowerBound ?? text.startIndex)
          .split(whereSeparator: \.isWhitespace)
      }
      #expect(plan(narrow.output) == plan(wide.output) && plan(wide.output).count > 40)
      #expect(narrow.output.contains("\n            "))
    }
  }
}
