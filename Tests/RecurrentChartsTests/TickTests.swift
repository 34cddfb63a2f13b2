import Foundation
import Recurrent
import Testing

@testable import RecurrentCharts

/// Seconds since 1970 of a UTC date, from Foundation's calendar: independent of the code under
/// test.
private func seconds(_ year: Int, _ month: Int, _ day: Int, _ hour: Int = 0) throws -> Double {
  var calendar = Calendar(identifier: .gregorian)
  calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
  let components = DateComponents(year: year, month: month, day: day, hour: hour)
  return try #require(calendar.date(from: components)).timeIntervalSince1970
}

private func linear(_ range: ClosedRange<Double>, _ maximum: Int, whole: Bool = false) -> [Tick] {
  Axis(scale: .linear, showing: range, wholeNumbers: whole).ticks(maximum: maximum)
}

private func labels(_ ticks: [Tick]) -> [String] { ticks.map(\.label) }

@Suite struct TickTests {
  @Test func linearTicksAreRoundAndExact() {
    #expect(linear(0...1, 5).map(\.value) == [0, 0.2, 0.4, 0.6, 0.8, 1])
    #expect(labels(linear(0...1, 5)) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(linear(0.05...0.38, 4).map(\.value) == [0.1, 0.2, 0.3])
    #expect(linear(-7...13, 5).map(\.value) == [-5, 0, 5, 10])
    #expect(labels(linear(-7...13, 5)) == ["−5", "0", "5", "10"])
    #expect(linear(100...838, 7).map(\.value) == [200, 400, 600, 800])
    #expect(
      labels(linear(0...2_500_000, 6)) == [
        "0", "500,000", "1,000,000", "1,500,000", "2,000,000", "2,500,000",
      ])
  }

  @Test func negativeZeroIsZero() {
    let zero = linear(-0.3...0.3, 4).map(\.value).filter { $0 == 0 }
    #expect(zero.map(\.sign) == [.plus])
    #expect(labels(linear(-0.3...0.3, 4)) == ["−0.2", "0.0", "0.2"])
  }

  @Test func tinyAndHugeNumbersKeepTheirDigits() {
    #expect(
      labels(linear(1...1.000_000_004, 4)) == [
        "1.000000000", "1.000000001", "1.000000002", "1.000000003", "1.000000004",
      ])
    #expect(labels(linear(-4e-9...5e-9, 5)) == ["−4×10⁻⁹", "−2×10⁻⁹", "0", "2×10⁻⁹", "4×10⁻⁹"])
    #expect(labels(linear(0...1.2e13, 3)) == ["0", "0.5×10¹³", "1.0×10¹³"])
  }

  @Test func wholeNumbersHaveNoTicksBetween() {
    #expect(linear(1...3, 8, whole: true).map(\.value) == [1, 2, 3])
    #expect(linear(1...3, 8).map(\.value) == [1, 1.5, 2, 2.5, 3])
    #expect(linear(4...4, 8, whole: true).map(\.value) == [3, 4, 5])
  }

  @Test func equalEndsAreWidened() {
    let aTenth: ClosedRange<Double> = (7 - 0.7)...(7 + 0.7)
    #expect(Axis(scale: .linear, showing: 7...7).range == aTenth)
    #expect(Axis(scale: .linear, showing: 0...0).range == -1...1)
    #expect(Axis(scale: .linear, showing: 1.5e308 ... .infinity).range.contains(1e300))
    #expect(Axis(scale: .log, showing: 8...8).range == 4...16)
    let moment = Axis(scale: .time, showing: 1e9...1e9)
    #expect(moment.range == (1e9 - 86_400)...(1e9 + 86_400))
  }

  @Test func logarithmicTicks() {
    func log(_ range: ClosedRange<Double>, _ maximum: Int) -> [Tick] {
      Axis(scale: .log, showing: range).ticks(maximum: maximum).filter { !$0.label.isEmpty }
    }
    #expect(labels(log(0.001...1, 4)) == ["0.001", "0.01", "0.1", "1"])
    #expect(log(0.001...1, 4).map(\.value) == [0.001, 0.01, 0.1, 1])
    #expect(labels(log(0.01...1, 8)) == ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"])
    #expect(labels(log(1e-7...1e-3, 6)) == ["10⁻⁷", "10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³"])
    #expect(labels(log(1e-32...1, 5)) == ["10⁻³⁰", "10⁻²⁰", "10⁻¹⁰", "10⁰"])
    #expect(labels(log(2...6, 5)) == ["2", "3", "4", "5", "6"])
  }

  @Test func placesOnAnAxis() {
    let linear = Axis(scale: .linear, showing: -10...30)
    #expect(linear.position(of: 0) == 0.25)
    #expect(linear.position(of: .nan) == nil)
    #expect(linear.position(of: .infinity) == nil)
    let log = Axis(scale: .log, showing: 0.01...100)
    #expect(log.position(of: 1) == 0.5)
    #expect(log.position(of: 0) == nil)
    #expect(log.position(of: -1) == nil)
  }
}

