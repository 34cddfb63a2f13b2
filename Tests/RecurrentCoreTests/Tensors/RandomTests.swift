import Foundation
import Recurrent
import Testing

@Suite struct RandomTests {
  /// Philox 4x32-10 once more, as the paper writes it.
  private func philox(_ counter: [UInt32], key: [UInt32]) -> [UInt32] {
    var (x, k) = (counter, key)
    for round in 0..<10 {
      if round > 0 { k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85] }
      let (a, b) = (UInt64(x[0]) * 0xD251_1F53, UInt64(x[2]) * 0xCD9E_8D57)
      x =
        [UInt32(b >> 32) ^ x[1] ^ k[0], UInt32(b & 0xFFFF_FFFF)]
        + [UInt32(a >> 32) ^ x[3] ^ k[1], UInt32(a & 0xFFFF_FFFF)]
    }
    return x
  }

  /// The known answers of Random123 1.14.0 (`kat_vectors`, philox4x32 10).
  @Test func philoxGivesTheKnownAnswers() {
    #expect(
      philox([0, 0, 0, 0], key: [0, 0]) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    let ones = UInt32.max
    #expect(
      philox([ones, ones, ones, ones], key: [ones, ones])
        == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
    #expect(
      philox(
        [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], key: [0xa409_3822, 0x299f_31d0])
        == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
    var generator = RandomGenerator(seed: 0)
    #expect(generator.next() == 0x6627_e8d5_e169_c58d)
    #expect(generator.next() == 0xbc57_ac4c_9b00_dbd8)
  }

  @Test(arguments: [0, 1, 0x1234_5678_9ABC_DEF0, UInt64.max])
  func theNthNumberIsAFunctionOfSeedAndN(_ seed: UInt64) {
    var generator = RandomGenerator(seed: seed)
    for block in 0..<20 {
      let expected = philox(
        [UInt32(block), 0, 0, 0],
        key: [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)])
      #expect(generator.next() == UInt64(expected[0]) << 32 | UInt64(expected[1]))
      #expect(generator.next() == UInt64(expected[2]) << 32 | UInt64(expected[3]))
    }
    #expect(generator.position == 40)
  }

  @Test func aCopyRepeatsAndAStoredGeneratorGoesOn() throws {
    var generator = RandomGenerator(RandomKey(seed: 3).child(7).child(-1))
    for _ in 0..<5 { _ = generator.next() }
    var copy = generator
    var stored = try JSONDecoder().decode(
      RandomGenerator.self, from: JSONEncoder().encode(generator))
    #expect(stored == generator)
    for _ in 0..<9 {
      let next = generator.next()
      #expect(copy.next() == next && stored.next() == next)
    }
  }

  @Test func childrenAreIndependent() {
    let root = RandomKey(seed: 1)
    var keys: Set<RandomKey> = [root]
    for index in -50..<200 {
      keys.insert(root.child(index))
      for inner in 0..<20 { keys.insert(root.child(index).child(inner)) }
    }
    #expect(keys.count == 1 + 250 * 21)
    #expect(RandomKey(seed: 2).child(0) != root.child(0))

    // Neighbours are not correlated: the correlation of n pairs has standard deviation 1/√n.
    let count = 20_000
    for (a, b) in [
      (root, root.child(0)), (root.child(0), root.child(1)), (root.child(5), root.child(6)),
    ] {
      var (first, second) = (RandomGenerator(a), RandomGenerator(b))
      var sum = 0.0
      for _ in 0..<count {
        sum += Double(first.uniform() - 0.5) * Double(second.uniform() - 0.5) * 12
      }
      #expect(abs(sum / Double(count)) < 4 / Double(count).squareRoot())
    }
  }

  @Test func uniformNumbersFillTheirRange() {
    var generator = RandomGenerator(seed: 4)
    let count = 100_000
    var bins = [Int](repeating: 0, count: 64)
    var (least, most): (Float, Float) = (1, 0)
    for _ in 0..<count {
      let x = generator.uniform()
      #expect(x >= 0 && x < 1 && (x * 0x1p24).rounded() == x * 0x1p24)
      bins[Int(x * 64)] += 1
      (least, most) = (min(least, x), max(most, x))
    }
    #expect(least < 1e-3 && most > 1 - 1e-3)
    let expected = Double(count) / 64
    let chiSquare = bins.reduce(0) { $0 + pow(Double($1) - expected, 2) / expected }
    // 63 degrees of freedom: 63 ± 4 · √126.
    #expect(chiSquare > 18 && chiSquare < 108)
  }
}
