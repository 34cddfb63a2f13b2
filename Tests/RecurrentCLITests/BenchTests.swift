import Foundation
import Recurrent
import TestSupport
import Testing

/// `recurrent bench`, on layers so small that only its arithmetic is looked at, not the speed.
@Suite(.optimized) struct BenchTests {
  private static let tiny = [
    "bench", "--batch", "6", "--time", "9", "--input", "3", "--hidden", "5", "--seconds", "0.01",
  ]

  private func output(_ more: [String], from start: [String] = tiny) async throws -> String {
    try await Workspace.with { workspace in
      let result = try await workspace.recurrent(start + more)
      #expect(result.exitCode == 0 && result.errorOutput.isEmpty, "\(result.errorOutput)")
      #expect(try workspace.contents().isEmpty)
      return result.output
    }
  }

  private func measured(_ more: String..., from start: [String] = tiny) async throws -> JSONValue {
    let text = try await output(more + ["--json"], from: start)
    return try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
  }

  @Test func keys() async throws {
    let object = try await measured("--threads", "1")
    guard case .object(let members) = object else {
      Issue.record("\(object) is not an object")
      return
    }
    #expect(
      members.keys.sorted() == [
        "activation_bytes", "allocated_bytes", "batch", "bidirectional", "cell", "gflops",
        "gradient_bytes", "hidden", "input", "kernels", "layers", "lengths", "limit_gflops",
        "lower_quartile_ms", "max_ms", "median_ms", "min_ms", "mode", "operations",
        "parameter_bytes", "peak_buffer_bytes", "process_peak_bytes", "product_gflops",
        "product_size", "runs",
        "share_of_limit", "share_of_product", "small_allocated_bytes", "threads", "time",
        "upper_quartile_ms", "valid_steps", "version",
      ])
    for (name, value) in [("batch", 6), ("time", 9), ("input", 3), ("hidden", 5), ("layers", 1)] {
      #expect(object[name]?.int == value, "\(name)")
    }
    #expect(object["cell"]?.string == "lstm" && object["mode"]?.string == "train")
    #expect(object["lengths"]?.string == "full" && object["bidirectional"]?.bool == false)
    #expect(object["threads"]?.int == 1 && object["kernels"]?.string == Kernels.name)
    #expect(try #require(object["runs"]?.int) >= 7)
  }

  /// Speed, time, shares and the order of the times agree.
  @Test func numbersAgree() async throws {
    let object = try await measured()
    func number(_ name: String) throws -> Double { try #require(object[name]?.double, "\(name)") }
    let speed = try number("gflops")
    let operations = try speed * number("median_ms") * 1e6
    #expect(try abs(operations / number("operations") - 1) < 1e-9)
    for (share, limit) in [
      ("share_of_product", "product_gflops"), ("share_of_limit", "limit_gflops"),
    ] {
      #expect(try abs(number(share) * number(limit) / speed - 1) < 1e-9)
    }
    let times = try ["min_ms", "lower_quartile_ms", "median_ms", "upper_quartile_ms", "max_ms"]
      .map(number)
    #expect(times == times.sorted() && times[0] > 0)
    #expect(try number("process_peak_bytes") > number("peak_buffer_bytes"))
  }

  /// 2·G·(W + U) a step forward, the same for the gradients of the weights, 2·G·U back through
  /// time; above the first layer 2·G·W for the input, which there comes from both directions.
  @Test(arguments: [("lstm", 4), ("gru", 3), ("rnn", 1)])
  func operations(_ cell: String, _ gates: Int) async throws {
    let steps = 6 * 9
    let one = try await measured("--cell", cell)
    #expect(one["operations"]?.int == 2 * steps * gates * 5 * (2 * (3 + 5) + 5))
    #expect(one["parameter_bytes"]?.int == 4 * gates * 5 * (3 + 5 + 2))
    #expect(one["gradient_bytes"] == one["parameter_bytes"])
    let kept = gates > 1 ? gates + 1 : 1
    #expect(one["activation_bytes"]?.int == 4 * steps * (3 + 5 + kept * 5 + 5))
    let both = try await measured("--cell", cell, "--layers", "2", "--bidirectional")
    let lower = 2 * (3 + 5) + 5
    let upper = 2 * (10 + 5) + 5 + 10
    #expect(both["operations"]?.int == 2 * 2 * steps * gates * 5 * (lower + upper))
    let infer = try await measured("--cell", cell, "--mode", "infer")
    #expect(infer["operations"]?.int == 2 * steps * gates * 5 * (3 + 5))
    #expect(infer["gradient_bytes"]?.int == 0 && infer["activation_bytes"]?.int == 0)
  }

  @Test func uniformLengthsAreFewerOperations() async throws {
    let full = try await measured()
    let uniform = try await measured("--lengths", "uniform")
    let steps = try #require(uniform["valid_steps"]?.int)
    #expect(steps >= 6 && steps < 6 * 9)
    #expect(full["valid_steps"]?.int == 6 * 9)
    let (all, some) = (full["operations"]?.int, uniform["operations"]?.int)
    #expect(try #require(some) * 6 * 9 == #require(all) * steps)
    #expect(try await measured("--lengths", "uniform")["valid_steps"]?.int == steps)
  }

  /// Whose buffers are so large that they come from the pool.
  @Test func aWarmRunAllocatesNothing() async throws {
    let object = try await measured(
      from: ["bench", "--batch", "16", "--time", "40", "--input", "24", "--hidden", "32"]
        + ["--seconds", "0.05", "--threads", "1"])
    #expect(object["allocated_bytes"]?.int == 0)
    #expect(try #require(object["small_allocated_bytes"]?.int) < 100_000)
    let needed = ["activation_bytes", "parameter_bytes", "gradient_bytes"].compactMap {
      object[$0]?.int
    }.reduce(0, +)
    let peak = try #require(object["peak_buffer_bytes"]?.int)
    #expect(peak > needed && peak < 2 * needed, "\(peak), \(needed)")
  }

  @Test func step() async throws {
    let step = ["bench", "--mode", "step", "--input", "3", "--hidden", "5", "--seconds", "0.01"]
    let one = try await measured(from: step)
    #expect(one["batch"]?.int == 1 && one["time"]?.int == 1 && one["valid_steps"]?.int == 1)
    #expect(one["operations"]?.int == 2 * 4 * 5 * (3 + 5))
    let seven = try await measured("--batch", "7", from: step)
    #expect(seven["valid_steps"]?.int == 7)
    #expect(try await output([], from: step).hasPrefix("LSTM 3 → 5: step by step, one row\n"))
  }

  @Test func text() async throws {
    let lines = try await output(["--cell", "gru", "--bidirectional", "--threads", "1"])
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(
      lines[0]
        == "GRU 3 → 5, both directions: forward and backward pass, 6 rows of 9 steps"
    )
    #expect(lines[1].hasPrefix("kernels \(Kernels.name), 1 thread") && lines[2] == "")
    for (line, pattern) in [
      (3, #/^time .* [µm]s  median of [\d,]+ runs, the middle half .* to .*s$/#),
      (6, #/ %  of [\d.]+ GFLOP/s, our matrix product of \d+³$/#),
      (7, #/ %  of [\d.]+ GFLOP/s, multiply-adds in registers$/#),
      (8, #/^allocated  /#), (9, #/^peak memory .* times what it cannot do without:$/#),
    ] {
      #expect(lines[line].contains(pattern), "\(lines[line])")
    }
    for line in lines { #expect(line.count <= 100, "\(line)") }
  }

  @Test(arguments: [
    (["--batch", "0"], "--batch is between 1 and 1000000, not 0."),
    (["--time", "0"], "--steps is between 1 and 1000000, not 0."),
    (["--input=-3"], "--input is between 1 and 1000000, not -3."),
    (["--hidden", "1000001"], "--hidden is between 1 and 1000000, not 1000001."),
    (["--hidden", "big"], "The value 'big' is invalid for '--hidden <units>'"),
    (["--layers", "0"], "--layers is between 1 and 1000, not 0."),
    (["--seconds", "0"], "--seconds is more than 0 and at most 3600, not 0.0."),
    (["--seconds", "nan"], "--seconds is more than 0 and at most 3600, not nan."),
    (["--threads", "0"], "--threads is between 1 and 1024, not 0."),
    (["--cell", "foo"], "Please provide one of 'lstm', 'gru', 'rnn' or 'mogrifier'."),
    (["--mode", "foo"], "Please provide one of 'train', 'infer' or 'step'."),
    (["--lengths", "half"], "Please provide one of 'full' and 'uniform'."),
    (
      ["--mode", "step", "--time", "9"],
      "--mode step measures single time steps and takes no --steps."
    ),
    (
      ["--mode", "step", "--lengths", "uniform"],
      "--mode step measures single time steps and takes no --lengths."
    ),
    (["--mode", "step", "--bidirectional"], "cannot see later ones, as --bidirectional must."),
    (["--hidden", "1000000"], "TB of memory, this "),
    (["extra"], "Unexpected argument 'extra'"),
  ]) func wrongValues(_ flags: [String], _ message: String) async throws {
    try await Workspace.with { workspace in
      try await workspace.expectFailure(
        64, ["Error: ", message, "See 'recurrent bench --help'"], running: ["bench"] + flags)
    }
  }
}
