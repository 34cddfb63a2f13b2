import RecurrentCore

/// A recurrent node where one row has one step, as streams have it: kernels that are laid out beforehand, in place of
/// tensors made anew. It gives the bits that ``RecurrentNode`` gives.
final class RecurrentStep: Sendable {
  /// Where it finds what it reads, and leaves what it gives.
  struct Places: Sendable {
    let x: Program.Place
    /// The initial state, nil: zeros.
    let hidden, cell: Program.Place?
    let y, nextHidden, nextCell: Program.Place
    let scratch: Program.Place

    func settled(_ starts: [Int]) -> Places {
      Places(
        x: x.settled(starts), hidden: hidden?.settled(starts), cell: cell?.settled(starts),
        y: y.settled(starts), nextHidden: nextHidden.settled(starts),
        nextCell: nextCell.settled(starts), scratch: scratch.settled(starts))
    }
  }

  /// Weights that are copied for it at most, in floats (2 MiB): of more, several threads share a step.
  private static let mostWeights = 1 << 19

  private final class Direction: Sendable {
    let run: StreamRun
    init(_ run: StreamRun) { self.run = run }
  }

  private let first: Direction
  private let second: Direction?
  /// The node's place in its block.
  private let place: Int
  private let size: Int
  private let hasCell: Bool
  /// D·H.
  let width: Int
  /// Floats that it needs besides.
  let scratch: Int

  /// Nil for a loop that is no layer, and for large weights.
  init?(_ directions: [RecurrentDirection], place: Int, hasCell: Bool) {
    let runs = directions.compactMap { direction -> Direction? in
      let sizes = direction.sizes
      func run(_ layer: some Layer) -> StreamRun? {
        StreamRun(layer, inputSize: sizes.input, rows: 1, mostConstants: Self.mostWeights)
      }
      let run: StreamRun? =
        switch direction {
        case .lstm(let layer): run(layer)
        case .gru(let layer): run(layer)
        case .rnn(let layer): run(layer)
        case .plain: nil
        }
      return run.map(Direction.init)
    }
    guard runs.count == directions.count, let first = runs.first else { return nil }
    (self.first, second) = (first, runs.count == 2 ? runs[1] : nil)
    (self.place, self.hasCell) = (place, hasCell)
    size = directions[0].sizes.hidden
    width = runs.count * size
    scratch = runs.map(\.run.memorySize).max() ?? 0
  }

  /// The step. A state that is carried on takes the place of the initial one, and becomes the one after; false if it does
  /// not fit.
  func run(
    _ places: Places, _ buffer: UnsafeMutablePointer<Float>, _ carried: inout CarriedStates?
  ) -> Bool {
    let state = carried?[place] ?? []
    let shape = [width / size, 1, size]
    guard state.allSatisfy({ $0.shape == shape }) else { return false }
    func before(_ index: Int, _ given: Program.Place?) -> UnsafePointer<Float>? {
      state.indices.contains(index)
        ? UnsafePointer(state[index].pointer) : given.map { UnsafePointer($0.pointer(buffer)) }
    }
    let (hidden, cell) = (before(0, places.hidden), before(1, places.cell))
    let y = places.y.pointer(buffer)
    let next = (places.nextHidden.pointer(buffer), places.nextCell.pointer(buffer))
    let (x, memory) = (places.x.pointer(buffer), places.scratch.pointer(buffer))
    first.run.step(x, before: (hidden, cell), to: y, after: next, memory: memory)
    second?.run.step(
      x, before: (hidden.map { $0 + size }, cell.map { $0 + size }), to: y + size,
      after: (next.0 + size, next.1 + size), memory: memory)
    withExtendedLifetime(state) {}
    if carried != nil {
      func tensor(_ floats: UnsafeMutablePointer<Float>) -> Tensor {
        Tensor(shape: shape) { $0.update(from: floats, count: width) }
      }
      carried?[place] = hasCell ? [tensor(next.0), tensor(next.1)] : [tensor(next.0)]
    }
    return true
  }
}
