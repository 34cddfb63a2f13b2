import Recurrent
import RecurrentFiles

/// How values are brought to the network's range.
public enum ScalingMethod: String, Sendable, Codable, CaseIterable {
  /// Each window by its own last value and standard deviation. A level or unit unseen in training is
  /// then nothing unusual, and nothing is fitted, so nothing can leak. A window that hardly varies is
  /// scaled by the steps of the rows before. The network forecasts a correction to the naive
  /// forecast.
  case window
  /// Each window by its own last value, and by the standard deviation of the training rows: a level
  /// unseen in training is nothing unusual, a spread is.
  case level
  /// Each window by its own mean and standard deviation; the network forecasts from the mean.
  case mean
  /// Each window by the mean of its absolute values, from zero: for counts.
  case magnitude
  /// To 0...1 over the training rows.
  case minmax
  /// To mean 0 and standard deviation 1 over the training rows.
  case standard
  /// Values stay as they are.
  case none
}

extension ScalingMethod {
  /// Whether what a window ends with is its zero, so that the network corrects a forecast that knows
  /// the level.
  var isOfWindow: Bool { [.window, .level, .mean, .magnitude].contains(self) }

  /// How each window is scaled by itself; nil if by what is fitted.
  var window: Channels.WindowScale? {
    switch self {
    case .window: .last
    case .mean: .mean
    case .magnitude: .magnitude
    case .level, .minmax, .standard, .none: nil
    }
  }
}

extension ScalingMethod {
  /// Whether the network corrects a base forecast: from the mean of a window it says all by itself.
  var hasBase: Bool { [.window, .level, .magnitude].contains(self) }
}

/// (x - offset) / scale. A scale of 0, that of values which never varied, takes every value to 0.
struct ChannelScale: Sendable, Codable, Equatable {
  var offset: Double
  var scale: Double

  init(offset: Double = 0, scale: Double = 1) { (self.offset, self.scale) = (offset, scale) }

  func scaled(_ value: Double) -> Float { scale > 0 ? Float((value - offset) / scale) : 0 }
  func restored(_ value: Float) -> Double { offset + scale * Double(value) }

  /// The scale of a window by itself, which is at least `least`.
  init(_ kind: Channels.WindowScale, _ values: ArraySlice<Double>, least: Double) {
    let last = values.last ?? 0
    guard kind != .magnitude else {
      let sum = values.reduce(0) { $0 + abs($1) }
      (offset, scale) = (0, max(sum / Double(max(1, values.count)), least))
      return
    }
    let spread = spread(values, about: last)
    (offset, scale) = (kind == .last ? last : spread.mean, max(spread.deviation, least))
  }

  /// The scale of models that know no least one: it depends on the unit where a window does not vary.
  init(unguarded values: ArraySlice<Double>) {
    offset = values.last ?? 0
    let mean = values.reduce(0, +) / Double(max(1, values.count))
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let deviation = (squares / Double(max(1, values.count))).squareRoot()
    scale = deviation > 1e-9 * abs(offset) && deviation > 0 ? deviation : max(abs(offset), 1)
  }

  /// Fitted on training rows, and only on those: the caller passes nothing else.
  init(_ method: ScalingMethod, fittedOn values: ArraySlice<Double>) {
    self.init()
    switch method {
    case .window, .mean, .magnitude, .none: break
    case .minmax:
      let (low, high) = (values.min() ?? 0, values.max() ?? 1)
      (offset, scale) = (low, high - low)
    case .standard, .level:
      (offset, scale) = spread(values, about: values.first ?? 0)
    }
  }
}

/// Mean and standard deviation. Differences from a value among them are exact where the values lie
/// close together, as those of a counter; their sum is not.
private func spread(
  _ values: ArraySlice<Double>, about value: Double
) -> (mean: Double, deviation: Double) {
  let count = Double(max(1, values.count))
  let mean = values.reduce(0) { $0 + ($1 - value) } / count
  let squares = values.reduce(0) { sum, other in
    let difference = other - value - mean
    return sum + difference * difference
  }
  return (value + mean, (squares / count).squareRoot())
}

/// The steps from row to row that a channel took so far.
struct StepSizes: Sendable, Codable, Equatable {
  var count = 0.0
  var squares = 0.0

  /// The root mean square of the steps; 0 if there is none.
  var typical: Double { count > 0 ? (squares / count).squareRoot() : 0 }

  mutating func add(_ step: Double) {
    count += 1
    squares += step * step
  }
}

