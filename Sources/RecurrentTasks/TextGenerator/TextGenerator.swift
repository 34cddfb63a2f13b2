import Foundation
import Recurrent

/// A trained text generator: the network and all that writing needs.
///
/// ```swift
/// let generator = try TextGenerator.train(on: [TextFile("shakespeare.txt")], seed: 1)
/// print(generator.report)                                // beside a 5-gram of characters
/// for piece in try generator.stream(prompt: "ROMEO:", seed: 1) {
///   print(piece, terminator: "")
/// }
/// try generator.save(to: "shakespeare")
/// ```
public struct TextGenerator: Job {
  /// All of the model but its weights.
  public struct Configuration: JobConfiguration {
    /// The options that the model was trained with.
    public var options: TextGeneratorOptions
    /// Tokens that are known, the unknown token included.
    public var vocabularySize: Int
    /// Epochs that were run.
    public var epochs: Int
    /// The epoch whose weights these are: the one with the lowest validation loss.
    public var bestEpoch: Int
    /// How the test part went, if there was one.
    public var evaluation: GeneratorEvaluation?
    /// The precision that the weights were rounded to, and its cost; nil: they are as trained.
    public var rounding: Rounding?
    /// The training data in words.
    public var trainedOn: String
  }

  /// The job's name in model folders.
  public static let task = "text-generator"
  /// The word for one example in reports.
  public static let example = "stream"
  /// Steps of an example, where its costs are counted.
  public var typicalSteps: Int { options.steps }
  /// The configuration, extras and networks, from which everything follows.
  public var parts: JobParts<TextGenerator>
  /// A model of its parts.
  public init(_ parts: JobParts<TextGenerator>) { self.parts = parts }

  /// The tokens.
  public var code: TextCode { extras }

  /// Trains a generator with the defaults; ``TextGeneratorPlan`` has all options. Several files are
  /// one text.
  ///
  /// - Throws: ``DataError`` if there is too little text; ``NonFiniteError`` if training runs away.
  public static func train(
    on files: [TextFile], seed: UInt64 = 0, callbacks: [TrainingCallback] = []
  ) throws -> TextGenerator {
    var options = TextGeneratorOptions()
    options.seed = seed
    return try TextGeneratorPlan(files, options: options).followingSize().train(
      callbacks: callbacks)
  }

  /// How well a text is foretold that it was not trained on, read as one stream; several files are
  /// one text.
  ///
  /// - Throws: ``DataError`` if there is no text.
  public func evaluate(on files: [TextFile]) throws(DataError) -> GeneratorEvaluation {
    try evaluation(of: try Self.text(of: files))
  }

  /// Several files as one text.
  static func text(of files: [TextFile]) throws(DataError) -> TextPart {
    let text = try LongText(files)
    guard text.count > 0 else {
      throw DataError(file: text.source, problem: "there is no text in it")
    }
    return text.part(0..<text.count)
  }

  /// `known`: what the yardsticks count; nil: there are none.
  func evaluation(
    of text: TextPart, after known: [TextPart]? = nil
  ) throws(DataError) -> GeneratorEvaluation {
    let tokens = try CodedText(text, code, options)
    let rows = tokens.streams(1, steps: 1024)
    var session = Session(model)
    var nats = 0.0
    for index in 0..<rows.count {
      let piece = rows.batch([index])
      let loss = session.feed(piece.inputs).loss(piece.targets).value
      nats += Double(loss) * Double(piece.targets.time)
    }
    let spelling = try code.spelling(of: text)
    var limit: Int?
    /// Nats a character of what follows the last tokens, or characters, counted.
    func counted(_ order: Int) throws(DataError) -> Double? {
      guard let known else { return nil }
      guard code.words == true else {
        var baseline = NGramBaseline<Character>(order: order)
        for part in known { try part.forEachPiece { piece, _ in baseline.count(piece) } }
        var score = NGramBaseline<Character>.Score()
        try text.forEachPiece { piece, _ in baseline.judge(piece, &score) }
        if baseline.isPartial { limit = baseline.limit }
        return score.nats
      }
      var baseline = NGramBaseline<Int>(order: order)
      for part in known {
        try CodedText(part, code, options).forEachTargets { baseline.count($0) }
      }
      var score = NGramBaseline<Int>.Score()
      tokens.forEachTargets { baseline.judge($0, &score) }
      if baseline.isPartial { limit = baseline.limit }
      return (score.nats * Double(tokens.count) + spelling) / Double(max(1, text.count))
    }
    var unknown = 0
    tokens.forEachTargets { unknown += $0.count { $0 == code.vocabulary.unknown } }
    let (unigram, fiveGram) = (try counted(1), try counted(5))
    return GeneratorEvaluation(
      tokens: tokens.count, characters: text.count, unknown: unknown, nats: nats + spelling,
      unigram: unigram, fiveGram: fiveGram, nGramLimit: limit,
      spelling: code.words == true ? spelling : nil)
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TextGenerator {
  public static func model(
    _ configuration: Configuration, _ code: TextCode,
    using generator: inout some RandomNumberGenerator
  ) -> TextGeneratorModel {
    TextGeneratorModel(
      vocabularySize: configuration.vocabularySize, options: configuration.options,
      using: &generator)
  }

  public static func problem(_ configuration: Configuration, _ code: TextCode) -> String? {
    let (options, vocabularySize) = (configuration.options, configuration.vocabularySize)
    let kind = code.tokenizer.kind
    if kind != (options.tokens == .bpe ? .bpe : .character)
      || (code.words == true) != (options.tokens == .words)
    {
      return "tokens are \(options.tokens.rawValue), but tokenizer.json has the kind \(kind)"
    }
    if vocabularySize != code.vocabulary.count {
      return "a vocabulary of \(vocabularySize) tokens, but tokenizer.json has "
        + "\(code.vocabulary.count)"
    }
    if code.vocabulary.specialCount != 1 || vocabularySize < 2 {
      return "a vocabulary of \(vocabularySize) tokens, \(code.vocabulary.specialCount) of them "
        + "special, expected the unknown token and at least one other"
    }
    return nil
  }
}
