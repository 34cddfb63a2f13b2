import Foundation
import Recurrent
import Testing

/// Seeded damage of what is read, by kinds of it: each must end in a result or in an error.
///
/// A test tries a few, and of them a tenth in a debug build. `Scripts/mutate` tries many of one kind, and tells these variables:
///
/// - `RECURRENT_MUTATE`: the kind. Tests of others try nothing.
/// - `RECURRENT_MUTATE_SEEDS`: the first seed and how many, as `0+3000`.
/// - `RECURRENT_MUTATE_LOG`: the file that holds the seed being tried, so that a crash can be tried
///   again, and `done` in the end.
public enum Mutations {
  private static let environment = ProcessInfo.processInfo.environment

  private static var isAll: Bool { environment["RECURRENT_MUTATE"] == nil }

  /// Whether this is one of all tests of an optimized build, which try so many that both results and
  /// errors come up.
  public static var isTest: Bool { isAll && isOptimized }

  /// Whether this kind is to be tried.
  public static func isAsked(_ kind: String) -> Bool {
    isAll || environment["RECURRENT_MUTATE"] == kind
  }

  /// Calls `body` with the random numbers of one seed after the other.
  ///
  /// - Parameters:
  ///   - count: Seeds in a test.
  ///   - limit: Seconds of the processor that one may take, in the optimized build.
  ///   - memory: Bytes by which the process may grow over all of them, where they are many.
  public static func forEach(
    _ kind: String, count: Int, seconds limit: Double = 1, memory room: Int = 1 << 27,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (inout SeededGenerator) throws -> Void
  ) throws {
    guard isAsked(kind) else { return }
    let asked = environment["RECURRENT_MUTATE_SEEDS"]?.split(separator: "+").compactMap { Int($0) }
    let (first, tries) = asked.map { ($0[0], $0[1]) } ?? (0, isOptimized ? count : 1 + count / 10)
    let log = environment["RECURRENT_MUTATE_LOG"].map { URL(fileURLWithPath: $0) }
    var slowest = (seconds: 0.0, seed: first)
    let peak = ProcessMemory.peakBytes
    for seed in first..<first + tries {
      if let log { try Data("\(seed)".utf8).write(to: log) }
      var generator = SeededGenerator(
        seed: kind.utf8.reduce(UInt64(seed)) { 0x100_0000_01B3 &* ($0 ^ UInt64($1)) })
      let start = clock()
      do {
        try body(&generator)
      } catch {
        Issue.record("\(kind), seed \(seed): \(error)", sourceLocation: sourceLocation)
      }
      let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
      if seconds > slowest.seconds { slowest = (seconds, seed) }
    }
    guard let log else { return }
    try Data("done".utf8).write(to: log)
    let growth = ProcessMemory.peakBytes - peak
    print(
      "\(kind): \(tries) tried, the slowest \(slowest.seconds) s, seed \(slowest.seed), memory grew by "
        + "\(growth >> 20) MiB")
    #expect(growth <= room, "\(kind)", sourceLocation: sourceLocation)
    #expect(
      slowest.seconds <= limit, "\(kind), seed \(slowest.seed)", sourceLocation: sourceLocation)
  }

  /// One to six changes of bytes: others, more, fewer, some of `tokens`.
  public static func damaged(
    _ bytes: [UInt8], tokens: [[UInt8]], using generator: inout SeededGenerator
  ) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...6, using: &generator) {
      let place = Int.random(in: 0...bytes.count, using: &generator)
      let end = min(place + Int.random(in: 1...40, using: &generator), bytes.count)
      let token = tokens.randomElement(using: &generator) ?? []
      switch Int.random(in: 0..<6, using: &generator) {
      case 0 where place < bytes.count:
        bytes[place] = UInt8.random(in: 0...255, using: &generator)
      case 1 where place < bytes.count:
        bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 2: bytes.removeSubrange(place..<min(place + 7, bytes.count))
      case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
      case 4: bytes.insert(contentsOf: token, at: place)
      default: bytes.replaceSubrange(place..<min(place + token.count, bytes.count), with: token)
      }
    }
    return bytes
  }
}
