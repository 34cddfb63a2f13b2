import Recurrent

extension Forecaster {
  /// The task's name in model folders.
  public static let task = "forecaster"
  private static let recentFile = "recent.json"

  /// The last rows of a series, as they stand in the model folder.
  private struct Recent: Codable {
    var name: String?
    var times: TimeAxis
    var channels: [[Double]]
  }

  /// Writes the model folder, whole or not at all.
  ///
  /// - Parameter reports: files for people to be put beside the model; reading the model does not
  ///   look at them.
  /// - Throws: ``DataError`` if the folder cannot be written, or is there and is not a model
  ///   folder.
  public func save(
    to path: String, reports: [(name: String, bytes: [UInt8])] = []
  ) throws(DataError) {
    let recent = recent.map { series in
      Recent(
        name: series.name, times: series.times,
        channels: [series.target] + series.covariates.map(\.values))
    }
    try ModelFolder.write(
      to: path, task: Self.task, configuration: configuration, tensors: model.storedTensors,
      extraFiles: [(Self.recentFile, try encodeJSON(recent, file: Self.recentFile))],
      reports: reports)
  }

  /// Reads a model folder.
  ///
  /// - Throws: ``DataError`` if it is missing, damaged, altered, or of another task.
  public init(contentsOf path: String) throws(DataError) {
    let contents = try ModelFolder.read(path, expecting: Self.task, as: Configuration.self)
    let configuration = contents.configuration
    let file = path + "/config.json"
    if let problem = configuration.problem {
      throw DataError(
        file: file, place: "configuration", problem: problem, advice: "Train the model again")
    }
    var shapes = ShapesOnly()
    var model = ForecastModel(
      features: configuration.channels.count, options: configuration.options, using: &shapes)
    try model.load(from: contents.weights, of: "the model in config.json")
    if let said = configuration.rounding?.precision, said != model.weightPrecision {
      throw DataError(
        file: file, place: "configuration.rounding",
        problem: "says \(said.rawValue), but the recurrent weights are "
          + model.weightPrecision.rawValue,
        advice: "Quantize the model again")
    }
    let recent = try decodeJSON(
      [Recent].self, from: try contents.extraFile(Self.recentFile),
      file: path + "/" + Self.recentFile)
    var series: [Series] = []
    for part in recent {
      guard part.channels.count == configuration.channels.count,
        part.channels.allSatisfy({ $0.count == part.times.count })
      else {
        throw DataError(
          file: path + "/" + Self.recentFile, problem: "channels and times differ in length",
          advice: "Train the model again")
      }
      series.append(
        try Series(
          values: part.channels[0], name: part.name, targetName: configuration.channels[0],
          times: part.times,
          covariates: zip(configuration.channels, part.channels).dropFirst().map {
            Covariate(name: $0, values: $1)
          }, source: path + "/" + Self.recentFile))
    }
    self.init(configuration: configuration, model: model, recent: series)
  }
}

extension Forecaster.Configuration {
  /// The first way in which the parts do not fit one another, as a sentence; nil if they do. A
  /// configuration read from a file can say anything.
  var problem: String? {
    if let problem = options.problem { return problem }
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