/// A series as the network gets it: target and covariates as channels, and how they are scaled.
struct Channels: Sendable {
  /// The rule by which windows are scaled.
  enum Rule: Sendable {
    /// One scale a channel, fitted on the training rows.
    case fitted([ChannelScale])
    /// The scale fitted on the training rows, from the last value of each window.
    case level([ChannelScale])
    /// Each window by itself, at least by this share of the steps before its end.
    case window(least: Double, _ kind: WindowScale = .last)
    /// Each window by itself, as before there was a least scale.
    case unguardedWindow
  }

  /// What a window that is scaled by itself is measured by.
  enum WindowScale: Sendable {
    /// By the window's last value and its deviation.
    case last
    /// By the window's mean and its deviation.
    case mean
    /// Zero and the mean of its absolute values.
    case magnitude
  }

  /// `[F][rows]`, the target first, transformed.
  private(set) var values: [StoredValues<Double>]
  /// The target as it is.
  let target: StoredValues<Double>
  /// The transform that the target went through.
  let power: PowerTransform
  let rule: Rule
  /// The name of the series.
  private(set) var name: String?
  /// The forecast that the network corrects.
  var base = BaseForecast()
  /// What is known of each row and of those behind the last one, row after row, `knownWidth` numbers each.
  private(set) var known = StoredValues<Float>([])
  private(set) var knownWidth = 0
  /// What stood before the first row, where the base follows that too.
  private var earlier: [Double] = []
  /// The steps up to each row, `[F][rows]`; empty unless a least scale asks for them.
  private var steps: [StoredValues<StepSizes>]
  /// The typical step of a channel that has not moved yet.
  private let fallback: [Double]

  /// The share of the typical step that a window is scaled by at least. Less, and what follows a
  /// window that hardly varies outweighs all else in the loss; more, and quiet times are not seen.
  static let leastShare = 0.5

  init(
    _ series: Series, rule: Rule, power: PowerTransform, before: [StepSizes]? = nil,
    fallback: [Double]? = nil
  ) {
    self.init(
      target: series.numbers, covariates: series.covariates.map(\.numbers), rule: rule,
      power: power, before: before, fallback: fallback)
    name = series.name
  }

  /// - Parameters:
  ///   - before: the steps of each channel up to its first row.
  ///   - fallback: the typical step of each channel, while it has not moved.
  private init(
    target: StoredValues<Double>, covariates: [StoredValues<Double>], rule: Rule,
    power: PowerTransform, before: [StepSizes]?, fallback: [Double]?
  ) {
    let values =
      [power.isNone ? target : StoredValues(target.array.map { power($0) })] + covariates
    (self.target, self.values, self.rule, self.power) = (target, values, rule, power)
    self.fallback = fallback ?? values.map { _ in 0 }
    guard case .window = rule else {
      steps = []
      return
    }
    steps = values.indices.map { channel in
      var known = before?[channel] ?? StepSizes()
      let values = values[channel].array
      return StoredValues(
        values.indices.map { row in
          if row > 0 { known.add(values[row] - values[row - 1]) }
          return known
        })
    }
  }

  /// The same with all that was computed from the numbers in a store.
  ///
  /// - Throws: ``DataError`` if there is no room for it.
  func stored(in store: ValueStore) throws(DataError) -> Channels {
    var kept = self
    if !power.isNone { kept.values[0] = try store.keep(values[0].array) }
    for channel in steps.indices { kept.steps[channel] = try store.keep(steps[channel].array) }
    kept.known = try store.keep(known.array)
    return kept
  }

  /// The channels of a plan, which may look at the training rows and no others.
  ///
  /// - Parameters:
  ///   - rule: that of the model which training goes on from.
  ///   - power: likewise.
  ///   - before: the steps of each channel up to its first row, where a model knows them.
  init(
    _ series: Series, rule: Rule? = nil, power: PowerTransform? = nil, options: ForecasterOptions,
    trainingRows: Range<Int>, before: [StepSizes]? = nil
  ) {
    let power =
      power
      ?? (options.transform ?? .none).power(
        of: series.target[trainingRows], season: options.season)
    let values =
      [series.target[trainingRows].map { power($0) }[...]]
      + series.covariates.map { $0.values[trainingRows] }
    let fitted = values.map { ChannelScale(options.scaling, fittedOn: $0) }
    let own: Rule =
      options.scaling.window.map { .window(least: Self.leastShare, $0) }
      ?? (options.scaling == .level ? .level(fitted) : .fitted(fitted))
    self.init(
      series, rule: rule ?? own, power: power, before: before,
      fallback: values.map { values in
        zip(values.dropFirst(), values).reduce(into: StepSizes()) { $0.add($1.0 - $1.1) }.typical
      })
  }

