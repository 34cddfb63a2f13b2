import Foundation
import Recurrent
import TestSupport
import Testing

/// The image classifier as a user meets it.
@Suite struct ImageCommandTests {
  @Test func trainPredictEvaluateInspect() async throws {
    try await Workspace.with { workspace in
      let trained = try await workspace.recurrent([
        "train", "image-classifier", "--epochs", "3", "--hidden", "24", "--output", "m",
      ])
      try #require(trained.exitCode == 0, "\(trained.errorOutput)")
      for part in [
        "digits (bundled)\n", "images      1,797 of 8 × 8\n", "majority class ",
        "class \\ taken for ", "Next: recurrent predict m m/example.png\n",
      ] {
        #expect(trained.output.contains(part), "\(part) in: \(trained.output)")
      }
      for name in ["mistakes.svg", "history.csv", "loss.svg", "example.png", "config.json"] {
        #expect(workspace.isThere("m/" + name), "\(name)")
      }
      let predicted = try await workspace.recurrent(["predict", "m", "m/example.png", "--json"])
      try #require(predicted.exitCode == 0, "\(predicted.errorOutput)")
      #expect(predicted.output.contains("\"image\" : \"m/example.png\""))

      try workspace.write("label,a\n1,2\n", to: "wrong.csv")
      try await workspace.expectFailure(
        65, ["wrong.csv", "found 1 pixels, expected 64 as in the images before"],
        running: ["predict", "m", "wrong.csv"])
      try await workspace.expectFailure(
        66, ["m: an image classifier needs images to classify."], running: ["predict", "m"])
      let inspected = try await workspace.recurrent(["inspect", "m"])
      #expect(inspected.output.contains("m: image-classifier, written by recurrent "))
      #expect(inspected.output.contains("recurrent.0.recurrent_weights"))
      #expect(inspected.output.contains("24 × 96"))
    }
  }

  @Test func csvWithAndWithoutClasses() async throws {
    try await Workspace.with { workspace in
      var rows = "label,a,b,c,d\n"
      for index in 0..<60 {
        rows += index % 2 == 0 ? "dark,0,\(index),1,2\n" : "light,200,\(index),220,240\n"
      }
      try workspace.write(rows, to: "t.csv")
      let trained = try await workspace.recurrent([
        "train", "image-classifier", "t.csv", "--model", "mlp", "--epochs", "20", "--batch", "8",
      ])
      try #require(trained.exitCode == 0, "\(trained.errorOutput)")
      let evaluated = try await workspace.recurrent(["evaluate", "image-classifier", "t.csv"])
      #expect(evaluated.output.contains("t.csv: all 60 images\n"), "\(evaluated.errorOutput)")
      #expect(evaluated.output.contains("100.00 %"))
      try workspace.write("0,30,1,2\n200,30,220,240\n0,12,1,2\n", to: "new.csv")
      let predicted = try await workspace.recurrent(["predict", "image-classifier", "new.csv"])
      let lines = predicted.output.split(separator: "\n")
      try #require(lines.count == 4, "\(predicted.output)\(predicted.errorOutput)")
      #expect(lines[1].contains(" dark ") && lines[2].contains(" light "))
    }
  }

  @Test func help() async throws {
    let help = try await Workspace.with {
      try await $0.recurrent(["train", "image-classifier", "--help"]).output
    }
    for line in help.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
    let examples = help.split(separator: "\n").filter {
      $0.hasPrefix("  recurrent train image-classifier")
    }
    #expect(examples.count == 5)
    for flag in examples.flatMap({ $0.split(separator: " ") }) where flag.hasPrefix("--") {
      #expect(help.contains("\n  \(flag)") || help.contains(", \(flag)"), "\(flag)")
    }
  }

  @Test func wrongFlags() async throws {
    try await Workspace.with { workspace in
      for (arguments, part) in [
        (["--hidden", "0"], "The hidden size is between 1 and 1000000, not 0"),
        (["--dropout", "1"], "Dropout is at least 0 and less than 1"),
        (["--test", "x"], "--test belongs to data of your own"),
        (["--model", "cnn"], "'cnn' is invalid"),
      ] {
        try await workspace.expectFailure(
          64, [part], running: ["train", "image-classifier"] + arguments)
      }
      try await workspace.expectFailure(
        66, ["nowhere: there is no such file."],
        running: ["train", "image-classifier", "nowhere"])
    }
  }
}
