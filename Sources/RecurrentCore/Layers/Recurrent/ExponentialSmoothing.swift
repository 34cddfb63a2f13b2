import RecurrentFiles

/// Exponential smoothing whose coefficients are parameters, so that they are learned together with the
/// network behind it (ES-RNN; Smyl 2020, International Journal of Forecasting 36(1)): `[B, T, 1]` to
/// `[B, T, 1]`, the level after each step, or with a season of m steps to `[B, T, 2]`, the level and the
/// season that the step stands in.
///
///     l_t     = α·(y_t - s_t) + (1 - α)·l_{t-1}
///     s_{t+m} = γ·(y_t - l_t) + (1 - γ)·s_t
///
///     α = σ(a + a_series)        γ = σ(g + g_series)
///
/// Seasons are added, so that neither unit nor sign matters; over logarithms they multiply, as in the paper.
/// Each series may have coefficients of its own: what it adds to those of all, at first 0. A series that was
/// never seen has those of all.
///
/// The state is the level and the next m seasons. It begins at zeros like that of every layer; where values
/// lie far from there, begin at ``state(startingWith:)``:
///
/// ```swift
/// var state = smoothing.state(startingWith: windows)
/// let levels = smoothing(windows, series: places, state: &state)
/// let next = smoothing.forecast(from: state, steps: 18)
/// ```
public struct ExponentialSmoothing: Layer {
  /// Level and seasons.
  public struct State: LayerState {
    /// l, `[B, 1]`.
    public var level: Tensor
    /// s of the next m steps, `[B, m]`; nil without a season.
    public var seasons: Tensor?

    /// The level, and behind it the seasons if there are some.
    public var tensors: [Tensor] {
      get { [level] + (seasons.map { [$0] } ?? []) }
      set { (level, seasons) = (newValue[0], newValue.count > 1 ? newValue[1] : nil) }
    }
  }

  /// a and, with a season, g: `[1]` or `[2]`, at first 0, which is a coefficient of a half.
  public var coefficients: Tensor
  /// What each series adds to them, `[S, 1]` or `[S, 2]`, at first 0; nil: series do not differ.
  public var series: Tensor?
  /// m, the steps of a season; nil: there is none.
  public let season: Int?

  /// A smoothing with coefficients of a half.
  ///
  /// - Parameters:
  ///   - season: m, at least 2; nil: none.
  ///   - series: S, the series that have coefficients of their own; nil: none has.
  public init(
    season: Int? = nil, series: Int? = nil, using generator: inout some RandomNumberGenerator
  ) {
    let count = season == nil ? 1 : 2
    self.init(
      coefficients: Initializer.zeros([count], using: &generator),
      series: series.map { Initializer.zeros([$0, count], using: &generator) }, season: season)
  }

  /// A smoothing with these parameters, before the sigmoid: `[1]`, with a season `[2]`, and `[S, 1]` or
  /// `[S, 2]`.
  public init(coefficients: Tensor, series: Tensor? = nil, season: Int? = nil) {
    require(season.map { $0 >= 2 } ?? true, "a season has at least 2 steps, not \(season ?? 0)")
    let count = season == nil ? 1 : 2
    require(
      coefficients.shape == [count],
      "a smoothing \(season == nil ? "without" : "with") a season has coefficients [\(count)], not \(coefficients.shape)"
    )
    require(
      series.map { $0.rank == 2 && $0.shape[1] == count } ?? true,
      "coefficients of series have shape [S, \(count)], not \(series?.shape ?? [])")
    (self.coefficients, self.series, self.season) = (coefficients, series, season)
  }

  /// One number a step goes in.
  public var featureCount: Int? { 1 }

  /// Zeros.
  public func initialState(batchSize: Int) -> State {
    State(level: .zeros([batchSize, 1]), seasons: season.map { .zeros([batchSize, $0]) })
  }

  /// The level and the season at each step, by the coefficients that all series share.
  public func forward(_ input: SequenceBatch, state: inout State, mode: Mode) -> SequenceBatch {
    self(input, series: input.lengths.map { _ in nil }, state: &state)
  }

