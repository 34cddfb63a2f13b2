import Recurrent

/// Vectors of words trained elsewhere, that an embedding starts from.
public struct StartingVectors: Sendable {
  /// The vectors.
  public let table: WordVectors
  /// The path of the vectors' file.
  public let path: String

  /// Reads those of the words of a vocabulary.
  ///
  /// - Throws: ``DataError`` if the file cannot be read, or its vectors do not have `size` numbers.
  init(_ path: String, for vocabulary: Vocabulary, size: Int) throws(DataError) {
    self.path = path
    table = try WordVectors(path) { vocabulary.contains($0) }
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
    let found = vocabulary.tokens.count { table.vectors[$0] != nil }
    return "vectors     of \(path) for \(NumberFormat.grouped(found)) of "
      + "\(NumberFormat.grouped(vocabulary.count)) \(units)"
  }
}
