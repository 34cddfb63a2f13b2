import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// The classic stock forecasting guide, reproduced, and what it does not say.
@main
struct StockForecast: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The classic LSTM stock forecast beside the naive one, by way of scaling.")

  @Argument(help: "A CSV file with a column Close. Default: the bundled prices of GOOG.")
  var file: String?

  @Option(help: "Passes over the training windows.")
  var epochs = 100

  @Option(help: "Where all random numbers come from.")
  var seed: UInt64 = 0

  @Option(help: "One way of scaling: all-rows, training-rows, window; all three if not given.")
  var only: Variant?

  @Flag(help: "Only train, on the training rows' own scale, and print the seconds it took.")
  var trainOnly = false

  @Option(help: "The picture to write.")
  var plot = "stock-forecast.svg"

  private static let window = 100
  private static let trainingFraction = 0.75

  func run() throws {
    let start = ContinuousClock.now
    let table = try file.map { try Table(csv: $0) } ?? Table(csvText: BundledData.goog)
    let series = try Series.read(table, value: "Close")[0]
    let split = Int(Double(series.count) * Self.trainingFraction)
    guard series.count - split > Self.window + 1 else {
      throw ValidationError("the test part needs more than \(Self.window + 1) of the rows")
    }
    let training = Windows(prices: series.target, rows: 0..<split, length: Self.window)
    let test = Windows(prices: series.target, rows: split..<series.count, length: Self.window)
    let recipe = Recipe(epochs: epochs, seed: seed)
    if trainOnly {
      _ = try recipe.train(on: training.examples(Variant.trainingRows.scaling(training)))
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      print("\(training.count) windows, \(epochs) epochs: \(format(seconds, 2)) seconds")
      return
    }
    describe(series, training, test)

    var forecasts: [(variant: Variant, prices: [Double])] = []
    for variant in only.map({ [$0] }) ?? Variant.allCases {
      FileHandle.standardError.write(Data("\(variant.name):\n".utf8))
      let scaling = variant.scaling(training)
      let model = try recipe.train(on: training.examples(scaling))
      forecasts.append((variant, test.prices(model(test.examples(scaling).inputs), scaling)))
    }

    print("\nRoot mean squared error on the \(test.count) test windows, seed \(seed), in dollars:")
    for (variant, prices) in forecasts {
      print("  \(variant.name.padded(to: 46)) \(format(test.error(prices), 2))")
    }
    print("  \("naive: tomorrow as today".padded(to: 46)) \(format(test.error(test.naive), 2))")
    if let high = training.prices[training.rows].max(), only == nil {
      let above = test.forecastRows.count { series.target[$0] > high }
      print(
        """

        \(above) of the \(test.count) forecast prices lie above \(format(high, 2)), the highest of the training rows:
        to a scaler fitted there they are numbers that the network has never met. Fitting the scaler on all
        rows hides that by telling the network how far prices will rise.
        """)
    }
    try chart(series, test, forecasts).svg().write(toFile: plot, atomically: true, encoding: .utf8)
    print("\nWrote \(plot)")
  }

  private func describe(_ series: Series, _ training: Windows, _ test: Windows) {
    let length = Self.window
    print(
      """
      Close: shape (\(series.count), 1), \(series.times.label(0)) to \(series.times.label(series.count - 1))
      training rows \(training.rows.count), test rows \(test.rows.count)

      Windows of \(length), the next price as target:
        the guides' loop  (\(training.countInGuides), \(length)) and (\(test.countInGuides), \(length))
        all there are     (\(training.count), \(length)) and (\(test.count), \(length))
      The guides' range(len(data) - \(length) - 1) stops one short: the last window, the one with the newest
      price as its target, is lost in both parts. (A test part that starts one row late as well has
      (\(test.countInGuides - 1), \(length)).)
      """)
    fflush(nil)  // before the progress on standard error, also where standard output is a file
  }

  private func chart(
    _ series: Series, _ test: Windows, _ forecasts: [(variant: Variant, prices: [Double])]
  ) -> LineChart {
    let dates = Array(series.times.positions[test.forecastRows])
    return LineChart(
      title: "\(series.targetName): one day ahead, by way of scaling",
      subtitle: "three LSTM(50) layers, \(epochs) epochs, seed \(seed), \(test.count) test windows",
      x: series.times.isRowNumbers ? .number(label: "row") : .time, yLabel: "price (USD)",
      lines: [
        .init("actual", x: dates, y: Array(series.target[test.forecastRows]), role: .actual)
      ]
        + forecasts.map { variant, prices in
          let error = format(test.error(prices), 1)
          return .init("\(variant.name): error \(error)", x: dates, y: prices)
        })
  }
}

/// A number with that many decimals.
private func format(_ value: Double, _ decimals: Int) -> String {
  String(format: "%.\(decimals)f", value)
}

extension String {
  /// With spaces behind, to that many characters.
  fileprivate func padded(to length: Int) -> String {
    self + String(repeating: " ", count: max(0, length - count))
  }
}
