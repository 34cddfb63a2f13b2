import Recurrent
import RecurrentTasks
import TestSupport
import Testing

#if DEBUG
  private let isRelease = false
#else
  private let isRelease = true
#endif

/// How good forecasts must be on real data.
@Suite(.enabled(if: isRelease, "trains at full size; run with -c release"), .serialized)
struct ForecastTargetTests {
  private func forecaster(
    _ file: String, _ columns: ForecastColumns, _ change: (inout ForecasterOptions) -> Void
  ) async throws -> ForecastEvaluation {
    let table = try Table(csvText: try await SharedData.text(file), source: file)
    var options = ForecasterOptions()
    options.refit = nil
    change(&options)
    let plan = try ForecastPlan(columns.read(table), options: options, columns: columns)
    let forecaster = try plan.train()
    print("\(file), seed \(options.seed), \(forecaster.configuration.epochs) epochs")
    print(forecaster.report)
    return try #require(forecaster.configuration.evaluation)
  }

  @Test(.sharedData("google-stock/trainset.csv"))
  func stockPricesAreAboutAsGoodAsTheNaiveForecast() async throws {
    let evaluation = try await forecaster(
      "google-stock/trainset.csv", ForecastColumns(target: "Close")
    ) {
      $0.window = 100
      $0.horizon = 1
    }
    #expect(evaluation.windows == 215)
    #expect(abs(evaluation.naive.overall.rmse - 9.52) < 0.005)
    #expect(evaluation.model.overall.rmse <= 1.02 * evaluation.naive.overall.rmse)
  }

  @Test(.sharedData("series/airline-passengers.csv"), arguments: [0, 1, 2])
  func passengersBeatTheSeasonalNaiveForecast(seed: UInt64) async throws {
    let evaluation = try await forecaster(
      "series/airline-passengers.csv", ForecastColumns(target: "Passengers")
    ) {
      $0.window = 36
      $0.horizon = 12
      $0.season = 12
      $0.seed = seed
    }
    #expect(evaluation.windows == 25)
    let seasonal = try #require(evaluation.seasonalNaive)
    #expect(evaluation.model.overall.rmse < seasonal.overall.rmse)
    #expect(evaluation.skill > 0)
  }

  @Test(.sharedData("series/ETTh1.csv.xz"))
  func transformersBeatBothNaiveForecasts() async throws {
    let columns = ForecastColumns(
      target: "OT", covariates: ["HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL"])
    let evaluation = try await forecaster("series/ETTh1.csv.xz", columns) {
      $0.window = 48
      $0.horizon = 24
      $0.season = 24
      $0.layers = 1
      $0.hiddenSize = 64
      $0.epochs = 3
    }
    let seasonal = try #require(evaluation.seasonalNaive)
    #expect(evaluation.model.overall.rmse < evaluation.naive.overall.rmse)
    #expect(evaluation.model.overall.rmse < seasonal.overall.rmse)
  }
}
