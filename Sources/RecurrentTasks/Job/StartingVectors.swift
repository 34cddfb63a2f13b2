import Recurrent

/// Vectors of words trained elsewhere, that an embedding starts from.
public struct StartingVectors: Sendable {
  /// The vectors.
  public let table: WordVectors
  /// The path of the vectors' file.
  public let path: String
  /// Words that the training part does not have and that are known by their vector alone, in the file's
  /// order. Training does not change their vectors.
  public let others: [String]

  /// Of words that the training part does not have, as many are known unless options say otherwise:
  /// files of vectors begin with what is frequent.
  static let mostOthers = 20_000

  /// Reads those of the words of a training part, and of others.
  ///
  /// - Parameters:
  ///   - counts: how often each word comes in the training part.
  ///   - mostOthers: how many words it may lack.
  ///   - isToken: whether a text can have a word as token.
  /// - Throws: ``DataError`` if the file cannot be read, or its vectors do not have `size` numbers.
  init(
    _ path: String, counts: [String: Int], size: Int, mostOthers: Int?,
    isToken: (String) -> Bool
  ) throws(DataError) {
    self.path = path
    let most = mostOthers ?? Self.mostOthers
    var (others, found) = ([String](), Set<String>())
    table = try WordVectors(path) { word in
      if counts[word] != nil { return true }
      guard others.count < most, !found.contains(word), isToken(word) else { return false }
      found.insert(word)
      others.append(word)
      return true
    }
    self.others = others
    guard table.size == size else {
      throw DataError(
        file: path, problem: "found vectors of \(table.size) numbers, expected \(size)",
        advice: "Say --embedding \(table.size)")
    }
  }

  /// An embedding with these vectors in place of its own, where there is one.
  func replacing(_ embedding: Embedding, for vocabulary: Vocabulary) -> Embedding {
    Embedding(weights: table.replacing(embedding.weights, for: vocabulary).table)
  }

  /// A line of a plan.
  func explanation(_ vocabulary: Vocabulary, of units: String) -> String {
    let own = vocabulary.tokens[vocabulary.specialCount...].dropLast(others.count)
    let found = NumberFormat.grouped(own.count { table.vectors[$0] != nil })
    return
      "vectors     of \(path) for \(found) of \(NumberFormat.grouped(own.count)) known \(units) of "
      + "the training part and \(NumberFormat.grouped(others.count)) others"
  }
}

extension Vocabulary {
  /// The tokens of a training part that are frequent enough or have a vector, and behind them the others
  /// that have one.
  init(counts: [String: Int], minimumCount: Int, vectors: StartingVectors?) {
    guard let vectors else {
      self.init(counts: counts, minimumCount: minimumCount)
      return
    }
    let known = Vocabulary(
      counts: counts.filter { $0.value >= minimumCount || vectors.table.vectors[$0.key] != nil })
    self.init(tokens: known.tokens[known.specialCount...] + vectors.others)
  }
}
