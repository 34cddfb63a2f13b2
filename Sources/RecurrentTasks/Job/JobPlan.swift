import Foundation
import Recurrent
import RecurrentFiles

/// Everything about a model that is fixed before training starts: the parts of the data, what is
/// fitted on the training part alone, the untrained network.
///
/// A job's plan says what is its own; training follows from it, for one network or several.
public protocol JobPlan: Sendable, CustomStringConvertible {
  /// The type of model that training makes.
  associatedtype Trained: Job
  /// The type of examples that a network is trained on.
  associatedtype Examples: ExampleSet

  /// How the model is made. Of a plan that is made only the course of training may be changed:
  /// batch, epochs, learning rate, patience.
  var options: Trained.Configuration.Options { get set }
  /// What answers need beside configuration and weights, fitted on the training part.
  var extras: Trained.Extras { get }
  /// All but the extras and the weights, as far as these networks' histories tell: before training
  /// there are none.
  func configuration(after histories: [TrainingHistory]) -> Trained.Configuration
  /// The examples that networks learn from.
  var trainingExamples: Examples { get }
  /// The examples that judge each epoch; may be empty.
  var validationExamples: Examples { get }
  /// A run of a network over the examples.
  ///
  /// - Parameter member: which of several networks, from 1.
  func trainer(
    of model: Trained.Model, member: Int
  ) -> Trainer<Trained.Model, Adam, Examples>
  /// Finds what only the trained networks tell: how the test part goes.
  ///
  /// - Throws: ``DataError`` if the test part is not what the model knows.
  func complete(_ trained: inout Trained) throws(DataError)

  // What has a default:

  /// The same plan, whose report these ranks share: what is the same at all of them, each finds a part
  /// of. By default each makes the whole report.
  func shared(by ranks: any Communicator) -> Self
  /// How much there is to train on, and what is counted.
  var size: (count: Int, unit: String) { get }
  /// Updates of the weights in an epoch, as far as they follow from the size.
  var updatesPerEpoch: Int { get }
  /// The trained model that training goes on from, network by network; nil: it begins anew.
  var origin: Trained? { get }
  /// What judges epochs in place of the validation loss; nil: that judges.
  var judge: (@Sendable (Trained.Model) -> EpochScore)? { get }
  /// How good a network is on the validation part, told so that plans of other options can be compared
  /// with it; nil if nothing judges.
  ///
  /// - Parameters:
  ///   - model: the weights that training chose so far.
  ///   - history: the epochs so far.
  func tuningScore(of model: Trained.Model, after history: TrainingHistory) -> EpochScore?
  /// How much that score is taken over: scores over as much are comparable.
  var tuningSize: Int { get }
  /// How training stays within the memory; nil: as it comes.
  var memoryPlan: MemoryPlan? { get }
  /// The plan of a training that follows this one, on more of the data, and whose networks take the place
  /// of the trained ones; nil: none does.
  ///
  /// - Throws: ``DataError`` if there is none where one was asked for.
  func sequel(to trained: Trained) throws(DataError) -> Self?
  /// What stands where the training that was to follow ran away; nil: nothing does.
  func withoutSequel(_ trained: Trained, _ error: NonFiniteError) -> Trained?
  /// Trainings of one network that came before, as ``sequel(to:)`` has it.
  var stage: Int { get }
  /// Trainings of one network in all, those that follow included.
  var stages: Int { get }
  /// Where the weights of a network are drawn from.
  func initialKey(member: Int) -> RandomKey
  /// What becomes of a network before training, where weights come from elsewhere.
  func prepared(_ model: Trained.Model) -> Trained.Model
  /// What becomes of a network after training.
  func finished(_ model: Trained.Model) -> Trained.Model
}

