import Foundation
import RecurrentFiles
internal import RecurrentKernels

/// Trains a model on examples. Everything a run is stands in ``state``, one value: take a copy after
/// any step, and a trainer that goes on from it gives the same bits as one that never stopped.
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
///
/// With ``Checkpoints`` the run is kept on disk and goes on after whatever ended the program.
public struct Trainer<Model: Module, Rule: Optimizer, Examples: ExampleSet>: Sendable {
  /// From model, batch and mode to the loss: a tensor with one element, the mean over the examples.
  public typealias Loss = @Sendable (Model, Examples.Batch, Mode) -> Tensor
  /// From weights to the score by which epochs are compared.
  public typealias Judge = @Sendable (Model) -> EpochScore

  /// A run, whole: what must be saved to go on exactly.
  public struct State: TrainingState {
    /// The weights now.
    public var model: Model
    /// The optimizer with what it accumulated.
    public var optimizer: Rule
    /// The learning rate that the schedule changes by a factor.
    public var learningRate: Float
    /// The schedule with what it remembers.
    public var schedule: LearningRateSchedule
    /// The average of the weights after each step, if the options ask for one.
    public var average: WeightAverage<Model>?
    /// Where all random numbers come from: order and dropout.
    public var seed: UInt64
    /// Which of several networks that are trained one after the other, from 1.
    public var member = 1
    /// Epochs done.
    public var epoch = 0
    /// Updates done, over all epochs.
    public var step = 0
    /// How far the epoch after the finished ones is.
    public var progress = EpochProgress()
    /// What streams carry from batch to batch of an epoch: the tensors of the model's state.
    public var carried: [Tensor] = []
    /// The weights of ``TrainingHistory/best``; at first those that training starts from.
    public var best: Model
    /// The records of the finished epochs.
    public var history = TrainingHistory()

    /// The weights that are judged and given away: the average, if there is one.
    public var judged: Model { average?.model ?? model }
  }

