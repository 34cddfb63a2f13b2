import Foundation
import Recurrent
import RecurrentFiles

extension ForecastPlan {
  /// A network far larger than the machine would end the program without a word, and one larger
  /// than the limit would pass it.
  static func memory(
    _ series: [Series], _ splits: [ForecastSplit], _ known: KnownInputs?,
    _ options: ForecasterOptions
  ) throws(DataError) -> MemoryPlan {
    let rows = min(options.batchSize, splits.reduce(0) { $0 + $1.training.count })
    let available = Double(ProcessInfo.processInfo.physicalMemory)
    var shapes = ShapesOnly()
    let model = ForecastModel(
      features: 1 + series[0].covariates.count, known: known?.width ?? 0,
      series: options.seriesVectors == true ? series.count : 0, options: options,
      using: &shapes)
    let (paths, weights) = (model.paths, model.parameterCount)
    let time = options.timeSteps
    let plan = MemoryPlan(
      paths: paths, parameterCount: weights, batchSize: rows, time: time, limit: options.memoryLimit
    )
    if let plan, plan.bytes <= available { return plan }
    let least = MemoryPlan.smallestBytes(
      paths: paths, parameterCount: weights, batchSize: rows, time: time)
    if let limit = options.memoryLimit, plan == nil {
      throw DataError(
        file: series[0].source,
        problem: "training such a network takes at least \(NumberFormat.bytes(least)) of memory, "
          + "the limit is \(NumberFormat.bytes(Double(limit)))",
        advice: "Use a higher --memory-limit, or a smaller --batch, --hidden, --layers or --window")
    }
    throw DataError(
      file: series[0].source,
      problem: "training such a network takes about "
        + "\(NumberFormat.bytes(plan?.bytes ?? least)) of memory, this machine has "
        + NumberFormat.bytes(available),
      advice: (least < available ? "Use a --memory-limit, or a " : "Use a ")
        + "smaller --hidden, --layers, --window or --batch")
  }
}
