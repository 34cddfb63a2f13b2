import Synchronization

/// Buffers that wait to be used again, so that a training step allocates nothing new after its
/// first run.
final class BufferPool: Sendable {
  /// Buffers below this are left to the system's allocator, which is fast for them.
  static let smallest = 1024
  /// Floats that may wait at most (1 GiB); what comes back beyond that is freed.
  private static let mostWaiting = 1 << 28

  private struct State {
    /// The waiting buffers by their size class.
    var buffers = [[UnsafeMutablePointer<Float>]](repeating: [], count: 16 * 64)
    var waiting = 0
    var allocations = 0
    var allocated = 0
    var inUse = 0
    var peak = 0

    /// A waiting buffer that holds `capacity` floats and is at most a quarter larger.
    mutating func take(_ capacity: Int) -> (UnsafeMutablePointer<Float>, capacity: Int)? {
      var size = capacity
      while size <= capacity + capacity / 4 {
        if let buffer = buffers[sizeClass(of: size)].popLast() {
          waiting -= size
          return (buffer, size)
        }
        size = BufferPool.capacity(for: size + 1)
      }
      return nil
    }

    /// Frees the largest waiting buffers until in use and waiting is `limit` at most, or none waits.
    mutating func shrink(to limit: Int) {
      var index = buffers.count - 1
      while inUse + waiting > limit, waiting > 0, index >= 0 {
        if let buffer = buffers[index].popLast() {
          waiting -= capacity(ofClass: index)
          UnsafeMutableRawPointer(buffer).deallocate()
        } else {
          index -= 1
        }
      }
    }
  }

  /// Floats, in use and waiting, above which waiting buffers are freed before a new one is made.
  private let limit: Int
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

  /// A buffer for `count` floats, not initialized.
  func take(_ count: Int) -> (UnsafeMutablePointer<Float>, capacity: Int) {
    let capacity = Self.capacity(for: count)
    guard capacity >= Self.smallest else {
      small.wrappingAdd(capacity, ordering: .relaxed)
      return (Self.allocated(capacity), capacity)
    }
    let reused = state.withLock { state -> (address: UInt, capacity: Int)? in
      let found = state.take(capacity)
      state.inUse += found?.capacity ?? capacity
      state.peak = max(state.peak, state.inUse)
      if let found { return (UInt(bitPattern: found.0), found.capacity) }
      state.allocations += 1
      state.allocated += capacity
      state.shrink(to: limit)
      return nil
    }
    if let reused, let pointer = UnsafeMutablePointer<Float>(bitPattern: reused.address) {
      return (pointer, reused.capacity)
    }
    return (Self.allocated(capacity), capacity)
  }

  private static func allocated(_ capacity: Int) -> UnsafeMutablePointer<Float> {
    UnsafeMutableRawPointer.allocate(byteCount: capacity * 4, alignment: 64)
      .bindMemory(to: Float.self, capacity: capacity)
  }

  /// Takes a buffer back.
  func give(_ pointer: UnsafeMutablePointer<Float>, capacity: Int) {
    let address = UInt(bitPattern: pointer)
    let kept =
      capacity >= Self.smallest
      && state.withLock { state in
        state.inUse -= capacity
        guard state.waiting + capacity <= Self.mostWaiting,
          state.inUse + state.waiting + capacity <= limit,
          let pointer = UnsafeMutablePointer<Float>(bitPattern: address)
        else { return false }
        state.buffers[Self.sizeClass(of: capacity)].append(pointer)
        state.waiting += capacity
        return true
      }
    if !kept { UnsafeMutableRawPointer(pointer).deallocate() }
  }

  // MARK: Sizes

  /// Rounded up to a sixteenth of a power of two, so that nearly equal sizes are the same one.
  static func capacity(for count: Int) -> Int {
    guard count > 16 else { return 16 }
    let step = max(16, 1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount - 4))
    return (count + step - 1) / step * step
  }

  /// The place of a rounded size among all, ascending.
  private static func sizeClass(of capacity: Int) -> Int {
    let power = Int.bitWidth - 1 - capacity.leadingZeroBitCount
    return 16 * power + (capacity - 1 << power) >> max(0, power - 4)
  }

  /// The rounded size at a place.
  private static func capacity(ofClass index: Int) -> Int {
    let power = index / 16
    return 1 << power + (index % 16) << max(0, power - 4)
  }
}
