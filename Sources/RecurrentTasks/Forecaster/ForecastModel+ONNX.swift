import Recurrent
import RecurrentFiles
import RecurrentONNX

extension ForecastModel: OnnxNetwork {
  var onnxInput: OnnxBuilder.Input { .sequences(features: features) }

  private var features: Int {
    segments.map { $0.embedding.weights.shape[0] / segmentRows } ?? recurrent.featureCount ?? 1
  }

  /// The rows of a segment: the head says those of one.
  private var segmentRows: Int { head.weights.shape[1] / outputs }

  /// What is added to the base forecast, in scaled units, `[B, horizon, outputs]`; of a distribution its
  /// parameters, to the first of which the base is added.
  ///
  /// A model with vectors of series has an input `series`, `[B]`: the place of each window's series, one
  /// behind the last for others. A model that is told of rows before they come has an input `ahead`,
  /// `[B, rows, 2·K]`: for each row of the horizon what is known of it and of the row that the base forecast
  /// takes for it; over segments, with rows of zeros up to whole segments.
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    guard smoothing == nil else {
      throw DataError(
        .unwritable, file: "ONNX", problem: "a smoothing that is learned cannot be written",
        advice: "Train with another --base, such as smoothing")
    }
    var value = try corrections(input, to: &graph)
    if let order { value = try order.export(value, to: &graph) }
    if let line {
      let window = graph.part(of: input, along: 2, from: 0, to: 1)
      let rows = graph.reshape(window, to: [-1, line.weights.shape[0]])
      let straight = try line.export(rows, to: &graph)
      let added = graph.reshape(straight, to: [-1, horizon, 1])
      value = graph.sum(value, first.map { graph.product(added, graph.constant($0)) } ?? added)
    }
    return value
  }

  private func corrections(
    _ input: String, to graph: inout OnnxBuilder
  ) throws(DataError) -> String {
    guard let segments else {
      let hidden = try recurrent.export(input, to: &graph)
      let last = graph.lastSteps(of: hidden)
      let said = graph.reshape(
        try head.export(last, to: &graph), to: [-1, horizon, outputs])
      guard let ahead, let state = ahead.state, let out = ahead.out else { return said }
      let own = try ahead.known.export(ahead.input(rows: horizon, to: &graph), to: &graph)
      let asked = graph.reshape(
        try state.export(last, to: &graph), to: [-1, 1, state.weights.shape[1]])
      let both = try Activation.relu.export(graph.sum(own, asked), to: &graph)
      return graph.sum(said, try out.export(both, to: &graph))
    }
    // Windows are whole: segments have no lengths.
    let lengths = graph.lengths
    graph.lengths = ""
    defer { graph.lengths = lengths }
    let past = try segments.embedding.export(
      graph.grouped(input, rows: segmentRows, features: features), to: &graph)
    let size = segments.embedding.weights.shape[1]
    let (_, states) = try graph.recurrent(recurrent, past, from: nil)
    let ahead = states.map { graph.repeatedRows($0, count: segments.count, width: size) }
    var queries = graph.reshape(
      segments.exportedQueries(beside: input, size: size, to: &graph), to: [-1, 1, size])
    if let layers = self.ahead {
      let rows = layers.input(rows: segments.count * segmentRows, to: &graph)
      let whole = graph.reshape(rows, to: [-1, 1, layers.known.weights.shape[0]])
      queries = graph.sum(queries, try layers.known.export(whole, to: &graph))
    }
    let (hidden, _) = try graph.recurrent(recurrent, queries, from: ahead)
    let said = try head.export(graph.finalSteps(of: hidden), to: &graph)
    let all = graph.reshape(said, to: [-1, segments.count * segmentRows, outputs])
    return graph.part(of: all, along: 1, from: 0, to: horizon)
  }
}

extension AheadLayers {
  /// What is known of so many rows, `[B, rows, 2·K]`.
  fileprivate func input(rows: Int, to graph: inout OnnxBuilder) -> String {
    let perRow = known.weights.shape[0] / rowsAtOnce
    graph.addInput("ahead", .float32, ["batch"], [rows, perRow])
    return "ahead"
  }
}

extension QuantileOrder {
  fileprivate func export(
    _ said: String, to graph: inout OnnxBuilder
  ) throws(DataError) -> String {
    let distances = try Activation.softplus.export(said, to: &graph)
    let from = try Dense(weights: sums, bias: nil).export(distances, to: &graph)
    return graph.sum(graph.part(of: said, along: 2, from: middle, to: middle + 1), from)
  }
}

extension SegmentLayers {
  /// What asks for the segments of the horizon, `[B, segments, size]`.
  fileprivate func exportedQueries(
    beside input: String, size: Int, to graph: inout OnnxBuilder
  ) -> String {
    let series = parameters.first { $0.name == "series" }?.tensor.shape[0] ?? 0
    let places: [Int?] = (0..<series).map { $0 } + [nil]
    let table = queries(places).values.reshaped(to: [places.count, count * size])
    if series > 0 {
      graph.addInput("series", .int64, ["batch"])
      return graph.rows(of: table, at: "series")
    }
    return graph.repeated(graph.constant(table), beside: input, width: count * size)
  }
}
