import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Rows that a forecaster did not expect.
@Suite struct AnomalyTests {
  /// An autoregression about a level, with normal noise.
  private static func noisy(_ count: Int, seed: UInt64) -> [Double] {
    var generator = RandomGenerator(seed: seed)
    var (values, last) = ([Double](), 0.0)
    for _ in 0..<count {
      let noise = (0..<12).reduce(-6.0) { sum, _ in sum + Double(generator.uniform()) }
      last = 0.6 * last + noise
      values.append(50 + last)
    }
    return values
  }

  /// A forecaster whose line learned that autoregression, with 239 validation windows.
  private static let forecaster = Result {
    try ForecastPlan(
      [try Series(values: noisy(800, seed: 1))],
      options: tinyOptions {
        ($0.horizon, $0.scaling, $0.line, $0.epochs) = (1, .standard, true, 3)
        ($0.testFraction, $0.validationFraction) = (0, 0.3)
      }
    ).train()
  }

  /// Of scores that come from where the known ones do, the p-values are uniform: with 19 known ones each
  /// twentieth is as likely.
  @Test func pValuesAreUniform() {
    var generator = RandomGenerator(seed: 9)
    var counts = [Int](repeating: 0, count: 20)
    for _ in 0..<8000 {
      let scores = (0..<20).map { _ in Double(generator.uniform()) - 0.5 }
      let p = OneStepErrors(Array(scores.dropLast())).pValue(of: scores[19])
      counts[Int((p * 20).rounded()) - 1] += 1
    }
    // Four deviations of a count of 8000 with a share of a twentieth.
    #expect(counts.allSatisfy { abs($0 - 400) < 4 * 20 }, "\(counts)")
  }

  @Test func boundsAndPValuesAgree() {
    let errors = OneStepErrors([0.5, -1, 2, -4, 3, 0, 1.5, -2.5, 0.25])
    #expect(errors.sizes == [0, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 4] && errors.smallest == 0.1)
    #expect(errors.pValue(of: 5) == 0.1 && errors.pValue(of: -4) == 0.2)
    #expect(errors.pValue(of: 0.6) == 0.7 && errors.pValue(of: 0) == 1)
    #expect(errors.bound(0.05) == nil && errors.bound(0.1) == 4 && errors.bound(0.3) == 2.5)
    for alpha in [0.1, 0.2, 0.5, 0.9] {
      let bound = errors.bound(alpha) ?? 0
      #expect(errors.pValue(of: bound) > alpha && errors.pValue(of: bound + 0.01) <= alpha + 1e-9)
    }
    #expect(OneStepErrors((0..<20_000).map(Double.init)).count == 9999)
  }

  /// By scipy.stats.false_discovery_control.
  @Test func adjustedForAllRows() {
    let adjusted = AnomalyScan.adjusted([0.01, 0.04, 0.03, 0.005, 0.5, 0.2, 0.04])
    let expected = [0.035, 0.056, 0.056, 0.035, 0.5, 0.2333333333333333, 0.056]
    for (value, other) in paired(adjusted, expected) { #expect(abs(value - other) < 1e-12) }
  }

  /// Of usual rows about a share α is flagged; the band holds what is not.
  @Test func falseAlarmsAreAboutAlpha() throws {
    let forecaster = try Self.forecaster.get()
    let usual = try Series(values: Self.noisy(1508, seed: 2))
    for alpha in [0.02, 0.1, 0.3] {
      let scan = try AnomalyScan(of: [usual], by: forecaster, alpha: alpha)
      let rows = scan.parts[0].rows
      #expect(rows.count == 1500 && rows[0].row == 8)
      // Four deviations: of the rows' own count, and of the 239 errors that p-values are counted in.
      let share = Double(rows.count(where: \.isAnomaly)) / 1500
      let deviation = (alpha * (1 - alpha) * (1.0 / 1500 + 1.0 / 239)).squareRoot()
      #expect(abs(share - alpha) < 4 * deviation, "\(share) of \(alpha)")
      #expect(
        rows.allSatisfy {
          ($0.value < $0.lower - 1e-6 || $0.value > $0.upper + 1e-6) == $0.isAnomaly
        })
    }
    let adjusted = try AnomalyScan(of: [usual], by: forecaster, alpha: 0.05, isAdjusted: true)
    #expect(adjusted.anomalies.count < 15)
  }

  @Test func plantedSpikesAreFound() throws {
    let forecaster = try Self.forecaster.get()
    let spikes = [100, 250, 333]
    var values = Self.noisy(400, seed: 3)
    for (place, row) in spikes.enumerated() { values[row] += place == 1 ? -9 : 9 }
    let scan = try AnomalyScan(of: [try Series(values: values)], by: forecaster)
    #expect(scan.alpha == 0.01 && scan.errorCount > 200)
    let flagged = Set(scan.anomalies.map(\.row.row))
    #expect(flagged.isSuperset(of: spikes) && flagged.count < 20, "\(flagged)")
    for row in scan.anomalies.map(\.row) where spikes.contains(row.row) {
      #expect(row.p == scan.smallest)
    }
    #expect(scan.csv.split(separator: "\n").count == 393)
    #expect(scan.csv.hasPrefix("time,value,forecast,lower,upper,p,adjusted,anomaly\n9,"))
    #expect(scan.chart.svg().contains("rows are anomalies") && scan.description.contains("101"))
  }

