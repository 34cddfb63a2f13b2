import RecurrentFiles

/// Vectors of words trained elsewhere, in the text format of GloVe, word2vec and fastText: a line a
/// word, then its numbers. word2vec and fastText put a line with the counts of words and numbers
/// first.
public struct WordVectors: Sendable {
  /// The numbers of a vector.
  public let size: Int
  /// The vectors by word.
  public let vectors: [String: [Float]]

  /// Reads the vectors of the words that `isWanted`.
  ///
  /// - Throws: ``DataError`` with the line for a vector of another width than the first, or a number
  ///   that is none.
  public init(
    _ path: String, encoding: TextEncoding = .utf8, isWanted: (String) -> Bool = { _ in true }
  ) throws(DataError) {
    try self.init(TextFile(path, encoding: encoding), isWanted: isWanted)
  }

  init(_ file: TextFile, isWanted: (String) -> Bool) throws(DataError) {
    var size = 0
    var found: [String: [Float]] = [:]
    for (index, line) in file.lines.enumerated() {
      var fields = line.split(separator: " ", omittingEmptySubsequences: true)
      if index == 0, fields.count == 2, fields.allSatisfy({ Int($0) != nil }) {
        size = Int(fields[1]) ?? 0
        continue
      }
      if fields.isEmpty { continue }
      if size == 0 { size = fields.count - 1 }
      // Some GloVe files have words with spaces in them; numbers too many are no word.
      if fields.count > size + 1,
        fields[1..<fields.count - size].contains(where: { Float($0) == nil })
      {
        let word = fields[..<(fields.count - size)].joined(separator: " ")
        fields = [Substring(word)] + fields.suffix(size)
      }
      guard fields.count == size + 1, size > 0 else {
        throw DataError(
          file: file.source, line: index + 1, place: "vector of \(String(fields[0]).shown)",
          problem:
            "found \(fields.count - 1) numbers, expected \(max(size, 1)) as in the lines before",
          advice: "The file may be cut off, or not be vectors in text format")
      }
      let word = String(fields[0])
      guard isWanted(word) else { continue }
      var vector: [Float] = []
      for field in fields.dropFirst() {
        guard let number = Float(field), number.isFinite else {
          throw DataError(
            file: file.source, line: index + 1, place: "vector of \(word.shown)",
            problem: "found \(String(field).shown), expected a number")
        }
        vector.append(number)
      }
      if found[word] == nil { found[word] = vector }
    }
    guard size > 0 else {
      throw DataError(
        file: file.source, problem: "there are no vectors", advice: "Expected a line for each word")
    }
    self.size = size
    vectors = found
  }
}
