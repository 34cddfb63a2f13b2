/// A counter-based random number generator: Philox 4x32 with ten rounds (Salmon et al. 2011,
/// "Parallel random numbers: as easy as 1, 2, 3").
///
/// The n-th number is a function of the key and n alone. So a generator is a small value: a copy
/// repeats, `key.child(i)` gives independent generators for layers, steps and rows, and the place
/// in a run is one number.
public struct RandomGenerator: RandomNumberGenerator, Sendable, Hashable, Codable {
  /// Says which sequence of numbers this is.
  public let key: RandomKey
  /// How many 64-bit numbers have been drawn.
  public private(set) var position: UInt64 = 0

  /// The generator of a seed.
  public init(seed: UInt64) { self.init(RandomKey(seed: seed)) }

  /// The generator of a key.
  public init(_ key: RandomKey) { self.key = key }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    let block = RandomGenerator.block(key: key, counter: position / 2)
    defer { position += 1 }
    return position % 2 == 0
      ? UInt64(block.0) << 32 | UInt64(block.1) : UInt64(block.2) << 32 | UInt64(block.3)
  }

  /// Uniform in [0, 1), a multiple of 2^-24.
  public mutating func uniform() -> Float {
    Float(next() >> 40) * 0x1p-24
  }

  /// Philox 4x32-10 of a 64-bit counter (the upper 64 bits of the 128 are the stream of the key).
  static func block(key: RandomKey, counter: UInt64) -> (UInt32, UInt32, UInt32, UInt32) {
    var x = (
      UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32),
      UInt32(truncatingIfNeeded: key.stream), UInt32(truncatingIfNeeded: key.stream >> 32)
    )
    var k = (UInt32(truncatingIfNeeded: key.seed), UInt32(truncatingIfNeeded: key.seed >> 32))
    for _ in 0..<10 {
      let a = x.0.multipliedFullWidth(by: 0xD251_1F53)
      let b = x.2.multipliedFullWidth(by: 0xCD9E_8D57)
      x = (b.high ^ x.1 ^ k.0, b.low, a.high ^ x.3 ^ k.1, a.low)
      k = (k.0 &+ 0x9E37_79B9, k.1 &+ 0xBB67_AE85)
    }
    return x
  }
}

/// Names a sequence of random numbers: a seed, and a path of numbers (epoch, step, layer, row …)
/// below it.
public struct RandomKey: Sendable, Hashable, Codable {
  let seed: UInt64
  let stream: UInt64

  /// The key at the root of a seed.
  public init(seed: UInt64) {
    self.seed = seed
    stream = 0
  }

  private init(seed: UInt64, stream: UInt64) {
    self.seed = seed
    self.stream = stream
  }

  /// The key of part `index` of what this key names; different indices give independent numbers.
  public func child(_ index: Int) -> RandomKey {
    let mixed = RandomGenerator.block(key: self, counter: UInt64(bitPattern: Int64(~index)))
    return RandomKey(seed: seed, stream: UInt64(mixed.0) << 32 | UInt64(mixed.1))
  }
}

extension RandomNumberGenerator {
  /// Uniform in [0, 1), a multiple of 2^-24.
  mutating func uniformFloat() -> Float { Float(next() >> 40) * 0x1p-24 }

  /// A pair of independent standard normal numbers, by the polar method of Marsaglia.
  mutating func normalPair() -> (Double, Double) {
    while true {
      let u = 2 * Double(next() >> 11) * 0x1p-53 - 1
      let v = 2 * Double(next() >> 11) * 0x1p-53 - 1
      let s = u * u + v * v
      guard s > 0, s < 1 else { continue }
      let scale = (-2 * Tensor.naturalLogarithm(s) / s).squareRoot()
      return (u * scale, v * scale)
    }
  }
}