  /// The level and the season at each step, by the coefficients of the rows' series.
  ///
  /// - Parameters:
  ///   - input: `[B, T, 1]`.
  ///   - places: the series of each row, less than S; nil for one that is not among them.
  ///   - state: that before the first step; becomes that behind the last one.
  public func callAsFunction(
    _ input: SequenceBatch, series places: [Int?], state: inout State
  ) -> SequenceBatch {
    let (batch, period) = (input.batchSize, season ?? 0)
    require(
      input.features == 1, "a smoothing takes sequences of 1 feature, not of \(input.features)")
    require(
      places.count == batch, "\(batch) rows are of as many series, not of \(places.count)")
    require(
      state.level.shape == [batch, 1]
        && state.seasons?.shape == (season == nil ? nil : [batch, period]),
      "the state of \(batch) rows has a level [\(batch), 1]"
        + (season == nil ? "" : " and seasons [\(batch), \(period)]")
        + ", not \(state.tensors.map(\.shape))")
    let results = SmoothingRun(
      values: input.values, rates: rates(of: places), level: state.level, seasons: state.seasons,
      places: input.placesByRow
    ).recorded()
    state.tensors = Array(results[1...])
    return input.with(results[0])
  }

  /// α and, with a season, γ of each row, `[B, 1]` or `[B, 2]`.
  ///
  /// - Parameter places: the series of each row; nil for one that is not among them.
  public func rates(of places: [Int?]) -> Tensor {
    let count = coefficients.count
    let shared = coefficients.reshaped(to: [1, count])
    guard let series else { return shared.broadcast(to: [places.count, count]).sigmoid() }
    let (known, none) = (series.shape[0], Tensor.zeros([1, count]))
    for place in places.compactMap(\.self) {
      require((0..<known).contains(place), "a series is in 0..<\(known), not \(place)")
    }
    let own = Tensor.concatenated([series, none], along: 0).rows(places.map { $0 ?? known })
    return (shared + own).sigmoid()
  }

  /// The state with which rows begin by themselves. Seasons are the mean over all whole seasons of what their
  /// steps lie above the season's own mean, less what the level climbs within a season; the level is that of
  /// the first season, before its first step. A row of less than two seasons begins at the mean of the first one
  /// and what its steps lie above it; without a season, at the first value.
  ///
  /// It looks at whole rows: what is smoothed from there on is a window that is known, up to its end.
  public func state(startingWith input: SequenceBatch) -> State {
    let (batch, period) = (input.batchSize, season ?? 1)
    let rows = input.placesByRow
    let all = input.values.reshaped(to: [batch * input.time, 1])
    let groups = Dictionary(grouping: rows.indices) { row in
      let count = rows[row].count
      return season != nil && count >= 2 * period ? count / period * period : min(count, period)
    }
    var state = initialState(batchSize: batch)
    for (count, members) in groups.sorted(by: { $0.key < $1.key }) where count > 0 {
      let values = all.rows(members.flatMap { rows[$0][..<count] })
      let own = start(values.reshaped(to: [members.count, count]))
      guard members.count < batch else { return own }
      state.tensors = zip(state.tensors, own.tensors).map {
        $0 + $1.scatteredRows(to: members, of: batch)
      }
    }
    return state
  }

  /// The start of rows that have as many values, `[B, n]`: whole seasons, or a part of the first one.
  private func start(_ values: Tensor) -> State {
    let (batch, count) = (values.shape[0], values.shape[1])
    guard let season, count > season else {
      let level = values.sum(along: 1).reshaped(to: [batch, 1]) * (1 / Float(count))
      let missing = (season ?? count) - count
      let seasons = season.map { _ in
        missing > 0
          ? Tensor.concatenated([values - level, .zeros([batch, missing])], along: 1)
          : values - level
      }
      return State(level: level, seasons: seasons)
    }
    let turns = count / season
    let steps = values.reshaped(to: [batch, turns, season])
    let means = steps.sum(along: 2) * (1 / Float(season))
    let first = means.slice(0..<1, along: 1)
    // What the level climbs by from step to step.
    let climb = (means.slice(turns - 1..<turns, along: 1) - first) * (1 / Float(count - season))
    let above = (steps - means.reshaped(to: [batch, turns, 1])).sum(along: 1) * (1 / Float(turns))
    let places = (0..<season).map { Float($0) - Float(season - 1) / 2 }
    return State(
      level: first - climb * (Float(season + 1) / 2),
      seasons: above - climb * Tensor(places, shape: [1, season]))
  }

  /// The level with the season that returns, for the steps behind a state: `[B, steps]`.
  public func forecast(from state: State, steps: Int) -> Tensor {
    require(steps >= 1, "a forecast is of at least 1 step, not \(steps)")
    let batch = state.level.shape[0]
    guard let season, let seasons = state.seasons else {
      return state.level.broadcast(to: [batch, steps])
    }
    let turns = [Tensor](repeating: seasons, count: (steps + season - 1) / season)
    return Tensor.concatenated(turns, along: 1).slice(0..<steps, along: 1) + state.level
  }

  /// Visits `coefficients` and, if series have their own, `series`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("coefficients", &coefficients)
    visitor.visit("series", &series)
  }
}
