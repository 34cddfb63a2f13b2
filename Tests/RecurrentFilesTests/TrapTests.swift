import RecurrentFiles
import Testing

struct TrapTests {
  /// A rule that is broken is told with its place and what was found, in optimized builds as well.
  @Test func aBrokenRuleIsTold() async throws {
    let result = try await #require(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let sizes = [8, 7]
      require(sizes[0] == sizes[1], "sizes are equal, not \(sizes)")
    }
    let words = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(words.contains("sizes are equal, not [8, 7]"))
    #expect(words.contains("TrapTests.swift:"))
  }

  @Test func aRuleThatHoldsIsNotMade() {
    var made = 0
    func rule() -> String {
      made += 1
      return "never said"
    }
    require(true, rule())
    #expect(made == 0)
  }
}
