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

  /// What is added to the base forecast, in scaled units, `[B, horizon, outputs]`. A model with vectors
  /// of series has an input `series`, `[B]`: the place of each window's series, one behind the last for
  /// others.
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    var value = try corrections(input, to: &graph)
    if let order { value = try order.export(value, to: &graph) }
    if let line {
      let window = graph.part(of: input, along: 2, from: 0, to: 1)
      let rows = graph.reshape(window, to: [-1, line.weights.shape[0]])
      let straight = try line.export(rows, to: &graph)
      value = graph.sum(value, graph.reshape(straight, to: [-1, horizon, 1]))
    }
    return value
  }

  private func corrections(
    _ input: String, to graph: inout OnnxBuilder
  ) throws(DataError) -> String {
    guard let segments else {
      let hidden = try recurrent.export(input, to: &graph)
      let said = try head.export(graph.lastSteps(of: hidden), to: &graph)
      return graph.reshape(said, to: [-1, horizon, outputs])
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
    let queries = graph.reshape(
      segments.exportedQueries(beside: input, size: size, to: &graph), to: [-1, 1, size])
    let (hidden, _) = try graph.recurrent(recurrent, queries, from: ahead)
    let said = try head.export(graph.finalSteps(of: hidden), to: &graph)
    let all = graph.reshape(said, to: [-1, segments.count * segmentRows, outputs])
    return graph.part(of: all, along: 1, from: 0, to: horizon)
  }
}

extension QuantileOrder {
  fileprivate func export(
    _ said: String, to graph: inout OnnxBuilder
  ) throws(DataError) -> String {
    let count = sums.shape[0]
    let one = (0..<count * count).map { $0 % (count + 1) == 0 ? Float(1) : 0 }
    let positive = Dense(
      weights: Tensor(one, shape: [count, count]), bias: nil, activation: .softplus)
    let distances = try positive.export(said, to: &graph)
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
