import Synchronization

/// Buffers that wait to be used again, so that a training step allocates nothing new after its
/// first run.
final class BufferPool: Sendable {
  static let smallest = 1024
  /// Floats that may wait at most (1 GiB); what comes back beyond that is freed.
  private static let mostWaiting = 1 << 28

  /// The class of sizes that a buffer is looked up by.
  struct Room {
    /// Floats.
    fileprivate(set) var capacity: Int
    /// Whether it stays from step to step. Those that do are kept apart: taken from among a step's,
    /// they would be missing when the next step asks for them again.
    let lasts: Bool

    /// The class's place among all, ascending by size.
    fileprivate var index: Int {
      let power = Int.bitWidth - 1 - capacity.leadingZeroBitCount
      return 32 * power + (capacity - 1 << power) >> max(0, power - 4) * 2 + (lasts ? 1 : 0)
    }

    /// The class at a place.
    fileprivate init(index: Int) {
      let power = index / 32
      capacity = 1 << power + (index % 32 / 2) << max(0, power - 4)
      lasts = index % 2 == 1
    }

    init(for count: Int, lasts: Bool) {
      capacity = BufferPool.capacity(for: count)
      self.lasts = lasts
    }

    /// Smaller ones are left to the system's allocator, which is fast for them.
    var isPooled: Bool { capacity >= BufferPool.smallest }
  }

  private struct State {
    /// The waiting buffers by the place of their room.
    var buffers = [[UnsafeMutablePointer<Float>]](repeating: [], count: 32 * 64)
    var waiting = 0
    var allocations = 0
    var allocated = 0
    var inUse = 0
    var peak = 0

    /// A waiting buffer of this room, or one at most a quarter larger.
    mutating func take(_ room: Room) -> (UnsafeMutablePointer<Float>, Room)? {
      var found = room
      while found.capacity <= room.capacity + room.capacity / 4 {
        if let buffer = buffers[found.index].popLast() {
          waiting -= found.capacity
          return (buffer, found)
        }
        found.capacity = BufferPool.capacity(for: found.capacity + 1)
      }
      return nil
    }

    /// Frees the largest waiting buffers until in use and waiting is `limit` at most, or none waits.
    mutating func shrink(to limit: Int) {
      var index = buffers.count - 1
      while inUse + waiting > limit, waiting > 0, index >= 0 {
        if let buffer = buffers[index].popLast() {
          waiting -= Room(index: index).capacity
          UnsafeMutableRawPointer(buffer).deallocate()
        } else {
          index -= 1
        }
      }
    }
  }

  /// Floats, in use and waiting, above which waiting buffers are freed before a new one is made.
  let limit: Int
  private let state = Mutex(State())
  private let small = Atomic(0)

  /// An empty pool; `limit` in floats.
  init(limit: Int? = nil) { self.limit = limit ?? .max }

  deinit { release() }

  /// Frees what waits.
  func release() { state.withLock { $0.shrink(to: 0) } }

  /// How often a buffer had to come from the system, because none that fits was waiting.
  ///
  /// Small ones do not count.
  var allocations: Int { state.withLock { $0.allocations } }

  /// The floats of these buffers.
  var allocatedFloats: Int { state.withLock { $0.allocated } }

  /// The floats of all small buffers so far: each comes from the system's allocator and goes back
  /// there.
  var smallFloats: Int { small.load(ordering: .relaxed) }

  /// The most floats that were in use at once since the last reset; small buffers do not count.
  var peak: Int { state.withLock { $0.peak } }

  /// Lets ``peak`` begin anew.
  func resetPeak() { state.withLock { $0.peak = $0.inUse } }

  /// Takes note of a buffer that is not pooled.
  func countSmall(_ room: Room) { small.wrappingAdd(room.capacity, ordering: .relaxed) }

  /// A buffer that is not initialized.
  func take(_ room: Room) -> (UnsafeMutablePointer<Float>, Room) {
    let reused = state.withLock { state -> (address: UInt, room: Room)? in
      let found = state.take(room)
      state.inUse += (found?.1 ?? room).capacity
      state.peak = max(state.peak, state.inUse)
      if let found { return (UInt(bitPattern: found.0), found.1) }
      state.allocations += 1
      state.allocated += room.capacity
      state.shrink(to: limit)
      return nil
    }
    if let reused, let pointer = UnsafeMutablePointer<Float>(bitPattern: reused.address) {
      return (pointer, reused.room)
    }
    return (Self.allocated(room.capacity), room)
  }

  private static func allocated(_ capacity: Int) -> UnsafeMutablePointer<Float> {
    UnsafeMutableRawPointer.allocate(byteCount: capacity * 4, alignment: alignment)
      .bindMemory(to: Float.self, capacity: capacity)
  }

  /// Where buffers begin: at a cache line.
  private static let alignment = 64

  /// A small buffer of the system, not initialized.
  ///
  /// What is asked of the system with an alignment takes a lock that other threads wait for, and never comes from what
  /// this thread freed. So more is asked for without one, and the byte before the floats tells how far they are from its begin.
  static func small(_ capacity: Int) -> UnsafeMutablePointer<Float> {
    let begin = UnsafeMutableRawPointer.allocate(
      byteCount: capacity * 4 + alignment, alignment: MemoryLayout<Float>.alignment)
    let floats = (begin + 1).alignedUp(toMultipleOf: alignment)
    (floats - 1).storeBytes(of: UInt8(floats - begin), as: UInt8.self)
    return floats.bindMemory(to: Float.self, capacity: capacity)
  }

  /// Gives a small buffer back to the system.
  static func freeSmall(_ floats: UnsafeMutablePointer<Float>) {
    let floats = UnsafeMutableRawPointer(floats)
    (floats - Int((floats - 1).load(as: UInt8.self))).deallocate()
  }

  /// Takes a buffer back.
  func give(_ pointer: UnsafeMutablePointer<Float>, _ room: Room) {
    let address = UInt(bitPattern: pointer)
    let kept = state.withLock { state in
      state.inUse -= room.capacity
      guard state.waiting + room.capacity <= Self.mostWaiting,
        state.inUse + state.waiting + room.capacity <= limit,
        let pointer = UnsafeMutablePointer<Float>(bitPattern: address)
      else { return false }
      state.buffers[room.index].append(pointer)
      state.waiting += room.capacity
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
