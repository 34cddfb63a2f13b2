import Recurrent
import RecurrentFiles

/// Numbers of tokens: in memory, or, if they are many, in a file without a name, four bytes each.
struct TokenFile: Sendable {
  /// Tokens that are kept in memory: 64 MiB of them.
  static let mostKept = 1 << 24

  let count: Int
  private let kept: [UInt32]
  private let file: ScratchFile?

  /// Tokens that are there already.
  init(_ tokens: [Int]) {
    (count, kept, file) = (tokens.count, tokens.map(UInt32.init), nil)
  }

  /// Bytes on the disk.
  var fileSize: Int { file == nil ? 0 : count * MemoryLayout<UInt32>.size }
  /// Bytes in memory.
  var keptSize: Int { kept.count * MemoryLayout<UInt32>.size }

  /// Some of the tokens.
  func tokens(_ range: Range<Int>) -> [Int] {
    guard let file else { return kept[range].map(Int.init) }
    var part = [UInt32](repeating: 0, count: range.count)
    part.withUnsafeMutableBytes {
      file.read(into: $0, at: range.lowerBound * MemoryLayout<UInt32>.size)
    }
    return part.map(Int.init)
  }

  /// Takes tokens one after another.
  struct Writer {
    private let mostKept: Int
    private(set) var count = 0
    private var waiting: [UInt32] = []
    private var file: ScratchFile?

    init(mostKept: Int = TokenFile.mostKept) { self.mostKept = mostKept }

    mutating func append(_ tokens: [Int]) throws(DataError) {
      count += tokens.count
      waiting += tokens.map(UInt32.init)
      guard waiting.count > mostKept || file != nil && waiting.count >= 1 << 18 else { return }
      try writeWaiting()
    }

    private mutating func writeWaiting() throws(DataError) {
      let file = if let file { file } else { try ScratchFile() }
      self.file = file
      let start = (count - waiting.count) * MemoryLayout<UInt32>.size
      try waiting.withUnsafeBufferPointer { tokens throws(DataError) in
        try file.write(UnsafeRawBufferPointer(tokens), at: start)
      }
      waiting.removeAll(keepingCapacity: true)
    }

    /// The file of all tokens.
    consuming func finish() throws(DataError) -> TokenFile {
      if file != nil { try writeWaiting() }
      return TokenFile(count: count, kept: waiting, file: file)
    }
  }

  private init(count: Int, kept: [UInt32], file: ScratchFile?) {
    (self.count, self.kept, self.file) = (count, kept, file)
  }
}

/// Lists of tokens, one after another in a file of them.
struct TokenLists: Sendable {
  private let tokens: TokenFile
  /// Where each begins, and the end of the last.
  private let starts: [Int]

  /// Lists.
  var count: Int { starts.count - 1 }
  /// Bytes on the disk.
  var fileSize: Int { tokens.fileSize }
  /// Bytes in memory.
  var keptSize: Int { tokens.keptSize + starts.count * MemoryLayout<Int>.size }

  subscript(index: Int) -> [Int] { tokens.tokens(starts[index]..<starts[index + 1]) }
  /// The number of tokens in one.
  func length(_ index: Int) -> Int { starts[index + 1] - starts[index] }

  /// Takes lists one after another.
  struct Writer {
    private var tokens: TokenFile.Writer
    private var starts = [0]

    init(mostKept: Int = TokenFile.mostKept) { tokens = TokenFile.Writer(mostKept: mostKept) }

    mutating func append(_ list: [Int]) throws(DataError) {
      try tokens.append(list)
      starts.append(tokens.count)
    }

    /// The lists of all tokens.
    consuming func finish() throws(DataError) -> TokenLists {
      TokenLists(tokens: try tokens.finish(), starts: starts)
    }
  }

  private init(tokens: TokenFile, starts: [Int]) { (self.tokens, self.starts) = (tokens, starts) }
}
