import Foundation
import Recurrent
import TestSupport
import Testing

@Suite struct NormalizationTests {
  // MARK: Layer norm

  private func layerNorm(_ size: Int) -> LayerNorm {
    LayerNorm(
      gain: Tensor(SeededGenerator.floats(size, seed: 51)),
      bias: Tensor(SeededGenerator.floats(size, seed: 52)), epsilon: 1e-3)
  }

  @Test(arguments: [1, 5, 19])
  func layerNorm(_ size: Int) async throws {
    let twin = LayerTwin { parameters, input, lengths, _ in
      guard let gain = parameters["gain"], let bias = parameters["bias"] else {
        preconditionFailure("names \(parameters.keys)")
      }
      var output = [Double](repeating: 0, count: input.elements.count)
      for (row, length) in lengths.enumerated() {
        for t in 0..<length {
          let start = (row * input.shape[1] + t) * size
          let x = input.elements[start..<start + size]
          let mean = x.reduce(0, +) / Double(size)
          let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(size)
          for (k, value) in x.enumerated() {
            let n = (value - mean) / (variance + Double(Float(1e-3))).squareRoot()
            output[start + k] = n * gain.elements[k] + bias.elements[k]
          }
        }
      }
      return (PlainArray(output, shape: input.shape), [])
    }
    try await checkLayer(
      EachStep(layerNorm(size)), inputSize: size, outputSize: size, twin: twin)
  }

  @Test func layerNormOfLargeNumbersIsExact() {
    // Mean 10000, deviation 1: a variance as E[x²] - E[x]² would be lost.
    let x = Tensor(SeededGenerator.floats(64, seed: 5).map { 10_000 + $0 }, shape: [1, 64])
    let y = LayerNorm(size: 64)(x).elements.map(Double.init)
    let variance = y.reduce(0) { $0 + $1 * $1 } / 64
    #expect(abs(y.reduce(0, +)) / 64 < 1e-3 && abs(variance - 1) < 1e-3)
  }

  // MARK: Batch norm

  private let batch = SequenceBatch(
    Tensor(SeededGenerator.floats(4 * 5 * 3, seed: 61), shape: [4, 5, 3]), lengths: [3, 0, 5, 1])

  private func batchNorm() -> BatchNorm {
    var layer = BatchNorm(size: 3, momentum: 0.3, epsilon: 1e-3)
    layer.gain = Tensor([0.5, -1.5, 2])
    layer.bias = Tensor([0.25, 1, -3])
    layer.runningMean = Tensor([0.3, -0.2, 0.1])
    layer.runningVariance = Tensor([0.7, 1.4, 0.2])
    return layer
  }

  private var training: Mode { .training(RandomKey(seed: 1)) }

  @Test func batchNormInPrediction() async throws {
    let twin = LayerTwin { parameters, input, lengths, _ in
      let (mean, variance) = ([0.3, -0.2, 0.1], [0.7, 1.4, 0.2])
      let output = PlainArray(shape: input.shape) { index in
        guard index[1] < lengths[index[0]] else { return 0 }
        let k = index[2]
        let n = (input[index] - mean[k]) / (variance[k] + 1e-3).squareRoot()
        return n * (parameters["gain"]?[[k]] ?? 0) + (parameters["bias"]?[[k]] ?? 0)
      }
      return (output, [])
    }
    // It draws nothing in training, but it does something else there.
    try await checkLayer(
      batchNorm(), inputSize: 3, outputSize: 3, twin: twin, drawsInTraining: true)
  }

  private struct Problem: Module {
    var input: Tensor
    var layer: BatchNorm

