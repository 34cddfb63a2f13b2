import Recurrent

/// Everything about a text generator that is fixed before training starts: the parts of the text,
/// and its tokens, which are learned from the training part alone.
public struct TextGeneratorPlan: JobPlan {
  /// The options.
  public var options: TextGeneratorOptions
  /// The model that training goes on from.
  public let origin: TextGenerator?
  /// The beginning of the text: what training sees.
  public let training: TextPart
  /// The text that judges each epoch: what comes after the training part, or a text of its own.
  public let validation: TextPart
  /// The text that only the report sees: the end, or a text of its own.
  public let test: TextPart
  /// The first characters of the text, some of them.
  package let opening: String
  /// The tokens.
  public let extras: TextCode
  /// What the yardsticks of the report know: all that stands before the test part.
  private let known: [TextPart]
  private var source: String { training.source }
  let trainingTokens: CodedText
  let validationTokens: CodedText

  /// Plans a generator of texts like `files`, which are read one after the other as one text.
  ///
  /// - Parameters:
  ///   - files: the text.
  ///   - model: a model to go on from, of which all but the course of training stays.
  /// - Throws: ``DataError`` if the options break a rule or contradict the model, if there is no text,
  ///   it is one character again and again, or its training part is shorter than a window of
  ///   `options.steps` tokens.
  public init(
    _ files: [TextFile], options: TextGeneratorOptions = TextGeneratorOptions(),
    from model: TextGenerator? = nil
  ) throws(DataError) {
    try self.init(try LongText(files), options: options, from: model)
  }

  /// Plans a generator of texts like one that may be larger than the memory: it is read in pieces, and
  /// the numbers of its tokens lie on the disk if they are many.
  ///
  /// - Parameters:
  ///   - text: the training part, and what is not given as parts of their own.
  ///   - validation: a validation part, instead of a share of the text.
  ///   - test: a test part, instead of a share of the text.
  ///   - model: a model to go on from, of which all but the course of training stays.
  /// - Throws: ``DataError`` as of files that were read before, if a part of its own is empty, and if
  ///   a file cannot be read.
  public init(
    _ text: LongText, validation: LongText? = nil, test: LongText? = nil,
    options: TextGeneratorOptions = TextGeneratorOptions(), from model: TextGenerator? = nil
  ) throws(DataError) {
    try self.init(
      text, validation: validation, test: test, options: options, from: model,
      mostKept: TokenFile.mostKept)
  }

  /// - Parameter mostKept: tokens of a part that are kept in memory.
  init(
    _ text: LongText, validation: LongText? = nil, test: LongText? = nil,
    options: TextGeneratorOptions, from model: TextGenerator?, mostKept: Int
  ) throws(DataError) {
    let options = try options.settled(from: model)
    self.options = options
    origin = model
    let count = text.count
    for text in [text, validation, test].compactMap(\.self) where text.count == 0 {
      throw DataError(file: text.source, problem: "there is no text in it")
    }
    let testStart = test == nil ? Int(Double(count) * (1 - options.testFraction)) : count
    let validationStart =
      validation == nil ? Int(Double(testStart) * (1 - options.validationFraction)) : testStart
    training = text.part(0..<validationStart)
    self.validation = validation?.whole ?? text.part(validationStart..<testStart)
    self.test = test?.whole ?? text.part(testStart..<count)
    known = [text.part(0..<testStart)] + (validation.map { [$0.whole] } ?? [])
    var (opening, differs) = ("", false)
    try training.forEachPiece { piece, isFirst in
      if isFirst { opening = String(piece.prefix(100)) }
      differs = differs || !piece.allSatisfy { $0 == opening.first }
    }
    self.opening = opening
    guard differs else {
      throw DataError(
        file: text.source,
        problem: training.isEmpty
          ? "the training part is empty"
          : "all \(training.count) characters of the training part are "
            + "\"\(opening.prefix(1).debugText)\", so there is nothing to learn",
        advice: "Bring more text")
    }
    let code: TextCode
    if let model {
      code = model.code
    } else {
      code = try TextCode(learningFrom: training, options: options)
    }
    extras = code
    trainingTokens = try CodedText(training, code, options, mostKept: mostKept)
    validationTokens = try CodedText(self.validation, code, options, mostKept: mostKept)
    let found = trainingTokens.count
    guard found >= options.steps else {
      throw DataError(
        file: text.source,
        problem: "found \(found) tokens in the training part, expected at least the "
          + "\(options.steps) of a window",
        advice: "Bring more text, or say --steps \(max(1, found / 2))")
    }
  }

