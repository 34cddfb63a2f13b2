import Foundation
import Recurrent
import RecurrentFiles
import TestSupport
import Testing

@testable import RecurrentTasks

struct KnownInputsTests {
  // MARK: The calendar

  @Test func featuresFollowTheStepAndTheSpan() throws {
    func features(_ step: Int64, _ count: Int) -> [CalendarFeature] {
      let axis = TimeAxis(seconds: (0..<Int64(count)).map { $0 * step })
      return CalendarFeature.features(of: axis, trainingRows: count)
    }
    #expect(features(3600, 24) == [])
    #expect(features(3600, 100) == [.hour])
    #expect(features(3600, 24 * 30) == [.hour, .weekday])
    #expect(features(86_400, 30) == [.weekday])
    #expect(features(86_400, 1200) == [.weekday, .dayOfYear])
    #expect(features(7 * 86_400, 300) == [.dayOfYear])
    #expect(features(30 * 86_400, 300) == [] && features(365 * 86_400, 300) == [])
    #expect(CalendarFeature.features(of: TimeAxis(rowCount: 500), trainingRows: 500) == [])
  }

  /// 1970-01-01 00:00 was a Thursday: 3 of 7 days after Monday.
  @Test func placesAreOnTheirCircles() {
    func close(_ found: [Float], _ angle: Double) {
      #expect(abs(Double(found[0]) - sin(angle)) < 1e-6)
      #expect(abs(Double(found[1]) - cos(angle)) < 1e-6)
    }
    close(CalendarFeature.hour.place(6 * 3600), .pi / 2)
    close(CalendarFeature.weekday.place(0), 2 * .pi * 3 / 7)
    close(CalendarFeature.weekday.place(4 * 86_400), 0)
    close(CalendarFeature.hour.place(-6 * 3600), -.pi / 2)
  }

  // MARK: Columns

  /// A table whose target jumps by 30 on promotions, which fall at random.
  private func table(_ count: Int, future: Int = 0) -> String {
    var generator = RandomGenerator(seed: 4)
    let days = TimeAxis(seconds: (0..<Int64(count + future)).map { $0 * 86_400 }).labels
    return "Day,Sold,Promo,Event,Region\n"
      + (0..<count + future).map { row in
        let promo = generator.uniform() < 0.3
        let event = generator.uniform() < 0.2 ? "fair" : ""
        let sold = 50 + (promo ? 30 : 0) + (event.isEmpty ? 0 : 12) + Double(generator.uniform())
        return
          "\(days[row]),\(row < count ? "\(sold)" : ""),\(promo ? 1 : 0),\(event),north"
      }.joined(separator: "\n") + "\n"
  }

  private func series(_ count: Int, future: Int = 0) throws -> [Series] {
    try Series.read(
      Table(csvText: table(count, future: future)), value: "Sold", time: "Day",
      known: KnownChoice(rows: ["Promo", "Event"], statics: ["Region"]))
  }

  @Test func columnsAreReadWithTheirFuture() throws {
    let series = try series(40, future: 5)[0]
    #expect(series.count == 40 && series.future?.count == 5)
    #expect(series.known.map(\.count) == [45, 45, 1])
    #expect(series.known[2].values == .words(["north"]) && series.known[2].isStatic)
    #expect(series.suffix(10).known.map(\.count) == [15, 15, 1])
    #expect(series.prefix(10).known.map(\.count) == [10, 10, 1])
    let error = try dataError {
      _ = try Series.read(
        Table(csvText: "Sold,Region\n1,a\n2,b\n"), value: "Sold",
        known: KnownChoice(statics: ["Region"]))
    }
    #expect(error.line == 3 && error.problem.contains("one value for all rows"))
  }

  private func options(_ change: (inout ForecasterOptions) -> Void = { _ in }) -> ForecasterOptions
  {
    tinyOptions {
      $0.epochs = 40
      $0.hiddenSize = 8
      change(&$0)
    }
  }

