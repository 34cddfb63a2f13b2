import Recurrent
import Testing

@testable import RecurrentData

struct DieboldMarianoTests {
  private let losses = [1.2, 0.8, 1.9, 0.7, 1.1, 2.4, 0.9, 1.3, 0.6, 1.5, 1.0, 1.7]
  private let others = [1.5, 1.1, 1.6, 1.0, 1.9, 2.2, 1.4, 1.2, 1.1, 1.8, 1.6, 1.9]

  /// By NumPy from the published formulas, p by SciPy's `stats.t.sf`.
  @Test(arguments: [
    (1, -2.81249219724261, 0.01689303342767147), (2, -9.624530063715756, 1.082213792343457e-06),
    (3, -5.163977794943221, 0.0003114019418429034),
  ])
  func statistic(overlap: Int, statistic: Double, pValue: Double) throws {
    let test = try #require(DieboldMariano(losses, others, overlap: overlap))
    #expect(abs(test.statistic - statistic) < 1e-12 * abs(statistic))
    #expect(abs(test.pValue - pValue) < 1e-10 * pValue)
    let reverse = try #require(DieboldMariano(others, losses, overlap: overlap))
    #expect(reverse.statistic == -test.statistic && reverse.pValue == test.pValue)
  }

  /// By SciPy.
  @Test(arguments: [
    (0.5, 1.0, 0.7048327646991335), (2, 3, 0.13932596855884305), (1, 30, 0.3253086154260302),
    (6, 200, 9.115120348810346e-09), (0.01, 5, 0.9924080180425819), (40, 4, 2.3340163226012678e-06),
  ])
  func tails(t: Double, freedom: Double, expected: Double) {
    #expect(abs(studentTail(t, freedom: freedom) - expected) < 1e-9 * expected)
  }

  @Test func nothingToTell() {
    #expect(DieboldMariano([], []) == nil)
    #expect(DieboldMariano([1], [2]) == nil)
    #expect(DieboldMariano([1, 2, 3], [1, 2, 3]) == nil)
    #expect(DieboldMariano([1, 2, 3], [3, 2, 7], overlap: 3) == nil)
  }
}
