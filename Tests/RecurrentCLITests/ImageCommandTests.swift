import Foundation
import Recurrent
import RecurrentFiles
import TestSupport
import Testing

/// The image classifier as a user meets it.
@Suite(.optimized) struct ImageCommandTests {
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
      let piped = try await CommandRunner.run(
        CommandRunner.commandPath(), ["predict", "m", "-", "--json"],
        workingDirectory: workspace.path, input: try workspace.bytes("m/example.png"))
      #expect(
        piped.output.replacing("\"-\"", with: "\"m/example.png\"") == predicted.output,
        "\(piped.errorOutput)")
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

  /// Pictures of any size and 16 bits, classes by name, a file that is no picture, and a JPEG.
  @Test func foldersOfPictures() async throws {
    try await Workspace.with { workspace in
      for index in 0..<20 {
        for (name, level) in [("low", 1020), ("high", 1130)] {
          let folder = workspace.path + "/shots/" + name
          try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
          let bytes = Self.deepPNG(size: 3 + index % 3, level: level + index % 7)
          try workspace.write(Data(bytes), to: "shots/\(name)/\(index).png")
        }
      }
      try workspace.write("no picture", to: "shots/low/bad.png")
      let command = ["train", "image-classifier", "shots", "--output", "m", "--hidden", "8"]
      try await workspace.expectFailure(
        65, ["found 4 × 4 pixels, expected 3 × 3", "--resize 3x3"], running: command)
      try await workspace.expectFailure(
        64, ["--resize"], running: command + ["--resize", "0x4"])
      let trained = try await workspace.recurrent(
        command + ["--resize", "4x4", "--epochs", "40", "--batch", "8", "--model", "mlp"])
      try #require(trained.exitCode == 0, "\(trained.errorOutput)")
      for part in [
        "images      40 of 4 × 4\n", "16 bits a sample, 0 to 65535\n",
        "scaled from 3 sizes to 4 × 4, bilinear", "1 files cannot be read and are left out",
        "100.00 %",
      ] {
        #expect(trained.output.contains(part), "\(part) in: \(trained.output)")
      }
      try workspace.write(Data(Self.deepPNG(size: 9, level: 1135)), to: "new.png")
      let predicted = try await workspace.recurrent(["predict", "m", "new.png"])
      #expect(predicted.output.contains(" high "), "\(predicted.output)\(predicted.errorOutput)")
      #expect(predicted.errorOutput.contains("scaled from 9 × 9 to 4 × 4"))
      let folder = try await workspace.recurrent(["predict", "m", "shots/low"])
      #expect(folder.exitCode == 65 && folder.output.split(separator: "\n").count == 21)
      #expect(folder.errorOutput.contains("shots/low/bad.png"))
      try workspace.write(Data([0xFF, 0xD8, 0xFF, 0xE0, 0, 16, 0x4A]), to: "p.jpg")
      try await workspace.expectFailure(
        65, ["p.jpg: found a JPEG picture, expected PNG", "magick mogrify -format png 'p.jpg'"],
        running: ["predict", "m", "p.jpg"])
    }
  }

  /// A grey picture of one level, 16 bits a sample.
  private static func deepPNG(size: Int, level: Int) -> [UInt8] {
    func four(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(value >> $0 & 255) } }
    func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
      let named = Array(name.utf8) + data
      return four(data.count) + named + four(Int(Zlib.checksum(of: named[...])))
    }
    let pixel = [UInt8(level >> 8), UInt8(level & 255)]
    let row: [UInt8] = [0] + Array(repeating: pixel, count: size).joined()
    let rows = Array(Array(repeating: row, count: size).joined())
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      + chunk("IHDR", four(size) + four(size) + [16, 0, 0, 0, 0])
      + chunk("IDAT", Zlib.packed(rows)) + chunk("IEND", [])
  }

  @Test func classNames() async throws {
    try await Workspace.with { workspace in
      let rows = (0..<40).map { "\($0 % 2),\($0 % 2 * 200),\($0),3,4\n" }.joined()
      try workspace.write("label,a,b,c,d\n" + rows, to: "t.csv")
      try workspace.write("ant\nbee\n", to: "names.txt")
      let trained = try await workspace.recurrent([
        "train", "image-classifier", "t.csv", "--class-names", "names.txt", "--model", "mlp",
        "--epochs", "20", "--batch", "8", "--output", "m",
      ])
      #expect(trained.output.contains("classes     2: ant, bee\n"), "\(trained.errorOutput)")
      let evaluated = try await workspace.recurrent(["evaluate", "m", "t.csv"])
      #expect(evaluated.output.contains("100.00 %") && evaluated.output.contains("bee"))
      let predicted = try await workspace.recurrent(["predict", "m", "t.csv"])
      #expect(predicted.output.contains(" bee "))
    }
  }

  /// Labels beside an IDX file are data too: other ones are told apart.
  @Test func labelsAreOfTheData() async throws {
    try await Workspace.with { workspace in
      let pixels = (0..<40).flatMap { [UInt8]([$0 % 2 * 200, $0, 3, 4]) }
      try workspace.write(
        Data([0, 0, 8, 3, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 2] + pixels), to: "t-images-idx3-ubyte")
      for (name, shift) in [("a", 0), ("b", 1)] {
        try workspace.write(
          Data([0, 0, 8, 1, 0, 0, 0, 40] + (0..<40).map { UInt8(($0 + shift) % 2) }),
          to: "t-labels-idx1-ubyte")
        let trained = try await workspace.recurrent([
          "train", "image-classifier", "t-images-idx3-ubyte", "--model", "mlp", "--epochs", "1",
          "--output", name,
        ])
        try #require(trained.exitCode == 0, "\(trained.errorOutput)")
      }
      let output = try await workspace.recurrent(["diff", "a", "b"]).output
      #expect(output.contains("t-labels-idx1-ubyte ") && !output.contains("t-images-idx3-ubyte "))
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
    #expect(examples.count == 7)
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
