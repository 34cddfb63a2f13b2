import Recurrent

extension TextGenerator {
  /// What comes after `prompt`, piece by piece as it is drawn.
  ///
  /// The token at each place is drawn by a random number that depends on seed, sample and place
  /// alone: a shorter text is the beginning of a longer one, and sample 2 is the same with or
  /// without sample 1. Characters of the prompt that are not known (``TextCode``) are read as the
  /// unknown token, which is itself never drawn. Without a prompt, it goes on as after a line end.
  ///
  /// - Parameters:
  ///   - prompt: What is given; not part of the pieces.
  ///   - length: Characters as readers see them, at most.
  ///   - sampling: How tokens are drawn.
  ///   - seed: The start of all random numbers.
  ///   - sample: Which of many texts with the same seed, from 0.
  ///   - end: A text that ends it; the pieces do not contain it.
  /// - Throws: ``DataError`` for a length below 0, a way of drawing that breaks a rule, or a generator
  ///   that reads texts from their end.
  public func stream(
    prompt: String = "", length: Int = 500, sampling: Sampling = Sampling(), seed: UInt64 = 0,
    sample: Int = 0, until end: String? = nil
  ) throws(DataError) -> TextStream {
    try require(
      length < 0 ? "a text has at least 0 characters, not \(length)" : nil, of: "the text")
    try require(sampling.problem, of: "sampling")
    if options.readsBackward == true {
      throw DataError(
        file: "the generator",
        problem: "reads texts from their end, and so writes none from the start",
        advice:
          "It is for `recurrent train tagger --language-models`; train one that writes without "
          + "--backward")
    }
    return TextStream(
      self, prompt: prompt, length: length, sampling: sampling,
      key: RandomKey(seed: seed).child(sample), end: end)
  }

  /// The same at once.
  ///
  /// - Throws: ``DataError`` as ``stream(prompt:length:sampling:seed:sample:until:)``.
  public func generate(
    prompt: String = "", length: Int = 500, sampling: Sampling = Sampling(), seed: UInt64 = 0,
    sample: Int = 0, until end: String? = nil
  ) throws(DataError) -> String {
    try stream(
      prompt: prompt, length: length, sampling: sampling, seed: seed, sample: sample, until: end
    ).joined()
  }

  /// What comes after `prompt` up to the end of its line.
  ///
  /// - Throws: ``DataError`` as ``stream(prompt:length:sampling:seed:sample:until:)``.
  public func continuation(
    ofLine prompt: String, length: Int = 500, sampling: Sampling = Sampling(), seed: UInt64 = 0
  ) throws(DataError) -> String {
    var line = ""
    for piece in try stream(prompt: prompt, length: length, sampling: sampling, seed: seed) {
      guard let end = piece.firstIndex(where: \.isNewline) else {
        line += piece
        continue
      }
      return line + piece[..<end]
    }
    return line
  }
}

/// A text as it is written: pieces of whole characters, none of them empty.
///
/// A copy goes on by itself and writes the same.
public struct TextStream: Sequence, IteratorProtocol, Sendable {
  private var session: Session<TextGeneratorModel>
  private let vocabulary: Vocabulary
  private let sampling: Sampling
  private let key: RandomKey
  private let end: String?
  private var logits: [Double]
  /// Tokens drawn so far.
  private var place = 0
  /// Tokens drawn since a piece was given out.
  private var idle = 0
  /// Written, but not given out: its last character may still grow, or be where `end` begins.
  private var pending = ""
  /// Characters still to be given out.
  private var rest: Int

  fileprivate init(
    _ generator: TextGenerator, prompt: String, length: Int, sampling: Sampling, key: RandomKey,
    end: String?
  ) {
    session = Session(generator.model)
    vocabulary = generator.code.vocabulary
    self.sampling = sampling
    self.key = key
    self.end = end.flatMap { $0.isEmpty ? nil : $0 }
    rest = length
    logits = []
    let given = [generator.code.start] + generator.code.ids(of: prompt)
    for start in stride(from: 0, to: given.count, by: 1024) {
      let piece = Array(given[start...].prefix(1024))
      logits = session.feed(TokenBatch([piece])).lastLogits
    }
  }

  /// The next piece; nil at the end.
  public mutating func next() -> String? {
    while rest > 0 {
      guard let token = draw() else {
        let last = giveOut(pending[...])
        rest = 0
        return last
      }
      pending += vocabulary.tokens[token]
      logits = session.step(token).lastLogits
      // What comes next may still belong to the last character.
      let whole = pending.dropLast()
      if let end, let place = whole.firstRange(of: end) {
        let last = giveOut(whole[..<place.lowerBound])
        rest = 0
        return last
      }
      if let piece = giveOut(whole.dropLast((end?.count ?? 1) - 1)) { return piece }
    }
    return nil
  }

  /// The next token; nil if none may be drawn, or if very many did not make a character.
  private mutating func draw() -> Int? {
    guard idle < 1000 + (end?.count ?? 0) else { return nil }
    var generator = RandomGenerator(key.child(place))
    place += 1
    idle += 1
    logits[vocabulary.unknown] = -.infinity
    return sampling.draw(from: logits, using: &generator)
  }

  private mutating func giveOut(_ text: Substring) -> String? {
    let piece = String(text.prefix(rest))
    guard !piece.isEmpty else { return nil }
    rest -= piece.count
    idle = 0
    pending.removeFirst(piece.count)
    return piece
  }
}
