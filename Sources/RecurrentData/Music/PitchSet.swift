import RecurrentFiles

/// Some of the pitches 0...127: those that sound at a step.
public struct PitchSet: Sendable, Hashable, Sequence, ExpressibleByArrayLiteral {
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  /// A set of no pitches.
  public init() {}

  /// The set of these MIDI numbers, each in 0...127.
  public init(_ pitches: some Sequence<Int>) {
    for pitch in pitches { insert(pitch) }
  }

  /// The set of these MIDI numbers, each in 0...127.
  public init(arrayLiteral pitches: Int...) { self.init(pitches) }

  /// Adds a pitch.
  public mutating func insert(_ pitch: Int) {
    require((0...127).contains(pitch), "a pitch is a number in 0...127, not \(pitch)")
    if pitch < 64 { low |= 1 << pitch } else { high |= 1 << (pitch - 64) }
  }

  /// Whether `pitch` is among them.
  public func contains(_ pitch: Int) -> Bool {
    (pitch < 64 ? low >> pitch : high >> (pitch - 64)) & 1 == 1
  }

  /// The number of pitches.
  public var count: Int { low.nonzeroBitCount + high.nonzeroBitCount }
  /// Whether there are none.
  public var isEmpty: Bool { low | high == 0 }

  /// The pitches from the lowest to the highest.
  public func makeIterator() -> Iterator { Iterator(low: low, high: high) }

  /// Goes through a set.
  public struct Iterator: IteratorProtocol {
    fileprivate var low: UInt64
    fileprivate var high: UInt64

    /// The next higher pitch.
    public mutating func next() -> Int? {
      if low != 0 {
        defer { low &= low - 1 }
        return low.trailingZeroBitCount
      }
      guard high != 0 else { return nil }
      defer { high &= high - 1 }
      return 64 + high.trailingZeroBitCount
    }
  }
}
