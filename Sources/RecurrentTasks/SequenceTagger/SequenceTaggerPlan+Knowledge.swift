import Recurrent
import RecurrentFiles

// What a plan knows of words beside its sentences: language models and lists of names.

extension SequenceTaggerPlan {
  /// The bytes of what language models and lists know of each word of the training and the validation
  /// part.
  var contextBytes: Double {
    Double(training.tokenCount + validation.tokenCount) * Double(extras.contextSize.total) * 4
  }

  /// Whether it is computed once: it may take a quarter of the memory.
  var keepsContexts: Bool { contextBytes <= Double(memorySize) / 4 }

  /// Throws if a model to go on from would get others than it has.
  func checkKnowledge(languageModels: LanguageModels?, lists: [String]) throws(DataError) {
    guard origin != nil else {
      return try require(
        options.languageSize != nil && languageModels == nil
          ? "the language size is that of language models, and there are none" : nil,
        of: "the options")
    }
    for (isGiven, what) in [(languageModels != nil, "language models"), (!lists.isEmpty, "lists")]
    where isGiven {
      throw DataError(
        file: "the model to go on from", problem: "keeps its \(what), or has none",
        advice: "Leave --\(what == "lists" ? what : "language-models") out, or train anew")
    }
  }

  /// What is known, as lines of the plan.
  var knowledge: [String] {
    var lines: [String] = []
    if let models = extras.languageModels {
      lines.append("language    \(models.explanation)")
      let words = NumberFormat.grouped(training.tokenCount + validation.tokenCount)
      let bytes = NumberFormat.bytes(contextBytes)
      lines.append(
        "            their states of \(models.stateSize) numbers at \(words) words are computed "
          + (keepsContexts
            ? "once and kept: \(bytes)" : "in each epoch anew: \(bytes) are too many to be kept"))
    }
    if let lists = extras.lists {
      lines.append(lists.explanation(on: training.sentences.map(\.tokens)))
    }
    return lines
  }
}

extension SequenceTagger.Words {
  /// Words, characters, and how raw text is cut, learned from the training part; the names of lists are
  /// cut as it is.
  init(
    learningFrom tokens: [[String]], options: SequenceTaggerOptions, vectors path: String?,
    reading vectors: inout StartingVectors?, languageModels: LanguageModels?, lists: [String]
  ) throws(DataError) {
    let encoder = try WordEncoder(
      learningFrom: tokens, options: options, vectors: path, reading: &vectors)
    let tokenizer = SentenceTokenizer(learningFrom: tokens)
    self.init(encoder: encoder, tokenizer: tokenizer, languageModels: languageModels)
    guard !lists.isEmpty else { return }
    self.lists = try NameLists(lists) { name in
      SentenceTokenizer.chunks(of: name).flatMap { chunk in
        tokenizer.tokens(ofChunk: chunk.text.text, isKnown: encoder.isLearned).map(\.text)
      }
    }
  }
}