  /// The tokens.
  public var code: TextCode { extras }

  /// Tokens that an epoch trains on.
  public var tokensPerEpoch: Int { trainingExamples.targets.lengths.reduce(0, +) }

  /// Training is truncated backpropagation through time.
  public func trainer(
    of model: TextGeneratorModel, member: Int
  ) -> Trainer<TextGeneratorModel, Adam, StreamExamples<TokenBatch, TokenBatch>> {
    var training = options.training(member: member, schedule: options.schedule)
    training.clipping = .norm(options.clipping)
    return Trainer(
      model, optimizer: Adam(learningRate: options.learningRate), options: training,
      onStreams: StreamExamples<TokenBatch, TokenBatch>.self
    ) { outputs, targets in outputs.loss(targets) }
  }
}

extension TextGeneratorPlan: CustomStringConvertible {
  /// Parts, tokens, streams and network, as lines.
  public var description: String {
    let examples = trainingExamples
    func size(_ part: TextPart) -> String { NumberFormat.grouped(part.count) + " characters" }
    func origin(_ part: TextPart, _ fraction: Double, _ words: String = "") -> String {
      part.range.lowerBound == 0 && !part.isEmpty
        ? part.source : "the last \(NumberFormat.fixed(100 * fraction, 1)) %\(words)"
    }
    return [
      "training    \(size(training))",
      "validation  \(size(validation)), "
        + origin(
          validation, options.validationFraction,
          test.range.lowerBound == 0 ? " of the text" : " before the test part"),
      "test        \(size(test)), \(origin(test, options.testFraction))",
      "tokens      \(code.explanation); "
        + "\(NumberFormat.grouped(trainingTokens.count)) in the training part"
        + options.directionText
        + (trainingTokens.fileSize > 0
          ? "; on the disk, \(NumberFormat.bytes(Double(trainingTokens.fileSize))) for the time of "
            + "training" : ""),
      "streams     \(examples.targets.batchSize) of \(examples.targets.time) tokens, "
        + "\(options.steps) an update",
      "network     \(options.networkText), \(NumberFormat.grouped(parameterCount)) weights",
      "            about \(NumberFormat.bytes(processBytes)) of memory in all, with the tokens and the report",
    ].joined(separator: "\n")
  }
}

extension StringProtocol {
  /// With line ends and the like as they are written in code.
  var debugText: String { String(String(self).debugDescription.dropFirst().dropLast()) }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TextGeneratorPlan {
  public var trainingExamples: StreamExamples<TokenBatch, TokenBatch> {
    trainingTokens.streams(options.streams, steps: options.steps)
  }

  public var validationExamples: StreamExamples<TokenBatch, TokenBatch> {
    validationTokens.streams(options.streams, steps: options.steps)
  }

  public var size: (count: Int, unit: String) { (trainingTokens.count, "tokens") }
  public var updatesPerEpoch: Int { trainingExamples.count }

  public func configuration(after histories: [TrainingHistory]) -> TextGenerator.Configuration {
    TextGenerator.Configuration(
      options: options, vocabularySize: code.vocabulary.count,
      epochs: histories.first?.epochs.count ?? 0, bestEpoch: histories.first?.best?.epoch ?? 0,
      trainedOn: "\(source), the first \(NumberFormat.grouped(training.count)) characters")
  }

  public func complete(_ generator: inout TextGenerator) throws(DataError) {
    guard !test.isEmpty else { return }
    generator.configuration.evaluation = try generator.evaluation(of: test, after: known)
  }
}
