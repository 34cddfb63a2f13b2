import Recurrent

/// Newer rows for a forecaster: what of them is new, and the training that learns them.
///
/// ```swift
/// let update = try ForecastUpdate(of: forecaster, with: try forecaster.read("june.csv"))
/// let newer = update.updated(try update.plan?.train())
/// ```
///
/// Scales, transforms, bases and the interval stay those of the model; rows of a series that it does not
/// know make a new one.
public struct ForecastUpdate {
  /// The epochs and rate by which newer rows are learned.
  public struct Course: Sendable {
    /// Epochs over the new windows; with 0 rows are taken and nothing is learned.
    public var epochs = 5
    /// Adam's learning rate; nil: a tenth of the model's.
    public var learningRate: Float?
    /// What becomes of rows that the model holds and that say something else.
    public var conflicts = RowConflicts.error
    /// What becomes of a gap behind the rows that the model holds; nil: as in training.
    public var missing: MissingValues?

    /// The defaults.
    public init() {}
  }

  /// The model before.
  public let model: Forecaster
  /// All series, those of the model first, each with what the model holds and its new rows.
  public let series: [Series]
  /// What was found of each series of the file, new ones left out.
  public let found: [SeriesUpdate]
  /// New rows of all series.
  public let added: Int
  /// What is to be said, as sentences without a full stop.
  public let remarks: [String]
  /// The training; nil if nothing is to be learned.
  public let plan: ForecastPlan?
  /// How the model before forecasts the new rows; nil where they hold no horizon.
  public let evaluation: ForecastEvaluation?
  private let source: String

  /// - Throws: ``DataError`` if rows contradict those of the model, a gap or other columns are an error, or
  ///   the model is rounded.
  public init(
    of model: Forecaster, with series: [Series], course: Course = Course()
  ) throws(DataError) {
    require(!series.isEmpty, "an update has at least one series")
    let missing = course.missing ?? model.configuration.columns?.missing ?? .error
    var (all, found, remarks) = (model.recent, [SeriesUpdate](), [String]())
    // Rows of each that the model held.
    var held = all.map(\.count)
    var added = 0
    for one in series {
      try model.checkChannels(of: one)
      let isOne = series.count == 1 && model.recent.count == 1
      let place = all.firstIndex { $0.name == one.name || isOne && ($0.name ?? one.name) == nil }
      guard let place else {
        guard one.count >= model.options.fewestSeen else {
          remarks.append(
            "\(one.name ?? "a series"): new, but left out: \(one.count) rows, a window has "
              + "\(model.options.window)"
              + (model.options.pads == true
                ? ", of which \(model.options.fewestSeen) are needed" : ""))
          continue
        }
        remarks.append("\(one.name ?? "a series"): new, \(one.count) rows")
        all.append(one)
        held.append(model.options.firstOrigin(rows: one.count))
        added += one.count
        continue
      }
      let update = try all[place].updated(
        by: one, onConflict: course.conflicts, missing: missing)
      all[place] = update.series
      found.append(update)
      added += update.added
      // What fills a gap is not what came.
      held[place] += update.filled
    }
    (self.model, self.series, self.found, self.remarks) = (model, all, found, remarks)
    (self.added, source) = (added, series[0].source)
    evaluation = Self.evaluation(of: model, all, held)
    plan = try Self.plan(for: model, all, held, course)
  }

  /// Whether there is a new row, or one in the place of a known one.
  public var changesRows: Bool {
    added > 0 || zip(series, model.recent).contains { $0 != $1 }
  }