  /// Later rows change no row's forecast, bounds or p-value, to the bit.
  @Test(arguments: [ScalingMethod.window, .standard]) func laterRowsReachNoEarlierOne(
    scaling: ScalingMethod
  ) throws {
    let series = try wavySeries(120, covariates: 1)
    let plan = try ForecastPlan(
      [series],
      options: tinyOptions {
        ($0.scaling, $0.base, $0.transform) = (scaling, .smoothing, .auto)
        $0.validationFraction = 0.4
      })
    let forecaster = try plan.train()
    func rows(_ series: Series) throws -> [AnomalyScan.Row] {
      try AnomalyScan(of: [series], by: forecaster, alpha: 0.2).parts[0].rows.map { row in
        var row = row
        // These are of all rows.
        row.adjusted = 0
        return row
      }
    }
    let before = try rows(series)
    for start in [40, 80, 119] {
      let after = try rows(series.altered(start..<120) { value, row in value * 2 + Double(row) })
      #expect(after[..<(start - 8)] == before[..<(start - 8)])
      #expect(after != before)
    }
  }

  @Test func errorsOfOtherRowsAndTooFew() throws {
    let forecaster = try Self.forecaster.get()
    let series = try Series(values: Self.noisy(60, seed: 5))
    let few = try dataError { _ = try AnomalyScan(of: [series], by: forecaster, alpha: 0.0001) }
    #expect(few.problem.contains("expected some of at most 0.0001"))
    let usual = try Series(values: Self.noisy(508, seed: 6))
    let scan = try AnomalyScan(of: [series], by: forecaster, alpha: 0.002, usual: [usual])
    #expect(scan.errorCount == 500 && scan.smallest == 1.0 / 501)
    var old = forecaster
    old.parts.configuration.oneStepErrors = nil
    let none = try dataError { _ = try AnomalyScan(of: [series], by: old) }
    #expect(none.advice?.contains("--usual") == true)
    #expect(try AnomalyScan(of: [series], by: old, usual: [usual]).errorCount == 500)
    #expect(throws: DataError.self) {
      _ = try AnomalyScan(of: [series.prefix(8)], by: forecaster)
    }
    let short = try Series(values: [1, 2, 3], name: "short")
    let long = try Series(values: Self.noisy(60, seed: 5), name: "long")
    let remarks = try AnomalyScan(of: [short, long], by: forecaster).remarks
    #expect(
      remarks.count == 2 && remarks[1].hasPrefix("the first 8 rows of the series have no whole"))
  }

  /// Rows that the model has learned are no test of it, as those judged and as the usual ones.
  @Test func learnedRowsAreTold() throws {
    let forecaster = try Self.forecaster.get()
    let learned = try Series(values: Self.noisy(800, seed: 1))
    let other = try Series(values: Self.noisy(60, seed: 5))
    func remarks(_ series: Series, usual: Series? = nil) throws -> [String] {
      try AnomalyScan(of: [series], by: forecaster, usual: usual.map { [$0] }).remarks
    }
    #expect(try remarks(learned).contains { $0.contains("has learned 792 of the rows that are") })
    #expect(try remarks(other, usual: learned).contains { $0.contains("792 of the usual rows") })
    #expect(try !remarks(other).contains { $0.contains("learned") })
  }

  /// Rows right behind those that the model holds have these before them: what is said of them is what is
  /// said of the end of one table with all rows. A single row is enough.
  @Test func rowsThatGoOnAreLedByThoseOfTheModel() throws {
    func series(_ rows: Range<Int>, name: String? = nil) throws -> Series {
      try Series(
        values: Array(Self.noisy(450, seed: 2)[rows]), name: name,
        times: TimeAxis(seconds: rows.map { Int64($0) * 86_400 }))
    }
    let forecaster = try ForecastPlan(
      [series(0..<400)],
      options: tinyOptions {
        ($0.horizon, $0.scaling, $0.line, $0.epochs) = (1, .standard, true, 1)
        ($0.testFraction, $0.validationFraction, $0.base) = (0, 0.4, .last)
      }
    ).train()
    let all = try AnomalyScan(of: [series(0..<450)], by: forecaster).parts[0].rows.suffix(50)
    let scan = try AnomalyScan(of: [series(400..<450)], by: forecaster)
    #expect(scan.parts[0].rows.map(\.row) == Array(0..<50))
    #expect(scan.parts[0].rows.map(\.p) == all.map(\.p))
    #expect(scan.parts[0].rows.map(\.forecast) == all.map(\.forecast))
    #expect(scan.remarks.count == 1 && scan.remarks[0].contains("were put before the series"))
    #expect(try AnomalyScan(of: [series(400..<401)], by: forecaster).parts[0].rows.count == 1)
    // A day is absent, or the rows are of another series.
    let later = try AnomalyScan(of: [series(401..<450)], by: forecaster)
    #expect(later.parts[0].rows.first?.row == 8 && later.remarks[0].hasPrefix("the first 8 rows"))
    let others = try AnomalyScan(
      of: ["a", "b"].map { try series(400..<450, name: $0) }, by: forecaster)
    #expect(others.parts.map { $0.rows.count } == [42, 42])
  }

  /// The errors stand in the model folder; one that says otherwise is refused.
  @Test func errorsAreKept() throws {
    let forecaster = try Self.forecaster.get()
    try withTemporaryFolder { folder in
      try forecaster.save(to: folder + "/m")
      let loaded = try Forecaster(contentsOf: folder + "/m")
      #expect(loaded.configuration.oneStepErrors == forecaster.configuration.oneStepErrors)
      #expect(loaded.configuration.oneStepErrors?.count ?? 0 > 200)
    }
    #expect(OneStepErrors([]).problem == nil)
    #expect(forecaster.configuration.problem == nil)
  }
}
