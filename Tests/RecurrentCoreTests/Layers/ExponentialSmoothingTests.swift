import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// Exponential smoothing beside its formulas, written as plain loops in double precision.
@Suite struct ExponentialSmoothingTests {
  private func smoothing(season: Int?, series: Int? = nil) -> ExponentialSmoothing {
    var generator = SeededGenerator(seed: 5)
    var layer = ExponentialSmoothing(season: season, series: series, using: &generator)
    layer.updateParameters { $1 = Tensor(generator.floats($1.count, in: -1...1), shape: $1.shape) }
    return layer
  }

  /// Level and season at each step of one row, and the level and the seasons behind it.
  private static func plain(
    _ values: [Double], _ coefficients: [Double], level: Double, seasons: [Double]
  ) -> (output: [[Double]], level: Double, seasons: [Double]) {
    let rates = coefficients.map { 1 / (1 + exp(-$0)) }
    var (level, seasons, output) = (level, seasons, [[Double]]())
    for y in values {
      guard let now = seasons.first else {
        level = rates[0] * y + (1 - rates[0]) * level
        output.append([level])
        continue
      }
      level = rates[0] * (y - now) + (1 - rates[0]) * level
      seasons = seasons.dropFirst() + [rates[1] * (y - level) + (1 - rates[1]) * now]
      output.append([level, now])
    }
    return (output, level, seasons)
  }

  /// With seasons shorter and longer than most rows.
  @Test(arguments: [nil, 2, 3, 5, 9] as [Int?]) func isItsFormulas(season: Int?) async throws {
    let width = season == nil ? 1 : 2
    let twin = LayerTwin { parameters, input, lengths, state in
      let (time, coefficients) = (input.shape[1], parameters["coefficients"]?.elements ?? [])
      var output = PlainArray(shape: [lengths.count, time, width]) { _ in 0 }
      var final = state
      for (row, length) in lengths.enumerated() {
        let m = season ?? 0
        let found = Self.plain(
          Array(input.elements[row * time..<row * time + length]), coefficients,
          level: state[0].elements[row],
          seasons: m > 0 ? Array(state[1].elements[row * m..<(row + 1) * m]) : [])
        for (t, step) in found.output.enumerated() {
          for (k, value) in step.enumerated() {
            output.elements[(row * time + t) * width + k] = value
          }
        }
        final[0].elements[row] = found.level
        if m > 0 { final[1].elements.replaceSubrange(row * m..<(row + 1) * m, with: found.seasons) }
      }
      return (output, final)
    }
    for series in [nil, 3] {
      try await checkLayer(
        smoothing(season: season, series: series), inputSize: 1, outputSize: width, twin: twin)
    }
  }

  /// What a row begins with.
  private static func start(
    _ values: [Double], season: Int?
  ) -> (level: Double, seasons: [Double]) {
    func mean(_ values: [Double]) -> Double {
      values.reduce(0, +) / Double(max(1, values.count))
    }
    guard let m = season, values.count >= 2 * m else {
      let first = Array(values.prefix(season ?? 1))
      let level = mean(first)
      return (level, (0..<(season ?? 0)).map { $0 < first.count ? first[$0] - level : 0 })
    }
    let turns = (0..<values.count / m).map { Array(values[$0 * m..<($0 + 1) * m]) }
    let means = turns.map(mean)
    let climb = (means[turns.count - 1] - means[0]) / Double((turns.count - 1) * m)
    let seasons = (0..<m).map { step -> Double in
      let above: Double = mean(turns.indices.map { turns[$0][step] - means[$0] })
      return above - climb * (Double(step) - Double(m - 1) / 2)
    }
    return (means[0] - climb * Double(m + 1) / 2, seasons)
  }

  private struct Problem: Module {
    var values: Tensor
    var smoothing: ExponentialSmoothing

