import Foundation
import TestSupport
import Testing

/// `recurrent help TOPIC`, and that what it says of exit codes is so.
@Suite(.optimized) struct HelpTopicTests {
  private func topic(_ name: String) async throws -> String {
    let result = try await CommandRunner.recurrent("help", name)
    #expect(result.exitCode == 0 && result.errorOutput.isEmpty, "\(result.errorOutput)")
    return result.output
  }

  /// Each topic that the help of the command names is there and short, and its commands have their flags.
  @Test func topics() async throws {
    let help = try await CommandRunner.recurrent("--help").output.replacing("\n", with: " ")
    let match = try #require(help.firstMatch(of: #/help TOPIC tells of (.*?)\./#))
    let names = match.1.replacing(" and ", with: ", ").split(separator: ", ").map(String.init)
    #expect(names.count == 8 && names.contains("exit-codes"), "\(names)")
    for name in names {
      let lines = try await topic(name).split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.count <= 40, "\(name) has \(lines.count) lines")
      for line in lines { #expect(line.count <= 100, "\(line)") }
      let flags = lines.joined(separator: "\n").matches(of: #/--[a-z][a-z-]+/#).map(\.0)
      let known = try await CommandRunner.recurrent("--experimental-dump-help").output
      for flag in flags where flag != "--traits" {
        #expect(known.contains("\"name\" : \"\(flag.dropFirst(2))\""), "\(name): \(flag)")
      }
    }
  }

  @Test func othersAsBefore() async throws {
    #expect(try await topic("train") == CommandRunner.recurrent("train", "--help").output)
    #expect(try await CommandRunner.recurrent("help").output == CommandRunner.recurrent().output)
  }

  @Test func unknown() async throws {
    let result = try await CommandRunner.recurrent("help", "seasosn")
    #expect(result.exitCode == 64 && result.output.isEmpty)
    #expect(
      result.errorOutput.contains("no topic or command 'seasosn'. Did you mean 'seasons'?"),
      "\(result.errorOutput)")
  }

  /// Every code of the table, made by a command; of the signals `InterruptionTests` tell.
  @Test func exitCodes() async throws {
    let table = try await topic("exit-codes")
    let codes = table.matches(of: #/\n  (\d+) /#).compactMap { Int($0.1) }
    #expect(codes == [0, 1, 64, 65, 66, 70, 129])
    #expect(table.contains("130 by SIGINT") && table.contains("143 by SIGTERM"))
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try workspace.write("Date,Close\n2020-01-01,n/a\n", to: "bad.csv")
      try await workspace.train("t.csv")
      try await workspace.train("t.csv", "--seed", "1", output: "other")
      let train = ["train", "forecaster"]
      for (code, arguments) in [
        (0, ["diff", "model", "model"]), (1, ["diff", "model", "other"]),
        (64, train + ["--windoww"]), (65, train + ["bad.csv"]), (66, train + ["none.csv"]),
        (
          70,
          train + ["t.csv", "--learning-rate", "1e30", "--batch", "16", "--output", "away"]
            + Sample.small
        ),
      ] {
        let result = try await workspace.recurrent(arguments)
        #expect(Int(result.exitCode) == code, "\(arguments): \(result.errorOutput)")
      }
    }
  }
}
