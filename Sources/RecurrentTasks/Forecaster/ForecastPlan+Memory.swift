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
    let available = Double(AvailableMemory.current.bytes)
    var shapes = ShapesOnly()
    let model = ForecastModel(
      features: 1 + series[0].covariates.count, known: known?.width ?? 0,
      series: options.tellsSeriesApart ? series.count : 0, options: options,
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
        + "\(NumberFormat.bytes(plan?.bytes ?? least)) of memory, "
        + AvailableMemory.current.words(NumberFormat.bytes),
      advice: (least < available ? "Use a --memory-limit, or a " : "Use a ")
        + "smaller --hidden, --layers, --window or --batch")
  }

  /// About how many bytes the whole training takes at its height: the program and the data, beside what a table takes
  /// while it is read, or what follows from its numbers, with a training step or the report.
  var processBytes: Double {
    func sum(_ part: (Int) -> Int) -> Double { Double(series.indices.reduce(0) { $0 + part($1) }) }
    let count = Double(series.count + leftOut.count)
    let rows =
      sum { series[$0].count } + Double(leftOut.reduce(0) { $0 + $1.series.count })
    let known = Double(series.first?.known.filter { !$0.isStatic }.count ?? 0)
    let columns = Double(channels[0].values.count)
    let windows = windowCounts
    let most = Double(ValueStore.mostKept)
    // Cells as text and as offsets, numbers, the row of each; a table has times and names of series too. One
    // that is large comes in parts, and their rows wait for each other.
    let (text, cells) = ((columns + known + 2) * 7, (columns + known + 2) * 16 + 24)
    let part = Double(1 << 24)
    let reading =
      rows * text > 8 * part
      ? part * (2 + cells / text) + min(rows * (columns + known + 2) * 8, most) : rows * cells
    let numbers = rows * (columns + 1) * 8
    let longest = Double(series.map(\.count).max() ?? 0)
    let kept =
      min(numbers, most) + rows * known * 8
      + (numbers > most ? longest * (columns + 1) * 32 : 0)
    // Transformed values, the steps before each row, what is known of it; lists have some overhead.
    let scaled =
      min(
        rows
          * ((channels[0].power.isNone ? 0 : 8)
            + (channels[0].leastScale == nil ? 0 : 16 * columns)
            + Double(channels[0].knownWidth) * 4),
        most)
      + count * 1200
    let step =
      memory.bytes + Double(min(windows.training, options.windowsPerEpoch ?? .max)) * 16
    // What is said of some rows at once, beside levels and slopes of the classical forecasts, and sums of errors; before
    // that, the errors on rows that were held out, sorted; after that, the picture of the first series.
    func judged(_ windows: Int) -> Double {
      min(Double(windows * options.horizon), Double(Self.rowsAtOnce)) * 500
    }
    let unlearned = hasValidation ? windows.validation : windows.training
    let errors = Double(unlearned * options.horizon) * 24 + judged(unlearned)
    let report = min(rows * 48, most) + judged(windows.test) + count * 4500
    let picture =
      Double(series[0].count) * 16 + Double(splits[0].test.count) * 120
      + judged(splits[0].test.count)
    let phases = [step, errors] + (windows.test > 0 ? [report, picture] : [])
    return 33e6 + kept + max(reading, scaled * Double(min(stages, 2)) + (phases.max() ?? 0))
  }
}