    mutating func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.visit("input", &input)
      visitor.visit("layer", &layer)
    }
  }

  /// Output over the valid steps in double precision, from input, gain and bias.
  private func normalized(_ x: [Double], _ gain: [Double], _ bias: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: x.count)
    let steps = batch.lengths.enumerated().flatMap { b, n in (0..<n).map { b * 5 + $0 } }
    for k in 0..<3 {
      let values = steps.map { x[$0 * 3 + k] }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      for (step, value) in paired(steps, values) {
        result[step * 3 + k] =
          gain[k] * (value - mean) / (variance + Double(Float(1e-3))).squareRoot() + bias[k]
      }
    }
    return result
  }

  @Test func batchNormInTraining() throws {
    let problem = Problem(input: batch.values, layer: batchNorm())
    let cotangent = SeededGenerator.floats(4 * 5 * 3, seed: 62)
    let (_, gradients) = valueAndGradients(of: problem) { problem in
      let output = problem.layer(batch.with(problem.input), mode: training)
      expectClose(
        output.values.elements.map(Double.init), shape: output.values.shape,
        to: normalized(
          problem.input.elements.map(Double.init), [0.5, -1.5, 2], [0.25, 1, -3]),
        shape: [4, 5, 3], within: 1e-6)
      return (output.values * Tensor(cotangent, shape: [4, 5, 3])).sum()
    }
    #expect(gradients.names == ["input", "layer.gain", "layer.bias"])
    let point = problem.parameters.flatMap { $0.tensor.elements.map(Double.init) }
    var slopes = finiteDifferenceGradient(at: point) { flat in
      let output = normalized(
        Array(flat[..<60]), Array(flat[60..<63]), Array(flat[63..<66]))
      return zip(output, cotangent).reduce(0) { $0 + $1.0 * Double($1.1) }
    }[...]
    for (name, gradient) in paired(gradients.names, gradients.tensors) {
      let gradient = try #require(gradient)
      let slope = Array(slopes.prefix(gradient.count))
      slopes = slopes.dropFirst(gradient.count)
      expectClose(
        gradient.elements.map(Double.init), shape: gradient.shape, to: slope,
        shape: gradient.shape, within: 1e-5, name)
    }
  }

  /// running = 0.7·running + 0.3·batch, whatever the clipping; nothing changes without an update.
  @Test func runningStatisticsFollowTheData() throws {
    var model = Sequential {
      batchNorm()
      MeanOverTime()
    }
    let before = model.statistics.map(\.tensor)
    #expect(model.statistics.map(\.name) == ["0.running_mean", "0.running_variance"])
    #expect(model.parameters.map(\.name) == ["0.gain", "0.bias"] && model.parameterCount == 6)
    var optimizer = SGD(learningRate: 0)
    let (_, predicted) = valueAndGradients(of: model) { $0(batch).sum() }
    optimizer.update(&model, along: predicted)
    #expect(model.statistics.map(\.tensor) == before)

    let (_, gradients) = valueAndGradients(of: model) { $0(batch, mode: training).sum() }
    #expect(model.statistics.map(\.tensor) == before)
    #expect(gradients.names.count == 2 && gradients.norm < 100)
    optimizer.update(&model, along: gradients.clipped(toNorm: 1e-6))
    let steps = batch.validSteps
    for k in 0..<3 {
      let values = (0..<9).map { Double(steps[$0, k]) }
      let mean = values.reduce(0, +) / 9
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 8
      let found = model.statistics.map { Double($0.tensor[k]) }
      #expect(abs(found[0] - (0.7 * Double(before[0][k]) + 0.3 * mean)) < 1e-6)
      #expect(abs(found[1] - (0.7 * Double(before[1][k]) + 0.3 * variance)) < 1e-6)
    }
  }

  @Test func paddingAndSmallBatchesDoNoHarm() {
    var layer = batchNorm()
    var poisoned = batch.values
    poisoned.withUnsafeMutableElements { elements in
      for place in (3 * 3)..<(2 * 5 * 3) { elements[place] = .nan }
      for place in (3 * 5 * 3 + 3)..<(4 * 5 * 3) { elements[place] = .nan }
    }
    let output = layer(batch.with(poisoned), mode: training).values
    #expect(output.isIdentical(to: layer(batch, mode: training).values))
    var optimizer = SGD(learningRate: 0)
    for lengths in [[0, 0, 0, 0], [0, 1, 0, 0]] {
      let few = SequenceBatch(batch.values, lengths: lengths)
      let (_, gradients) = valueAndGradients(of: layer) { layer in
        let output = layer(few, mode: training)
        #expect(output.values.elements.allSatisfy { $0.isFinite })
        return output.values.sum()
      }
      #expect(gradients.firstNonFinite == nil)
      optimizer.update(&layer, along: gradients)
      #expect(layer.runningMean == batchNorm().runningMean)
      #expect(layer.runningVariance == batchNorm().runningVariance)
    }
  }

  @Test func statisticsAreSavedAndLoaded() throws {
    let layer = batchNorm()
    let bytes = SafetensorsFile.encode(layer.storedTensors)
    let file = try SafetensorsFile(bytes: bytes, source: "weights")
    #expect(file.names.sorted() == ["bias", "gain", "running_mean", "running_variance"])
    var loaded = BatchNorm(size: 3, momentum: 0.3, epsilon: 1e-3)
    try loaded.load(from: file)
    #expect(loaded.runningVariance == layer.runningVariance && loaded.gain == layer.gain)
    #expect(loaded(batch).values.isIdentical(to: layer(batch).values))
    var broken = layer
    broken.runningMean = Tensor([0, .infinity, 0])
    #expect(broken.firstNonFinite == "running_mean")
  }
}
