import Recurrent

/// How the model of a job is made and trained: what all jobs have in common, beside what is a job's
/// own.
public protocol JobOptions: Sendable, Codable, Equatable {
  /// The kind of recurrent layer.
  var cell: CellKind { get set }
  /// Hidden units of each layer.
  var hiddenSize: Int { get set }
  /// Recurrent layers.
  var layers: Int { get set }
  /// Dropout between the layers.
  var dropout: Float { get set }
  /// Epochs at most.
  var epochs: Int { get set }
  /// Examples in a training step.
  var batchSize: Int { get set }
  /// Adam's learning rate at the start.
  var learningRate: Float { get set }
  /// Epochs in a row without a better validation part after which training stops.
  var patience: Int { get set }
  /// The decay of the weights' average over the training steps, which is then what is judged and
  /// kept (``WeightAverage``); nil: the weights of the last step.
  var averaging: Double? { get set }
  /// Parts of a batch whose gradients are computed apart, so that processes can share them
  /// (``TrainingOptions/shards``); nil: a batch is one.
  var shards: Int? { get set }
  /// Where all random numbers come from.
  var seed: UInt64 { get set }
  /// Networks that are trained, with random numbers of their own, and asked together; nil where a
  /// job has one.
  var networks: Int? { get }

  /// Bytes that training may use; nil: as many as it takes.
  var memoryLimit: Int? { get }

  /// Examples of the training part from which on the defaults hold; for fewer, training is longer
  /// (``JobOptions/following(size:keeping:)``). 0: for any number.
  static var fullSize: Int { get }
  /// The learning rate for a quarter of the default batch.
  static var quarterBatchRate: Float { get }

  /// What tuning may choose of them; by default the recurrent layer, its sizes and how it is trained.
  static var tunable: [TunableOption<Self>] { get }

  /// The flags of the job that change what a diagnosis of its network finds.
  var diagnosisFlags: DiagnosisFlags { get }

  /// The defaults.
  init()

  /// What a job asks of its own options.
  func check(_ rules: inout OptionRules)

  /// Takes over, beside what all jobs have of it, what is told anew to a training that goes on from
  /// a model: which of the data is for what, and what a step has room for.
  mutating func takeCourse(of other: Self)
}

extension JobOptions {
  /// Nil: one network.
  public var networks: Int? { nil }
  /// Nil: as much memory as training takes.
  public var memoryLimit: Int? { nil }
  /// 0: the options are of the same size for any number of examples.
  public static var fullSize: Int { 0 }
  /// The recurrent layer, its sizes and how it is trained.
  public static var tunable: [TunableOption<Self>] { networkSearch() }
  /// The learning rate for a whole batch.
  public static var quarterBatchRate: Float { Self().learningRate }

  /// Takes over nothing.
  public mutating func takeCourse(of other: Self) {}

  /// The first rule that these options break, as a sentence; nil if they are fine.
  public var problem: String? {
    var rules = OptionRules()
    check(&rules)
    rules.require([
      "the hidden size": hiddenSize, "the number of epochs": epochs, "the batch size": batchSize,
    ])
    rules.require(["the number of layers": layers], in: 1...1000)
    rules.require(["the number of networks": networks ?? 1], in: 1...100)
    rules.require(["the patience": patience], in: 0...1_000_000)
    rules.require(["the number of shards": shards ?? 1], in: 1...TrainingOptions.mostShards)
    rules.require(shares: ["dropout": dropout])
    rules.require(shares: ["the decay of the average": averaging ?? 0])
    rules.require(positive: ["the learning rate": learningRate])
    return rules.problem
  }

  /// How a network is trained: all examples once an epoch, the best epoch chosen with patience.
  ///
  /// - Parameter member: which of several networks, from 1.
  public func training(
    member: Int, schedule: LearningRateSchedule.Rule = .constant
  ) -> TrainingOptions {
    var training = TrainingOptions(
      epochs: epochs, batchSize: batchSize, seed: seed &+ UInt64(member - 1) &* 0x9E37_79B9,
      schedule: schedule, earlyStopping: EarlyStopping(patience: patience))
    training.averaging = averaging
    training.shards = shards
    return training
  }
}

extension JobOptions {
  /// The options of a plan: these; or, where training goes on from a model, those of the model with
  /// the course that these say.
  ///
  /// - Throws: ``DataError`` if they break a rule, or the model is rounded, or what is neither the
  ///   default nor the model's is asked for.
  func settled<Trained: Job>(
    from model: Trained?, vectors: String? = nil
  ) throws(DataError) -> Self where Trained.Configuration.Options == Self {
    try require(problem, of: "the options")
    guard let model else { return self }
    let precision = model.models.weightPrecision
    guard precision == .float32 else {
      throw DataError(
        file: "the model to go on from",
        problem: "has weights of \(precision.rawValue), expected float32",
        advice: "Go on from the model that training wrote")
    }
    if let vectors {
      throw DataError(
        file: vectors, problem: "would replace word vectors of the model to go on from",
        advice: "Leave it out")
    }
    var settled = model.options
    (settled.epochs, settled.batchSize, settled.seed) = (epochs, batchSize, seed)
    (settled.learningRate, settled.patience) = (learningRate, patience)
    (settled.averaging, settled.shards) = (averaging, shards)
    settled.takeCourse(of: self)
    for (asked, (standard, own)) in zip(fields, zip(Self().fields, settled.fields))
    where asked.value != standard.value && asked.value != own.value {
      throw DataError(
        file: "the options",
        problem: "\(asked.name) is \(asked.value), but \(own.value) in the model to go on from",
        advice: "Leave it out, or train anew")
    }
    return settled
  }

  /// The stored properties as text.
  private var fields: [(name: String, value: String)] {
    Mirror(reflecting: self).children.map { name, value in
      let parts = Mirror(reflecting: value)
      let wrapped = parts.displayStyle == .optional ? parts.children.first?.value ?? "none" : value
      return (name ?? "", "\(wrapped)")
    }
  }
}