// Defaults, documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension JobPlan {
  public func shared(by ranks: any Communicator) -> Self { self }
  public var size: (count: Int, unit: String) { (trainingExamples.count, Trained.example + "s") }
  public var updatesPerEpoch: Int { (size.count + options.batchSize - 1) / options.batchSize }
  public var origin: Trained? { nil }
  public var judge: (@Sendable (Trained.Model) -> EpochScore)? { nil }
  public var memoryPlan: MemoryPlan? { nil }
  public var tuningSize: Int { validationExamples.count }
  public func tuningScore(
    of model: Trained.Model, after history: TrainingHistory
  ) -> EpochScore? {
    guard let best = history.best else { return nil }
    return best.score
      ?? best.validationLoss.map { EpochScore("validation_loss", $0, isHigherBetter: false) }
  }
  public func sequel(to trained: Trained) throws(DataError) -> Self? { nil }
  public func withoutSequel(_ trained: Trained, _ error: NonFiniteError) -> Trained? { nil }
  public var stage: Int { 0 }
  public var stages: Int { 1 }
  public func prepared(_ model: Trained.Model) -> Trained.Model { model }
  public func finished(_ model: Trained.Model) -> Trained.Model { model }

  public func initialKey(member: Int) -> RandomKey {
    let key = RandomKey(seed: options.seed).child(-1)
    return options.networks == nil ? key : key.child(member - 1)
  }
}

extension JobPlan {
  /// A network before training.
  ///
  /// - Parameter member: which of several, from 1.
  public func model(member: Int = 1) -> Trained.Model {
    if let origin { return origin.models[member - 1] }
    var generator = RandomGenerator(initialKey(member: member))
    return prepared(Trained.model(configuration(after: []), extras, using: &generator))
  }

  /// A network of its shapes alone.
  var outline: Trained.Model {
    var shapes = ShapesOnly()
    return Trained.model(configuration(after: []), extras, using: &shapes)
  }

  /// The number of weights of all networks.
  public var parameterCount: Int { outline.parameterCount * (options.networks ?? 1) }

  /// A network far larger than the machine would end the program without a word: what its weights
  /// alone take must fit.
  public func checkMemory() throws(DataError) {
    let least = MemoryPlan.smallestBytes(
      paths: [], parameterCount: outline.parameterCount, batchSize: 1, time: 1)
    guard least > Double(AvailableMemory.current.bytes) else { return }
    throw DataError(
      file: "the network",
      problem: "training it takes about \(NumberFormat.bytes(least)) of memory, "
        + AvailableMemory.current.words(NumberFormat.bytes),
      advice: "Use a smaller --hidden or --layers, or fewer tokens")
  }

