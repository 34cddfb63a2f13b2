import Dispatch
import Foundation
import RecurrentFiles
internal import RecurrentKernels
import Synchronization

/// Brings together what the ranks' shards say of the weights, while the backward pass goes on: as soon
/// as the gradients of some parameters are there, from the last ones on, they are added up.
///
/// Parameters go in buckets of about a megabyte. Of a bucket's dense gradients each rank adds up one
/// piece and sends it to all; rows of embeddings go as rows, and each rank adds them up itself. What is
/// added to what follows from ``ShardTree``.
final class GradientExchange: Sendable {
  /// The gradients of parameters and the changes of statistics, by their place in the model.
  typealias Leaves = [Gradient?]

  private let communicator: any Communicator
  private let context = ExecutionContext.current
  private let queue = DispatchQueue(label: "recurrent.gradients", qos: .userInitiated)
  private let shapes: [[Int]]
  /// In the order in which they go.
  private let buckets: [[Int]]
  private let bucketOfLeaf: [Int]
  /// The subtrees of all ranks, by rank and so from left to right.
  private let subtrees: [[Range<Int>]]

  private struct State {
    /// Of each own subtree.
    var values: [Leaves] = []
    /// Leaves of each bucket that are not there yet.
    var missing: [Int]
    var sent = 0
    var result: Leaves
  }

  private let state: Mutex<State>

  /// From how many floats on a bucket goes in pieces.
  private static let smallestPieces = 4096
  private static let floatsOfBucket = 1 << 18

  /// An exchange for one update of a model with tensors of these shapes.
  init(_ communicator: any Communicator, shapes: [[Int]], shards: Int) {
    self.communicator = communicator
    self.shapes = shapes
    var (buckets, floats): ([[Int]], Int) = ([], .max)
    var bucketOfLeaf = [Int](repeating: 0, count: shapes.count)
    for leaf in shapes.indices.reversed() {
      if floats >= Self.floatsOfBucket {
        buckets.append([])
        floats = 0
      }
      bucketOfLeaf[leaf] = buckets.count - 1
      buckets[buckets.count - 1].append(leaf)
      floats += shapes[leaf].reduce(1, *)
    }
    (self.buckets, self.bucketOfLeaf) = (buckets, bucketOfLeaf)
    subtrees = ShardTree.subtrees(ranks: communicator.size, shards: shards)
    state = Mutex(
      State(missing: buckets.map(\.count), result: .init(repeating: nil, count: shapes.count)))
  }

  /// The subtrees of the shards that this rank adds up.
  var own: [Range<Int>] { subtrees[communicator.rank] }

  /// What the next of the own subtrees says.
  func append(_ leaves: Leaves) { state.withLock { $0.values.append(leaves) } }

  /// What the last of them says of one leaf, each of which comes once.
  func append(_ gradient: Gradient?, at leaf: Int) {
    let ready = state.withLock { state -> Range<Int> in
      if state.values.count < own.count {
        state.values.append(.init(repeating: nil, count: shapes.count))
      }
      state.values[own.count - 1][leaf] = gradient
      state.missing[bucketOfLeaf[leaf]] -= 1
      let first = state.sent
      while state.sent < buckets.count, state.missing[state.sent] == 0 { state.sent += 1 }
      return first..<state.sent
    }
    for bucket in ready {
      let leaves = buckets[bucket]
      let values = state.withLock { state -> [Leaves] in
        let values: [Leaves] = state.values.map { values in leaves.map { values[$0] } }
        for subtree in state.values.indices {
          for leaf in leaves { state.values[subtree][leaf] = nil }
        }
        return values
      }
      queue.async { [self] in
        let found = context.run { sums(of: leaves, values) }
        state.withLock { state in
          for (leaf, sum) in zip(leaves, found) { state.result[leaf] = sum }
        }
      }
    }
  }

  /// The sums over all ranks, once all leaves were given.
  func result() -> Leaves {
    queue.sync {}
    return state.withLock { state in
      require(
        state.sent == buckets.count, "all gradients are given before their sums are asked for")
      return state.result
    }
  }

  // MARK: A bucket

