import Foundation
import Recurrent
import RecurrentFiles
import Testing

@testable import RecurrentTasks

struct SeasonSearchTests {
  private func noise(_ count: Int, seed: UInt64) -> [Double] {
    var generator = RandomGenerator(seed: seed)
    return (0..<count).map { _ in
      (0..<12).reduce(-6) { sum, _ in sum + Double(generator.uniform()) }
    }
  }

  private func found(_ values: [Double], times: TimeAxis? = nil) -> [Int] {
    SeasonSearch.seasons(of: [values[...]], times: times).map(\.rows)
  }

  @Test(arguments: [UInt64(1), 2, 3, 4, 5])
  func whatHasNoSeasonShowsNone(seed: UInt64) {
    let steps = noise(600, seed: seed)
    #expect(found(steps) == [])
    let walk = steps.reduce(into: [0.0]) { $0.append($0[$0.count - 1] + $1) }
    #expect(found(walk) == [])
    #expect(found((0..<600).map { Double($0) * 0.3 }) == [])
    #expect(found([1, 2, 3]) == [] && found([Double](repeating: 4, count: 50)) == [])
  }

  /// What grows by a bend or by shares comes back after any number of rows, and after no number more than after
  /// others.
  @Test(arguments: [UInt64(1), 2, 3]) func growthIsNoSeason(seed: UInt64) {
    let noise = noise(300, seed: seed)
    let bend = (0..<300).map { row -> Double in Double(row * row) + 5 * noise[row] }
    #expect(found(bend) == [])
    for (rate, share) in [(1.03, 0.0), (1.03, 0.01), (1.01, 0.01)] {
      let grown = (0..<300).map { row -> Double in
        pow(rate, Double(row)) * (1 + share * noise[row])
      }
      #expect(found(grown) == [], "\(rate) \(share)")
    }
  }

  /// In any unit, on any level, beside a trend, with noise of half its deviation.
  @Test(arguments: [4, 7, 12, 24, 52])
  func seasonsAreFound(rows: Int) {
    let noise = noise(rows * 12, seed: UInt64(rows))
    let values = noise.indices.map { row in
      sin(2 * .pi * Double(row) / Double(rows)) + 0.02 * Double(row) + 0.35 * noise[row]
    }
    #expect(found(values) == [rows])
    #expect(found(values.map { $0 * 1e-6 + 40 }) == [rows])
  }

  @Test func rowsInTurnAreASeasonOfTwo() {
    let noise = noise(80, seed: 3)
    #expect(found(noise.indices.map { ($0 % 2 == 0 ? 1 : 3) + 0.3 * noise[$0] }) == [2])
    #expect(found(noise.indices.map { [0, 1, 0, 3][$0 % 4] + 0.1 * noise[$0] }) == [4])
  }

  /// Days, and weeks whose two last days are quiet.
  @Test func severalSeasonsAreFound() {
    let noise = noise(24 * 7 * 6, seed: 8)
    let values = noise.indices.map { row in
      let isQuiet = row / 24 % 7 > 4
      return (isQuiet ? 0.2 : 1) * (2 + sin(2 * .pi * Double(row) / 24)) + 0.1 * noise[row]
    }
    let seasons = SeasonSearch.seasons(of: [values[...]], times: nil)
    #expect(seasons.map(\.rows) == [24, 168])
    #expect(seasons[1].strength > seasons[0].strength && seasons[1].strength < 1)
  }

  @Test func plansTakeThemFromTrainingRowsAlone() throws {
    let finding = tinyOptions { $0.findsSeasons = true }
    let plan = try ForecastPlan([wavySeries(80)], options: finding)
    #expect(plan.seasonsFound.map(\.rows) == [4] && plan.options.season == 4)
    #expect(plan.description.contains("season      found: 4 rows (strength 1.00)"))
    let without = try ForecastPlan([wavySeries(80)], options: tinyOptions())
    #expect(without.seasonsFound.isEmpty && without.options.season == nil)
    let start = plan.splits[0].validationStart
    let changed = try wavySeries(80).altered(start..<80) { _, row in Double(row * row % 11) }
    #expect(try ForecastPlan([changed], options: finding).seasonsFound == plan.seasonsFound)
  }

  @Test func severalSeasonsHaveTheirMean() {
    let values = (0..<20).map { Double($0 * $0) }
    let (base, stored) = (
      BaseForecast(.seasons, values, seasons: [2, 5]), StoredValues(values)
    )
    // Rows 18 and 15 for row 20; for row 22, two seasons of two rows on, 18 again, and 17.
    #expect(base.value(stored, origin: 20, step: 0) == (values[18] + values[15]) / 2)
    #expect(base.value(stored, origin: 20, step: 2) == (values[18] + values[17]) / 2)
    #expect(base.row(origin: 20, step: 6) == 16)
    let drift = BaseForecast(.drift, values, fittedRows: 11)
    #expect(drift.value(stored, origin: 15, step: 1) == values[14] + 2 * 10)
  }

  /// A season that is higher by one each time: last year is always one too low, which a network of this
  /// series alone learns as its bias; one of many series does not, and the smoothing is nearer.
  @Test func whatABaseMissesAlikeIsLearned() {
    let season = [3.0, 9, 1, 4, 7, 2]
    let values = StoredValues(
      (0..<90).map { row -> Double in season[row % 6] + Double(row / 6) })
    let options = tinyOptions { ($0.window, $0.horizon, $0.season) = (12, 6, 6) }
    func kind(alone: Bool) -> ForecastBase {
      BaseForecast.best(
        values, fittedRows: 70, origins: 12..<65, options: options, alone: alone
      ).kind
    }
    #expect(kind(alone: true) == .season && kind(alone: false) == .smoothing)
  }
}
