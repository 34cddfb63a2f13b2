import Recurrent

extension SequenceTagger {
  /// An entity in a text, or, of plain tags, a token with a tag other than `O`.
  public struct Entity: Sendable, Equatable {
    /// The entity's type, such as `PER`.
    public var type: String
    /// The entity's text.
    public var text: String
    /// The entity's Unicode scalars in the text, counted from 0.
    public var range: Range<Int>
  }

  /// The entities in a raw text, from left to right.
  public func entities(in text: String) -> [Entity] { entities(in: [text])[0] }

  /// The entities in raw texts: in each the same, to the bit, whatever stands beside it.
  public func entities(in texts: [String]) -> [[Entity]] {
    let tokens = tokens(in: texts)
    let numbers = numbers(of: tokens.map { $0.map(\.text) })
    return texts.indices.map { index in
      let spans = tagSet.spans(of: numbers[index])
      guard !spans.isEmpty else { return [] }
      let scalars = Array(texts[index].unicodeScalars)
      return spans.map { span in
        let first = tokens[index][span.range.lowerBound].range.lowerBound
        let range = first..<tokens[index][span.range.upperBound - 1].range.upperBound
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars[range])
        return Entity(type: span.type, text: String(text), range: range)
      }
    }
  }

  /// Whether lines are those of a CoNLL file, and no texts.
  package func areTokens(_ lines: [String]) -> Bool {
    ConllLines.areTokens(lines, tags: configuration.tags)
  }

  /// The tags of a sentence, one a token.
  public func tags(of tokens: [String]) -> [String] { tags(of: [tokens])[0] }

  /// The tags of sentences: of each the same, to the bit, whatever stands beside it. They are
  /// written in the scheme of the training part.
  public func tags(of sentences: [[String]]) -> [[String]] {
    numbers(of: sentences).map { tagSet.written($0, in: scheme) }
  }

  /// The tokens of raw texts.
  func tokens(in texts: [String]) -> [[SentenceTokenizer.Token]] {
    let places = texts.map { SentenceTokenizer.chunks(of: $0) }
    let found = chunks.values(of: places.flatMap { $0.map(\.text) }) { keys in
      keys.map {
        tokenizer.tokens(ofChunk: $0.text, isKnown: encoder.isLearned)
      }
    }
    var next = 0
    return places.map { places in
      var tokens: [SentenceTokenizer.Token] = []
      for (_, start) in places {
        for var token in found[next] {
          token.range = start + token.range.lowerBound..<start + token.range.upperBound
          tokens.append(token)
        }
        next += 1
      }
      return tokens
    }
  }

  /// The numbers of the tags of sentences.
  func numbers(of sentences: [[String]]) -> [[Int]] {
    var result = sentences.map { _ in [Int]() }
    // So many at a time that their words' features do not fill the memory.
    for start in stride(from: 0, to: sentences.count, by: 4096) {
      let part = Array(sentences[start..<min(start + 4096, sentences.count)])
      let pieces = SentencePieces(part, length: options.maximumLength)
      for (place, tags) in zip(pieces.places, numbers(ofPieces: pieces.tokens)) {
        result[start + place.sentence] += tags
      }
    }
    return result
  }

  private func numbers(ofPieces pieces: [[String]]) -> [[Int]] {
    let distinct = DistinctWords(pieces)
    let vectors = vectors(of: distinct.words)
    let buckets = LengthBuckets(lengths: pieces.map(\.count), tokenBudget: 8192)
    var result = [[Int]](repeating: [], count: pieces.count)
    for rows in buckets.batches(of: Array(pieces.indices), size: 256) {
      let tags = models.tags(
        of: rows.map { distinct.sentences[$0] }, vectors: vectors,
        contexts: extras.contextBatch(of: rows.map { pieces[$0] }))
      for (row, tags) in zip(rows, tags) { result[row] = tags }
    }
    return result
  }

  /// The features of words for each network, `[U, F]`.
  private func vectors(of words: [String]) -> [Tensor] {
    guard !words.isEmpty else { return [] }
    let width = options.wordSize
    let rows = wordVectors.values(of: words) { words in
      let features = encoder.features(of: words)
      let tables = models.map { $0.vectors(of: features).elements }
      return words.indices.map { row in
        tables.flatMap { $0[row * width..<(row + 1) * width] }
      }
    }
    return models.indices.map { member in
      var elements: [Float] = []
      elements.reserveCapacity(rows.count * width)
      for row in rows { elements += row[member * width..<(member + 1) * width] }
      return Tensor(elements, shape: [rows.count, width])
    }
  }
}
