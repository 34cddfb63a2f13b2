import Recurrent
import RecurrentFiles

/// What the recurrent layers of a forecaster go over.
public enum ForecastSteps: String, Sendable, Codable, CaseIterable {
  /// The rows of the window, one after the other; the last hidden state says all rows of the horizon.
  case rows
  /// Segments of the window, one after the other; from the state behind the last one, all segments of
  /// the horizon are said at once (Lin et al. 2023, arXiv:2308.11200): as many times fewer steps as a
  /// segment has rows.
  case segments
}

/// The network of a forecaster: `[B, T, F]` to `[B, horizon, outputs]`, in scaled units.
public struct ForecastModel: Module {
  /// What the window goes through before the network sees it, and what the forecast goes on from; nil:
  /// nothing is smoothed with coefficients that are learned.
  var smoothing: ExponentialSmoothing?
  /// The recurrent layers.
  public var recurrent: RecurrentStack
  /// From the last hidden state to the horizon, or to each of its segments.
  public var head: Dense
  /// What segments become before the recurrent layers and how those of the horizon are asked for; nil
  /// where steps are rows.
  var segments: SegmentLayers?
  /// A straight line from the window of the target to the horizon, beside the recurrent layers; nil:
  /// none.
  var line: Dense?
  /// What is said by what is known of the horizon; nil: nothing is known.
  var ahead: AheadLayers?
  let horizon: Int
  let outputs: Int
  /// What keeps quantiles from crossing; nil: nothing does, or there are none.
  let order: QuantileOrder?
  /// 1 for the first of the parameters of a distribution, which says where it lies, and 0 for the others;
  /// nil: the outputs are none.
  let first: Tensor?
  private let dropout: Dropout

  /// - Parameters:
  ///   - features: the target and the covariates.
  ///   - known: numbers that are known of a row before it comes.
  ///   - series: how many series have weights of their own.
  init(
    features columns: Int, known: Int = 0, series: Int, options: ForecasterOptions,
    using generator: inout some RandomNumberGenerator
  ) {
    let segment = options.segmentRows
    let features = columns + known
    if let segment {
      segments = SegmentLayers(
        inputSize: segment * features, size: options.hiddenSize,
        count: (options.horizon + segment - 1) / segment,
        series: options.seriesVectors == true ? series : 0, using: &generator)
    }
    if options.base == .learned {
      smoothing = ExponentialSmoothing(
        season: options.season.flatMap { $0 > 1 ? $0 : nil }, series: series > 1 ? series : nil,
        using: &generator)
    }
    recurrent = RecurrentStack(
      options.cell, inputSize: segment == nil ? features : options.hiddenSize,
      hiddenSize: options.hiddenSize, layerCount: options.layers,
      options: options.recurrent ?? RecurrentOptions(), dropout: options.dropout, using: &generator)
    head = Dense(
      inputSize: options.hiddenSize, outputSize: (segment ?? options.horizon) * options.outputs,
      using: &generator)
    (horizon, outputs) = (options.horizon, options.outputs)
    first =
      options.loss.isOfDistribution
      ? Tensor((0..<options.outputs).map { $0 == 0 ? 1 : 0 }, shape: [options.outputs]) : nil
    order =
      options.loss == .quantile && options.ordersQuantiles == true
      ? QuantileOrder(options.quantiles) : nil
    dropout = Dropout(rate: segment == nil ? 0 : options.dropout)
    if options.scaling.isOfWindow || smoothing != nil {
      // No correction at first: training begins at the base forecast.
      head.updateParameters { $1 = Initializer.zeros($1.shape, using: &generator) }
    }
    if options.hasLine {
      line = Dense(
        weights: Initializer.zeros([options.window, options.horizon], using: &generator),
        bias: Initializer.zeros([options.horizon], using: &generator))
    }
    if known > 0 {
      ahead = AheadLayers(
        known: 2 * known, rows: segment ?? 1, hiddenSize: options.hiddenSize,
        outputs: segment == nil ? options.outputs : nil, using: &generator)
    }
  }

  /// The forecasts `[B, horizon, outputs]`, scaled.
  func callAsFunction(_ batch: ForecastExamples.Batch, mode: Mode = .prediction) -> Tensor {
    let batch = smoothed(batch)
    var sum = batch.base
    if let line {
      let target = batch.inputs.values.slice(0..<1, along: 2)
      let rows = target.reshaped(to: [batch.inputs.batchSize, batch.inputs.time])
      sum = sum + line(rows).reshaped(to: [batch.inputs.batchSize, horizon, 1])
    }
    let said = corrections(batch, mode: mode)
    if let first { return said + sum * first }
    return (order?.ordered(said) ?? said) + sum
  }

