import InferenceProtocol

/// What can be done with a stream between its steps.
extension StreamTable {
  /// A stream as one can be told of it.
  public struct Summary: Sendable, Equatable {
    /// Steps that it took.
    public var steps: Int
    /// The names of its snapshots, the oldest first.
    public var snapshots: [String]
    /// The time since the last step.
    public var idle: Duration
  }

  /// The steps, snapshots and idle time of a stream.
  public func summary(of id: SequenceID) throws(RequestError) -> Summary {
    let slot = try slot(id)
    let idle = Duration.nanoseconds(max(0, now - slot.lastUse.load(ordering: .relaxed)))
    return slot.contents.withLock {
      Summary(steps: $0.steps, snapshots: $0.snapshots.map(\.name), idle: idle)
    }
  }

  /// Keeps the state as it is under a name, also in place of another of that name.
  public func snapshot(_ id: SequenceID, as name: String) throws(RequestError) {
    try change(id) { contents, _ throws(RequestError) in
      contents.snapshots.removeAll { $0.name == name }
      guard contents.snapshots.count < limits.snapshots else {
        throw RequestError(
          .conflict, "A stream has at most \(limits.snapshots) snapshots: give one's name again.")
      }
      contents.snapshots.append((name, contents.stream, contents.steps))
    }
  }

  /// Goes on from a snapshot.
  public func rollBack(
    _ id: SequenceID, to name: String
  ) throws(RequestError) -> WrittenState? {
    try change(id) { contents, slot throws(RequestError) in
      guard let kept = contents.snapshots.first(where: { $0.name == name }) else {
        throw RequestError(.missing, "The stream has no snapshot \(quoted(name)).")
      }
      (contents.stream, contents.steps) = (kept.stream, kept.steps)
      return save(contents, of: slot, as: id)
    }
  }

  /// Makes a stream `other` that goes on from where stream `id` is.
  public func fork(_ id: SequenceID, to other: SequenceID) throws(RequestError) -> WrittenState? {
    guard other != id, shard(of: other).slot(other) == nil else {
      throw RequestError(.conflict, "Sequence \(quoted(other.description)) is there already.")
    }
    let (stream, steps) = try change(id) { contents, _ throws(RequestError) in
      (contents.stream, contents.steps)
    }
    return try insert(stream, steps: steps, as: other)
  }

  /// The state of a stream.
  public func export(_ id: SequenceID) throws(RequestError) -> SavedState {
    try change(id) { contents, _ throws(RequestError) in contents.saved }
  }

  /// A stream that goes on from a state, also in place of another of its name.
  public func importing(
    _ state: SavedState, as id: SequenceID, beginning: () throws(RequestError) -> any ServedStream
  ) throws(RequestError) -> WrittenState? {
    var stream = try beginning()
    try stream.restore(state.tensors)
    return try insert(stream, steps: state.steps, as: id)
  }

  /// Ends a stream.
  public func end(_ id: SequenceID) throws(RequestError) -> WrittenState? {
    _ = try slot(id)
    return try remove(id, .ended)
  }

  /// Brings back the streams that were kept.
  ///
  /// - Returns: how many; and those that are of another model.
  func restoreAll(
    beginning: () throws(RequestError) -> any ServedStream
  ) throws -> (restored: Int, refused: [SequenceID]) {
    var (restored, refused) = (0, [SequenceID]())
    for (id, state) in try store?.states(of: model) ?? [] {
      do throws(RequestError) {
        var stream = try beginning()
        try stream.restore(state.tensors)
        try insert(stream, steps: state.steps, as: id, writes: false)
        restored += 1
      } catch {
        refused.append(id)
      }
    }
    return (restored, refused)
  }

  private func slot(_ id: SequenceID) throws(RequestError) -> Slot {
    let shard = shard(of: id)
    guard let slot = shard.slot(id) else {
      var error = missing(id, in: shard)
      if error.kind == .conflict { error.kind = .missing }
      throw error
    }
    return slot
  }

  @discardableResult
  private func change<Value: Sendable>(
    _ id: SequenceID, _ body: (inout Slot.Contents, Slot) throws(RequestError) -> Value
  ) throws(RequestError) -> Value {
    let slot = try slot(id)
    slot.lastUse.store(now, ordering: .relaxed)
    return try slot.contents.withLock { contents throws(RequestError) in try body(&contents, slot) }
  }
}