    mutating func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.visit("values", &values)
      visitor.visit("smoothing", &smoothing)
    }
  }

  /// From its own start to a forecast, by coefficients of each series.
  @Test(arguments: [nil, 2, 3] as [Int?]) func seriesHaveTheirOwnCoefficients(season: Int?) throws {
    let (time, steps, lengths) = (7, 4, [7, 2, 0, 5, 7])
    let places: [Int?] = [1, 0, 1, nil, 1]
    let (rows, width) = (lengths.count, season == nil ? 1 : 2)
    var generator = SeededGenerator(seed: 3)
    let problem = Problem(
      values: Tensor(generator.floats(rows * time, in: 4...9), shape: [rows, time, 1]),
      smoothing: smoothing(season: season, series: 2))
    let weights = Tensor(generator.floats(rows * steps), shape: [rows, steps])

    func plainForecasts(_ point: [Double]) -> [Double] {
      let shared = point[(rows * time)...].prefix(width)
      let own = Array(point[(rows * time + width)...])
      return (0..<rows).flatMap { row -> [Double] in
        let values = Array(point[row * time..<row * time + lengths[row]])
        let start = Self.start(values, season: season)
        let coefficients = shared.enumerated().map { place, value in
          value + (places[row].map { own[$0 * width + place] } ?? 0)
        }
        let end = Self.plain(values, coefficients, level: start.level, seasons: start.seasons)
        return (0..<steps).map { step in
          end.level + (end.seasons.isEmpty ? 0 : end.seasons[step % end.seasons.count])
        }
      }
    }
    func forecasts(_ problem: Problem) -> Tensor {
      let batch = SequenceBatch(problem.values, lengths: lengths)
      var state = problem.smoothing.state(startingWith: batch)
      _ = problem.smoothing(batch, series: places, state: &state)
      return problem.smoothing.forecast(from: state, steps: steps)
    }
    let point = problem.parameters.flatMap { $0.tensor.elements.map(Double.init) }
    expectClose(
      forecasts(problem).elements.map(Double.init), shape: [rows, steps],
      to: plainForecasts(point), shape: [rows, steps], within: 1e-6)
    let (_, gradients) = valueAndGradients(of: problem) { (forecasts($0) * weights).sum() }
    let slopes = finiteDifferenceGradient(at: point) { point in
      zip(plainForecasts(point), weights.elements).reduce(0) { $0 + $1.0 * Double($1.1) }
    }
    let found = zip(gradients.tensors, problem.parameters).flatMap {
      ($0 ?? .zeros($1.tensor.shape)).elements.map(Double.init)
    }
    expectClose(
      found, shape: [point.count], to: slopes, shape: [point.count], within: 1e-5, "gradients")
  }

  /// Coefficients begin at a half, and a series that was never seen has those of all.
  @Test func beginnings() {
    var generator = SeededGenerator(seed: 1)
    let layer = ExponentialSmoothing(season: 4, series: 3, using: &generator)
    #expect(layer.parameters.map(\.name) == ["coefficients", "series"])
    #expect(layer.rates(of: [0, 2, nil]).elements == [Float](repeating: 0.5, count: 6))
    let other = smoothing(season: 4, series: 3)
    let rates = other.rates(of: [nil, 2]).elements
    #expect(Array(rates[..<2]) == other.coefficients.sigmoid().elements)
    #expect(rates[2] != rates[0])
    var shapes = ShapesOnly()
    let built = ExponentialSmoothing(season: 4, series: 3, using: &shapes)
    #expect(built.parameters.map(\.tensor.shape) == layer.parameters.map(\.tensor.shape))
    // A season that returns, and a level that stays, are followed to the bit.
    let wave = Tensor((0..<12).map { [1, 5, -2, 4][$0 % 4] }, shape: [1, 12, 1])
    var state = layer.state(startingWith: SequenceBatch(wave))
    _ = layer(SequenceBatch(wave), state: &state)
    #expect(layer.forecast(from: state, steps: 6).elements == [1, 5, -2, 4, 1, 5])
    // A line is no season.
    let line = Tensor((0..<12).map { 3 * Float($0) }, shape: [1, 12, 1])
    let start = layer.state(startingWith: SequenceBatch(line))
    #expect(start.seasons?.elements == [0, 0, 0, 0] && start.level.elements == [-3])
  }

  /// Long windows go through one operation: gradients of a thousand steps.
  @Test func aThousandSteps() {
    var generator = SeededGenerator(seed: 8)
    let problem = Problem(
      values: Tensor(generator.floats(2000), shape: [2, 1000, 1]), smoothing: smoothing(season: 12))
    let (_, gradients) = valueAndGradients(of: problem) { problem in
      var state = problem.smoothing.state(startingWith: SequenceBatch(problem.values))
      let said = problem.smoothing(SequenceBatch(problem.values), state: &state)
      return (said.values.squared()).mean()
    }
    #expect(gradients.tensors.allSatisfy { $0?.elements.allSatisfy(\.isFinite) ?? false })
  }
}
