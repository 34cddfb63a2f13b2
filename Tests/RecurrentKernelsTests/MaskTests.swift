import RecurrentKernels
import Testing

@Suite struct MaskKernelTests {
  /// All paths draw the same, and any part of the draws is that part of all.
  @Test func partsAreThoseOfTheWhole() throws {
    let mask = rk_mask(
      seed: 0x1234_5678_9abc_def0, stream: 0xfedc_ba98_7654_3210, rate: 0.3, low: 0, high: 2)
    // Beyond 2^33 draws the counter's upper word matters.
    for origin: Int64 in [0, 1, 7, (1 << 33) - 20] {
      var whole = [Float](repeating: -7, count: 301)
      try #require(KernelPath.all.last).table.apply_mask([mask], origin, nil, &whole, 300)
      #expect(whole.last == -7 && Set(whole.prefix(300)) == [0, 2])
      for path in KernelPath.all {
        for (first, count) in [(0, 300), (0, 1), (1, 1), (1, 32), (5, 63), (17, 200), (299, 1)] {
          let x = numbers(count, seed: 9)
          var (factors, y) = (
            [Float](repeating: -7, count: count + 1), [Float](repeating: -7, count: count + 1)
          )
          path.table.apply_mask([mask], origin + Int64(first), nil, &factors, Int64(count))
          path.table.apply_mask([mask], origin + Int64(first), x, &y, Int64(count))
          let expected = Array(whole[first..<first + count])
          #expect(factors == expected + [-7], "\(path.name) from \(first)")
          #expect(
            bits(y) == bits(zip(x, expected).map { $0 * $1 } + [-7]), "\(path.name) from \(first)")
        }
      }
    }
  }

  /// The share of `low` is the rate.
  @Test func drawsHaveTheRate() {
    let mask = rk_mask(seed: 3, stream: 4, rate: 0.25, low: 1, high: 0)
    var y = [Float](repeating: 0, count: 100_000)
    rk_apply_mask([mask], 0, nil, &y, 100_000)
    let share = y.reduce(0, +) / 100_000
    #expect(abs(share - 0.25) < 0.005)
  }
}
