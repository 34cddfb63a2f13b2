import Recurrent

/// The last rows of series, from which forecasts go on, as they stand in the model folder.
public struct RecentRows: JobExtras {
  static let file = "recent.json"
  /// The rows.
  public let series: [Series]

  private struct Part: Codable {
    var name: String?
    var times: TimeAxis
    var channels: [[Double]]
  }

  init(_ series: [Series]) { self.series = series }

  fileprivate init(in folder: ModelFolder.Contents<Forecaster.Configuration>) throws(DataError) {
    let (file, channels) = (folder.path + "/" + Self.file, folder.configuration.channels)
    var series: [Series] = []
    for part in try folder.decoded(Self.file, as: [Part].self) {
      guard part.channels.count == channels.count, !channels.isEmpty,
        part.channels.allSatisfy({ $0.count == part.times.count })
      else {
        throw DataError(
          file: file, problem: "channels and times differ in length",
          advice: "Train the model again")
      }
      series.append(
        try Series(
          values: part.channels[0], name: part.name, targetName: channels[0], times: part.times,
          covariates: zip(channels, part.channels).dropFirst().map {
            Covariate(name: $0, values: $1)
          }, source: file))
    }
    self.series = series
  }
}

extension Forecaster.Configuration {
  /// The first way in which the parts do not fit one another, as a sentence; nil if they do. A
  /// configuration read from a file can say anything.
  var problem: String? {
    if channels.isEmpty { return "no channels, expected at least the target" }
    if options.loss != .quantile, interval.count != options.horizon {
      return "\(interval.count) intervals for a horizon of \(options.horizon)"
    }
    for (name, scales) in scales {
      if scales.count != channels.count {
        return "\(scales.count) scales of series \"\(name)\" for \(channels.count) channels"
      }
      if let bad = scales.first(where: { !($0.scale > 0) }) {
        return "a scale of \(bad.scale) of series \"\(name)\", expected a positive number"
      }
    }
    let errors = evaluation.map { [$0.model, $0.naive, $0.seasonalNaive].compactMap { $0 } } ?? []
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
      let parts = series.map { series in
        Part(
          name: series.name, times: series.times,
          channels: [series.target] + series.covariates.map(\.values))
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
