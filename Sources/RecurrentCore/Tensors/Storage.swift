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
  private let capacity: Int
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
  init(count: Int) {
    precondition(count >= 0, "a storage holds 0 or more floats, not \(count)")
    self.count = count
    (pointer, capacity) = StoragePool.shared.take(count)
  }

  deinit {
    StoragePool.shared.give(pointer, capacity: capacity)
  }

  func copy() -> Storage {
    let copy = Storage(count: count)
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

  private struct Waiting {
    var buffers: [Int: [UnsafeMutablePointer<Float>]] = [:]
    var total = 0
    var allocations = 0
    var allocated = 0
    var inUse = 0
    var peak = 0
    var bound = Int.max

    /// The size of a waiting buffer that holds `capacity` and is at most a quarter larger.
    func fitting(_ capacity: Int) -> Int? {
      if buffers[capacity]?.isEmpty == false { return capacity }
      return buffers.lazy.filter { !$1.isEmpty && $0 > capacity && $0 <= capacity + capacity / 4 }
        .map(\.key).min()
    }

    /// Frees the largest waiting buffers until the bound is kept, or none is left.
    mutating func shrink() {
      while inUse + total > bound, let size = buffers.keys.max() {
        if let buffer = buffers[size]?.popLast() {
          total -= size
          UnsafeMutableRawPointer(buffer).deallocate()
        } else {
          buffers[size] = nil
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

  func take(_ count: Int) -> (UnsafeMutablePointer<Float>, capacity: Int) {
    let capacity = Self.capacity(for: count)
    guard capacity >= Self.smallest else {
      small.wrappingAdd(capacity, ordering: .relaxed)
      return (Self.allocated(capacity), capacity)
    }
    let reused = waiting.withLock { waiting -> (address: UInt, capacity: Int)? in
      let size = waiting.fitting(capacity)
      waiting.inUse += size ?? capacity
      waiting.peak = max(waiting.peak, waiting.inUse)
      if let size, let buffer = waiting.buffers[size]?.popLast() {
        waiting.total -= size
        return (UInt(bitPattern: buffer), size)
      }
      waiting.allocations += 1
      waiting.allocated += capacity
      waiting.shrink()
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

  func give(_ pointer: UnsafeMutablePointer<Float>, capacity: Int) {
    let address = UInt(bitPattern: pointer)
    let kept =
      capacity >= Self.smallest
      && waiting.withLock { waiting in
        waiting.inUse -= capacity
        guard waiting.total + capacity <= Self.limit,
          let pointer = UnsafeMutablePointer<Float>(bitPattern: address)
        else { return false }
        waiting.buffers[capacity, default: []].append(pointer)
        waiting.total += capacity
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
