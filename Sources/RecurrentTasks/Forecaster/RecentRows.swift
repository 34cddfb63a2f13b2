import Recurrent

/// The last rows of series, from which forecasts go on, as they stand in the model folder.
public struct RecentRows: JobExtras {
  static let file = "recent.json"
  /// The rows.
  public let series: [Series]
  /// The steps that each channel of each series took up to the first of them; nil if nothing is
  /// scaled by them.
  let before: [[StepSizes]?]

  /// How many rows of each series are kept. A base that follows all rows has as many as tell something.
  static func count(window: Int, followsRows: Bool) -> Int {
    followsRows ? max(window, 2000) : window
  }

  private struct Part: Codable {
    var name: String?
    var times: TimeAxis
    var channels: [[Double]]
    var before: [StepSizes]?
    var future: TimeAxis?
    var known: [KnownColumn]?
  }

  init(_ series: [Series], before: [[StepSizes]?]) {
    (self.series, self.before) = (series, before)
  }

  fileprivate init(in folder: ModelFolder.Contents<Forecaster.Configuration>) throws(DataError) {
    let (file, channels) = (folder.path + "/" + Self.file, folder.configuration.channels)
    var series: [Series] = []
    var before: [[StepSizes]?] = []
    for part in try folder.decoded(Self.file, as: [Part].self) {
      guard part.channels.count == channels.count, !channels.isEmpty,
        part.channels.allSatisfy({ $0.count == part.times.count })
      else {
        throw DataError(
          file: file, problem: "channels and times differ in length",
          advice: "Train the model again")
      }
      let steps = part.before ?? []
      guard part.before == nil || steps.count == channels.count,
        steps.allSatisfy({ (0...1e18).contains($0.count) && (0...1e60).contains($0.squares) })
      else {
        throw DataError(
          file: file, problem: "the steps before the first row are not those of its channels",
          advice: "Train the model again")
      }
      before.append(part.before)
      series.append(
        try Series(
          values: part.channels[0], name: part.name, targetName: channels[0], times: part.times,
          covariates: zip(channels, part.channels).dropFirst().map {
            Covariate(name: $0, values: $1)
          }, source: file, future: part.future, known: part.known ?? []))
    }
    self.init(series, before: before)
  }
}

extension Forecaster.Configuration {
  /// The first way in which the parts do not fit one another, as a sentence; nil if they do. A
  /// configuration read from a file can say anything.
  var problem: String? {
    if channels.isEmpty { return "no channels, expected at least the target" }
    if let problem = knownCalibration.map({ $0.problem(horizon: options.horizon) })
      ?? (options.loss.isOfNumber ? "no intervals for a horizon of \(options.horizon)" : nil)
    {
      return problem
    }
    if let problem = oneStepErrors?.problem { return problem }
    // Windows that are scaled by themselves have none.
    for (name, scales) in options.scaling.window == nil ? scales : [:] {
      if scales.count != channels.count {
        return "\(scales.count) scales of series \"\(name)\" for \(channels.count) channels"
      }
      if let bad = scales.first(where: { !($0.scale >= 0) }) {
        return "a scale of \(bad.scale) of series \"\(name)\", expected a positive number"
      }
    }
    if let kind = bases?.values.first(where: {
      $0 == .auto || ($0 == .learned) != (options.base == .learned)
        || $0 == .season && options.season == nil
        || $0 == .seasons && options.seasons.count < 2
    }) {
      return "a base forecast of kind \(kind.rawValue), which is none here"
    }
    if let bad = reaches?.values.first(where: { !($0 >= 0) }) {
      return "a reach of \(bad), expected a share"
    }
    for (name, power) in powers ?? [:] {
      if let problem = power.problem { return "\(problem) of series \"\(name)\"" }
    }
    if let problem = known?.problem { return problem }
    if let leastScale, !(0...1e18).contains(leastScale) {
      return "a least scale of \(leastScale), expected a share"
    }
    let errors = evaluation.map { [$0.model, $0.naive, $0.seasonalNaive].compactMap { $0 } } ?? []
    if let held = evaluation?.coverageBySteps, held.count != options.horizon {
      return "the coverage of \(held.count) steps for a horizon of \(options.horizon)"
    }
    if let bad = errors.first(where: { $0.steps.count != options.horizon }) {
      return "an evaluation of \(bad.steps.count) steps for a horizon of \(options.horizon)"
    }
    return nil
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension RecentRows {
  public var files: [(name: String, bytes: [UInt8])] {
    get throws(DataError) {
      let parts = zip(series, before).map { series, before in
        Part(
          name: series.name, times: series.times,
          channels: [series.target] + series.covariates.map(\.values), before: before,
          future: series.future, known: series.known.isEmpty ? nil : series.known)
      }
      return [(Self.file, try encodeJSON(parts, file: Self.file))]
    }
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Forecaster {
  public static func extras(
    in folder: ModelFolder.Contents<Configuration>
  ) throws(DataError) -> RecentRows { try RecentRows(in: folder) }

  public static func problem(_ configuration: Configuration, _ recent: RecentRows) -> String? {
    configuration.problem
  }
}