  /// The run so far.
  public var state: State
  /// The options of the training.
  public let options: TrainingOptions
  /// The other processes that train the same model. Each has its trainer, made and run with the same
  /// arguments, and computes its part of the ``TrainingOptions/shards``, of which there are at least as
  /// many as ranks. All end with the same state, to the bit, as one process with as many shards; the
  /// first rank writes checkpoints. A callback that stops after a step is followed after the next one.
  public var communicator: (any Communicator)?
  /// What becomes of the gradients of a step before rules, clipping and update; with a
  /// ``communicator``, of those of all ranks.
  public var beforeUpdate: (@Sendable (ExampleGradients) -> ExampleGradients)?
  /// The loss with what is carried from one batch of an epoch to the next.
  typealias CarryingLoss =
    @Sendable (Model, Examples.Batch, Mode, _ carried: inout [Tensor]) -> Tensor
  let loss: CarryingLoss
  /// The shapes of what each shard carries, once it does; nil: nothing is carried.
  let carriedShapes: (@Sendable (Model, Examples, _ shards: Int) -> [[[Int]]])?
  /// Whether this rank asks to stop, and whether all of them know that one does.
  var (wantsStop, stopIsAgreed) = (false, false)
  /// Where shards are computed side by side; once made, kept with their buffers.
  var shardContexts: [ExecutionContext] = []
  /// The number of the checkpoint that the next run goes on from.
  var resumed: Int?

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
    carryingLoss loss: @escaping CarryingLoss,
    carriedShapes: (@Sendable (Model, Examples, _ shards: Int) -> [[[Int]]])? = nil
  ) {
    if let problem = options.problem { trap(problem) }
    options.rules.check(for: model)
    state = State(
      model: model, optimizer: optimizer, learningRate: optimizer.learningRate,
      schedule: LearningRateSchedule(options.schedule),
      average: options.averaging.map { WeightAverage(of: model, decay: $0) }, seed: options.seed,
      best: model)
    self.options = options
    self.loss = loss
    self.carriedShapes = carriedShapes
  }

  /// The weights of the epoch that is best (``TrainingHistory/best``): averaged ones, if the options
  /// ask for that. Before an epoch is done, those of now.
  public var bestModel: Model { state.epoch > 0 ? state.best : state.judged }

  /// Runs the epochs that are left, and what is left of one that was stopped. A run that was over,
  /// because epochs got no better or numbers ran away, is over at once.
  ///
  /// - Parameters:
  ///   - examples: what to train on.
  ///   - validation: examples that judge each epoch and are never trained on.
  ///   - judge: what judges in place of the validation loss.
  ///   - metrics: what else is measured after each epoch, for the history alone.
  ///   - checkpoints: where the run is written from time to time, and at its end.
  ///   - callbacks: hear of each step, epoch and checkpoint; after a step or an epoch any of them may
  ///     stop the run.
  /// - Throws: ``NonFiniteError`` when a loss, gradient or weight is no longer a finite number.
  ///   ``state`` then holds the last good weights: those before the step, or, if an update broke
  ///   them or the validation loss showed it, those of the best epoch with an optimizer that begins
  ///   anew.
  /// - Returns: why the run ended.
  @discardableResult
  public mutating func run(
    on examples: Examples, validation: Examples? = nil, judge: Judge? = nil,
    metrics: [Judge] = [], checkpoints: Checkpoints? = nil, callbacks: [TrainingCallback] = []
  ) throws(NonFiniteError) -> StopReason {
    let callbacks = writing(checkpoints, of: examples, callbacks) + callbacks
    resumed = nil
    (wantsStop, stopIsAgreed) = (false, false)
    if case .ranAway(let error) = state.history.stop { return end(.ranAway(error), callbacks) }
    state.history.stop = nil
    var reason = noImprovement
    while reason == nil, state.epoch < options.epochs {
      reason = try runEpoch(
        on: examples, validation: validation, judge: judge, metrics: metrics, callbacks: callbacks)
    }
    return end(reason ?? .allEpochs, callbacks)
  }

  /// As ``run(on:validation:judge:metrics:checkpoints:callbacks:)``, but what earlier epochs learned is not thrown away:
  /// where numbers run away after an epoch that went well, the run ends with
  /// ``StopReason/ranAway(_:)``.
  ///
  /// - Throws: ``NonFiniteError`` if that happens before any epoch went well.
  @discardableResult
  public mutating func runKeepingBest(
    on examples: Examples, validation: Examples? = nil, judge: Judge? = nil,
    metrics: [Judge] = [], checkpoints: Checkpoints? = nil, callbacks: [TrainingCallback] = []
  ) throws(NonFiniteError) -> StopReason {
    do throws(NonFiniteError) {
      return try run(
        on: examples, validation: validation, judge: judge, metrics: metrics,
        checkpoints: checkpoints, callbacks: callbacks)
    } catch {
      guard state.epoch > 0 else { throw error }
      return end(.ranAway(error), writing(checkpoints, of: examples, callbacks) + callbacks)
    }
  }

  /// Whether the epoch is not begun and those before it got no better for too long.
  private var noImprovement: StopReason? {
    let waited = state.history.epochsSinceBest
    guard state.progress.batches == 0, waited > 0, let patience = options.earlyStopping?.patience,
      waited >= patience
    else { return nil }
    return .noImprovement(epochs: waited)
  }

  private mutating func end(_ reason: StopReason, _ callbacks: [TrainingCallback]) -> StopReason {
    state.history.stop = reason
    _ = announce(.finished(reason), callbacks)
    return reason
  }

  /// Whether a callback asks to stop. Of two that set the learning rate, the last one does.
  private mutating func announce(_ event: TrainingEvent, _ callbacks: [TrainingCallback]) -> Bool {
    var stops = false
    for callback in callbacks {
      switch callback(event, state) {
      case .proceed: break
      case .stop: stops = true
      case .learningRate(let rate):
        require(
          rate.isFinite && rate >= 0, "a learning rate is a number of at least 0, not \(rate)")
        state.learningRate = rate
      }
    }
    return stops
  }

  /// Runs what is left of an epoch, and judges it. Stopped by a callback after a step, the epoch is
  /// not done: the next call goes on with the step after it.
  ///
  /// - Returns: why the run should end with it, if it should.
  public mutating func runEpoch(
    on examples: Examples, validation: Examples? = nil, judge: Judge? = nil,
    metrics: [Judge] = [], callbacks: [TrainingCallback] = []
  ) throws(NonFiniteError) -> StopReason? {
    require(examples.count > 0, "training needs at least one example")
    let start = ProcessInfo.processInfo.systemUptime - state.progress.seconds
    let batches = batches(of: examples)
    let stepCount = (batches.count + options.accumulate - 1) / options.accumulate
    while state.progress.batches < batches.count {
      let next = state.progress.batches
      let progress = Double(state.epoch) + Double(next) / Double(batches.count)
      state.optimizer.learningRate = Float(
        Double(state.learningRate) * state.schedule.factor(after: progress))
      let parts = Array(batches[next..<min(next + options.accumulate, batches.count)])
      try step(parts, of: examples)
      state.progress.seconds = ProcessInfo.processInfo.systemUptime - start
      let event = TrainingEvent.step(
        epoch: state.epoch + 1, step: state.progress.steps, stepsPerEpoch: stepCount,
        examples: parts.reduce(0) { $0 + $1.count }, loss: state.progress.loss)
      if isStopped(by: announce(event, callbacks)) { return .requested }
    }
    let validation = validation.flatMap { $0.count > 0 ? $0 : nil }
    var record = EpochRecord(
      epoch: state.epoch + 1, loss: state.progress.loss,
      validationLoss: validation.map { evaluate(state.judged, on: $0) },
      score: judge.map { $0(state.judged) },
      metrics: metrics.isEmpty ? nil : metrics.map { $0(state.judged) },
      learningRate: Double(state.optimizer.learningRate),
      gradientNorm: state.progress.normSum / Double(max(1, state.progress.steps)),
      seconds: ProcessInfo.processInfo.systemUptime - start)
    record.exchangeSeconds = state.progress.exchangeSeconds
    if !(record.validationLoss ?? 0).isFinite || !record.decidingLoss.isFinite {
      throw broken(
        record.validationLoss?.isFinite == false ? "the validation loss" : "what judges the epoch",
        after: 0)
    }
    state.epoch += 1
    (state.progress, state.carried) = (EpochProgress(), [])
    state.schedule.epochEnded(loss: record.decidingLoss)
    let isBest = state.history.append(
      record, minimumImprovement: options.earlyStopping?.minimumImprovement ?? 0)
    if isBest { state.best = state.judged }
    let stops = announce(.epoch(record, isBest: isBest), callbacks)
    if agreed(stops) { return .requested }
    return noImprovement
  }

  /// The batches of the epoch, in its order.
  func batches(of examples: Examples) -> [[Int]] {
    let count = min(examples.count, options.examplesPerEpoch ?? .max)
    var order = Array(0..<count)
    if options.shuffles {
      var generator = RandomGenerator(RandomKey(seed: state.seed).child(0).child(state.epoch))
      order = shuffledOrder(of: examples.count, taking: count, using: &generator)
    }
    return examples.batches(of: order, size: options.batchSize)
  }

  /// One update along the gradient of the loss on examples, given as the indices of one batch or of
  /// several, whose gradients count by their examples.
  ///
  /// - Returns: the mean loss before the update.
  @discardableResult
  public mutating func step(
    _ batches: [[Int]], of examples: Examples
  ) throws(NonFiniteError) -> Double {
    let key = RandomKey(seed: state.seed).child(1).child(state.step)
    var carried = state.carried
    var found =
      options.shards == nil
      ? gradients(of: batches, in: examples, key, carrying: &carried)
      : shardedGradients(of: batches, in: examples, key, carrying: &carried)
    found = beforeUpdate?(found) ?? found
    let gradients = options.rules.penalized(found.gradients, of: state.model)
    let norm = gradients.norm
    if !found.loss.isFinite || !norm.isFinite {
      let gradient = gradients.firstNonFinite.map { "the gradient of \($0)" }
      throw error(found.loss.isFinite ? gradient ?? "the norm of the gradients" : "the loss")
    }
    let written = state.optimizer.update(
      &state.model, along: options.clipping.map { gradients.clipped($0, norm: norm) } ?? gradients)
    options.rules.constrain(&state.model)
    // An update tells of what it wrote; all weights are looked at once an epoch, and where
    // constraints write too.
    let looksAtAll = state.progress.steps == 0 || options.rules.contains { $0.constraint != nil }
    if let name = written ?? (looksAtAll ? state.model.firstNonFinite : nil) { throw broken(name) }
    state.average?.add(state.model)
    state.carried = carried
    state.step += 1
    state.progress.batches += batches.count
    state.progress.steps += 1
    state.progress.examples += found.examples
    state.progress.lossSum += found.loss * Double(found.examples)
    state.progress.normSum += Double(norm)
    return found.loss
  }

  /// What the examples of an update say of the weights: the mean over its batches.
  private func gradients(
    of batches: [[Int]], in examples: Examples, _ key: RandomKey, carrying carried: inout [Tensor]
  ) -> ExampleGradients {
    require(communicator == nil, "ranks that train together need a number of shards")
    var sum: ExampleGradients?
    for indices in batches {
      let batch = examples.batch(indices)
      let mode = Mode.training(key, rows: indices, segmentLength: options.segmentLength)
      let (value, gradients) = valueAndGradients(of: state.model) {
        loss($0, batch, mode, &carried)
      }
      let part = ExampleGradients(
        loss: Double(value), gradients: gradients, examples: indices.count)
      if sum?.merge(part) == nil { sum = part }
    }
    guard let sum else { trap("a step needs at least one batch") }
    return sum
  }

  private func error(_ tensor: String, after steps: Int = 1) -> NonFiniteError {
    NonFiniteError(epoch: state.epoch + 1, step: state.progress.steps + steps, tensor: tensor)
  }

  /// The error, after the weights went back to the best ones, which are held anyway: a copy of
  /// everything as it was before the epoch would take as much memory again.
  private mutating func broken(_ tensor: String, after steps: Int = 1) -> NonFiniteError {
    defer {
      state.model = state.best
      state.average = options.averaging.map { WeightAverage(of: state.best, decay: $0) }
      state.optimizer.state = OptimizerState()
      (state.progress, state.carried) = (EpochProgress(), [])
    }
    return error(tensor, after: steps)
  }
}
