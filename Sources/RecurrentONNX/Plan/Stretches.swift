/// The stretches of a program's buffer, each with the operations from which to which it is needed.
struct Stretches {
  private var all: [(size: Int, first: Int, last: Int)] = []

  /// A new one that is needed from an operation on.
  mutating func add(_ size: Int, at operation: Int) -> Int {
    all.append((size, operation, operation))
    return all.count - 1
  }

  /// Tells that an operation needs it.
  mutating func use(_ place: Program.Place, at operation: Int) {
    guard place.constant == nil else { return }
    all[place.stretch].last = max(all[place.stretch].last, operation)
  }

  func size(_ place: Program.Place) -> Int { all[place.stretch].size }

  /// Where each begins, in whole lines of memory, and how many floats the buffer has. Those that are needed at the same
  /// time do not overlap; the first gap that is wide enough is taken.
  func layout() -> (starts: [Int], size: Int) {
    var starts: [Int] = []
    var size = 0
    for (index, stretch) in all.enumerated() {
      let width = (stretch.size + 15) / 16 * 16
      let taken = all.indices.prefix(index).filter {
        all[$0].first <= stretch.last && stretch.first <= all[$0].last
      }.map { (starts[$0], starts[$0] + (all[$0].size + 15) / 16 * 16) }.sorted { $0.0 < $1.0 }
      var start = 0
      for (from, to) in taken {
        if start + width <= from { break }
        start = max(start, to)
      }
      starts.append(start)
      size = max(size, start + width)
    }
    return (starts, size)
  }
}

// MARK: - Places where the layout has the stretches

extension Program.Place {
  func settled(_ starts: [Int]) -> Self {
    constant == nil ? Self(offset: offset + starts[stretch]) : self
  }
}

extension Program.Source {
  func settled(_ starts: [Int]) -> Self {
    guard case .floats(let place, let shape, let type) = self else { return self }
    return .floats(place.settled(starts), shape: shape, type)
  }
}

extension Program.Target {
  func settled(_ starts: [Int]) -> Self {
    guard case .floats(let place, let shape, let type) = self else { return self }
    return .floats(place.settled(starts), shape: shape, type)
  }
}

extension Program.Operation {
  func settled(_ starts: [Int]) -> Self {
    switch self {
    case .placed(let body, let x, let second, let y, let scratch):
      .placed(
        body, x: x.settled(starts), second: second.settled(starts), y: y.settled(starts),
        scratch: scratch.settled(starts))
    case .moves(let moves, let places, let y):
      .moves(moves, places.map { $0.settled(starts) }, y: y.settled(starts))
    case .recurrent(let step, let places): .recurrent(step, places.settled(starts))
    case .whole(let index, let sources, let targets):
      .whole(index, sources.map { $0.settled(starts) }, targets.map { $0.settled(starts) })
    }
  }
}
