import Foundation
internal import RecurrentKernels

/// Trains a model on examples. Everything a run is stands in ``state``, one value: take a copy at
/// any epoch, and a trainer that goes on from it gives the same bits as one that never stopped.
///
/// ```swift
/// var trainer = Trainer(
///   model, optimizer: Adam(), options: TrainingOptions(epochs: 20), on: TensorExamples.self
/// ) { model, batch, mode in
///   meanSquaredError(model(batch.inputs, mode: mode), batch.targets)
/// }
/// try trainer.run(on: examples, validation: others)
/// let model = trainer.bestModel
/// ```
public struct Trainer<Model: Module, Rule: Optimizer, Examples: ExampleSet>: Sendable {
  /// From model, batch and mode to the loss: a tensor with one element, the mean over the examples.
  public typealias Loss = @Sendable (Model, Examples.Batch, Mode) -> Tensor

  /// A run, whole: what must be saved to go on exactly.
  public struct State: Sendable {
    /// The weights now.
    public var model: Model
    /// The optimizer with what it accumulated.
    public var optimizer: Rule
    /// The schedule with what it remembers.
    public var schedule: LearningRateSchedule
    /// The average of the weights after each step, if the options ask for one.
    public var average: WeightAverage<Model>?
    /// Epochs done.
    public var epoch = 0
    /// Steps done, over all epochs.
    public var step = 0
    /// The best weights so far and their deciding loss.
    public var best: (model: Model, loss: Double)?
    /// Epochs since then.
    public var epochsSinceBest = 0
    /// One record an epoch.
    public var history = TrainingHistory()

    /// The weights that are judged and given away: the average, if there is one.
    var judged: Model { average?.model ?? model }
  }

  /// The run so far.
  public var state: State
  /// How it is done.
  public let options: TrainingOptions
  /// The loss with what is carried from one batch of an epoch to the next.
  typealias CarryingLoss =
    @Sendable (Model, Examples.Batch, Mode, _ carried: inout (any LayerState)?) -> Tensor
  private let loss: CarryingLoss
  private let learningRate: Float

  /// A run before its first epoch.
  public init(
    _ model: Model, optimizer: Rule, options: TrainingOptions = TrainingOptions(),
    on examples: Examples.Type = Examples.self, loss: @escaping Loss
  ) {
    self.init(
      model, optimizer: optimizer, options: options,
      carryingLoss: { model, batch, mode, _ in loss(model, batch, mode) })
  }

  init(
    _ model: Model, optimizer: Rule, options: TrainingOptions,
    carryingLoss loss: @escaping CarryingLoss
  ) {
    options.rules.check(for: model)
    state = State(
      model: model, optimizer: optimizer, schedule: LearningRateSchedule(options.schedule),
      average: options.averaging.map { WeightAverage(of: model, decay: $0) })
    self.options = options
    self.loss = loss
    learningRate = optimizer.learningRate
  }

  /// The weights with the lowest loss on the validation part; without one, those of the last epoch.
  /// Averaged ones, if the options ask for that.
  public var bestModel: Model {
    guard let best = state.best, state.history.epochs.last?.validationLoss != nil else {
      return state.judged
    }
    return best.model
  }

  /// Runs the epochs that are left.
  ///
  /// - Parameters:
  ///   - examples: what to train on.
  ///   - validation: examples that judge each epoch and are never trained on.
  ///   - callbacks: hear of each step and epoch; any of them may stop the run.
  /// - Throws: ``NonFiniteError`` when a loss, gradient or weight is no longer a finite number.
  ///   ``state`` then holds the last good weights: those before the step, or before the epoch if an
  ///   update broke them or the validation loss showed it.
  /// - Returns: why the run ended.
  @discardableResult
  public mutating func run(
    on examples: Examples, validation: Examples? = nil, callbacks: [TrainingCallback] = []
  ) throws(NonFiniteError) -> StopReason {
    precondition(examples.count > 0, "training needs at least one example")
    func announce(_ event: TrainingEvent) -> Bool {
      callbacks.map { $0(event) }.contains(.stop)
    }
    state.history.stop = nil
    var reason = StopReason.allEpochs
    while state.epoch < options.epochs {
      let (record, stopped) = try runEpoch(on: examples, validation: validation, announce)
      state.history.epochs.append(record)
      state.schedule.epochEnded(loss: record.decidingLoss)
      let improvement = options.earlyStopping?.minimumImprovement ?? 0
      let isBest = state.best.map { record.decidingLoss < $0.loss - improvement } ?? true
      if isBest { state.best = (state.judged, record.decidingLoss) }
      state.epochsSinceBest = isBest ? 0 : state.epochsSinceBest + 1
      if announce(.epoch(record, isBest: isBest)) || stopped {
        reason = .requested
        break
      }
      if !isBest, let patience = options.earlyStopping?.patience, state.epochsSinceBest >= patience
      {
        reason = .noImprovement(epochs: state.epochsSinceBest)
        break
      }
    }
    state.history.stop = reason
    _ = announce(.finished(reason))
    return reason
  }

