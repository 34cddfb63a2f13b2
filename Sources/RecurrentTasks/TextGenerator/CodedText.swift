import Recurrent
import RecurrentFiles

/// What a network reads of a stretch of tokens, and what it is to foretell: the tokens, each after
/// the one before it.
struct CodedText: Sendable {
  private let tokens: TokenFile
  private let first: Int
  private let isReversed: Bool

  init(_ tokens: [Int], after first: Int) {
    (self.tokens, self.first, isReversed) = (TokenFile(tokens), first, false)
  }

  /// A text in the direction in which the options have it read.
  init(
    _ text: TextPart, _ code: TextCode, _ options: TextGeneratorOptions,
    mostKept: Int = TokenFile.mostKept
  ) throws(DataError) {
    var writer = TokenFile.Writer(mostKept: mostKept)
    try text.forEachPiece { piece, isFirst throws(DataError) in
      try writer.append(code.ids(of: piece, isStart: isFirst))
    }
    tokens = try writer.finish()
    (first, isReversed) = (code.start, options.readsBackward == true)
  }

  var count: Int { tokens.count }
  /// Bytes on the disk.
  var fileSize: Int { tokens.fileSize }
  /// Bytes in memory.
  var keptSize: Int { tokens.keptSize }
  var targets: [Int] { targets(0..<count) }
  var inputs: [Int] { inputs(0..<count) }

  func targets(_ range: Range<Int>) -> [Int] {
    isReversed
      ? tokens.tokens(count - range.upperBound..<count - range.lowerBound).reversed()
      : tokens.tokens(range)
  }

  func inputs(_ range: Range<Int>) -> [Int] {
    guard range.lowerBound == 0, !range.isEmpty else {
      return targets(range.isEmpty ? 0..<0 : range.lowerBound - 1..<range.upperBound - 1)
    }
    return [first] + targets(0..<range.upperBound - 1)
  }

  /// Calls `body` with all targets, some at a time.
  func forEachTargets(_ body: ([Int]) -> Void) {
    for start in stride(from: 0, to: count, by: 1 << 16) {
      body(targets(start..<min(start + 1 << 16, count)))
    }
  }

  /// Several places of the text side by side, cut every `steps` tokens. There are fewer places than
  /// asked for if they would not fill a cut; tokens left over at the end are dropped.
  func streams(_ places: Int, steps: Int) -> StreamExamples<TokenBatch, TokenBatch> {
    let places = max(1, min(places, count / steps))
    func rows(_ read: @escaping @Sendable (Range<Int>) -> [Int]) -> TokenBatch {
      let length = count / places
      return TokenBatch(rows: places, time: length) { row, steps in
        read(row * length + steps.lowerBound..<row * length + steps.upperBound)
      }
    }
    return StreamExamples(
      inputs: rows { inputs($0) }, targets: rows { targets($0) }, stepsPerUpdate: steps)
  }
}
