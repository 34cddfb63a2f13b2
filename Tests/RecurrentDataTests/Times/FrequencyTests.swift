import Recurrent
import Testing

@Suite struct FrequencyTests {
  struct Case: Sendable {
    var texts: [String]
    var frequency: Frequency
    var words: String
    var next: [String]
  }

  @Test(arguments: [
    Case(
      texts: ["2020-01-01 00:00:00", "2020-01-01 00:00:10", "2020-01-01 00:00:20"],
      frequency: .seconds(10), words: "every 10 seconds",
      next: ["2020-01-01 00:00:30", "2020-01-01 00:00:40"]),
    Case(
      texts: ["2020-01-01 23:30", "2020-01-01 23:45"], frequency: .seconds(900),
      words: "every 15 minutes", next: ["2020-01-02 00:00", "2020-01-02 00:15"]),
    Case(
      texts: ["2020-01-01 00:00", "2020-01-01 01:00"], frequency: .hourly, words: "hourly",
      next: ["2020-01-01 02:00", "2020-01-01 03:00"]),
    Case(
      texts: ["2020-02-27", "2020-02-28"], frequency: .daily, words: "daily",
      next: ["2020-02-29", "2020-03-01"]),
    Case(
      texts: ["2020-01-01", "2020-01-03", "2020-01-05"], frequency: .seconds(2 * 86_400),
      words: "every 2 days", next: ["2020-01-07", "2020-01-09"]),
    Case(
      texts: ["1958-03-29", "1958-04-05", "1958-04-12"], frequency: .weekly, words: "weekly",
      next: ["1958-04-19", "1958-04-26"]),
    // Thursday, Friday, Monday.
    Case(
      texts: ["2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07"], frequency: .businessDays,
      words: "business days",
      next: ["2020-01-08", "2020-01-09", "2020-01-10", "2020-01-13", "2020-01-14"]),
    // The last row is a Friday.
    Case(
      texts: ["1/7/2020", "1/8/2020", "1/9/2020", "1/10/2020", "1/13/2020", "1/17/2020"],
      frequency: .businessDays, words: "business days", next: ["1/20/2020", "1/21/2020"]),
    // Monday to Friday without a weekend is daily.
    Case(
      texts: ["2020-01-06", "2020-01-07", "2020-01-08", "2020-01-09", "2020-01-10"],
      frequency: .daily, words: "daily", next: ["2020-01-11"]),
    Case(
      texts: ["1949-11", "1949-12"], frequency: .months(1, day: 1), words: "monthly",
      next: ["1950-01", "1950-02"]),
    // Two months of 31 days between three rows: still months.
    Case(
      texts: ["2020-07-15", "2020-08-15", "2020-09-15"], frequency: .months(1, day: 15),
      words: "monthly", next: ["2020-10-15"]),
    Case(
      texts: ["2020-11-30", "2020-12-30", "2021-01-30"], frequency: .months(1, day: 30),
      words: "monthly", next: ["2021-02-28", "2021-03-30"]),
    Case(
      texts: ["2019-11-30", "2019-12-31", "2020-01-31"], frequency: .months(1, day: 31),
      words: "monthly, on the last day", next: ["2020-02-29", "2020-03-31", "2020-04-30"]),
    Case(
      texts: ["2019-06-30", "2019-09-30"], frequency: .months(3, day: 31),
      words: "quarterly, on the last day",
      next: ["2019-12-31", "2020-03-31"]),
    Case(
      texts: ["1700", "1701", "1702"], frequency: .months(12, day: 1), words: "yearly",
      next: ["1703", "1704"]),
    Case(
      texts: ["1990", "2000", "2010"], frequency: .months(120, day: 1), words: "every 10 years",
      next: ["2020"]),
    Case(
      texts: ["2020-01-01", "2020-01-04", "2020-01-05", "2020-01-09", "2020-01-20"],
      frequency: .irregular, words: "irregular", next: ["2020-01-24", "2020-01-28"]),
    Case(
      texts: ["2020-05-31T00:00:00+02:00", "2020-06-30T00:00:00+02:00"],
      frequency: .months(1, day: 31), words: "monthly, on the last day",
      next: ["2020-07-31T00:00:00+02:00"]),
  ])
  func inferredAndContinued(_ example: Case) throws {
    let axis = try TimeAxis(parsing: example.texts)
    #expect(axis.frequency == example.frequency)
    #expect(axis.frequency.description == example.words)
    #expect(axis.next(example.next.count).labels == example.next)
    #expect(axis.next(0).count == 0)
  }

  @Test func gaps() throws {
    let daily = try TimeAxis(parsing: [
      "2020-01-04", "2020-01-05", "2020-01-08", "2020-01-09", "2020-01-11", "2020-01-12",
    ])
    #expect(daily.frequency == .daily)
    #expect(
      daily.gaps.map { [$0.afterRow, $0.missing] } == [
        [1, 2], [3, 1],
      ])
    let monthly = try TimeAxis(parsing: ["2020-01", "2020-02", "2020-05", "2020-06"])
    #expect(monthly.frequency == .months(1, day: 1))
    #expect(monthly.gaps.map { [$0.afterRow, $0.missing] } == [[1, 2]])
    #expect(monthly.holidays == 0)
  }

  @Test func holidaysAreCounted() throws {
    // Wednesday 1 January and Monday 20 January are missing, and two weeks from 27 January.
    let axis = try TimeAxis(parsing: [
      "2019-12-30", "2019-12-31", "2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07",
      "2020-01-17", "2020-01-21", "2020-01-22", "2020-01-23", "2020-01-24", "2020-02-10",
      "2020-02-11",
    ])
    #expect(axis.frequency == .businessDays)
    #expect(
      axis.gaps.map { [$0.afterRow, $0.missing] } == [
        [5, 7], [10, 10],
      ])
    #expect(axis.holidays == 2)
  }
}
