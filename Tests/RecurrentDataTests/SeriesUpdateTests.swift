import Recurrent
import TestSupport
import Testing

/// Newer rows behind those that are known.
@Suite struct SeriesUpdateTests {
  private func series(
    _ days: [Int64], _ values: [Double], covariate: [Double]? = nil, source: String = "new.csv"
  ) throws -> Series {
    try Series(
      values: values, times: TimeAxis(seconds: days.map { $0 * 86_400 }, format: .isoDate),
      covariates: covariate.map { [Covariate(name: "x", values: $0)] } ?? [], source: source)
  }

  private func known() throws -> Series { try series([10, 11, 12, 13, 14], [1, 2, 3, 4, 5]) }

  @Test func whatIsKnownIsPassedOver() throws {
    let update = try known().updated(by: series([8, 9, 13, 14, 15, 16], [7, 7, 4, 5, 6, 8]))
    #expect(update.series.target == [1, 2, 3, 4, 5, 6, 8])
    #expect(update.series.times.labels.last == "1970-01-17")
    #expect((update.added, update.known, update.earlier) == (2, 2, 2))
    #expect((update.differing, update.filled) == (0, 0))
    let same = try known().updated(by: known())
    #expect(try same.series == known() && same.added == 0 && same.known == 5)
  }

  @Test func conflictsAreToldAndDecided() throws {
    let other = try series([12, 13, 14, 15], [3, 9, 8, 6])
    let error = try dataError { _ = try known().updated(by: other) }
    #expect(
      error.problem
        == "2 of 3 rows that are known differ; the first, 1970-01-14, has 9.0 for value, known is 4.0"
    )
    #expect(error.file == "new.csv" && error.advice?.contains("--on-conflict replace") == true)
    let kept = try known().updated(by: other, onConflict: .keep)
    #expect(kept.series.target == [1, 2, 3, 4, 5, 6] && kept.differing == 2)
    let replaced = try known().updated(by: other, onConflict: .replace)
    #expect(replaced.series.target == [1, 2, 3, 9, 8, 6] && replaced.added == 1)
    // A row between two that are known.
    let gappy = try series([10, 12, 13], [1, 3, 4])
    let between = try series([11, 12], [2, 3])
    #expect(
      try dataError { _ = try gappy.updated(by: between) }.problem
        .hasSuffix("1970-01-12, lies between rows that are known"))
    #expect(
      try gappy.updated(by: between, onConflict: .replace).series.target == [1, 2, 3, 4])
    #expect(try gappy.updated(by: between, onConflict: .keep).series == gappy)
    // A covariate is a value too.
    let one = try series([10, 11], [1, 2], covariate: [5, 6])
    let its = try series([11, 12], [2, 3], covariate: [7, 8])
    #expect(
      try dataError { _ = try one.updated(by: its) }.problem.hasSuffix(
        "has 7.0 for x, known is 6.0"))
    #expect(
      try one.updated(by: its, onConflict: .replace).series.covariates[0].values == [5, 7, 8])
  }

  @Test func gapsFollowTheRule() throws {
    let other = try series([17, 18], [8, 9])
    let error = try dataError { _ = try known().updated(by: other) }
    #expect(
      error.problem
        == "begins at 1970-01-18; the rows are daily, and 2 after 1970-01-15 are absent")
    #expect(error.advice?.contains("--missing interpolate") == true)
    let filled = try known().updated(by: other, missing: .interpolate)
    #expect(filled.series.target == [1, 2, 3, 4, 5, 6, 7, 8, 9])
    #expect(filled.filled == 2 && filled.added == 4 && filled.series.times.gaps.isEmpty)
    let carried = try known().updated(by: other, missing: .forwardFill).series.target
    #expect(carried == [1, 2, 3, 4, 5, 5, 5, 8, 9])
    #expect(try known().updated(by: other, missing: .drop).series.target == [1, 2, 3, 4, 5, 8, 9])
    // A slip in a year asks for no millions of rows.
    let slip = try series([2_000_000], [8])
    #expect(
      try dataError { _ = try known().updated(by: slip, missing: .interpolate) }.advice?
        .contains("--missing drop") == true)
  }

  @Test func rowsWithoutTimesAreAllNew() throws {
    let numbered = try Series(values: [1, 2, 3])
    let update = try numbered.updated(by: Series(values: [3, 4]))
    #expect(update.series.target == [1, 2, 3, 3, 4] && update.added == 2)
    #expect(throws: DataError.self) { _ = try known().updated(by: numbered) }
    #expect(throws: DataError.self) { _ = try numbered.updated(by: known()) }
  }

  /// Hours that clocks show twice in autumn are not one.
  @Test func anHourThatComesTwice() throws {
    var zone = TimeOptions()
    zone.zone = "Europe/Berlin"
    let text =
      "time,v\n2023-10-29 00:00,0\n2023-10-29 01:00,1\n2023-10-29 02:00,2\n2023-10-29 02:00,3\n"
    let all = try Series.read(
      Table(csvText: text + "2023-10-29 03:00,4\n2023-10-29 04:00,5\n", source: "a"), value: "v",
      time: "time", times: zone)[0]
    let update = try all.prefix(4).updated(by: all)
    #expect(update.known == 4 && update.added == 2 && update.series.target == [0, 1, 2, 3, 4, 5])
  }
}