  /// What a rank has of a leaf: nothing, a whole tensor, or so many rows.
  private enum Kind {
    static let none: Int32 = -1
    static let dense: Int32 = -2

    static func of(_ gradient: Gradient?) -> Int32 {
      gradient.map { $0.rows.map { Int32($0.indices.count) } ?? dense } ?? none
    }
  }

  /// - Parameter own: by subtree and leaf.
  private func sums(of leaves: [Int], _ own: [[Gradient?]]) -> [Gradient?] {
    let kinds = communicator.gathered(
      own.flatMap { $0.map(Kind.of) }, counts: subtrees.map { $0.count * leaves.count },
      repeating: Kind.none)
    /// By place among the leaves: the kind of each subtree, rank by rank.
    let kindsOfLeaf = leaves.indices.map { place in
      kinds.map { rank in
        stride(from: place, to: rank.count, by: leaves.count).map { rank[$0] }
      }
    }
    func places(_ isTaken: (_ hasDense: Bool, _ isThere: Bool) -> Bool) -> [Int] {
      leaves.indices.filter { place in
        let all = kindsOfLeaf[place].joined()
        return isTaken(all.contains(Kind.dense), all.contains { $0 != Kind.none })
      }
    }
    var result = [Gradient?](repeating: nil, count: leaves.count)
    let dense = places { hasDense, _ in hasDense }
    let sums = denseSums(
      shapes: dense.map { shapes[leaves[$0]] }, own.map { values in dense.map { values[$0] } },
      isThere: dense.map { place in kindsOfLeaf[place].map { $0.map { $0 != Kind.none } } })
    for (place, sum) in zip(dense, sums) { result[place] = Gradient(sum) }
    let sparse = places { hasDense, isThere in !hasDense && isThere }
    let rows = sparseSums(
      shapes: sparse.map { shapes[leaves[$0]] }, own.map { values in sparse.map { values[$0] } },
      kinds: sparse.map { kindsOfLeaf[$0] })
    for (place, sum) in zip(sparse, rows) { result[place] = sum }
    return result
  }

  /// - Parameters:
  ///   - own: by subtree and leaf.
  ///   - isThere: by leaf, rank and subtree.
  private func denseSums(
    shapes: [[Int]], _ own: [[Gradient?]], isThere: [[[Bool]]]
  ) -> [Tensor] {
    let counts = shapes.map { $0.reduce(1, *) }
    let starts = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    guard let all = starts.last, all > 0 else { return shapes.map { Tensor.zeros($0) } }
    let (rank, size) = (communicator.rank, communicator.size)
    let inPieces = all >= Self.smallestPieces
    func piece(_ rank: Int) -> Range<Int> { self.piece(rank, of: all, inPieces) }
    var mine = Tensor(shape: [own.count, all]) { target in
      for (subtree, leaves) in own.enumerated() {
        for (leaf, gradient) in leaves.enumerated() {
          let place = target + subtree * all + starts[leaf]
          guard let tensor = gradient?.tensor else {
            place.update(repeating: 0, count: counts[leaf])
            continue
          }
          place.update(from: tensor.pointer, count: counts[leaf])
          withExtendedLifetime(tensor) {}
        }
      }
    }
    var theirs = (0..<size).map { other in
      Tensor(shape: [other == rank ? 0 : subtrees[other].count, piece(rank).count]) { _ in }
    }
    let own = mine.mutablePointer()
    let received = theirs.indices.map { theirs[$0].mutablePointer() }
    communicator.exchange(
      communicator.others.flatMap { other in
        subtrees[rank].indices.map { subtree in
          let range = piece(other)
          return (
            other, bytes(own + subtree * all + range.lowerBound, range.count)
          )
        }
      },
      communicator.others.flatMap { other in
        subtrees[other].indices.map { subtree in
          let count = piece(rank).count
          return (other, mutableBytes(received[other] + subtree * count, count))
        }
      })
    // The sums take the place of this rank's first subtree.
    let piece = self.piece(rank, of: all, inPieces)
    for leaf in counts.indices {
      let region = (starts[leaf]..<starts[leaf + 1]).clamped(to: piece)
      guard !region.isEmpty else { continue }
      let known = subtrees.indices.flatMap { other in
        subtrees[other].indices.map { subtree in
          let pointer =
            other == rank
            ? own + subtree * all + region.lowerBound
            : received[other] + subtree * piece.count + region.lowerBound - piece.lowerBound
          return (subtrees[other][subtree], isThere[leaf][other][subtree] ? pointer : nil)
        }
      }
      let sum = ShardTree.sum(known) { rk_add_scaled(1, $1, $0, Int64(region.count)) }
      guard let sum else { trap("a gradient that some rank has is added up") }
      let place = own + region.lowerBound
      if sum != place { place.update(from: sum, count: region.count) }
    }
    withExtendedLifetime(theirs) {}
    if inPieces {
      communicator.exchange(
        communicator.others.map { ($0, bytes(own + piece.lowerBound, piece.count)) },
        communicator.others.map { other in
          let range = self.piece(other, of: all, inPieces)
          return (other, mutableBytes(own + range.lowerBound, range.count))
        })
    }
    return shapes.indices.map { leaf in
      Tensor(shape: shapes[leaf]) {
        $0.update(from: mine.pointer + starts[leaf], count: counts[leaf])
      }
    }
  }

