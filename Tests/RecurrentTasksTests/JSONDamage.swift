import Recurrent
import TestSupport

/// Changes of JSON text, one value at a time.
struct JSONDamage {
  /// What a number may become: too large, negative, a fraction, none at all.
  private static let numbersAtEdges = [
    "-1", "0", "1000000", "1000000000", "9223372036854775807", "-9223372036854775808",
    "18446744073709551615", "0.5", "1e308", "-1e308", "1e-320", "1e999", "NaN", "null", "\"7\"",
  ]

  private let bytes: [UInt8]
  private var numbers: [Range<Int>] = []
  private var strings: [Range<Int>] = []
  private var arrays: [Range<Int>] = []
  /// Names with their values.
  private var members: [Range<Int>] = []

  init(_ bytes: [UInt8]) throws {
    self.bytes = bytes
    var scanner = JSONScanner(bytes)
    try take(&scanner)
  }

  private mutating func take(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) {
    let first = scanner.next()
    let start = scanner.position
    switch first {
    case UInt8(ascii: "{"):
      try scanner.object { scanner, name throws(JSONScanner.Failure) in
        // Names of these files have no escapes.
        let colon = bytes[..<scanner.position].lastIndex(of: UInt8(ascii: ":")) ?? 0
        let quote = bytes[..<colon].lastIndex(of: UInt8(ascii: "\"")) ?? 0
        try take(&scanner)
        members.append(quote - name.utf8.count - 1..<scanner.position)
      }
    case UInt8(ascii: "["):
      try scanner.array { scanner throws(JSONScanner.Failure) in try take(&scanner) }
      arrays.append(start..<scanner.position)
    case UInt8(ascii: "\""):
      _ = try scanner.string()
      strings.append(start..<scanner.position)
    default:
      try scanner.skipValue()
      numbers.append(start..<scanner.position)
    }
  }

  var hasNumbers: Bool { !numbers.isEmpty }

  /// One or two numbers become, beside what any may, what is next to their own size and to those
  /// of integers.
  func withOtherNumbers(using generator: inout SeededGenerator) -> [UInt8] {
    let count = Int.random(in: 1...2, using: &generator)
    let chosen = (0..<count).compactMap { _ in numbers.randomElement(using: &generator) }
    var text = bytes
    // From the last on, so that places stay what they were.
    for range in Set(chosen).sorted(by: { $0.lowerBound > $1.lowerBound }) {
      let value = Double(String(decoding: bytes[range], as: UTF8.self)) ?? 0
      let near = [value + 1, value - 1, 2 * value, -value, value / 2, 10 * value, 1e6 * value]
        .map { $0 == $0.rounded() && abs($0) < 1e15 ? "\(Int($0))" : "\($0)" }
      let sizes = [
        "4611686018427387904", "-4611686018427387904", "4294967295", "4294967296", "2147483647",
        "65536", "3.4e38", "-3.4e38", "1e18", "1e15", "3", "7", "100",
      ]
      let all = near + sizes + Self.numbersAtEdges
      text.replaceSubrange(range, with: Array((all.randomElement(using: &generator) ?? "").utf8))
    }
    return text
  }

  /// What stands otherwise in other text.
  func difference(from other: [UInt8]) -> String {
    let start = zip(bytes, other).prefix { $0 == $1 }.count
    let end = zip(bytes.reversed(), other.reversed()).prefix { $0 == $1 }.count
    func shown(_ text: [UInt8]) -> String {
      let part = text[max(0, start - 40)..<max(start, min(text.count, text.count - end + 8))]
      return String(decoding: part.prefix(400), as: UTF8.self)
    }
    return "\(shown(bytes)) becomes \(shown(other))"
  }

  /// So many values of a kind are changed at most.
  private static let most = 14

  func changes(
    using generator: inout SeededGenerator
  ) -> [(change: String, text: [UInt8])] {
    var changes: [(String, [UInt8])] = []
    func change(_ range: Range<Int>, _ text: String) {
      changes.append(
        (
          "\(String(decoding: bytes[range].prefix(60), as: UTF8.self)) becomes \"\(text)\"",
          bytes[..<range.lowerBound] + Array(text.utf8) + bytes[range.upperBound...]
        ))
    }
    func some(_ ranges: [Range<Int>]) -> [Range<Int>] {
      Array(ranges.shuffled(using: &generator).prefix(Self.most))
    }
    for (place, range) in some(numbers).enumerated() {
      for shift in 0..<4 {
        change(
          range,
          Self.numbersAtEdges[(place + 4 * shift) % Self.numbersAtEdges.count])
      }
    }
    for range in some(arrays) { change(range, "[]") }
    for range in some(strings) {
      for text in [#""""#, #""x""#] { change(range, text) }
    }
    for range in some(members) {
      // With the comma behind it, or that before it where it is the last.
      let next = bytes[range.upperBound...].first { $0 > 0x20 } == UInt8(ascii: ",")
      let end = bytes[range.upperBound...].firstIndex(of: UInt8(ascii: ",")) ?? 0
      let before = bytes[..<range.lowerBound].lastIndex { $0 > 0x20 } ?? 0
      let start = bytes[before] == UInt8(ascii: ",") ? before : range.lowerBound
      change(next ? range.lowerBound..<end + 1 : start..<range.upperBound, "")
    }
    return changes
  }
}
