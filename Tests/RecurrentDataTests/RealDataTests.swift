import Foundation
import Recurrent
import TestSupport
import Testing

private let folder = SharedData.folder

@Suite(.enabled(if: folder != nil, "set RECURRENT_DATA to the folder of real files"))
struct RealDataTests {
  private func path(_ name: String) throws -> String { try #require(folder) + "/" + name }

  @Test func airlinePassengers() throws {
    let series = try Series(csv: path("series/airline-passengers.csv"), value: "Passengers")
    #expect(series.count == 144)
    #expect(series.target[0] == 112)
    #expect(series.target[143] == 432)
    #expect(series.times.frequency == .months(1, day: 1))
    #expect(series.times.gaps.isEmpty)
    #expect(series.times.label(143) == "1960-12")
    #expect(series.times.next(2).labels == ["1961-01", "1961-02"])
  }

  @Test func sunspots() throws {
    let yearly = try Series(csv: path("series/sunspots-yearly.csv"), value: "SUNACTIVITY")
    #expect(yearly.count == 309)
    #expect(yearly.times.frequency.description == "yearly")
    #expect(yearly.times.next(1).labels == ["2009"])
    let monthly = try Series(csv: path("series/monthly-sunspots.csv"), value: "Sunspots")
    #expect(monthly.times.frequency.description == "monthly")
    #expect(monthly.times.label(0) == "1749-01")
  }

  @Test func carbonDioxide() throws {
    let file = try path("series/co2-weekly-mauna-loa.csv")
    let error = try dataError { () throws(DataError) in _ = try Series(csv: file, value: "co2") }
    #expect(error.line == 8)
    let series = try Series(csv: file, value: "co2", missing: .interpolate)
    #expect(series.times.frequency == .weekly)
    #expect(series.target[6] == (316.9 + 317.5) / 2)
    #expect(series.times.gaps.isEmpty)
  }

  @Test func temperatures() throws {
    let file = try path("series/daily-min-temperatures.csv")
    let error = try dataError { _ = try Series(csv: file, value: "Temp") }
    #expect(error.line == 1461)
    let whole = try Series(csv: file, value: "Temp", missing: .interpolate)
    #expect(whole.count == 3652 && whole.times.gaps.isEmpty)
    #expect(whole.target[1460] == (whole.target[1459] + whole.target[1461]) / 2)
    let series = try Series(csv: file, value: "Temp", missing: .drop)
    #expect(series.count == 3650)
    #expect(series.times.frequency == .daily)
    // The file leaves out 31 December of the leap years.
    #expect(series.times.gaps.map(\.missing) == [1, 1])
    #expect(
      series.times.gaps.map { series.times.label($0.afterRow) } == ["1984-12-30", "1988-12-30"])
  }

  @Test func stockPrices() throws {
    let file = try path("google-stock/Google_Stock_Price_Train.csv")
    let table = try Table(csv: file)
    #expect(table.columnNames == ["Date", "Open", "High", "Low", "Close", "Volume"])
    #expect(table.rowCount == 1258)
    let series = try Series(csv: file, value: "Open", covariates: ["Volume"])
    #expect(series.times.frequency == .businessDays)
    #expect(series.times.format?.pattern == "%-m/%-d/%Y")
    #expect(series.times.label(0) == "1/3/2012")
    #expect(series.times.label(1257) == "12/30/2016")
    // 30 December 2016 was a Friday.
    #expect(series.times.next(1).labels == ["1/2/2017"])
    #expect(series.times.gaps.isEmpty)
    #expect(series.times.holidays > 30 && series.times.holidays < 60)
    #expect(series.covariates[0].values[0] == 7_380_500)
    for name in ["GOOG_bokeh_2004_2013", "trainset", "testset"] {
      let other = try Series(csv: path("google-stock/\(name).csv"), value: "Close")
      #expect(other.times.frequency == .businessDays)
    }
  }
}
