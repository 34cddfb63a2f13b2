import Recurrent
import RecurrentFiles

/// What a job leaves behind: networks, and all that answers need beside them.
///
/// A job brings what is its own: its options, what turns data into numbers, its network, how it is
/// judged. What follows from that is said once: model folders in and out, training of
/// several networks (``JobPlan``), a summary, what it costs. `recurrent` finds jobs by ``Job/task``.
///
/// ```swift
/// let model = try Forecaster(contentsOf: "model")
/// print(model.summary)
/// ```
public protocol Job: Sendable {
  /// All of a model but extras and weights; stands in `config.json`.
  associatedtype Configuration: JobConfiguration
  /// What else answers need, such as a vocabulary.
  associatedtype Extras: JobExtras
  /// The network, or each of several.
  associatedtype Model: JobModel
  /// Data whose answers are known.
  associatedtype Data

  /// The job's name in model folders.
  static var task: String { get }
  /// What one example is called: a window, a text.
  static var example: String { get }

  /// A network of the shapes that configuration and extras say; loading asks for it with
  /// ``ShapesOnly``.
  static func model(
    _ configuration: Configuration, _ extras: Extras,
    using generator: inout some RandomNumberGenerator
  ) -> Model

  /// The extras that stand in a model folder.
  ///
  /// - Throws: ``DataError`` if a file is missing or says something else.
  static func extras(
    in folder: ModelFolder.Contents<Configuration>
  ) throws(DataError) -> Extras

  /// The first way in which configuration and extras do not fit one another, as a sentence; nil if
  /// they do. What is read from a file can say anything.
  static func problem(_ configuration: Configuration, _ extras: Extras) -> String?

  /// The configuration, extras and networks, from which everything follows.
  var parts: JobParts<Self> { get set }

  /// A model of its parts.
  init(_ parts: JobParts<Self>)

  /// How well it does on data whose answers are known.
  ///
  /// - Throws: ``DataError`` if there is none, or it is not what the model knows.
  func evaluate(on data: Data) throws(DataError) -> Configuration.Evaluation

  /// How far the answers of the same model with rounded weights are from its own.
  func compared(with rounded: Self, on data: Data?) throws(DataError) -> Rounding.Answers?

  /// Steps of an example, where its costs are counted: as they are, or as they often are.
  var typicalSteps: Int { get }

  /// What a summary says before the table of parameters, as lines.
  var summaryLines: [String] { get }
}

/// All of a model but its extras and its weights: what `config.json` says.
public protocol JobConfiguration: Sendable, Codable, Equatable {
  /// The type of the options that a model is trained with.
  associatedtype Options: JobOptions
  /// The type of a model's evaluation.
  associatedtype Evaluation: JobEvaluation

  /// The options that the model was trained with.
  var options: Options { get }
  /// The data in words.
  var trainedOn: String { get }
  /// How the test part went, if there was one.
  var evaluation: Evaluation? { get set }
  /// What the weights were rounded to and what that cost; nil: they are as trained.
  var rounding: Rounding? { get set }
}

/// How well a model does; as text, a report.
public protocol JobEvaluation: Sendable, Codable, Equatable, CustomStringConvertible {
  /// The one number by which models are compared.
  var headline: EpochScore { get }
  /// The evaluation's numbers by name, those of the baselines left out.
  var scores: [String: Double] { get }
  /// The numbers of each baseline, as far as it has them, by the baseline's name.
  var baselines: [String: [String: Double]] { get }
  /// On how much: `140 texts`.
  var size: String { get }
  /// Of which data, as reports go on after "On".
  var part: String { get }
}

extension JobEvaluation {
  /// The test part.
  public var part: String { "the test part" }
}

/// Configuration, extras, networks: the stored properties of a ``Job``.
public struct JobParts<Trained: Job>: Sendable {
  /// All of the model but extras and weights.
  public var configuration: Trained.Configuration
  /// What answers need beside configuration and weights.
  public var extras: Trained.Extras
  /// The networks.
  public var models: [Trained.Model]
  /// Epoch by epoch, for each network; empty after loading.
  public var histories: [TrainingHistory] = []
  /// The model that the report is of, where a training that followed took its place; else none, and none
  /// after loading.
  public internal(set) var judged: [Trained] = []

  /// Parts.
  public init(
    configuration: Trained.Configuration, extras: Trained.Extras, models: [Trained.Model],
    histories: [TrainingHistory] = []
  ) {
    require(!models.isEmpty, "a model has at least one network")
    self.configuration = configuration
    self.extras = extras
    self.models = models
    self.histories = histories
  }
}

extension Job {
  /// All of the model but extras and weights.
  public internal(set) var configuration: Configuration {
    get { parts.configuration }
    set { parts.configuration = newValue }
  }

  /// What answers need beside configuration and weights.
  public var extras: Extras { parts.extras }
  /// The networks.
  public var models: [Model] { parts.models }
  /// The network; the first of several.
  public var model: Model { parts.models[0] }
  /// Epoch by epoch, for each network; empty after loading.
  public var histories: [TrainingHistory] { parts.histories }
  /// Epoch by epoch, of the first network; empty after loading.
  public var history: TrainingHistory { histories.first ?? TrainingHistory() }
  /// The options.
  public var options: Configuration.Options { configuration.options }

  /// The evaluation on the test part, as text.
  public var report: String {
    configuration.evaluation?.description ?? "There was no test part."
  }

  /// All of the model but the weights' values, as text.
  public var summary: String {
    let parameters =
      options.networks == nil ? TextTable(parametersOf: model) : TextTable(parametersOf: models)
    let rounding = configuration.rounding.map { ["", "\($0)"] } ?? []
    let part = configuration.evaluation?.part ?? "the test part"
    let test = "On \(part)" + (rounding.isEmpty ? ":" : ", before rounding:")
    return (summaryLines + ["", "\(parameters)"] + rounding + ["", test, report])
      .joined(separator: "\n")
  }

  /// Nil: only options can be wrong.
  public static func problem(_ configuration: Configuration, _ extras: Extras) -> String? { nil }
}
