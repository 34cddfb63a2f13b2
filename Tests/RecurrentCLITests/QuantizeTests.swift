import Foundation
import TestSupport
import Testing

/// `recurrent quantize`
@Suite(.optimized) struct QuantizeTests {
  private static func withModel(_ body: (Workspace) async throws -> Void) async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "prices.csv")
      try await workspace.train("prices.csv", "--hidden", "40", "--calendar", "none")
      try await body(workspace)
    }
  }

  @Test(arguments: ["int8", "bfloat16"]) func roundsAndShowsTheError(precision: String) async throws
  {
    try await Self.withModel { workspace in
      let before = try workspace.bytes("model/model.safetensors")
      let result = try await workspace.recurrent(
        ["quantize", "model", "prices.csv", "--precision", precision, "--output", "small"])
      #expect(result.exitCode == 0 && result.errorOutput.isEmpty, "\(result.errorOutput)")
      #expect(try workspace.bytes("model/model.safetensors") == before)
      let output = result.output
      for part in [
        "weights     \(precision), rounded from float32\n", "\nforecasts   differ by at most ",
        " windows of prices.csv)\nRMSE        ", "\nrecurrent.0.input_weights ",
        "\nrecurrent.0.recurrent_weights ", "\nWrote small\n",
      ] {
        #expect(output.contains(part), "\"\(part)\" in: \(output)")
      }
      #expect(!output.contains("bias") && !output.contains("head."))
      let share =
        Double(try workspace.bytes("small/model.safetensors").count) / Double(before.count)
      #expect((precision == "int8" ? 0.25...0.4 : 0.5...0.6).contains(share), "\(share)")
      // The same lines again, and a model that predicts.
      let inspected = try await workspace.recurrent(["inspect", "small"])
      #expect(inspected.output.contains(output.replacing("\n\nWrote small\n", with: "")))
      let forecast = try await workspace.recurrent(["predict", "small", "--json"])
      #expect(forecast.exitCode == 0)
      let other = try await workspace.recurrent(["predict", "model", "--json"])
      #expect(forecast.output != other.output)
    }
  }

  @Test func withoutATable() async throws {
    try await Self.withModel { workspace in
      let result = try await workspace.recurrent(["quantize", "model", "-o", "small"])
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      #expect(result.output.contains("weights     int8"))
      #expect(result.output.contains("(1 window of the end of the training data)"))
      #expect(!result.output.contains("RMSE  "))
    }
  }

  @Test func failures() async throws {
    try await Self.withModel { workspace in
      func expect(_ code: Int32, _ part: String, _ arguments: String...) async throws {
        try await workspace.expectFailure(code, [part], running: ["quantize"] + arguments)
      }
      try await expect(64, "--output", "model")
      try await expect(64, "another folder", "model", "--output", "./model/")
      try await expect(64, "'float32' is invalid", "model", "--precision", "float32", "-o", "new")
      try await expect(66, "none", "none", "--output", "new")
      try await expect(66, "none.csv", "model", "none.csv", "--output", "new")
      try await expect(65, "prices.csv", "model", "--output", "prices.csv")
      _ = try await workspace.recurrent(["quantize", "model", "--output", "small"])
      try await expect(
        65, "has weights of int8, expected float32", "small", "--output", "smaller")
    }
  }
}
