import Recurrent
import Testing

@testable import RecurrentCharts

@Suite struct DecimationTests {
  private func points(_ places: [(Double, Double)?]) -> [PlotPoint?] {
    places.map { $0.map { PlotPoint(x: $0.0, y: $0.1) } }
  }

  @Test func keepsTheExtremesOfAColumnInTheirOrder() {
    let runs = Decimation.runs(
      points([(0.1, 5), (0.2, 9), (0.5, 7), (0.9, 1), (1.0, 4), (2.0, 3), (2.5, 8)]))
    let kept = runs.map { $0.map { [$0.x, $0.y] } }
    #expect(kept == [[[0.2, 9], [0.9, 1], [1.0, 4], [2.0, 3], [2.5, 8]]])
  }

  @Test func breaksWhereAGapCanBeSeen() {
    // The first gap lies within column 0, the second between columns.
    let runs = Decimation.runs(
      points([nil, (0.1, 5), nil, (0.8, 6), (1, 7), nil, nil, (3, 8), (4, 9), nil]))
    #expect(runs.map { $0.map(\.y) } == [[5, 6, 7], [8, 9]])
    #expect(Decimation.runs(points([nil, nil])).isEmpty)
    #expect(Decimation.runs(points([])).isEmpty)
  }

  @Test func neverMoreThanTwoPointsAColumn() {
    let count = 100_000
    let width = 317.0
    let dense = (0..<count).map { index -> PlotPoint? in
      let y = Double((index &* 7_919) % 1_009)
      return index % 3 == 1 ? nil : PlotPoint(x: Double(index) / Double(count) * width, y: y)
    }
    let kept = Decimation.runs(dense).joined()
    #expect(kept.count == 2 * 317)
    #expect(kept.map(\.y).min() == 0)
    #expect(kept.map(\.y).max() == 1_008)
    let columns = Dictionary(grouping: kept) { $0.x.rounded(.down) }
    #expect(columns.values.allSatisfy { $0.count == 2 })
  }

  @Test func intervalsOfAColumnAreJoined() {
    let runs = Decimation.intervalRuns([
      (x: 0, lower: 1, upper: 2), (x: 0.5, lower: 0, upper: 1.5), (x: 1, lower: 3, upper: 4), nil,
      (x: 5, lower: 6, upper: 7),
    ])
    let ends = runs.map { $0.map { [$0.x, $0.lower, $0.upper] } }
    #expect(ends == [[[0, 0, 2], [1, 3, 4]], [[5, 6, 7]]])
  }
}
