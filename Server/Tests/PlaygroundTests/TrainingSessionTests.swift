import Foundation
import InferenceProtocol
import Recurrent
import Testing

@testable import Playground

@Suite struct TrainingSessionTests {
  private let sine = (0..<400).map { sin(Double($0) / 5) }

  /// Parts, windows and naive errors of a series small enough to count by hand.
  @Test func windows() throws {
    let data = try SeriesWindows((0..<50).map { Double($0 * $0) }, window: 3, ahead: 2)
    // The first row that can be forecast is 4: windows end two rows before.
    #expect(data.training == 4..<36 && data.validation == 36..<43 && data.test == 43..<50)
    #expect(data.naive([4, 49]) == [4, 2209])
    let input = data.inputs([4]).values
    #expect(input.shape == [1, 3, 1] && input.elements[2] == 0)
    // 0, 1, 4 are -4, -3, 0 from their last.
    #expect(abs(input.elements[0] / input.elements[1] - 4.0 / 3) < 1e-6)
    let output = data.targets([4, 5])
    #expect(abs(output.elements[1] / output.elements[0] - 16.0 / 12) < 1e-6)
    // Outputs of 0 are the naive forecast.
    #expect(data.forecasts([4, 5], from: .zeros([2, 1])) == [4, 9])
    #expect(abs(data.forecasts([5], from: output.rows([1]))[0] - 25) < 1e-5)
    #expect(data.rootMeanSquare([1, 5], [0, 1]) == ((1.0 + 16.0) / 2).squareRoot())
    #expect(abs(data.naiveLoss(data.training) - 1) < 1e-12)
  }

  @Test func seriesThatCannotBeLearned() {
    for (values, words) in [
      (Array(repeating: 3, count: 200), "do not vary"), (Array(sine.prefix(60)), "at least 64"),
      (Array(repeating: 0, count: 20_001), "20000"), ([.infinity] + sine, "Value 1"),
      ([1e300] + sine, "1e18"),
    ] as [([Double], String)] {
      #expect {
        _ = try SeriesWindows(values, window: 24, ahead: 1)
      } throws: {
        "\($0)".contains(words)
      }
    }
  }

  @Test func settingsOutOfBounds() throws {
    for request in [
      ["cell": "transformer"], ["units": 0], ["units": 129], ["window": 1], ["window": 2.5],
      ["ahead": 51], ["learning_rate": 0], ["epochs": 501], ["epochs": "3"], ["seed": -1],
    ] as [JSONValue] {
      #expect(throws: RequestError.self) { try TrainingSettings(request) }
    }
    #expect(try TrainingSettings(["cell": "gru", "units": 3]).units == 3)
  }

  private func events(
    _ request: JSONValue, values: [Double], goOn: (Int) -> Bool = { _ in true }
  ) throws -> [JSONValue] {
    let session = try TrainingSession(TrainingSettings(request), values: values)
    var events: [JSONValue] = []
    session.run { event in
      events.append(event)
      return goOn(events.count)
    }
    return events
  }

  @Test(arguments: ["rnn", "lstm", "gru"]) func aSineIsLearned(cell: String) throws {
    let request: JSONValue = [
      "cell": .string(cell), "units": 8, "window": 10, "epochs": 12, "learning_rate": 0.02,
    ]
    let all = try events(request, values: sine)
    let told = all.filter { $0["event"] != "progress" }
    #expect(told.count == 14 && told.first?["event"] == "start" && told.last?["event"] == "end")
    let (first, end) = (try #require(told.first), try #require(told.last))
    #expect(end["is_better"] == true, "\(end)")
    let (error, naive) = (end["rmse"]?.double ?? .nan, end["naive_rmse"]?.double ?? .nan)
    #expect(error < naive / 2)
    // 59 rows are unseen; all are shown.
    let truth = first["truth"]?.array ?? []
    #expect(truth.count == 59 && first["naive"]?.array?.count == 59)
    #expect(truth.last?.double == sine.last && first["first_shown"] == 341)
    let squares = zip(truth, end["forecast"]?.array ?? []).map {
      pow(($0.double ?? .nan) - ($1.double ?? .nan), 2)
    }
    #expect(abs((squares.reduce(0, +) / 59).squareRoot() - error) < 1e-12)
    for epoch in told.dropFirst().dropLast() {
      #expect(epoch["forecast"]?.array?.count == 59)
      for trace in (epoch["activity"]?.array ?? []) + (epoch["gradient"]?.array ?? []) {
        #expect(trace["values"]?.array?.count == 10)
      }
    }
    // Same seed, same bits.
    let again = try events(request, values: sine).filter { $0["event"] == "epoch" }
    #expect(again.last == told[told.count - 2])
  }

  @Test func aListenerThatLeavesEndsIt() throws {
    let events = try events(["epochs": 500, "units": 2, "window": 4], values: sine) { $0 < 3 }
    #expect(events.count == 3)
  }

  @Test func aTrainingHasItsTime() throws {
    var session = try TrainingSession(
      TrainingSettings(["epochs": 500, "units": 2, "window": 4]), values: sine)
    session.timeLimit = .zero
    var events: [JSONValue] = []
    session.run {
      events.append($0)
      return true
    }
    #expect(events.count { $0["event"] == "epoch" } == 1)
    #expect(events.last?["reason"]?.string?.contains("time") == true)
    #expect(events.last?["rmse"]?.double?.isFinite == true)
  }

  @Test func aTableIsReadAsTheCommandReadsIt() throws {
    let csv = "Day;A;B\n2020-01-01;1,5;10\n2020-01-02;;20\n2020-01-03;2,5;30\n"
    let table = try SentTable(csv: csv, column: "A")
    #expect(table.columns == ["A", "B"] && table.values == [1.5, 2, 2.5])
    #expect(table.remarks.contains { $0.contains("filled") && !$0.contains("--") })
    #expect(try SentTable(csv: csv, column: nil).values == [10, 20, 30])
    #expect {
      _ = try SentTable(csv: "a\nx\ny\n", column: nil)
    } throws: {
      "\($0)".contains("column holds numbers")
    }
    #expect(throws: RequestError.self) { try SentTable(csv: "", column: nil) }
  }

  @Test func bundledSeriesAreThere() {
    #expect(PlaygroundSeries.bundled.map(\.name) == PlaygroundSeries.names)
    for series in PlaygroundSeries.bundled {
      #expect(series.values.count >= 400 && series.values.allSatisfy(\.isFinite), "\(series.name)")
    }
    // Rows of the table from the first to the last week, 59 of them filled.
    #expect(PlaygroundSeries.bundled[0].values.count == 2284)
  }
}
