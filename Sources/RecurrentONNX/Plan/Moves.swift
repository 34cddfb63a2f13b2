import RecurrentCore

/// Elements that move from values to another: whole blocks, and single ones where no block is long.
struct Moves: Sendable {
  private struct Block: Sendable { var source, from, to, count: Int }
  private struct Single: Sendable { let from, to: Int32 }

  private var blocks: [Block] = []
  /// By source.
  private var singles: [[Single]]
  private var fills: [Block] = []

  /// - Parameter origins: Of each element of the result its place among the elements of all sources,
  ///   which stand one after the other, counted from 1; 0 for what is put around.
  init(_ origins: [Int64], sizes: [Int]) {
    singles = Array(repeating: [], count: sizes.count)
    var starts = [1]
    for size in sizes { starts.append(starts[starts.count - 1] + size) }
    var place = 0
    while place < origins.count {
      let first = Int(origins[place])
      var count = 1
      if first == 0 {
        while place + count < origins.count, origins[place + count] == 0 { count += 1 }
        fills.append(Block(source: 0, from: 0, to: place, count: count))
        place += count
        continue
      }
      let source = (starts.firstIndex { $0 > first } ?? 1) - 1
      while place + count < origins.count, Int(origins[place + count]) == first + count,
        first + count < starts[source + 1]
      { count += 1 }
      let block = Block(source: source, from: first - starts[source], to: place, count: count)
      if count < 4 {
        singles[source] += (0..<count).map {
          Single(from: Int32(block.from + $0), to: Int32(place + $0))
        }
      } else {
        blocks.append(block)
      }
      place += count
    }
  }

  /// The source of all elements and the first of them, where none changes its place among them.
  func view(of count: Int) -> (source: Int, from: Int)? {
    guard fills.isEmpty else { return nil }
    let alone = singles.flatMap { $0 }
    if blocks.count == 1, alone.isEmpty { return (blocks[0].source, blocks[0].from) }
    guard blocks.isEmpty, alone.count == count, let first = alone.first,
      let source = singles.firstIndex(where: { !$0.isEmpty }), singles[source].count == count,
      alone.indices.allSatisfy({ alone[$0].from == first.from + Int32($0) })
    else { return nil }
    return (source, Int(first.from))
  }

  /// Moves them; around them goes 0.
  func callAsFunction(
    _ sources: (_ index: Int) -> UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>
  ) {
    for block in blocks {
      (y + block.to).update(from: sources(block.source) + block.from, count: block.count)
    }
    for fill in fills { (y + fill.to).update(repeating: 0, count: fill.count) }
    for index in singles.indices where !singles[index].isEmpty {
      let x = sources(index)
      singles[index].withUnsafeBufferPointer {
        for single in $0 { y[Int(single.to)] = x[Int(single.from)] }
      }
    }
  }
}
