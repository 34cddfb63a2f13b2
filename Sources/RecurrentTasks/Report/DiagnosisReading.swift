import Recurrent

/// The flags of a job, beside those that all jobs have, that change what a diagnosis finds.
public struct DiagnosisFlags: Sendable {
  /// The flag that says how many steps a sequence has.
  public var steps: String?
  /// How long gradients may be, and as long as they are.
  public var clipping: (name: String, value: Float)?

  /// Flags; nil: the job has none for it.
  public init(steps: String? = nil, clipping: (name: String, value: Float)? = nil) {
    (self.steps, self.clipping) = (steps, clipping)
  }
}

/// A diagnosis in words: what stands out, and which flag changes it.
public struct DiagnosisReading: Sendable, CustomStringConvertible {
  /// A sentence for what was found, and one for what helps.
  public private(set) var findings: [(finding: String, remedy: String)] = []

  /// The reading of a diagnosis.
  ///
  /// - Parameters:
  ///   - updateRatio: |Δw| / |w|, the median over parameters; nil: updates are not judged.
  ///   - learningRate: the rate at which it was trained.
  ///   - flags: those that the job has.
  public init(
    _ diagnosis: NetworkDiagnosis, updateRatio: Double?, learningRate: Double,
    flags: DiagnosisFlags
  ) {
    func rate(times factor: Double) -> String {
      "--learning-rate \(NumberFormat.short(Float(learningRate * factor)))"
    }
    for layer in diagnosis.layers {
      let name = "\(layer.name) (\(layer.kind))"
      if let gone = layer.stateMemory.firstIndex(where: { $0 < 0.01 }), gone < layer.steps / 2,
        layer.steps >= 8
      {
        let longer =
          layer.kind == "RNN"
          ? "--cell lstm or --cell gru remember longer."
          : flags.steps.map {
            "What lies further back counts little: see whether a shorter \($0) does as well."
          }
            ?? "What lies further back counts little; that is a fault only where the answers lie there."
        findings.append(
          (
            "The gradient vanishes in \(name): of a state less than 1 % arrives after \(gone) of "
              + "\(layer.steps) steps.", longer
          ))
      }
      if let largest = layer.stateMemory.max(), largest > 100 {
        let remedy =
          flags.clipping.map { "\($0.name) \(NumberFormat.short($0.value / 2)) cuts it further." }
          ?? (layer.kind == "RNN"
            ? "--cell lstm or --cell gru do not, or \(rate(times: 0.3))."
            : "Try \(rate(times: 0.3)).")
        findings.append(
          (
            "The gradient explodes in \(name): it grows to \(NumberFormat.significant(largest)) "
              + "times its size on the way back.", remedy
          ))
      }
      let stuck = layer.gates.filter { $0.saturated > 0.9 }
      if !stuck.isEmpty {
        let listed = stuck.map { "\($0.name) \(Self.percent($0.saturated))" }
        findings.append(
          (
            "Gates of \(name) are saturated (\(listed.joined(separator: ", ")) of the values): they "
              + "hardly learn any more.", "Try \(rate(times: 0.3)) or more --dropout."
          ))
      }
      if layer.deadUnits * 10 >= layer.units {
        findings.append(
          (
            "\(layer.deadUnits) of \(layer.units) units of \(name) are dead: they say the same "
              + "whatever they read.",
            layer.units - layer.deadUnits > 0
              ? "--hidden \(layer.units - layer.deadUnits) does the same, or try "
                + "\(rate(times: 0.3))." : "Try \(rate(times: 0.3))."
          ))
      }
    }
    if let updateRatio, updateRatio < 1e-5 {
      findings.append(
        (
          "Updates are small: \(NumberFormat.significant(updateRatio)) of the weights, where about "
            + "0.001 is usual.", "Try \(rate(times: 3)), or recurrent find-rate."
        ))
    }
    if let updateRatio, updateRatio > 0.1 {
      findings.append(
        (
          "Updates are large: \(Self.percent(updateRatio)) of the weights, where about 0.1 % is "
            + "usual.", "Try \(rate(times: 0.3)), or recurrent find-rate."
        ))
    }
  }

  private static func percent(_ share: Double) -> String {
    "\(NumberFormat.fixed(100 * share, share < 0.1 ? 1 : 0)) %"
  }

  /// The findings, a line each, and behind those that it is for the remedy; or that there are none.
  public var description: String {
    if findings.isEmpty {
      return "Nothing stands out: gradients arrive, gates and units are alive."
    }
    return findings.indices.map { index in
      let (finding, remedy) = findings[index]
      let isNextForSame = index + 1 < findings.count && findings[index + 1].remedy == remedy
      return isNextForSame ? finding : "\(finding)\n  \(remedy)"
    }.joined(separator: "\n")
  }
}

extension NetworkDiagnosis {
  /// The median over parameters of |Δw| / |w|; nil where no update was made.
  public var medianUpdateRatio: Double? {
    let ratios = weights.compactMap(\.updateRatio).sorted()
    return ratios.isEmpty ? nil : ratios[ratios.count / 2]
  }

  /// A table of the layers, each with its gradient over the steps, and the updates.
  public var table: String {
    func number(_ value: Double?) -> String { value.map { NumberFormat.significant($0) } ?? "-" }
    guard !layers.isEmpty else { return "The network has no recurrent layer to look into." }
    let rows = layers.map { layer in
      [
        layer.name, layer.kind, "\(layer.steps)", number(layer.halfLife), "\(layer.reach)",
        layer.timeConstants.map {
          "\(NumberFormat.fixed($0.low, 1))-\(NumberFormat.fixed($0.high, 1))"
        } ?? "-",
        layer.gates.map { "\($0.name) \(Int((100 * $0.saturated).rounded()))" }
          .joined(separator: " "), "\(layer.deadUnits)/\(layer.units)",
      ]
    }
    let head = [
      "layer", "kind", "steps", "half-life", "reach", "1/(1-f)", "saturated %", "dead",
    ]
    let lines = layers.map { layer in
      "\(layer.name)  "
        + Sparkline.logarithmic(layer.gradient, decades: 6, width: 48)
        + "  \(number(layer.gradient.first)) to \(number(layer.gradient.last))"
    }
    let updates = medianUpdateRatio.map {
      ["update / weight, median over parameters: \(number($0))"]
    }
    return
      (["\(TextTable([head] + rows))", "", "|dL/dh| from the first step to the last:"] + lines
      + (updates ?? [])).joined(separator: "\n")
  }
}