  /// Trains the networks.
  ///
  /// - Parameters:
  ///   - checkpoints: where the run is kept, and what it goes on from if it is there: the model is the
  ///     same, to the bit, as if the run had never ended before.
  ///   - communicator: the other processes that train the same model, each with the same plan and
  ///     arguments. They share the shards of each batch (``JobOptions/shards``); where there are none,
  ///     the networks, of which there are then several. The first rank writes checkpoints; of networks
  ///     that are shared, each rank those of its own. All get the model, of the same bits.
  ///   - callbacks: hear of each step, epoch and checkpoint; any of them may stop a network's run. If
  ///     training runs away after a good epoch, the network has the best weights until then and its
  ///     history says so (``TrainingHistory/stop``).
  ///   - diagnosing: gets what a few training examples show of the first network after each epoch (of
  ///     small epochs some), at the first rank. What is trained is the same with it, to the bit.
  /// - Throws: ``NonFiniteError`` if training runs away in its first epoch; ``DataError`` if the test
  ///   part is not what the model knows, or the checkpoints are of another run; with checkpoints,
  ///   ``TrainingPause`` if a callback stops the run.
  public func train(
    checkpoints: Checkpoints? = nil, communicator: (any Communicator)? = nil,
    callbacks: [TrainingCallback] = [],
    diagnosing: ((TrainingDiagnosis.Epoch) -> Void)? = nil
  ) throws -> Trained {
    try checkMemory()
    let data = (training: trainingExamples, validation: validationExamples)
    let networks = Array(1...(options.networks ?? 1))
    func network(_ member: Int, _ communicator: (any Communicator)?) throws -> TrainedNetwork<
      Trained.Model
    > {
      let trainer = try self.trained(
        member: member, on: data, checkpoints: checkpoints, communicator: communicator,
        callbacks: callbacks, diagnosing: member == 1 ? diagnosing : nil)
      return TrainedNetwork(
        model: finished(trainer.bestModel), history: trainer.state.history)
    }
    let found: [TrainedNetwork<Trained.Model>]
    if let communicator, options.shards == nil {
      require(networks.count > 1, "ranks that train one network need a number of shards")
      found = try communicator.shared(networks, like: outline) { try network($0, nil) }
    } else {
      found = try networks.map { try network($0, communicator) }
    }
    let (models, histories) = (found.map(\.model), found.map(\.history))
    var trained = Trained(
      JobParts(
        configuration: configuration(after: histories), extras: extras, models: models,
        histories: histories))
    try (communicator.map(shared) ?? self).complete(&trained)
    guard let sequel = try sequel(to: trained) else { return trained }
    do {
      var last = try sequel.train(
        checkpoints: checkpoints?.network(0), communicator: communicator, callbacks: callbacks)
      for case .ranAway(let error) in last.histories.map(\.stop) { throw error }
      // That of the training whose epochs were judged.
      last.parts.histories = trained.histories
      if trained.configuration.evaluation != nil, last.parts.judged.isEmpty {
        last.parts.judged = [trained]
      }
      return last
    } catch let error as NonFiniteError {
      guard let kept = withoutSequel(trained, error) else { throw error }
      return kept
    }
  }

  /// The run of one network, from its newest checkpoint on, if there is one.
  ///
  /// - Parameters:
  ///   - member: which of several networks, from 1.
  ///   - last: the epoch after which the run pauses; nil: it runs to its end.
  /// - Throws: as ``train(checkpoints:callbacks:)``.
  func trained(
    member: Int, until last: Int? = nil, on data: (training: Examples, validation: Examples),
    checkpoints: Checkpoints?, communicator: (any Communicator)? = nil,
    callbacks: [TrainingCallback], diagnosing: ((TrainingDiagnosis.Epoch) -> Void)? = nil
  ) throws -> Trainer<Trained.Model, Adam, Examples> {
    let checkpoints = options.networks == nil ? checkpoints : checkpoints?.network(member)
    var trainer = trainer(of: model(member: member), member: member)
    trainer.communicator = communicator
    trainer.state.member = member + stage * (options.networks ?? 1)
    var callbacks = callbacks
    if let diagnosing, communicator?.rank ?? 0 == 0 {
      callbacks.append(self.diagnosing(trainer, on: data.training, diagnosing))
    }
    let pauses: [TrainingCallback] =
      last.map { last in [{ _, run in run.epoch >= last ? .stop : .proceed }] } ?? []
    func run() throws {
      if let checkpoints, let found = try trainer.resume(from: checkpoints, on: data.training) {
        for callback in callbacks { _ = callback(.resumed(found), trainer.state) }
      }
      // It may have been there before: what a pause says of it is not asked for then.
      guard trainer.state.epoch < last ?? .max else { return }
      try trainer.runKeepingBest(
        on: data.training, validation: data.validation, judge: judge, checkpoints: checkpoints,
        callbacks: callbacks + pauses)
    }
    if let memoryPlan { try memoryPlan.enforced(run) } else { try run() }
    if checkpoints != nil || last != nil, trainer.state.history.stop == .requested,
      trainer.state.epoch < last ?? .max
    {
      throw TrainingPause(epoch: trainer.state.epoch + 1, step: trainer.state.progress.steps)
    }
    return trainer
  }
}

/// Training was stopped by a callback and goes on from its checkpoints.
public struct TrainingPause: Error, Equatable, Codable {
  /// The epoch in which it stopped, from 1.
  public let epoch: Int
  /// Steps of that epoch that are done.
  public let step: Int
}
