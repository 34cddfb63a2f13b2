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
public struct TextGenerator: Sendable {
  /// All but the weights.
  public struct Configuration: Sendable, Codable, Equatable {
    /// How it was made.
    public var options: TextGeneratorOptions
    /// Tokens that are known, the unknown token included.
    public var vocabularySize: Int
    /// Epochs that were run.
    public var epochs: Int
    /// The epoch whose weights these are: the one with the lowest validation loss.
    public var bestEpoch: Int
    /// How the test part went, if there was one.
    public var evaluation: GeneratorEvaluation?
    /// The training data in words.
    public var trainedOn: String
  }

  /// All but the weights.
  public internal(set) var configuration: Configuration
  /// The tokens.
  public let code: TextCode
  /// The network.
  public let model: TextGeneratorModel
  /// Epoch by epoch; empty after loading.
  public let history: TrainingHistory

  /// Trains a generator with the defaults; ``TextGeneratorPlan`` has all options. Several files are
  /// one text.
  ///
  /// - Throws: ``DataError`` if there is too little text; ``NonFiniteError`` if training runs away.
  public static func train(on files: [TextFile], seed: UInt64 = 0) throws -> TextGenerator {
    var options = TextGeneratorOptions()
    options.seed = seed
    return try TextGeneratorPlan(files, options: options).train()
  }

  init(
    plan: TextGeneratorPlan, model: TextGeneratorModel, history: TrainingHistory
  ) {
    code = plan.code
    self.model = model
    self.history = history
    configuration = Configuration(
      options: plan.options, vocabularySize: plan.code.vocabulary.count,
      epochs: history.epochs.count,
      bestEpoch: history.best?.epoch ?? 0, evaluation: nil,
      trainedOn:
        "\(plan.source), the first \(NumberFormat.grouped(plan.training.count)) characters")
    guard !plan.test.isEmpty else { return }
    // The yardsticks know all that stands before the test part.
    let known = [plan.training, plan.validation].joined()
    configuration.evaluation = evaluation(
      of: String(plan.test), unigram: CharacterBaseline(order: 1, known).nats(plan.test),
      fiveGram: CharacterBaseline(order: 5, known).nats(plan.test))
  }

  init(configuration: Configuration, code: TextCode, model: TextGeneratorModel) {
    self.configuration = configuration
    self.code = code
    self.model = model
    history = TrainingHistory()
  }

  /// The options.
  public var options: TextGeneratorOptions { configuration.options }

  /// How the test part went, as text.
  public var report: String { configuration.evaluation?.description ?? "There was no test part." }

  /// How well a text is foretold that it was not trained on, read as one stream; several files are
  /// one text.
  ///
  /// - Throws: ``DataError`` if there is no text.
  public func evaluate(on files: [TextFile]) throws(DataError) -> GeneratorEvaluation {
    let text = files.map(\.text).joined()
    guard !text.isEmpty else {
      throw DataError(
        file: files.map(\.source).joined(separator: ", "), problem: "there is no text in it")
    }
    return evaluation(of: text)
  }

  private func evaluation(
    of text: String, unigram: Double? = nil, fiveGram: Double? = nil
  ) -> GeneratorEvaluation {
    let tokens = CodedText(code.ids(of: text), after: code.start)
    let rows = tokens.streams(1, steps: 1024)
    var session = Session(model)
    var nats = 0.0
    for index in 0..<rows.count {
      let piece = rows.batch([index])
      let loss = session.feed(piece.inputs).loss(piece.targets).value
      nats += Double(loss) * Double(piece.targets.time)
    }
    return GeneratorEvaluation(
      tokens: tokens.targets.count, characters: text.count,
      unknown: tokens.targets.count { $0 == code.vocabulary.unknown }, nats: nats,
      unigram: unigram, fiveGram: fiveGram)
  }
}
