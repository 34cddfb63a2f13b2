import Recurrent
import Testing

struct ForecastErrorsTests {
  private func isClose(_ a: Double?, _ b: Double) -> Bool {
    a.map { abs($0 - b) <= 1e-12 * max(1, abs(b)) } ?? false
  }

  @Test func errorsByHand() {
    // e = 1, -2, 4, 0.
    let errors = ForecastErrors(
      values: [2, 8, -5, 10], forecasts: [1, 10, -9, 10], scale: [2, 2, 0.5, 1])
    #expect(isClose(errors.rmse, (21.0 / 4).squareRoot()))
    #expect(isClose(errors.mae, 7.0 / 4))
    // 1/2 + 2/8 + 4/5 + 0.
    #expect(isClose(errors.mape, 100 * 1.55 / 4))
    // 1/3 + 2/18 + 4/14 + 0.
    #expect(isClose(errors.smape, 200 * (1.0 / 3 + 1.0 / 9 + 2.0 / 7) / 4))
    // 1/2 + 2/2 + 4/0.5 + 0.
    #expect(isClose(errors.mase, 9.5 / 4))
  }

  @Test func percentagesOfZeroAreNotGiven() {
    let errors = ForecastErrors(values: [0, 4], forecasts: [0, 5], scale: [1, 1])
    #expect(errors.mape == nil)
    // 0 / 0 counts as 0.
    #expect(isClose(errors.smape, 200 * (1.0 / 9) / 2))
    let missed = ForecastErrors(values: [0, 3], forecasts: [2, -3], scale: [1, 1])
    #expect(missed.smape == 200)
    #expect(missed.mape == nil)
    #expect(ForecastErrors(values: [0], forecasts: [0], scale: [1]).smape == 0)
  }

  @Test func perfectForecastsHaveNoErrors() {
    let errors = ForecastErrors(values: [3, -1], forecasts: [3, -1], scale: [5, 7])
    #expect(errors.rmse == 0 && errors.mae == 0 && errors.mape == 0 && errors.smape == 0)
    #expect(errors.mase == 0)
  }

  @Test func scalesAreMeanSeasonalDifferences() {
    let values: [Double] = [1, 4, 2, 8, 5, 7]
    #expect(isClose(ForecastErrors.naiveScale(values), (3 + 2 + 6 + 3 + 2) / 5.0))
    #expect(isClose(ForecastErrors.naiveScale(values, season: 2), (1 + 4 + 3 + 1) / 4.0))
    #expect(isClose(ForecastErrors.naiveScale(values, season: 3), (7 + 1 + 5) / 3.0))
    #expect(ForecastErrors.naiveScale(values, season: 5) == 6)
    // A slice counts from its own beginning.
    #expect(isClose(ForecastErrors.naiveScale(values[2...], season: 2), (3 + 1) / 2.0))
  }

  @Test func withoutDifferencesThereIsNoScale() {
    #expect(ForecastErrors.naiveScale([3, 3, 3]) == 0)
    #expect(ForecastErrors.naiveScale([3, 4], season: 2) == 0)
    #expect(ForecastErrors.naiveScale([Double]()) == 0)
    // A series that never changed has no scale, and is left out beside one that has.
    #expect(ForecastErrors(values: [1, 2], forecasts: [4, 3], scale: [2, 0]).mase == 1.5)
    #expect(ForecastErrors(values: [1, 2], forecasts: [1, 3], scale: [0, 0]).mase == nil)
  }

  /// On the rows it was scaled by, the naive forecast has MASE 1.
  @Test(arguments: [1, 4]) func theNaiveForecastIsTheUnit(season: Int) {
    let values: [Double] = [1, 4, 2, 8, 5, 7, 1, 0, 3, 9, 9]
    let scale = ForecastErrors.naiveScale(values, season: season)
    let later = Array(values.dropFirst(season))
    let errors = ForecastErrors(
      values: later, forecasts: Array(values.dropLast(season)),
      scale: later.map { _ in scale })
    #expect(isClose(errors.mase, 1))
  }
}