  private func corrections(_ batch: ForecastExamples.Batch, mode: Mode) -> Tensor {
    let count = batch.inputs.batchSize
    var state = recurrent.initialState(batchSize: count)
    guard let segments else {
      let hidden = recurrent.forward(batch.inputs, state: &state, mode: mode.child(0))
        .lastValidSteps
      let said = head(hidden, mode: mode.child(1)).reshaped(to: [count, horizon, -1])
      guard let ahead, let known = batch.ahead else { return said }
      return said + ahead.corrections(known, state: hidden)
    }
    let past = segments.embedded(batch.inputs.values)
    _ = recurrent.forward(past, state: &state, mode: mode.child(0))
    // Each segment of the horizon goes on from the same state.
    let repeats = segments.count
    var ahead = state.rows((0..<count).flatMap { Array(repeating: $0, count: repeats) })
    let each = mode.repeatingRows(Array(repeating: repeats, count: count))
    var queries = segments.queries(batch.series)
    if let layers = self.ahead, let known = batch.ahead {
      queries = SequenceBatch(queries.values + layers.queries(known, count: repeats))
    }
    let hidden = recurrent.forward(queries, state: &ahead, mode: each.child(1)).lastValidSteps
    let said = head(dropout(hidden, mode: each.child(2)), mode: each.child(3))
    let outputs = batch.outputs
    return said.reshaped(to: [count, -1, outputs]).slice(0..<horizon, along: 1)
  }

  /// Visits all layers that there are.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    if var layer = smoothing {
      smoothing = nil
      visitor.visit("smoothing", &layer)
      smoothing = layer
    }
    if var layers = segments {
      segments = nil  // so that `layers` holds the only reference
      visitor.visit("segments", &layers)
      segments = layers
    }
    visitor.visit("recurrent", &recurrent)
    visitor.visit("head", &head)
    if var own = line {
      line = nil
      visitor.visit("line", &own)
      line = own
    }
    if var layers = ahead {
      ahead = nil
      visitor.visit("ahead", &layers)
      ahead = layers
    }
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ForecastModel: JobModel {
  public var paths: [LayerPath] { recurrent.paths.map { $0.under("recurrent") } }

  public func products(steps: Int) -> [JobProduct] {
    var products: [JobProduct] = []
    if let segments {
      products.append(
        JobProduct(
          "segments", segments.embedding.weights.count, of: segments, times: steps))
    }
    products.append(
      JobProduct("head", head.weights.count, of: head, times: segments?.count ?? 1))
    if let ahead {
      let times = segments?.count ?? horizon
      products.append(JobProduct("ahead", ahead.known.weights.count, of: ahead, times: times))
    }
    if let line { products.append(JobProduct("line", line.weights.count, of: line, times: 1)) }
    return products
  }
}

/// What is said by what is known of rows before they come.
struct AheadLayers: Module {
  /// From what is known of a row, or of those of a segment, to the size of the recurrent layers.
  var known: Dense
  /// From the state behind the window; nil where it is asked by what is known.
  var state: Dense?
  /// From both to the row's outputs; nil likewise.
  var out: Dense?
  /// Rows that are told of at once: those of a segment.
  let rowsAtOnce: Int

  /// - Parameters:
  ///   - rows: rows of a segment, 1 where steps are rows.
  ///   - outputs: numbers of a row; nil where segments are asked for.
  init(
    known count: Int, rows: Int, hiddenSize: Int, outputs: Int?,
    using generator: inout some RandomNumberGenerator
  ) {
    known = Dense(inputSize: count * rows, outputSize: hiddenSize, using: &generator)
    rowsAtOnce = rows
    guard let outputs else { return }
    state = Dense(
      weights: Initializer.glorotUniform([hiddenSize, hiddenSize], using: &generator), bias: nil)
    // No correction at first.
    out = Dense(
      weights: Initializer.zeros([hiddenSize, outputs], using: &generator),
      bias: Initializer.zeros([outputs], using: &generator))
  }

  /// What is added to each row, `[B, horizon, outputs]`.
  ///
  /// - Parameters:
  ///   - values: `[B, horizon, 2·K]`.
  ///   - hidden: the state behind the window, `[B, size]`.
  func corrections(_ values: Tensor, state hidden: Tensor) -> Tensor {
    guard let state, let out else { return Tensor.zeros([1, 1, 1]) }
    let (batch, horizon) = (values.shape[0], values.shape[1])
    let own = known(values.reshaped(to: [batch * horizon, values.shape[2]]))
    let size = own.shape[1]
    let both =
      own.reshaped(to: [batch, horizon, size]) + state(hidden).reshaped(to: [batch, 1, size])
    return out(both.relu().reshaped(to: [batch * horizon, size]))
      .reshaped(to: [batch, horizon, -1])
  }

