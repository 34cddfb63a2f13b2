import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent generate MODEL`
struct Generate: ThreadedCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write text as a text generator would go on.",
    usage: "recurrent generate [<options>] <model>",
    discussion: flowing(
      """
      The prompt and what comes after it go to standard output as they are written,
      in whole characters. The same model, flags and seed give the same text, byte
      for byte; a shorter text is the beginning of a longer one. Without a prompt it
      goes on as after a line end. With --json, a line is an object with the prompt,
      the number of the sample, the seed, and the text behind the prompt.

      Examples:
        recurrent generate generator --prompt "ROMEO:" --seed 7
        recurrent generate generator --length 2000 --temperature 0.7 --top-p 0.95
        recurrent generate generator --prompt "To be" --count 5 --until "."
      """))

  @Argument(help: "A model folder.", completion: .directory) var model: String

  @Option(help: ArgumentHelp("The text to go on from.", valueName: "text"))
  var prompt = ""

  @OptionGroup var writing: WritingOptions

  @Option(help: ArgumentHelp("Texts to write.", valueName: "count"))
  var count = 1

  @Option(
    help: ArgumentHelp("Stop before this text, which is not written.", valueName: "text"))
  var until: String?

  @OptionGroup var answer: JSONFlag
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    if !(1...1_000_000).contains(count) {
      throw ValidationError("--count is between 1 and 1000000, not \(count).")
    }
    if until?.isEmpty == true { throw ValidationError("--until is a text, not nothing.") }
  }

  mutating func run() throws {
    let generator = try TextGenerator(contentsOf: model)
    let unknown = generator.code.unknownTokens(in: prompt)
    if !unknown.isEmpty {
      let shown = unknown.prefix(8).map { "\"\($0)\"" }.joined(separator: ", ")
      warn(
        "\(shown)\(unknown.count > 8 ? " and \(unknown.count - 8) more" : "") of the prompt "
          + "\(unknown.count == 1 ? "is" : "are") not among what the model knows of its training text; read as the unknown token."
      )
    }
    for sample in 0..<count {
      if answer.json {
        let pieces = try generator.stream(
          prompt: prompt, length: writing.length ?? 500, sampling: writing.sampling,
          seed: writing.seed, sample: sample, until: until)
        let text = pieces.joined()
        print(
          "{\"prompt\":\(prompt.jsonText),\"sample\":\(sample + 1),\"seed\":\(writing.seed),\"text\":\(text.jsonText)}"
        )
        try flushOutput()
        continue
      }
      if count > 1 { print("\(sample > 0 ? "\n" : "")--- \(sample + 1) of \(count) ---") }
      let pieces = try generator.stream(
        prompt: prompt, length: writing.length ?? 500, sampling: writing.sampling,
        seed: writing.seed, sample: sample, until: until)
      var last = prompt.safeForTerminal
      print(last, terminator: "")
      for piece in pieces {
        last = piece.safeForTerminal
        print(last, terminator: "")
        try flushOutput()
      }
      if last.last?.isNewline != true { print() }
    }
  }
}

/// How text is written.
struct WritingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Characters to write at most, as readers see them. (default: 500)", valueName: "count"))
  var length: Int?

  @Option(
    help: ArgumentHelp(
      "Below 1: closer to what is likely, 0: always the likeliest; above 1: freer. (default: 1.0)",
      valueName: "number"))
  var temperature: Double?

  @Option(help: ArgumentHelp("Draw from so many of the likeliest tokens.", valueName: "count"))
  var topK: Int?

  @Option(
    help: ArgumentHelp(
      "Draw from the likeliest tokens that have this probability together.", valueName: "share"))
  var topP: Double?

  @Option(
    name: .customLong("seed"),
    help: ArgumentHelp(
      "The start of all random numbers. Same seed, same text. (default: 0)", valueName: "seed"))
  var givenSeed: UInt64?

  var seed: UInt64 { givenSeed ?? 0 }
  var sampling: Sampling { Sampling(temperature: temperature ?? 1, topK: topK, topP: topP) }

  /// The flags that are given.
  ///
  /// - Parameter others: jobs that draw as well, and know a seed.
  func flags(with others: [any JobCommand.Type]) -> [JobFlags] {
    [
      JobFlags(
        [TrainGenerator.self],
        [
          "--length": length != nil, "--temperature": temperature != nil, "--top-k": topK != nil,
          "--top-p": topP != nil,
        ]), JobFlags([TrainGenerator.self] + others, ["--seed": givenSeed != nil]),
    ]
  }

  func validate() throws {
    if let length, !(1...100_000_000).contains(length) {
      throw ValidationError("--length is between 1 and 100000000, not \(length).")
    }
    if let problem = sampling.problem { throw ValidationError(problem.capitalizedFirst + ".") }
  }
}

extension String {
  /// Without control characters where standard output is a terminal, but for line ends and tabs:
  /// what a model writes may not steer it.
  var safeForTerminal: String {
    guard isatty(STDOUT_FILENO) == 1 else { return self }
    return String(
      String.UnicodeScalarView(
        unicodeScalars.map { scalar in
          switch scalar.value {
          case 0x09, 0x0A, 0x0D: scalar
          case 0x00...0x1F, 0x7F...0x9F: "\u{FFFD}"
          default: scalar
          }
        }))
  }
}
