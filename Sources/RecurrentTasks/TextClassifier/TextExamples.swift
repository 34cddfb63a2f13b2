import Recurrent

/// Texts as numbers, with the numbers of their classes.
public struct TextExamples: ExampleSet {
  let encoder: TextEncoder
  let texts: EncodedTexts
  let classes: [Int]
  private let buckets: LengthBuckets

  init(_ texts: EncodedTexts, classes: [Int], encoder: TextEncoder, tokenBudget: Int?) {
    self.encoder = encoder
    self.texts = texts
    self.classes = classes
    buckets = LengthBuckets(
      lengths: (0..<texts.count).map(texts.length), tokenBudget: tokenBudget)
  }
}

/// Texts as numbers: in memory, or on the disk if they are many.
struct EncodedTexts: Sendable {
  private let tokens: TokenLists
  private let terms: TokenLists
  /// The class of each that was counted; nil: none was.
  private let own: [Int]?

  /// - Parameters:
  ///   - texts: read one after another.
  ///   - own: the class of each text that naive Bayes has counted.
  ///   - mostKept: tokens that are kept in memory.
  init(
    _ texts: some Sequence<LabeledTexts.Example>, by encoder: TextEncoder, leavingOut own: [Int]?,
    mostKept: Int
  ) throws(DataError) {
    var tokens = TokenLists.Writer(mostKept: mostKept)
    var terms = TokenLists.Writer(mostKept: mostKept)
    for example in texts {
      let encoded = encoder.encoded(encoder.tokens(in: example.text))
      try tokens.append(encoded.tokens)
      try terms.append(encoded.terms)
    }
    (self.tokens, self.terms) = (try tokens.finish(), try terms.finish())
    self.own = own
  }

  var count: Int { tokens.count }
  /// Bytes on the disk.
  var fileSize: Int { tokens.fileSize + terms.fileSize }
  /// Bytes in memory.
  var keptSize: Int {
    tokens.keptSize + terms.keptSize + (own?.count ?? 0) * MemoryLayout<Int>.size
  }
  /// The number of tokens in a text.
  func length(_ index: Int) -> Int { tokens.length(index) }

  subscript(index: Int) -> EncodedText {
    EncodedText(tokens: tokens[index], terms: terms[index], own: own?[index])
  }
}

/// What the network of a text classifier reads.
public struct TextBatch: BatchValue {
  /// The tokens.
  public let tokens: TokenBatch
  /// The evidence that naive Bayes has for each class, `[B, C]`; nil without it.
  public let evidence: Tensor?

  /// B, the number of rows.
  public var batchSize: Int { tokens.batchSize }

  /// The texts at `indices`, in that order.
  public func rows(_ indices: [Int]) -> TextBatch {
    TextBatch(tokens: tokens.rows(indices), evidence: evidence?.rows(indices))
  }
}

extension TokenBatch {
  /// A batch of at least one step, which recurrent layers need even if every row is empty.
  init(padded rows: [[Int]]) {
    self.init(rows, time: max(1, rows.map(\.count).max() ?? 0))
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TextExamples {
  public var count: Int { texts.count }

  public func batch(_ indices: [Int]) -> (texts: TextBatch, classes: [Int]) {
    (encoder.batch(indices.map { texts[$0] }), indices.map { classes[$0] })
  }

  public func batches(of order: [Int], size: Int) -> [[Int]] {
    buckets.batches(of: order, size: size)
  }
}
