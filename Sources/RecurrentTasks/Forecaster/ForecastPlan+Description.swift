import Recurrent

extension ForecastPlan: CustomStringConvertible {
  /// The split with dates, the windows, and the network with its size.
  public var description: String {
    let counts = windowCounts
    var lines: [String] = []
    for (series, split) in zip(series, splits).prefix(3) {
      let name = series.name.map { "\($0): " } ?? ""
      func part(_ rows: Range<Int>) -> String {
        guard let last = rows.last else { return "no rows" }
        return
          "\(NumberFormat.grouped(rows.count)) rows, \(series.times.label(rows.lowerBound)) to \(series.times.label(last))"
      }
      lines.append("\(name)training    \(part(0..<split.validationStart))")
      lines.append("\(name)validation  \(part(split.validationStart..<split.testStart))")
      lines.append("\(name)test        \(part(split.testStart..<split.count))")
    }
    if series.count > 3 { lines.append("… and \(series.count - 3) more series") }
    lines += leftOutLines
    if paddedCount > 0 {
      lines.append(
        "padded      \(NumberFormat.grouped(paddedCount)) of \(NumberFormat.grouped(series.count)) series, too "
          + "short for a window: their first value stands where rows are missing before it")
    }
    let windows = [counts.training, counts.validation, counts.test].map(NumberFormat.grouped)
    lines.append(
      "windows     of \(options.window) rows, \(options.horizon) ahead: \(windows[0]) to train, "
        + "\(windows[1]) to validate, \(windows[2]) to test")
    lines += seasonLines
    lines.append("scaling     \(options.scaling.explanation)")
    if options.hasBase || options.base == .learned {
      lines.append("            the network corrects the \(baseName)")
    }
    lines += transformLines
    if let known { lines.append("known       \(known.description)") }
    if let foldText { lines.append("interval    " + foldText) }
    if let refitText { lines.append("refit       " + refitText) }
    lines.append("network     " + options.networkText)
    lines.append(
      "            \(NumberFormat.grouped(parameterCount)) parameters, about "
        + "\(NumberFormat.bytes(memory.wholeBytes)) of memory and "
        + "\(NumberFormat.operations(operations)) operations a training step;")
    lines.append(
      "            about \(NumberFormat.bytes(processBytes)) of memory in all, with the data and the report"
    )
    if store.fileSize > 0 {
      lines.append(
        "            scales and steps of the rows on the disk, \(NumberFormat.bytes(Double(store.fileSize))) "
          + "for the time of training")
    }
    if let limit = memory.limit { lines.append("memory      " + memoryText(limit)) }
    return lines.joined(separator: "\n")
  }

  private var seasonLines: [String] {
    let found = seasonsFound.map {
      "\($0.rows) rows (strength \(NumberFormat.fixed($0.strength, 2))"
        + ($0.rows > options.window ? "; a --window of as many is needed to use it)" : ")")
    }
    let given = options.seasons.map { "\($0) rows" }
    guard !found.isEmpty else {
      return given.isEmpty ? [] : ["season      " + given.joined(separator: ", ")]
    }
    return [
      "season      found: " + found.joined(separator: ", ") + "; --season names others, or none"
    ]
  }

  private var transformLines: [String] {
    guard let transform = options.transform else { return [] }
    let powers = Dictionary(grouping: channels, by: \.power.power).mapValues(\.count)
    let kinds = powers.sorted { $0.key < $1.key }.map { power, count in
      let name =
        power == 0
        ? "logarithms"
        : power == 1
          ? transform == .log ? "nothing, since values are not all above zero" : "as it is"
          : "power \(NumberFormat.short(Float(power)))"
      return name + (powers.count > 1 ? " (\(count) series)" : "")
    }
    return ["transform   \(transform.rawValue): " + kinds.joined(separator: ", ")]
  }

  private var leftOutLines: [String] {
    guard !leftOut.isEmpty else { return [] }
    let count = leftOut.count == 1 ? "1 series" : "\(leftOut.count) series"
    return ["left out    \(count) of \(series.count + leftOut.count):"]
      + leftOut.prefix(20).map { series, problem in
        let isForecast = series.count >= options.fewestSeen
        return "            \(series.name ?? ""): \(problem)"
          + (isForecast ? "; forecast by the network of the others" : "")
      } + (leftOut.count > 20 ? ["            and \(leftOut.count - 20) more"] : [])
  }

  private var operations: Double {
    JobCost(
      outline, example: Forecaster.example,
      batchSize: min(options.batchSize, windowCounts.training), time: options.timeSteps,
      segmentLength: memory.segmentLength
    ).trainingOperations
  }

  private func memoryText(_ limit: Int) -> String {
    let allowed = NumberFormat.bytes(Double(limit))
    guard let length = memory.segmentLength else {
      return "limit \(allowed): everything fits, nothing is computed again"
    }
    let count = (memory.time + length - 1) / length
    return "limit \(allowed): \(NumberFormat.bytes(memory.bytes)), by keeping "
      + "\(length) of \(memory.time) steps of one layer at a time (\(count) "
      + "\(count == 1 ? "segment" : "segments"), computed again; gradients are the same to the bit)"
  }

  private var baseName: String {
    let kinds = ForecastBase.allCases.map { kind in
      (kind: kind, count: channels.count { $0.base.kind == kind })
    }.filter { $0.count > 0 }
    return kinds.map { kind, count in
      kind.words + (kinds.count > 1 ? " (\(count) series)" : "")
    }.joined(separator: ", ")
  }
}

extension ForecasterOptions {
  /// The network in words.
  var networkText: String {
    let layers = layers == 1 ? "1 layer" : "\(layers) layers"
    let kind = "\(cell.rawValue.uppercased()), \(layers) of \(hiddenSize) units"
    let steps =
      segmentRows.map { rows in
        "\(kind), over \(window / rows) segments of \(rows) rows, \((horizon + rows - 1) / rows) of them ahead"
      } ?? "\(kind), dense layer to \(horizon * outputs)"
    return steps + (hasLine ? ", beside a straight line" : "")
      + (seriesVectors == true ? ", a vector each series" : "")
      + (members.map { ", \($0) times" } ?? "")
  }
}

extension ForecastBase {
  /// The base forecast in words.
  fileprivate var words: String {
    switch self {
    case .last: "naive forecast (the last value)"
    case .season: "seasonal naive forecast"
    case .seasons: "mean of the seasons"
    case .drift: "drift"
    case .smoothing: "smoothing (the mean of theta and a damped trend)"
    case .auto: "best of its training rows"
    case .learned: "smoothing of the window, with coefficients that are learned"
    }
  }
}

extension ScalingMethod {
  /// What the choice does, in a few words.
  public var explanation: String {
    switch self {
    case .window: "each window by its own last value and spread"
    case .level: "each window by its own last value, with the spread of the training rows"
    case .mean: "each window by its own mean and spread"
    case .magnitude: "each window by the mean of its absolute values"
    case .minmax: "0 to 1 over the training rows"
    case .standard: "mean 0 and deviation 1 over the training rows"
    case .none: "none"
    }
  }
}