  @Test(.optimized, arguments: [ForecastSteps.rows, .segments])
  func promotionsAreForecast(steps: ForecastSteps) throws {
    let change: (inout ForecasterOptions) -> Void = {
      // Segments learn to ask more slowly than rows learn to add.
      ($0.epochs, $0.patience) = (100, 100)
      $0.steps = steps == .rows ? nil : .segments
      $0.segment = steps == .rows ? nil : 2
    }
    let plan = try ForecastPlan(series(400), options: options(change))
    #expect(plan.known?.width == 2 * 1 + 1 + 1 + 1)
    let told = try plan.train()
    let blind = try ForecastPlan(
      Series.read(Table(csvText: table(400)), value: "Sold", time: "Day"), options: options(change)
    ).train()
    let (mine, its) = (
      try #require(told.configuration.evaluation), try #require(blind.configuration.evaluation)
    )
    // The jumps have a deviation of 14.5; what is told leaves that of the noise, 0.3.
    #expect(mine.model.overall.rmse < 0.5 * its.model.overall.rmse)
    // What comes is what the rows say.
    let ahead = try series(400, future: 3)[0]
    let forecast = try told.forecast(after: ahead)
    #expect(forecast.points.count == 3)
    let turned = try Series(
      values: ahead.target, targetName: "Sold", times: ahead.times, future: ahead.future,
      known: ahead.known.map { column in
        guard column.name == "Promo", case .numbers(let values) = column.values else {
          return column
        }
        return KnownColumn(
          name: "Promo", values: .numbers(values.enumerated().map { $0 < 400 ? $1 : 1 - $1 }))
      })
    let other = try told.forecast(after: turned)
    for (a, b) in zip(forecast.points, other.points) { #expect(abs(a.value - b.value) > 10) }
  }

  @Test func modelsKeepWhatTheyAreTold() throws {
    let forecaster = try ForecastPlan(
      series(60, future: 3), options: options { $0.epochs = 1 }
    ).train()
    let read = try withTemporaryFolder { folder in
      try forecaster.save(to: folder + "/model")
      return try Forecaster(contentsOf: folder + "/model")
    }
    #expect(read.recent[0].known == forecaster.recent[0].known)
    let points = try forecaster.forecast(after: forecaster.recent[0]).points
    #expect(points.count == 3)
    #expect(try read.forecast(after: read.recent[0]).points == points)
    let unknown = try dataError { _ = try read.forecast(after: series(60)[0]) }
    #expect(unknown.problem == "3 rows were asked for, but Promo, Event of none of them is known")
    let some = try dataError { _ = try read.forecast(after: series(60, future: 2)[0], steps: 3) }
    #expect(some.problem.contains("only 2 of them are known"))
    let other = try dataError { _ = try read.forecast(after: wavySeries(60)) }
    #expect(other.problem.contains("expected Promo, Event, Region"))
  }

  /// What is known reaches a forecast only by the rows of its window and horizon.
  @Test func rowsBehindTheHorizonReachNoForecast() throws {
    let series = try series(80)[0]
    let forecaster = try ForecastPlan([series], options: options { $0.epochs = 1 }).train()
    func changed(from row: Int) throws -> Series {
      try Series(
        values: series.target, targetName: "Sold", times: series.times,
        known: series.known.map { column in
          guard case .numbers(let values) = column.values else { return column }
          return KnownColumn(
            name: column.name, values: .numbers(values.enumerated().map { $0 < row ? $1 : 7 }))
        })
    }
    let points = forecaster.points(try forecaster.examples(of: [series]))
    for (start, isEqual) in [(43, true), (42, false)] {
      let others = forecaster.points(try forecaster.examples(of: [changed(from: start)]))
      // The window whose origin is row 40 forecasts rows 40, 41 and 42.
      let place = 40 - forecaster.options.window
      #expect((points[place] == others[place]) == isEqual)
    }
  }
}
