import Synchronization

/// The floats of one or more tensors.
///
/// The only `@unchecked Sendable` of the package. It is sound because a storage is written in two
/// situations only: while the function that made it still holds the only reference, or by a tensor
/// that has just checked that it holds the only reference (`isKnownUniquelyReferenced`, as any
/// copy-on-write type does). Once two references exist, nobody writes.
final class Storage: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int
  private let room: StoragePool.Room
  /// A number that no other content has: the storage gets a new one whenever its floats may change.
  private(set) var stamp = Storage.nextStamp()
  private static let stamps = Atomic<UInt64>(0)

  private static func nextStamp() -> UInt64 {
    stamps.add(1, ordering: .relaxed).newValue
  }

  /// The grid on which the floats lie, if whoever made them knows one.
  var grid: WeightGrid?

  /// Tells that the floats are about to change.
  func willChange() {
    stamp = Self.nextStamp()
    grid = nil
  }

  /// Room for `count` floats, not initialized.
  /// - Parameter lasts: whether it stays from step to step, as an optimizer's moments do.
  init(count: Int, lasts: Bool = false) {
    precondition(count >= 0, "a storage holds 0 or more floats, not \(count)")
    self.count = count
    (pointer, room) = StoragePool.shared.take(count, lasts: lasts)
  }

  deinit {
    StoragePool.shared.give(pointer, room)
  }

  func copy(lasts: Bool? = nil) -> Storage {
    let copy = Storage(count: count, lasts: lasts ?? room.lasts)
    copy.pointer.update(from: pointer, count: count)
    return copy
  }
}

/// Buffers that wait to be used again, so that a training step allocates nothing new after its
/// first run.
final class StoragePool: Sendable {
  static let shared = StoragePool()

  /// Buffers below this are left to the system's allocator, which is fast for them.
  private static let smallest = 1024
  /// Floats that may wait at most (1 GiB); what comes back beyond that is freed.
  private static let limit = 1 << 28

  /// What buffers are looked up by. Those that last are kept apart: taken from among a step's, they
  /// would be missing when the next step asks for them again.
  struct Room: Hashable {
    let capacity: Int
    let lasts: Bool
  }

  private struct Waiting {
    var buffers: [Room: [UnsafeMutablePointer<Float>]] = [:]
    var total = 0
    var allocations = 0
    var allocated = 0
    var inUse = 0
    var peak = 0
    var bound = Int.max

    /// The room of a waiting buffer that is at most a quarter larger.
    func fitting(_ room: Room) -> Room? {
      if buffers[room]?.isEmpty == false { return room }
      let sizes = room.capacity...room.capacity + room.capacity / 4
      return buffers.lazy
        .filter { !$1.isEmpty && $0.lasts == room.lasts && sizes.contains($0.capacity) }
        .map(\.key).min { $0.capacity < $1.capacity }
    }

    /// Frees the largest waiting buffers until the bound is kept, or none is left.
    mutating func shrink() {
      while inUse + total > bound, let room = buffers.keys.max(by: { $0.capacity < $1.capacity }) {
        if let buffer = buffers[room]?.popLast() {
          total -= room.capacity
          UnsafeMutableRawPointer(buffer).deallocate()
        } else {
          buffers[room] = nil
        }
      }
    }
  }
  private let waiting = Mutex(Waiting())
  private let small = Atomic(0)

  /// How often a buffer had to come from the system, because none that fits was waiting.
  ///
  /// Small ones do not count.
  var allocations: Int { waiting.withLock { $0.allocations } }

  /// The floats of these buffers.
  var allocatedFloats: Int { waiting.withLock { $0.allocated } }

  /// The floats of all small buffers so far: each comes from the system's allocator and goes back
  /// there.
  var smallFloats: Int { small.load(ordering: .relaxed) }

  /// The most floats that were in use at once since the last reset; small buffers do not count.
  var peak: Int { waiting.withLock { $0.peak } }

  /// Lets ``peak`` begin anew.
  func resetPeak() { waiting.withLock { $0.peak = $0.inUse } }

  /// Floats, in use and waiting, above which waiting buffers are freed before a new one is made.
  func bound(to floats: Int) { waiting.withLock { $0.bound = floats } }

  func take(_ count: Int, lasts: Bool) -> (UnsafeMutablePointer<Float>, Room) {
    let room = Room(capacity: Self.capacity(for: count), lasts: lasts)
    guard room.capacity >= Self.smallest else {
      small.wrappingAdd(room.capacity, ordering: .relaxed)
      return (Self.allocated(room.capacity), room)
    }
    let reused = waiting.withLock { waiting -> (address: UInt, room: Room)? in
      let fitting = waiting.fitting(room)
      waiting.inUse += (fitting ?? room).capacity
      waiting.peak = max(waiting.peak, waiting.inUse)
      if let fitting, let buffer = waiting.buffers[fitting]?.popLast() {
        waiting.total -= fitting.capacity
        return (UInt(bitPattern: buffer), fitting)
      }
      waiting.allocations += 1
      waiting.allocated += room.capacity
      waiting.shrink()
      return nil
    }
    if let reused, let pointer = UnsafeMutablePointer<Float>(bitPattern: reused.address) {
      return (pointer, reused.room)
    }
    return (Self.allocated(room.capacity), room)
  }

  private static func allocated(_ capacity: Int) -> UnsafeMutablePointer<Float> {
    UnsafeMutableRawPointer.allocate(byteCount: capacity * 4, alignment: 64)
      .bindMemory(to: Float.self, capacity: capacity)
  }

  func give(_ pointer: UnsafeMutablePointer<Float>, _ room: Room) {
    let address = UInt(bitPattern: pointer)
    let kept =
      room.capacity >= Self.smallest
      && waiting.withLock { waiting in
        waiting.inUse -= room.capacity
        guard waiting.total + room.capacity <= Self.limit,
          let pointer = UnsafeMutablePointer<Float>(bitPattern: address)
        else { return false }
        waiting.buffers[room, default: []].append(pointer)
        waiting.total += room.capacity
        return true
      }
    if !kept { UnsafeMutableRawPointer(pointer).deallocate() }
  }

  /// Rounded up to a sixteenth of a power of two, so that nearly equal sizes are the same one.
  static func capacity(for count: Int) -> Int {
    guard count > 16 else { return 16 }
    let step = max(16, 1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount - 4))
    return (count + step - 1) / step * step
  }
}
