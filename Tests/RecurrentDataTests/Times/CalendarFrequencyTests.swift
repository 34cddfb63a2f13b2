import Recurrent
import Testing

/// Frequencies of the calendar, recognised and continued; the times are those of pandas 3.1,
/// `date_range(start, periods=…, freq=…)`.
@Suite struct CalendarFrequencyTests {
  struct Case: Sendable {
    /// The name that pandas has for it.
    var name: String
    var known: [String]
    var next: [String]
    var words: String
  }

  @Test(arguments: [
    Case(
      name: "MS",
      known: ["2019-11-01", "2019-12-01", "2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01"],
      next: ["2020-05-01", "2020-06-01", "2020-07-01", "2020-08-01"], words: "monthly"),
    Case(
      name: "ME",
      known: ["2018-10-31", "2018-11-30", "2018-12-31", "2019-01-31", "2019-02-28", "2019-03-31"],
      next: ["2019-04-30", "2019-05-31", "2019-06-30", "2019-07-31"],
      words: "monthly, on the last day"),
    Case(
      name: "BME",
      known: ["2018-09-28", "2018-10-31", "2018-11-30", "2018-12-31", "2019-01-31", "2019-02-28"],
      next: ["2019-03-29", "2019-04-30", "2019-05-31", "2019-06-28", "2019-07-31", "2019-08-30"],
      words: "monthly, on the last business day"),
    Case(
      name: "BMS",
      known: ["2018-09-03", "2018-10-01", "2018-11-01", "2018-12-03", "2019-01-01", "2019-02-01"],
      next: ["2019-03-01", "2019-04-01", "2019-05-01", "2019-06-03", "2019-07-01", "2019-08-01"],
      words: "monthly, on the first business day"),
    Case(
      name: "B",
      known: [
        "2019-12-25", "2019-12-26", "2019-12-27", "2019-12-30", "2019-12-31", "2020-01-01",
        "2020-01-02", "2020-01-03",
      ],
      next: ["2020-01-06", "2020-01-07", "2020-01-08", "2020-01-09"], words: "business days"),
    Case(
      name: "QS", known: ["2018-10-01", "2019-01-01", "2019-04-01", "2019-07-01", "2019-10-01"],
      next: ["2020-01-01", "2020-04-01", "2020-07-01"], words: "quarterly"),
    Case(
      name: "QE", known: ["2018-12-31", "2019-03-31", "2019-06-30", "2019-09-30", "2019-12-31"],
      next: ["2020-03-31", "2020-06-30", "2020-09-30"], words: "quarterly, on the last day"),
    Case(
      name: "BQE",
      known: ["2018-03-30", "2018-06-29", "2018-09-28", "2018-12-31", "2019-03-29", "2019-06-28"],
      next: ["2019-09-30", "2019-12-31", "2020-03-31"],
      words: "quarterly, on the last business day"),
    Case(
      name: "BQS",
      known: ["2018-04-02", "2018-07-02", "2018-10-01", "2019-01-01", "2019-04-01", "2019-07-01"],
      next: ["2019-10-01", "2020-01-01", "2020-04-01"],
      words: "quarterly, on the first business day"),
    Case(
      name: "YS", known: ["2015-01-01", "2016-01-01", "2017-01-01", "2018-01-01"],
      next: ["2019-01-01", "2020-01-01"], words: "yearly"),
    Case(
      name: "YE", known: ["2015-12-31", "2016-12-31", "2017-12-31", "2018-12-31"],
      next: ["2019-12-31", "2020-12-31"], words: "yearly, on the last day"),
    Case(
      name: "BYE",
      known: ["2015-12-31", "2016-12-30", "2017-12-29", "2018-12-31", "2019-12-31", "2020-12-31"],
      next: ["2021-12-31", "2022-12-30", "2023-12-29"], words: "yearly, on the last business day"),
    Case(
      name: "W-SUN", known: ["2015-12-06", "2015-12-13", "2015-12-20", "2015-12-27"],
      next: ["2016-01-03", "2016-01-10", "2016-01-17"], words: "weekly"),
    Case(
      name: "W-MON, %G-W%V", known: ["2015-W49", "2015-W50", "2015-W51", "2015-W52", "2015-W53"],
      next: ["2016-W01", "2016-W02", "2016-W03"], words: "weekly"),
    // period_range("1970Q1", periods=8, freq="Q")
    Case(
      name: "Q", known: ["1970Q1", "1970Q2", "1970Q3", "1970Q4", "1971Q1"],
      next: ["1971Q2", "1971Q3", "1971Q4"], words: "quarterly"),
  ])
  func recognisedAndContinued(_ example: Case) throws {
    let axis = try TimeAxis(parsing: example.known)
    #expect(axis.frequency.description == example.words, "\(example.name)")
    #expect(axis.next(example.next.count).labels == example.next, "\(example.name)")
    #expect(axis.gaps.isEmpty && axis.holidays == 0, "\(example.name)")
    #expect(axis.labels == example.known, "\(example.name)")
  }

