import RecurrentFiles
import Synchronization

/// The floats of one or more tensors.
///
/// The only `@unchecked Sendable` of the package. It is sound because a storage is written in two
/// situations only: while the function that made it still holds the only reference, or by a tensor
/// that has just checked that it holds the only reference (`isKnownUniquelyReferenced`, as any
/// copy-on-write type does). Once two references exist, nobody writes.
final class Storage: @unchecked Sendable {
  let count: Int
  /// Nil: there are none.
  private let floats: UnsafeMutablePointer<Float>?
  private let room: BufferPool.Room
  /// Where the floats came from and go back to; nil: the system.
  private let pool: BufferPool?
  /// A number that no other content has: the storage gets a new one whenever its floats may change.
  private(set) var stamp = Storage.nextStamp()
  private static let stamps = Atomic<UInt64>(0)

  private static func nextStamp() -> UInt64 {
    stamps.add(1, ordering: .relaxed).newValue
  }

  /// The grid on which the floats lie, if whoever made them knows one.
  var grid: WeightGrid?

  /// What kernels read in place of these floats, as the recurrent matrix of a layer.
  let packed = Mutex(PackedWeights())

  /// Tells that the floats are about to change.
  func willChange() {
    stamp = Self.nextStamp()
    grid = nil
    packed.withLock { if !$0.entries.isEmpty { $0 = PackedWeights() } }
  }

  /// Room for `count` floats, not initialized.
  ///
  /// - Parameter lasts: whether it stays from step to step, as an optimizer's moments do.
  init(count: Int, lasts: Bool = false) {
    require(count >= 0, "a storage holds 0 or more floats, not \(count)")
    self.count = count
    let room = BufferPool.Room(for: count, lasts: lasts)
    if room.isPooled {
      let pool = ExecutionContext.current.buffers
      (floats, self.room) = pool.take(room)
      self.pool = pool
    } else {
      ExecutionContext.withCurrent { $0.buffers.countSmall(room) }
      (floats, self.room, pool) = (BufferPool.small(room.capacity), room, nil)
    }
  }

  /// No room: of a tensor of which only the shape is asked for.
  init(withoutFloats count: Int) {
    (self.count, floats, pool) = (count, nil, nil)
    room = BufferPool.Room(for: 0, lasts: false)
  }

  deinit {
    guard let floats else { return }
    if let pool { pool.give(floats, room) } else { BufferPool.freeSmall(floats) }
  }

  var hasFloats: Bool { floats != nil }

  var pointer: UnsafeMutablePointer<Float> {
    guard let floats else {
      trap("a tensor that was made for its shape alone has no elements")
    }
    return floats
  }

  func copy(lasts: Bool? = nil) -> Storage {
    let floats = pointer
    let copy = Storage(count: count, lasts: lasts ?? room.lasts)
    copy.pointer.update(from: floats, count: count)
    return copy
  }
}
