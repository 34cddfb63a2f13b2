import Synchronization

/// Values that were computed once, for as many keys as there is room; when it is full, it starts
/// anew. Copies of a model share it.
final class BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private let values = Mutex<[Key: Value]>([:])
  private let capacity: Int
  private let isWorthIt: @Sendable (Key) -> Bool

  /// Room for so many values, of those keys that are worth it.
  init(capacity: Int, where isWorthIt: @escaping @Sendable (Key) -> Bool) {
    self.capacity = capacity
    self.isWorthIt = isWorthIt
  }

  /// The values of keys; those that are not there come from `compute`, all at once.
  func values(of keys: [Key], compute: ([Key]) -> [Value]) -> [Value] {
    var found = values.withLock { values in keys.map { values[$0] } }
    let missing = found.indices.filter { found[$0] == nil }
    if !missing.isEmpty {
      let computed = compute(missing.map { keys[$0] })
      for (index, value) in zip(missing, computed) { found[index] = value }
      values.withLock { values in
        if values.count + computed.count > capacity { values.removeAll(keepingCapacity: true) }
        for (index, value) in zip(missing, computed).prefix(capacity) where isWorthIt(keys[index]) {
          values[keys[index]] = value
        }
      }
    }
    return found.compactMap(\.self)
  }
}
