import Recurrent
import RecurrentFiles

/// Contextual string embeddings (Akbik, Blythe and Vollgraf 2018, "Contextual String Embeddings for
/// Sequence Labeling"): what two generators of characters know at each word of a sentence, one of which
/// reads from its end. Their weights are not trained any further.
///
///     h(w) = [f(w), b(w)]
///
/// where f(w) is the forward generator's hidden state behind the last character of w, and b(w) the
/// backward one's behind the first, which it reads last. Each sentence is read alone, as if a line end stood
/// before and behind it, with one space between words. Characters that a generator does not know are
/// its unknown token.
public struct LanguageModels: Sendable {
  /// The one that reads from the start.
  public let forward: TextGenerator
  /// The one that reads from the end.
  public let backward: TextGenerator

  /// Two generators.
  ///
  /// - Throws: ``DataError`` if one reads other tokens than characters, or in the other direction.
  public init(
    forward: TextGenerator, backward: TextGenerator,
    sources: (forward: String, backward: String) = ("the forward model", "the backward model")
  ) throws(DataError) {
    (self.forward, self.backward) = (forward, backward)
    for (generator, source, isBackward) in [
      (forward, sources.forward, false), (backward, sources.backward, true),
    ] {
      guard generator.options.tokens == .characters else {
        throw DataError(
          file: source, problem: "reads \(generator.code.explanation), expected characters",
          advice: "Train it by `recurrent train generator` with --tokens characters")
      }
      guard (generator.options.readsBackward == true) == isBackward else {
        throw DataError(
          file: source,
          problem: isBackward
            ? "reads texts from their start, expected one that reads from the end"
            : "reads texts from their end, expected one that reads from the start",
          advice: "Name the forward model first and then the backward one, which "
            + "`recurrent train generator --backward` makes")
      }
      // Less than what a file of the model folder may hold.
      guard generator.model.parameterCount <= 60_000_000 else {
        throw DataError(
          file: source,
          problem: "has \(NumberFormat.grouped(generator.model.parameterCount)) weights, expected "
            + "60,000,000 or fewer", advice: "Train it with a smaller --hidden")
      }
    }
  }

  /// Reads two model folders.
  ///
  /// - Throws: ``DataError`` if one is no generator, or none for its place.
  public init(forward: String, backward: String) throws(DataError) {
    try self.init(
      forward: TextGenerator(contentsOf: forward), backward: TextGenerator(contentsOf: backward),
      sources: (forward, backward))
  }

  /// W, the numbers of a word's state.
  public var stateSize: Int { forward.stateSize + backward.stateSize }

  /// The states of the words of sentences, of each `[T, W]` row by row: the same, to the bit, whatever
  /// stands beside it.
  func states(of sentences: [[String]]) -> [[Float]] {
    let halves = [forward, backward].map { $0.wordStates(of: sentences) }
    let sizes = [forward, backward].map(\.stateSize)
    return sentences.indices.map { index in
      var row: [Float] = []
      row.reserveCapacity(sentences[index].count * stateSize)
      for word in sentences[index].indices {
        for (half, size) in zip(halves, sizes) {
          row += half[index][word * size..<(word + 1) * size]
        }
      }
      return row
    }
  }

  /// The two in words.
  var explanation: String {
    [("forward", forward), ("backward", backward)].map { name, generator in
      "\(name) \(generator.options.cell.rawValue.uppercased()) of \(generator.stateSize) units"
    }.joined(separator: ", ") + " over characters, trained on \(forward.configuration.trainedOn)"
  }
}

extension TextGenerator {
  /// The numbers of a hidden state of the last layer.
  fileprivate var stateSize: Int { model.head.weights.shape[0] }

  /// The last layer's hidden state behind each word of sentences, read in this generator's direction.
  fileprivate func wordStates(of sentences: [[String]]) -> [[Float]] {
    let size = stateSize
    var result = sentences.map { [Float](repeating: 0, count: $0.count * size) }
    let rows = sentences.map(charactersAndEnds)
    let buckets = LengthBuckets(lengths: rows.map(\.ids.count), tokenBudget: 16384)
    for batch in buckets.batches(of: Array(rows.indices), size: 64) {
      var session = Session(model, batchSize: batch.count)
      var next = batch.map { _ in 0 }
      let longest = batch.reduce(0) { max($0, rows[$1].ids.count) }
      // A long sentence is read in pieces, with the state kept.
      for start in stride(from: 0, to: longest, by: 512) {
        let piece = TokenBatch(
          batch.map { Array(rows[$0].ids.dropFirst(start).prefix(512)) })
        let hidden = session.feed(piece).hidden
        let (time, elements) = (hidden.time, hidden.values.elements)
        for (row, sentence) in batch.enumerated() {
          let ends = rows[sentence].ends
          while next[row] < ends.count, ends[next[row]].place < start + 512 {
            let (word, place) = ends[next[row]]
            let from = (row * time + place - start) * size
            result[sentence].replaceSubrange(
              word * size..<(word + 1) * size, with: elements[from..<from + size])
            next[row] += 1
          }
        }
      }
    }
    return result
  }

  /// The tokens of a sentence in the order of reading, and where each word is read to its end.
  private func charactersAndEnds(
    _ sentence: [String]
  ) -> (ids: [Int], ends: [(word: Int, place: Int)]) {
    let isBackward = options.readsBackward == true
    let space = code.ids(of: " ")
    var ids = [code.start]
    var ends: [(word: Int, place: Int)] = []
    for word in isBackward ? Array(sentence.indices.reversed()) : Array(sentence.indices) {
      if ids.count > 1 { ids += space }
      let characters = code.ids(of: sentence[word])
      ids += isBackward ? characters.reversed() : characters
      ends.append((word, ids.count - 1))
    }
    return (ids, ends)
  }
}

// In the model folder of a tagger each of the two is three files.
extension LanguageModels {
  private static let names = ["forward", "backward"]
  private static let weights = ".safetensors"
  private static let configuration = ".config.json"

  var files: [(name: String, bytes: [UInt8])] {
    get throws(DataError) {
      var files: [(name: String, bytes: [UInt8])] = []
      for (name, generator) in zip(Self.names, [forward, backward]) {
        files.append(
          (
            name + Self.configuration,
            try encodeJSON(generator.configuration, file: name + Self.configuration)
          ))
        for file in try generator.extras.files {
          files.append((name + "." + file.name, file.bytes))
        }
        files.append(
          (name + Self.weights, SafetensorsFile.encode(generator.storedTensors)))
      }
      return files
    }
  }

  /// The language models in a tagger's model folder; nil if it has none.
  init?<Configuration>(in folder: ModelFolder.Contents<Configuration>) throws(DataError) {
    func generator(_ name: String) throws(DataError) -> TextGenerator {
      let weights = try SafetensorsFile(
        bytes: folder.extraFile(name + Self.weights),
        source: folder.path + "/" + name + Self.weights)
      return try TextGenerator(
        ModelFolder.Contents(
          path: folder.path + "/" + name + ".", summary: folder.summary,
          configuration: try folder.decoded(name + Self.configuration), weights: weights,
          extraFiles: [TextCode.file: try folder.extraFile(name + "." + TextCode.file)]))
    }
    guard Self.names.contains(where: { folder.extraFiles[$0 + Self.configuration] != nil }) else {
      return nil
    }
    try self.init(
      forward: generator("forward"), backward: generator("backward"),
      sources: (folder.path + "/forward.config.json", folder.path + "/backward.config.json"))
  }
}