  /// The last trading day of March 2018 was the 29th, for the 30th was Good Friday.
  @Test func aHolidayAtTheEndOfAMonth() throws {
    let axis = try TimeAxis(parsing: [
      "2017-12-29", "2018-01-31", "2018-02-28", "2018-03-29", "2018-04-30", "2018-05-31",
    ])
    #expect(axis.frequency == .businessMonths(1, atEnd: true))
    #expect(axis.next(2).labels == ["2018-06-29", "2018-07-31"])
    #expect(axis.prefix(4).next(1).labels == ["2018-04-30"])
    // The first day of a year never is a trading day.
    let first = try TimeAxis(parsing: [
      "2017-11-01", "2017-12-01", "2018-01-02", "2018-02-01", "2018-03-01",
    ])
    #expect(first.frequency == .businessMonths(1, atEnd: false))
    #expect(first.next(1).labels == ["2018-04-02"])
  }

  /// 30 March 2018 was Good Friday, so the week closed on Thursday.
  @Test func aHolidayOnTheDayOfTheWeek() throws {
    let axis = try TimeAxis(parsing: [
      "2018-03-09", "2018-03-16", "2018-03-23", "2018-03-29", "2018-04-06", "2018-04-20",
    ])
    #expect(axis.frequency == .weeks(1, weekday: 4))
    #expect(axis.frequency.description == "weekly, on Fridays but for holidays")
    #expect(axis.prefix(4).next(2).labels == ["2018-04-06", "2018-04-13"])
    #expect(axis.gaps.map { [$0.afterRow, $0.missing] } == [[4, 1]])
  }

  @Test func missingMonthsAreGaps() throws {
    let axis = try TimeAxis(parsing: [
      "2018-09-28", "2018-10-31", "2018-12-31", "2019-01-31", "2019-02-28", "2019-05-31",
      "2019-06-28",
    ])
    #expect(axis.frequency == .businessMonths(1, atEnd: true))
    #expect(axis.gaps.map { [$0.afterRow, $0.missing] } == [[1, 1], [4, 2]])
  }

  /// What a model knows about its rows holds for a few rows that could be something else, too.
  @Test func theFrequencyOfAModelIsPreferred() throws {
    let week = "Date,v\n2020-01-06,1\n2020-01-07,2\n2020-01-08,3\n2020-01-09,4\n2020-01-10,5\n"
    let table = try Table(csvText: week)
    #expect(try Series.read(table, value: "v")[0].times.frequency == .daily)
    let trained = try TimeAxis(parsing: ["2019-12-05", "2019-12-06", "2019-12-09", "2019-12-10"])
    let series = try Series.read(table, value: "v", like: trained)[0]
    #expect(series.times.frequency == .businessDays)
    #expect(series.times.next(1).labels == ["2020-01-13"])
    // Not where the rows contradict it: every day is a week without six of its rows.
    let weekly = try TimeAxis(parsing: ["2020-01-06", "2020-01-13", "2020-01-20"])
    #expect(try Series.read(table, value: "v", like: weekly)[0].times.frequency == .daily)
    let hourly = try TimeAxis(parsing: ["2020-01-01 00:00", "2020-01-01 01:00"])
    #expect(try Series.read(table, value: "v", like: hourly)[0].times.frequency == .daily)
  }
}
