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

extension Program {
  /// Puts every stretch where the layout has it.
  mutating func settle(_ starts: [Int]) {
    func settled(_ place: Place) -> Place {
      place.constant == nil
        ? Place(offset: place.offset + starts[place.stretch]) : place
    }
    func settled(_ source: Source) -> Source {
      guard case .floats(let place, let shape, let type) = source else { return source }
      return .floats(settled(place), shape: shape, type)
    }
    func settled(_ target: Target) -> Target {
      guard case .floats(let place, let shape, let type) = target else { return target }
      return .floats(settled(place), shape: shape, type)
    }
    inputs = inputs.map { settled($0) }
    outputs = outputs.map { settled($0) }
    operations = operations.map { operation in
      switch operation {
      case .placed(let body, let x, let second, let y, let scratch):
        .placed(
          body, x: settled(x), second: settled(second), y: settled(y), scratch: settled(scratch))
      case .moves(let moves, let places, let y):
        .moves(moves, places.map { settled($0) }, y: settled(y))
      case .whole(let index, let sources, let targets):
        .whole(index, sources.map { settled($0) }, targets.map { settled($0) })
      }
    }
  }
}