@Suite struct TimeTickTests {
  @Test func datesAgreeWithTheCalendarOfFoundation() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
    // Steps of 997 days touch every month, leap day rule and century since the calendar began.
    for day in stride(from: -140_000, through: 400_000, by: 997) {
      let date = Date(timeIntervalSince1970: Double(day) * 86_400)
      let parts = calendar.dateComponents([.year, .month, .day], from: date)
      let time = CivilTime(daysSince1970: day)
      #expect([time.year, time.month, time.day] == [parts.year, parts.month, parts.day])
    }
    #expect(CivilTime(daysSince1970: 11_016).date == "2000-02-29")
    for month in stride(from: 1590 * 12, through: 2900 * 12, by: 7) {
      let time = CivilTime(secondsSince1970: CivilTime.seconds(monthIndex: month))
      #expect(time.monthIndex == month)
      #expect(time.day == 1)
      #expect(time.secondOfDay == 0)
    }
  }

  @Test(arguments: [
    (2004, 2013, 11, TimeTicks.Step.months(12)), (2004, 2013, 5, .months(24)),
    (1820, 2020, 12, .months(240)), (2020, 2021, 12, .months(1)), (2020, 2021, 6, .months(3)),
    (2020, 2023, 6, .months(6)), (2020, 2023, 7, .months(6)),
  ])
  func stepsOverYears(from: Int, to: Int, maximum: Int, step: TimeTicks.Step) throws {
    let range = try seconds(from, 1, 2)...seconds(to, 1, 2)
    #expect(TimeTicks.step(for: range, maximum: maximum) == step)
  }

  @Test func yearsStandAlone() throws {
    let ticks = TimeTicks.ticks(
      in: try seconds(2004, 8, 19)...seconds(2007, 3, 1), step: .months(12))
    #expect(ticks.map(\.label) == ["2005", "2006", "2007"])
    #expect(
      ticks.map(\.value) == [
        try seconds(2005, 1, 1), try seconds(2006, 1, 1), try seconds(2007, 1, 1),
      ])
    #expect(ticks.allSatisfy { $0.context == nil })
  }

  @Test func quartersNameTheYearOnce() throws {
    let range = try seconds(2019, 9, 15)...seconds(2020, 8, 1)
    #expect(TimeTicks.step(for: range, maximum: 5) == .months(3))
    let ticks = TimeTicks.ticks(in: range, step: .months(3))
    #expect(ticks.map(\.label) == ["Oct", "Jan", "Apr", "Jul"])
    #expect(ticks.map(\.context) == ["2019", "2020", nil, nil])
    #expect(
      ticks.map(\.value) == [
        try seconds(2019, 10, 1), try seconds(2020, 1, 1), try seconds(2020, 4, 1),
        try seconds(2020, 7, 1),
      ])
  }

  @Test func weeksBeginOnMonday() throws {
    let range = try seconds(2020, 12, 10)...seconds(2021, 1, 20)
    #expect(TimeTicks.step(for: range, maximum: 6) == .weeks(1))
    let ticks = TimeTicks.ticks(in: range, step: .weeks(1))
    #expect(ticks.map(\.label) == ["14 Dec", "21 Dec", "28 Dec", "4 Jan", "11 Jan", "18 Jan"])
    #expect(ticks.map(\.context) == ["2020", nil, nil, "2021", nil, nil])
  }

  @Test func hoursNameTheDayOnce() throws {
    let range = try seconds(2020, 2, 29, 3)...seconds(2020, 3, 1, 14)
    let ticks = TimeTicks.ticks(in: range, step: .seconds(6 * 3_600))
    #expect(ticks.map(\.label) == ["06:00", "12:00", "18:00", "00:00", "06:00", "12:00"])
    #expect(ticks.map(\.context) == ["29 Feb 2020", nil, nil, "1 Mar 2020", nil, nil])
  }

  @Test func fractionsOfASecond() {
    let ticks = TimeTicks.ticks(in: 1_600_000_000.0...1_600_000_000.45, step: .seconds(0.2))
    #expect(ticks.map(\.label) == ["12:26:40.0", "12:26:40.2", "12:26:40.4"])
  }

  @Test func labelsNeitherRepeatNorOverlap() {
    // Spans from a tenth of a second to 3,000 years, at several widths.
    for power in stride(from: -1.0, through: 11, by: 0.13) {
      for width in [150.0, 430, 905] {
        let span = pow(10, power)
        let axis = Axis(scale: .time, showing: 1.31e9...(1.31e9 + span))
        let ticks = axis.ticks(width: width, fontSize: 11.5)
        let full = ticks.map { [$0.label, $0.context ?? ""] }
        for (one, next) in zip(full, full.dropFirst()) where next[1].isEmpty {
          #expect(one[0] != next[0], "span \(span)")
        }
        for (one, next) in zip(ticks, ticks.dropFirst()) {
          let distance =
            ((axis.position(of: next.value) ?? 0) - (axis.position(of: one.value) ?? 0)) * width
          let halves =
            (TextWidth.of(one.label, size: 11.5) + TextWidth.of(next.label, size: 11.5)) / 2
          #expect(distance > halves, "span \(span), width \(width)")
        }
        if width > 400 { #expect(ticks.count >= 2, "span \(span)") }
        #expect(ticks.count <= 14)
      }
    }
  }
}