  /// The part of a bucket of so many floats that a rank adds up.
  private func piece(_ rank: Int, of all: Int, _ inPieces: Bool) -> Range<Int> {
    inPieces
      ? Parallelism.range(rank, of: communicator.size, count: all, granularity: 16) : 0..<all
  }

  /// - Parameters:
  ///   - own: by subtree and leaf.
  ///   - kinds: by leaf, rank and subtree: the number of rows.
  private func sparseSums(
    shapes: [[Int]], _ own: [[Gradient?]], kinds: [[[Int32]]]
  ) -> [Gradient?] {
    guard !shapes.isEmpty else { return [] }
    let widths = shapes.map { $0.dropFirst().reduce(1, *) }
    func rows(_ leaf: Int, _ rank: Int, _ subtree: Int) -> Int {
      max(0, Int(kinds[leaf][rank][subtree]))
    }
    let (rank, size) = (communicator.rank, communicator.size)
    /// By rank: the numbers of the rows, and their values, subtree by subtree and leaf by leaf.
    let cells = (0..<size).map { other in
      subtrees[other].indices.flatMap { subtree in shapes.indices.map { (subtree, $0) } }
    }
    let present = own.map { $0.map { $0?.rows } }
    let numbers = communicator.gathered(
      cells[rank].flatMap { present[$0][$1]?.indices.map(Int32.init) ?? [] },
      counts: (0..<size).map { other in
        cells[other].reduce(0) { $0 + rows($1.1, other, $1.0) }
      }, repeating: 0)
    let values = communicator.gathered(
      cells[rank].flatMap { present[$0][$1]?.values.elements ?? [] },
      counts: (0..<size).map { other in
        cells[other].reduce(0) { $0 + rows($1.1, other, $1.0) * widths[$1.1] }
      }, repeating: Float(0))
    var known = shapes.map { _ in [(range: Range<Int>, value: Gradient?)]() }
    for other in 0..<size {
      var (row, value) = (0, 0)
      for (subtree, leaf) in cells[other] {
        let count = rows(leaf, other, subtree)
        let floats = Array(values[other][value..<value + count * widths[leaf]])
        let isThere = kinds[leaf][other][subtree] != Kind.none
        let rows = SparseRows(
          shape: shapes[leaf], indices: numbers[other][row..<row + count].map(Int.init),
          values: Tensor(floats, shape: [count] + shapes[leaf].dropFirst()))
        known[leaf].append((subtrees[other][subtree], isThere ? Gradient(rows) : nil))
        (row, value) = (row + count, value + count * widths[leaf])
      }
    }
    return known.map { ShardTree.sum($0) { $0.add($1) } }
  }

  private func bytes(_ floats: UnsafePointer<Float>, _ count: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(UnsafeBufferPointer(start: floats, count: count))
  }

  private func mutableBytes(
    _ floats: UnsafeMutablePointer<Float>, _ count: Int
  ) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(start: floats, count: count))
  }
}
