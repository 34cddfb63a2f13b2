import Foundation

/// Numbers as one line of a terminal, a character each: `▁▂▄█`.
public enum Sparkline {
  private static let blocks = Array("▁▂▃▄▅▆▇█")

  /// The logarithms of numbers, from so many powers of ten below the largest up to that; a blank for
  /// what is not above 0.
  ///
  /// - Parameter width: characters at most; of more numbers, those in a character are averaged.
  public static func logarithmic(_ numbers: [Double], decades: Double, width: Int) -> String {
    let count = min(max(1, width), numbers.count)
    let means = (0..<count).map { place in
      let part = numbers[place * numbers.count / count..<(place + 1) * numbers.count / count]
      return part.reduce(0, +) / Double(part.count)
    }
    guard let largest = means.max(), largest > 0, largest.isFinite else {
      return String(repeating: " ", count: count)
    }
    return String(
      means.map { number in
        guard number > 0 else { return " " }
        let share = 1 + log10(number / largest) / decades
        return blocks[min(7, max(0, Int(share * 8)))]
      })
  }
}
