import Recurrent

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Forecaster {
  public var summaryLines: [String] {
    let options = options
    var lines = [
      "trained on  \(configuration.trainedOn)",
      "forecasts   \(configuration.channels[0]), \(options.horizon) ahead from \(options.window) rows",
    ]
    if configuration.channels.count > 1 {
      lines.append("covariates  \(configuration.channels.dropFirst().joined(separator: ", "))")
    }
    if let known = configuration.known { lines.append("known       \(known.description)") }
    lines.append("scaling     \(options.scaling.explanation)")
    if let smoothing = model.smoothing {
      let shares = zip(["α (level)", "γ (season)"], smoothing.rates(of: [nil]).elements).map {
        "\($0) \(NumberFormat.fixed(Double($1), 2))"
      }
      lines.append(
        "base        exponential smoothing with learned coefficients: \(shares.joined(separator: ", "))"
          + (smoothing.series == nil ? "" : "; these are shared, and each series adds its own"))
    }
    lines += [
      "network     \(options.networkText); kernels: \(Kernels.name)",
      "training    \(options.loss.rawValue), Adam \(options.learningRate), seed \(options.seed); \(configuration.epochs) epochs, weights of epoch \(configuration.bestEpoch)",
    ]
    if let refitted = configuration.refitted { lines.append("            \(refitted)") }
    lines += [
      "interval    \(NumberFormat.fixed(nominalCoverage * 100, 0)) %, from \(configuration.intervalWords)",
      "",
    ]
    var paths = [["layer", "what", "path", ""]]
    for path in model.paths {
      paths.append([path.name, path.layer, path.method.rawValue, path.reason])
    }
    return lines + ["\(TextTable(paths))"]
  }
}
