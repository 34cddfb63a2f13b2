import Foundation
import TestSupport
import Testing

/// `-` is standard input, from which the same model is trained as from the file.
@Suite(.optimized) struct StandardInputTests {
  struct Job: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let text: String
    let flags: [String]

    static let small = ["--hidden", "4", "--epochs", "1", "--test-fraction", "0.2"]

    static let all = [
      Job(
        testDescription: "classifier",
        text: "sentence\tlabel\n" + (0..<40).map { "word \($0 % 2) \($0)\t\($0 % 2)\n" }.joined(),
        flags: small + ["--text", "sentence", "--embedding", "4"]),
      Job(
        testDescription: "tagger",
        text: (0..<40).map { "in O\ntown\($0 % 7) B-LOC\n\n" }.joined(),
        flags: small + ["--embedding", "4", "--character-size", "4"]),
      Job(
        testDescription: "translator",
        text: (0..<60).map { "ein hund \($0)\ta dog \($0)\n" }.joined(),
        flags: small + ["--embedding", "4", "--vocabulary", "40", "--beam", "2"]),
      Job(
        testDescription: "generator",
        text: (0..<200).map { "line \($0) of a text\n" }.joined(),
        flags: [
          "--epochs", "1", "--hidden", "6", "--layers", "1", "--steps", "20", "--streams", "4",
        ]),
      Job(
        testDescription: "image-classifier",
        text: "label," + (0..<16).map { "p\($0)" }.joined(separator: ",") + "\n"
          + (0..<60).map { row in
            "\(row % 2)," + (0..<16).map { "\(($0 * 7 + row * 13) % 256)" }.joined(separator: ",")
              + "\n"
          }.joined(), flags: small),
    ]
  }

  @Test(arguments: Job.all) func trainingReadsIt(job: Job) async throws {
    try await Workspace.with { workspace in
      try workspace.write(job.text, to: "t")
      for (file, output) in [("t", "file"), ("-", "pipe")] {
        let result = try await CommandRunner.run(
          CommandRunner.commandPath(),
          ["train", job.testDescription, file, "--output", output] + job.flags,
          workingDirectory: workspace.path, input: file == "-" ? Data(job.text.utf8) : nil)
        try #require(result.exitCode == 0, "\(result.errorOutput)")
      }
      #expect(
        try workspace.bytes("file/model.safetensors") == workspace.bytes("pipe/model.safetensors"))
    }
  }
}