  /// The channels with what is known of the series' rows and of so many behind them.
  func with(_ inputs: KnownInputs?, of series: Series, ahead: Int) -> Channels {
    guard let inputs, inputs.width > 0 else { return self }
    var channels = self
    channels.known = StoredValues(inputs.values(of: series, ahead: ahead))
    channels.knownWidth = inputs.width
    return channels
  }

  /// The values of a channel in rows; before the first one, that of the first.
  func values(_ channel: Int, _ rows: Range<Int>) -> [Double] {
    let values = values[channel]
    let missing = max(0, -rows.lowerBound)
    let there = values.values(max(0, rows.lowerBound)..<rows.upperBound)
    return missing > 0 ? [Double](repeating: there[0], count: missing) + there : there
  }

  /// The known inputs of rows, one row after the other; zeros where nothing is known.
  func known(_ rows: Range<Int>) -> [Float] {
    guard rows.lowerBound >= 0 else {
      let missing = min(0, rows.upperBound) - rows.lowerBound
      return [Float](repeating: 0, count: missing * knownWidth) + known(0..<max(0, rows.upperBound))
    }
    let (first, end) = (rows.lowerBound * knownWidth, rows.upperBound * knownWidth)
    let there = known.values(min(first, known.count)..<min(end, known.count))
    return there + [Float](repeating: 0, count: end - first - there.count)
  }

  /// The same for one window, with the values of its rows and of so many behind it, and with what else is asked of
  /// its last row, read at once where they lie on the disk.
  func near(_ rows: Range<Int>, ahead: Int) -> Channels {
    guard values[0].isOnDisk || base.isOnDisk || steps.contains(where: \.isOnDisk) else {
      return self
    }
    var near = self
    let end = rows.upperBound
    for channel in values.indices {
      near.values[channel] = values[channel].near(
        rows.lowerBound..<end + (channel == 0 ? ahead : 0))
    }
    for channel in steps.indices { near.steps[channel] = steps[channel].near(end - 1..<end) }
    near.base = base.near(end)
    return near
  }

  /// The scales that were fitted; nil if each window has its own.
  var scales: [ChannelScale]? {
    switch rule {
    case .fitted(let scales), .level(let scales): scales
    case .window, .unguardedWindow: nil
    }
  }

  /// The least scale of a window as a share of its steps; nil where there is none.
  var leastScale: Double? { if case .window(let least, _) = rule { least } else { nil } }

  /// The steps of each channel up to `row`, from which the rows behind it go on; nil if nothing is
  /// scaled by them.
  func steps(upTo row: Int) -> [StepSizes]? { steps.isEmpty ? nil : steps.map { $0[row] } }

  /// The typical step of each channel over all rows.
  var typicalSteps: [Double] { steps.map { $0.last?.typical ?? 0 } }

  /// The scale of one channel for the window `rows`; those before the first row say nothing.
  func scale(of channel: Int, for rows: Range<Int>) -> ChannelScale {
    let window = values[channel].values(max(0, rows.lowerBound)..<rows.upperBound)[...]
    switch rule {
    case .fitted(let scales): return scales[channel]
    case .level(let scales):
      return ChannelScale(offset: window.last ?? 0, scale: scales[channel].scale)
    case .unguardedWindow: return ChannelScale(unguarded: window)
    case .window(let share, let kind):
      let typical = steps[channel][rows.upperBound - 1].typical
      return ChannelScale(
        kind, window, least: share * (typical > 0 ? typical : fallback[channel]))
    }
  }

  /// The scale of each channel for the window `rows`.
  func scales(for rows: Range<Int>) -> [ChannelScale] {
    values.indices.map { scale(of: $0, for: rows) }
  }

  /// The last `length` rows of the target, with `more` behind them.
  func target(last length: Int, followedBy more: [Double]) -> Channels {
    let all = values[0].array + more.map { power($0) }
    let start = max(0, all.count - length)
    var before = steps.first?[min(start, values[0].count - 1)]
    for row in values[0].count..<max(values[0].count, start + 1) where before != nil {
      before?.add(all[row] - all[row - 1])
    }
    var rest = Channels(
      target: StoredValues(Array((target.array + more)[start...])), covariates: [], rule: rule,
      power: power,
      before: before.map { [$0] }, fallback: fallback)
    rest.name = name
    rest.earlier = earlier + all[..<start]
    rest.base = base.following(rest.earlier + all[start...], from: rest.earlier.count)
    rest.knownWidth = knownWidth
    let first = min(start * knownWidth, known.count)
    rest.known = known.part(first..<known.count)
    return rest
  }
}