  /// What is added to the queries of segments, `[B·count, 1, size]`.
  func queries(_ values: Tensor, count: Int) -> Tensor {
    let (batch, horizon, width) = (values.shape[0], values.shape[1], values.shape[2])
    let inputs = known.weights.shape[0]
    let missing = count * inputs / width - horizon
    let whole =
      missing > 0
      ? Tensor.concatenated([values, Tensor.zeros([batch, missing, width])], along: 1) : values
    return known(whole.reshaped(to: [batch * count, inputs])).reshaped(to: [batch * count, 1, -1])
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("known", &known)
    if var layer = state {
      state = nil
      visitor.visit("state", &layer)
      state = layer
    }
    if var layer = out {
      out = nil
      visitor.visit("out", &layer)
      out = layer
    }
  }
}

/// Quantiles in order: one as the network says it, the others by how far they lie from their neighbour.
struct QuantileOrder: Sendable {
  /// Which is said itself: the one nearest to the median.
  let middle: Int
  /// Which distances each of the others is the sum of, `[distances, quantiles]`.
  let sums: Tensor

  init(_ quantiles: [Float]) {
    let count = quantiles.count
    let middle =
      quantiles.indices.min { abs(quantiles[$0] - 0.5) < abs(quantiles[$1] - 0.5) } ?? 0
    self.middle = middle
    let sums = (0..<count).flatMap { distance in
      (0..<count).map { place -> Float in
        if distance > middle, place >= distance { return 1 }
        return distance < middle && place <= distance ? -1 : 0
      }
    }
    self.sums = Tensor(sums, shape: [count, count])
  }

  /// `[B, horizon, quantiles]` in order.
  func ordered(_ said: Tensor) -> Tensor {
    let count = sums.shape[0]
    let distances = said.softplus().reshaped(to: [said.count / count, count])
    return said.slice(middle..<middle + 1, along: 2)
      + distances.matrixProduct(sums).reshaped(to: said.shape)
  }
}

/// What stands before the recurrent layers where their steps are segments.
struct SegmentLayers: Module {
  /// From the rows of a segment to the size of the recurrent layers.
  var embedding: Dense
  /// What asks for each segment of the horizon, `[segments, size]`.
  private var positions: Tensor
  /// What each series adds to that, `[series, size]`; nil: there is one.
  private var series: Tensor?

  /// Segments of the horizon.
  var count: Int { positions.shape[0] }

  init(
    inputSize: Int, size: Int, count: Int, series: Int,
    using generator: inout some RandomNumberGenerator
  ) {
    embedding = Dense(
      inputSize: inputSize, outputSize: size, activation: .relu, using: &generator)
    positions = Initializer.normal(1)([count, size], using: &generator)
    self.series = series > 1 ? Initializer.zeros([series, size], using: &generator) : nil
  }

  /// `[B, T, F]` to `[B, segments, size]`. Rows that make no whole segment are the oldest and left out.
  func embedded(_ values: Tensor) -> SequenceBatch {
    let (batch, time, features) = (values.shape[0], values.shape[1], values.shape[2])
    let rows = embedding.weights.shape[0] / features
    let count = time / rows
    let whole = values.slice(time - count * rows..<time, along: 1)
    let size = embedding.weights.shape[1]
    return SequenceBatch(
      embedding(whole.reshaped(to: [batch * count, rows * features])).reshaped(
        to: [batch, count, size]))
  }

  /// What asks for the segments of the horizon, one after the other for each window: `[B·segments, 1,
  /// size]`.
  ///
  /// - Parameter places: the series of each window; nil for one that has no vector.
  func queries(_ places: [Int?]) -> SequenceBatch {
    let (count, size) = (positions.shape[0], positions.shape[1])
    var queries = positions.reshaped(to: [1, count, size])
    if let series {
      let others = Tensor.concatenated([series, Tensor.zeros([1, size])], along: 0)
      let own = others.rows(places.map { $0 ?? series.shape[0] })
      queries = queries + own.reshaped(to: [places.count, 1, size])
    } else {
      queries = queries.broadcast(to: [places.count, count, size])
    }
    return SequenceBatch(queries.reshaped(to: [places.count * count, 1, size]))
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("embedding", &embedding)
    visitor.visit("positions", &positions)
    visitor.visit("series", &series)
  }
}
