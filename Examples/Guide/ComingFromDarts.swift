import Foundation
import Recurrent
import RecurrentTasks

/// A forecast from a table in the words of this library, and the formulas of errors.
func comingFromDarts(_ pictures: Pictures) throws {
  let co2 = try Series.read(
    Table(csvText: BundledData.co2), value: "CO2", missing: .interpolate)[0]
  var options = ForecasterOptions()
  (options.window, options.horizon, options.season) = (60, 4, 52)
  (options.hiddenSize, options.layers, options.epochs) = (25, 1, 5)
  options.refit = nil
  let forecaster = try ForecastPlan([co2], options: options).train()
  let next = try forecaster.forecast(after: co2)
  for (step, point) in next.points.enumerated() {
    print(
      "week \(step + 1):", text(point.value, 1), " between", text(point.lower, 1), "and",
      text(point.upper, 1))
  }

  let errors = ForecastErrors(values: [10, 20], forecasts: [12, 16], scale: [2, 2])
  print("values 10 and 20, forecasts 12 and 16, naive forecasts off by 2 in training:")
  print("  RMSE", text(errors.rmse, 3), " MAE", text(errors.mae, 3))
  print("  MAPE", text(errors.mape ?? .nan, 2), " sMAPE", text(errors.smape, 2))
  print("  MASE", text(errors.mase ?? .nan, 2))
}
