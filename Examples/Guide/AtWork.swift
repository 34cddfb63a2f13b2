import Foundation
import Recurrent
import RecurrentONNX

/// A network of sequences, as the articles on work with models have it.
private func smallModel(
  using generator: inout RandomGenerator
) -> some Layer<SequenceBatch, Tensor> & OnnxExportable {
  Sequential {
    LSTM(inputSize: 3, hiddenSize: 8, using: &generator)
    LastOutput()
    Dense(inputSize: 8, outputSize: 2, using: &generator)
  }
}

/// ONNX and safetensors, out and in.
func movingModels(_ pictures: Pictures) throws {
  var generator = RandomGenerator(seed: 1)
  let model = smallModel(using: &generator)
  let input = SequenceBatch(Initializer.uniform(1)([4, 10, 3], using: &generator))
  let folder = try temporaryFolder()
  defer { try? FileManager.default.removeItem(atPath: folder) }

  let bytes = try OnnxBuilder.encode(model, input: .sequences(features: 3), name: "model")
  let graph = try OnnxModel(bytes: bytes, source: "model.onnx")
  for port in graph.inputs { print("ONNX, in: ", port) }
  for port in graph.outputs { print("ONNX, out:", port) }
  let lengths = OnnxTensor(integers: [10, 10, 10, 10], shape: [4])
  let outputs = try graph(["input": OnnxTensor(input.values), "lengths": lengths])
  let expected = model(input)
  if let output = outputs["output"]?.tensor {
    let difference = (output - expected).absolute().elements.max() ?? .infinity
    print("there and back, outputs differ by less than 1e-6:", difference < 1e-6)
  }

  let projected = LSTM(inputSize: 3, hiddenSize: 8, projectionSize: 4, using: &generator)
  do {
    _ = try OnnxBuilder.encode(projected, input: .sequences(features: 3), name: "model")
  } catch {
    print(error)
  }

  try model.save(to: folder + "/model.safetensors")
  var other = smallModel(using: &generator)
  try other.load(from: folder + "/model.safetensors")
  print("safetensors, the same bits:", other(input).isIdentical(to: expected))
  for (name, parameter) in model.parameters { print(" ", name, parameter.shape) }

  var weights = PyTorchWeights()
  try weights.add(LSTM(inputSize: 3, hiddenSize: 8, using: &generator), as: "encoder")
  weights.add(Dense(inputSize: 8, outputSize: 2, using: &generator), as: "head")
  try weights.write(to: folder + "/pytorch.safetensors")
  var read = try PyTorchWeights(file: folder + "/pytorch.safetensors")
  _ = try read.recurrentStack("encoder", cell: .lstm)
  do {
    try read.finish()
  } catch {
    print("\(error)".replacing(folder + "/", with: ""))
  }
}

/// Many requests, many streams, one model.
func serving(_ pictures: Pictures) throws {
  var generator = RandomGenerator(seed: 1)
  let model = smallModel(using: &generator)
  let requests = [7, 1, 12, 4].map { steps in
    (0..<steps).map { _ in Initializer.uniform(1)([3], using: &generator).elements }
  }
  let together = model(SequenceBatch(rows: requests))
  let alone = requests.map { model(SequenceBatch(rows: [$0])) }
  for (row, answer) in alone.enumerated() {
    print(
      "request \(row) of \(requests[row].count) steps, alone and among others the same bits:",
      answer.isIdentical(to: together.slice(row..<row + 1, along: 0)))
  }

  // Four streams whose steps come in turn.
  var streams = requests.map { _ in Session(model) }
  var last = alone
  for step in 0..<12 {
    for (index, request) in requests.enumerated() where step < request.count {
      last[index] = try streams[index].step(request[step])
    }
  }
  let same = zip(last, alone).allSatisfy { $0.isIdentical(to: $1) }
  print("streams in turn, the same bits as each alone:", same)

  let folder = try temporaryFolder()
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try streams[0].state.save(to: folder + "/stream.safetensors")
  var continued = Session(model)
  try continued.state.load(from: folder + "/stream.safetensors")
  let (here, there) = (try streams[0].step([1, 0, 0]), try continued.step([1, 0, 0]))
  print("a state that was saved and loaded goes on:", here.isIdentical(to: there))
}