  /// As ``run(on:validation:callbacks:)``, but what earlier epochs learned is not thrown away: where
  /// numbers run away after an epoch that went well, the run ends with ``StopReason/ranAway(_:)``.
  ///
  /// - Throws: ``NonFiniteError`` if that happens before any epoch went well.
  @discardableResult
  public mutating func runKeepingBest(
    on examples: Examples, validation: Examples? = nil, callbacks: [TrainingCallback] = []
  ) throws(NonFiniteError) -> StopReason {
    do throws(NonFiniteError) {
      return try run(on: examples, validation: validation, callbacks: callbacks)
    } catch {
      guard !state.history.epochs.isEmpty else { throw error }
      let reason = StopReason.ranAway(error)
      state.history.stop = reason
      for callback in callbacks { _ = callback(.finished(reason)) }
      return reason
    }
  }

  /// The mean loss over `examples` in prediction mode.
  public func evaluate(_ model: Model, on examples: Examples) -> Double {
    var total = 0.0
    var carried: (any LayerState)?
    for indices in examples.batches(of: Array(0..<examples.count), size: options.batchSize) {
      let value = loss(model, examples.batch(indices), .prediction, &carried).value
      total += Double(value) * Double(indices.count)
    }
    return total / Double(max(1, examples.count))
  }

  private mutating func runEpoch(
    on examples: Examples, validation: Examples?, _ announce: (TrainingEvent) -> Bool
  ) throws(NonFiniteError) -> (EpochRecord, stopped: Bool) {
    let start = ProcessInfo.processInfo.systemUptime
    let root = RandomKey(seed: options.seed)
    var order = Array(0..<examples.count)
    if options.shuffles {
      var generator = RandomGenerator(root.child(0).child(state.epoch))
      order.shuffle(using: &generator)
    }
    let batches = examples.batches(of: order, size: options.batchSize)
    let epoch = state.epoch + 1
    var lossSum = 0.0
    var normSum = 0.0
    var steps = 0
    var seen = 0
    var stopped = false
    let atStart = state
    var carried: (any LayerState)?
    for (index, indices) in batches.enumerated() {
      let progress = Double(state.epoch) + Double(index) / Double(batches.count)
      state.optimizer.learningRate = Float(
        Double(learningRate) * state.schedule.factor(after: progress))
      let mode = Mode.training(
        root.child(1).child(state.step), segmentLength: options.segmentLength)
      let batch = examples.batch(indices)
      let (value, plain) = valueAndGradients(of: state.model) {
        loss($0, batch, mode, &carried)
      }
      let gradients = options.rules.penalized(plain, of: state.model)
      let norm = gradients.norm
      if !value.isFinite || !norm.isFinite {
        let gradient = gradients.firstNonFinite.map { "the gradient of \($0)" }
        let tensor = value.isFinite ? gradient ?? "the norm of the gradients" : "the loss"
        throw NonFiniteError(epoch: epoch, step: index + 1, tensor: tensor)
      }
      let written = state.optimizer.update(
        &state.model, along: options.clipping.map { gradients.clipped($0, norm: norm) } ?? gradients
      )
      options.rules.constrain(&state.model)
      // An update tells of what it wrote; all weights are looked at once an epoch, and where
      // constraints write too.
      let looksAtAll = index == 0 || options.rules.contains { $0.constraint != nil }
      if let name = written ?? (looksAtAll ? state.model.firstNonFinite : nil) {
        state = atStart
        throw NonFiniteError(epoch: epoch, step: index + 1, tensor: name)
      }
      state.average?.add(state.model)
      state.step += 1
      steps += 1
      lossSum += Double(value) * Double(indices.count)
      normSum += Double(norm)
      seen += indices.count
      let event = TrainingEvent.step(
        epoch: epoch, step: index + 1, stepsPerEpoch: batches.count, examples: indices.count,
        loss: lossSum / Double(seen))
      if announce(event) {
        stopped = true
        break
      }
    }
    let validationLoss = validation.flatMap {
      $0.count > 0 ? evaluate(state.judged, on: $0) : nil
    }
    if let validationLoss, !validationLoss.isFinite {
      state = atStart
      throw NonFiniteError(epoch: epoch, step: steps, tensor: "the validation loss")
    }
    state.epoch = epoch
    let record = EpochRecord(
      epoch: epoch, loss: lossSum / Double(seen), validationLoss: validationLoss,
      learningRate: Double(state.optimizer.learningRate),
      gradientNorm: normSum / Double(steps),
      seconds: ProcessInfo.processInfo.systemUptime - start)
    return (record, stopped)
  }
}