  /// The forecasts of windows that lie in new rows, by the model that does not know them.
  private static func evaluation(
    of model: Forecaster, _ series: [Series], _ held: [Int]
  ) -> ForecastEvaluation? {
    let origins = zip(series, held).map { one, held in
      held..<max(held, one.count - model.options.horizon + 1)
    }
    let places = series.indices.filter { !origins[$0].isEmpty }
    guard !places.isEmpty else { return nil }
    let used = places.map { series[$0] }
    let examples = ForecastExamples(
      places.map { model.channels(goingOn: series[$0], knownRows: held[$0]) },
      origins: places.map { origins[$0] }, options: model.options, places: used.map(model.place))
    let units = places.map { place in
      SeriesUnit(
        Array(series[place].target[..<held[place]]), season: model.options.season,
        name: series[place].name)
    }
    return ForecastEvaluation(
      ForecastEvaluation.Sums(of: examples, by: model, units),
      nominalCoverage: model.nominalCoverage, of: .newer)
  }

  private static func plan(
    for model: Forecaster, _ series: [Series], _ held: [Int], _ course: Course
  ) throws(DataError) -> ForecastPlan? {
    let horizon = model.options.horizon
    let learned = zip(series, held).filter { $0.count >= $1 + horizon }.map(\.0)
    guard course.epochs > 0, !learned.isEmpty else { return nil }
    var options = model.options
    options.epochs = course.epochs
    options.learningRate = course.learningRate ?? options.learningRate / 10
    (options.refit, options.calibration) = (nil, nil)
    let splits = learned.map { one in
      ForecastSplit(
        count: one.count, validationStart: one.count, testStart: one.count, options: options)
    }
    return try ForecastPlan(
      learned, options: options, columns: model.configuration.columns, splits: splits, from: model)
  }

  /// The model with the new rows behind it.
  ///
  /// - Parameter trained: what the plan trained; nil: the network stays.
  public func updated(_ trained: Forecaster?) -> Forecaster {
    var parts = trained?.parts ?? model.parts
    var configuration = model.configuration
    if let learned = trained?.configuration {
      (configuration.scales, configuration.powers) = (learned.scales, learned.powers)
      configuration.bases = learned.bases
      configuration.learnedUntil = learned.learnedUntil
    }
    let names = Set(plan?.series.map { $0.name ?? "" } ?? [])
    let known = Set(model.recent.map(\.name))
    let untrained =
      (model.configuration.leftOut ?? []).filter { !names.contains($0) }
      + series.filter { !known.contains($0.name) }.compactMap(\.name).filter { !names.contains($0) }
    configuration.leftOut = untrained.isEmpty ? nil : untrained
    configuration.evaluation = evaluation ?? model.configuration.evaluation
    configuration.trainedOn += ", and \(added) newer rows, \(source)"
    parts.configuration = configuration
    // As many as the model held.
    let count = RecentRows.count(
      window: model.options.window,
      followsRows: configuration.bases?.values.contains(where: \.followsRows) ?? false)
    parts.extras = RecentRows(
      series.map { $0.suffix(count) },
      before: series.map { one in
        model.channels(goingOn: one, knownRows: one.count).steps(upTo: max(0, one.count - count))
      })
    return Forecaster(parts)
  }
}

extension Forecaster {
  /// The steps that the channels of a series took up to its first row, if it goes on from rows that the
  /// model holds.
  func steps(before series: Series) -> [StepSizes]? {
    guard let place = recent.firstIndex(where: { $0.name == series.name }),
      recent[place].times.positions.first == series.times.positions.first
    else { return nil }
    return extras.before[place]
  }

  /// The channels of a series that begins with what the model holds, or is new.
  ///
  /// - Parameter knownRows: what bases and, of new series, scales may look at.
  func channels(goingOn series: Series, knownRows: Int) -> Channels {
    let power = power(of: series, rows: 0..<knownRows)
    var channels =
      rule(of: series).map {
        Channels(series, rule: $0, power: power, before: steps(before: series))
      }
      ?? Channels(series, power: power, options: options, trainingRows: 0..<knownRows)
    channels.base = base(of: series, channels, fittedRows: knownRows)
    return channels.with(configuration.known, of: series, ahead: options.horizon)
  }
}