/// Shards of a batch, on any number of threads.
func manyMachines(_ pictures: Pictures) throws {
  var generator = RandomGenerator(seed: 1)
  let model = smallModel(using: &generator)
  let inputs = SequenceBatch(Initializer.uniform(1)([96, 10, 3], using: &generator))
  let examples = TensorExamples(
    inputs: inputs, targets: inputs.lastValidSteps.slice(0..<2, along: 1))

  // The loss of a batch is the sum of those of its shards, each by its share.
  var sum: Float = 0
  for index in 0..<4 {
    guard let shard = examples.shard(index, of: 4, in: Array(0..<50)) else { continue }
    let loss = meanSquaredError(model(shard.batch.inputs), shard.batch.targets).value
    print("shard \(index): \(shard.rows.count) rows, share", text(shard.share, 2))
    sum += Float(shard.share) * loss
  }
  let batch = examples.batch(Array(0..<50))
  let whole = meanSquaredError(model(batch.inputs), batch.targets).value
  print("the loss differs by less than a millionth:", abs(sum - whole) < 1e-6 * whole)

  func trained(shards: Int?, threads: Int) throws -> [Float] {
    try ExecutionContext(threads: threads).run {
      var trainer = Trainer(
        model, optimizer: Adam(),
        options: TrainingOptions(epochs: 2, batchSize: 32, seed: 7, shards: shards),
        on: TensorExamples.self
      ) { model, batch, mode in
        meanSquaredError(model(batch.inputs, mode: mode), batch.targets)
      }
      try trainer.run(on: examples)
      return trainer.bestModel.parameters.flatMap { $0.1.elements }
    }
  }
  let four = try trained(shards: 4, threads: 1)
  print("4 shards on 1 thread and on 3, the same bits:", try trained(shards: 4, threads: 3) == four)
  print("4 shards and none, the same bits:", try trained(shards: nil, threads: 1) == four)
}

/// What can be said of speed without a clock.
func speed(_ pictures: Pictures) throws {
  var generator = RandomGenerator(seed: 1)
  let lstm = LSTM(inputSize: 64, hiddenSize: 64, using: &generator)
  let plain = Recurrence(PlainLSTM(weights: lstm.weights))
  for path in lstm.paths + plain.paths { print("\(path.layer): \(path.method.rawValue)") }

  var benchmark = LayerBenchmark()
  (benchmark.batchSize, benchmark.time) = (16, 50)
  (benchmark.inputSize, benchmark.hiddenSize) = (64, 64)
  let result = ExecutionContext(threads: 1).run { benchmark.run(budget: 0.1) }
  print("bytes that a training step takes anew of the system:", result.allocatedBytes)

  let full = benchmark.operations
  benchmark.lengths = .uniform
  print(
    "operations of rows of random lengths, beside full rows:",
    text(benchmark.operations / full, 2))

  let plan = MemoryPlan(
    paths: lstm.paths, parameterCount: lstm.parameterCount, batchSize: 16, time: 600)
  let limited = MemoryPlan(
    paths: lstm.paths, parameterCount: lstm.parameterCount, batchSize: 16, time: 600,
    limit: 10_000_000)
  if let plan, let limited {
    print("a training step over 600 steps:", text(plan.bytes / 1e6, 1), "MB")
    print(
      "kept in segments of \(limited.segmentLength ?? 0) steps:", text(limited.bytes / 1e6, 1), "MB"
    )
  }
  let input = SequenceBatch(Initializer.uniform(1)([16, 600, 64], using: &generator))
  func gradients(_ segmentLength: Int?) -> Gradients {
    valueAndGradients(of: lstm) { layer in
      let mode = Mode.training(RandomKey(seed: 1), segmentLength: segmentLength)
      return layer(input, mode: mode).values.squared().sum()
    }.1
  }
  let pairs = zip(gradients(nil).tensors, gradients(limited?.segmentLength).tensors)
  let same = pairs.allSatisfy { a, b in a.flatMap { a in b.map(a.isIdentical) } ?? false }
  print("gradients, the same bits:", same)
}
