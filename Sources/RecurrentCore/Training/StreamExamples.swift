import RecurrentFiles

extension SequenceBatch {
  /// One long series `[N, F]` as B rows of N / B steps side by side, the first N / B steps in row
  /// 0, the next in row 1 and so on; what is left over at the end is dropped.
  public init(streams: Int, of series: Tensor) {
    require(series.rank == 2, "a series has shape [N, F], not \(series.shape)")
    let steps = series.shape[0] / max(1, streams)
    require(
      streams >= 1 && steps >= 1,
      "\(series.shape[0]) steps cannot make \(streams) streams of at least one step")
    self.init(
      series.slice(0..<streams * steps, along: 0)
        .reshaped(to: [streams, steps, series.shape[1]]))
  }
}

/// Long sequences for truncated backpropagation through time: all rows are cut at the same steps,
/// and each piece goes on from the state in which the one before left its row.
///
/// An update is made every k1 steps; its gradient goes back k2 steps (Williams and Peng 1990). The
/// examples of a ``Trainer`` are the pieces of k1 steps, in their order.
public struct StreamExamples<Inputs: SequenceValue, Targets: SequenceValue>: ExampleSet {
  /// Rows of steps.
  public let inputs: Inputs
  /// The value that each step should give.
  public let targets: Targets
  /// k1, the steps from update to update.
  public let stepsPerUpdate: Int
  /// k2, the steps that a gradient goes back: a multiple of k1.
  public let stepsBack: Int

  /// Sequences cut every `stepsPerUpdate` steps, with gradients over `stepsBack` steps, which is a
  /// multiple of that; by default the same.
  public init(
    inputs: Inputs, targets: Targets, stepsPerUpdate: Int, stepsBack: Int? = nil
  ) {
    require(
      inputs.batchSize == targets.batchSize && inputs.time == targets.time,
      "inputs and targets have the same rows and steps, not \(inputs.batchSize) × \(inputs.time) and \(targets.batchSize) × \(targets.time)"
    )
    let back = stepsBack ?? stepsPerUpdate
    require(
      stepsPerUpdate >= 1 && back >= stepsPerUpdate && back % stepsPerUpdate == 0,
      "the steps back are a multiple of the steps per update, not \(back) of \(stepsPerUpdate)")
    self.inputs = inputs
    self.targets = targets
    self.stepsPerUpdate = stepsPerUpdate
    self.stepsBack = back
  }

  /// Pieces of `stepsPerUpdate` steps; the last one may be shorter.
  public var count: Int { (inputs.time + stepsPerUpdate - 1) / stepsPerUpdate }

  /// The piece at the one index.
  public func batch(_ indices: [Int]) -> StreamPiece<Inputs, Targets> {
    require(
      indices.count == 1, "pieces of streams come one at a time, not \(indices.count) at once")
    let index = indices[0]
    /// Where the gradients of piece i begin.
    func start(_ i: Int) -> Int { max(0, (i + 1) * stepsPerUpdate - stepsBack) }
    let counted = index * stepsPerUpdate
    let end = min(counted + stepsPerUpdate, inputs.time)
    let cuts = Set([start(index), min(start(index + 1), counted), counted, end]).sorted()
    let parts = zip(cuts, cuts.dropFirst()).map { $0..<$1 }
    let rows = inputs.batchSize
    return StreamPiece(
      rows: Array(index * rows..<(index + 1) * rows), isFromStart: start(index) == 0,
      parts: parts.map { inputs.steps($0) },
      keptAfter: start(index + 1) > start(index)
        ? parts.firstIndex { $0.upperBound >= min(start(index + 1), end) } : nil,
      targets: targets.steps(counted..<end))
  }
}

extension StreamExamples {
  /// The piece of a run of the rows: a shard has its rows from the first piece to the last.
  public func shard(
    _ shard: Int, of count: Int, in indices: [Int]
  ) -> ExampleShard<StreamPiece<Inputs, Targets>>? {
    let whole = batch(indices)
    let all = inputs.batchSize
    let rows = Array(shard * all / count..<(shard + 1) * all / count)
    guard !rows.isEmpty else { return nil }
    let piece = StreamPiece(
      rows: rows.map { whole.rows[$0] }, isFromStart: whole.isFromStart,
      parts: whole.parts.map { $0.rows(rows) }, keptAfter: whole.keptAfter,
      targets: whole.targets.rows(rows))
    return ExampleShard(
      batch: piece, rows: piece.rows, share: Double(rows.count) / Double(all))
  }

  /// The numbers of rows that the shards have.
  func rowsOfShards(_ count: Int) -> [Int] {
    (0..<count).map {
      ($0 + 1) * inputs.batchSize / count - $0 * inputs.batchSize / count
    }
  }
}

/// The part of ``StreamExamples`` that one update sees.
public struct StreamPiece<Inputs: SequenceValue, Targets: SequenceValue>: Sendable {
  /// The piece's rows among those of all pieces: each draws random numbers of its own.
  let rows: [Int]
  /// Whether its gradients go back to the first step of all.
  let isFromStart: Bool
  /// Steps in their order; the outputs of the last part count, the others are history.
  let parts: [Inputs]
  /// The part behind which the next piece's history starts; nil: where this one's does.
  let keptAfter: Int?
  /// The values that the outputs should be.
  public let targets: Targets

  /// The steps whose outputs count.
  public var inputs: Inputs { parts[parts.count - 1] }

  /// The outputs for ``inputs`` of a model that went on from `carried`, which becomes what the next
  /// piece starts from, as a constant.
  func run<Model: Layer>(
    _ model: Model, mode: Mode, carried: inout [Tensor]
  ) -> Model.Output where Model.Input == Inputs {
    var mode = mode
    if case .training(let key, _, let length) = mode {
      mode = .training(key, rows: rows, segmentLength: length)
    }
    var state = model.initialState(batchSize: targets.batchSize)
    if !isFromStart, !carried.isEmpty { state.tensors = carried }
    for (index, part) in parts.dropLast().enumerated() {
      _ = model.forward(part, state: &state, mode: mode.child(index))
      if index == keptAfter { carried = state.detached.tensors }
    }
    let output = model.forward(inputs, state: &state, mode: mode.child(parts.count - 1))
    if keptAfter == parts.count - 1 { carried = state.detached.tensors }
    return output
  }
}

extension Trainer where Model: Layer {
  /// A run by truncated backpropagation through time: streams start from the model's initial state
  /// in each epoch, and pass their state on from piece to piece.
  ///
  /// Pieces come one at a time and in order, whatever `options` says of batches and shuffling. The
  /// loss of an epoch is the mean over its pieces.
  public init<Targets: SequenceValue>(
    _ model: Model, optimizer: Rule, options: TrainingOptions = TrainingOptions(),
    onStreams examples: Examples.Type = Examples.self,
    loss: @escaping @Sendable (_ outputs: Model.Output, _ targets: Targets) -> Tensor
  ) where Examples == StreamExamples<Model.Input, Targets> {
    var options = options
    options.batchSize = 1
    options.shuffles = false
    self.init(
      model, optimizer: optimizer, options: options,
      carryingLoss: { model, piece, mode, carried in
        loss(piece.run(model, mode: mode, carried: &carried), piece.targets)
      },
      carriedShapes: { model, examples, shards in
        examples.rowsOfShards(shards).map {
          $0 == 0 ? [] : model.initialState(batchSize: $0).tensors.map(\.shape)
        }
      })
  }
}
