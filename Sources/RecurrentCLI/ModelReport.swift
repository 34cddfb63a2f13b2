import ArgumentParser
import Recurrent
import RecurrentTasks

/// Whether a command answers programs.
struct JSONFlag: ParsableArguments {
  @Flag(
    help:
      "Print JSON, and nothing else, on standard output; what else is said goes to standard error."
  )
  var json = false
}

/// How a command that trains answers.
struct AnswerFlags: ParsableArguments {
  @OptionGroup var format: JSONFlag

  @Flag(
    name: .shortAndLong,
    help: "Say nothing but what is wrong: no plan, no progress, no report. --json still prints.")
  var quiet = false

  var json: Bool { format.json }
}

/// What `train`, `evaluate`, `inspect` and `quantize` say about a model as one JSON object, the same
/// for all jobs: `options` and `evaluation` are a job's own, as they stand in `config.json`. What a
/// command does not know is left out.
struct ModelReport<Trained: Job>: Encodable {
  /// Data whose answers are known.
  struct Data: Encodable {
    let source, part, size: String
    var remark: String?
  }

  /// How the training of a network went.
  struct Training: Encodable {
    let epochs, bestEpoch: Int
    /// `allEpochs`, `noImprovement`, `requested`, `ranAway`.
    let stop: String
    /// Of the best epoch.
    let loss: Double
    let validationLoss: Double?
    let score: EpochScore?
    /// Of all epochs.
    let seconds: Double
    let remark: String?
  }

  struct Parameter: Encodable {
    let name: String
    let shape: [Int]
  }

  let job: String
  let model: String
  let version = LibraryVersion.current
  let trainedOn: String
  let options: Trained.Configuration.Options
  /// What was evaluated; nil: the test part of training.
  var data: Data?
  var headline: EpochScore?
  /// The numbers of the evaluation by name.
  var scores: [String: Double]?
  /// The test scores of each baseline, by its name.
  var baselines: [String: [String: Double]]?
  var evaluation: Trained.Configuration.Evaluation?
  var rounding: Rounding?
  var training: [Training]?
  var parameters: [Parameter]?
  /// The names of the files written beside the model.
  var files: [String]?

  /// The report of a model as the model itself tells, without a run.
  init(_ model: Trained, in folder: String) {
    job = Trained.task
    self.model = folder
    trainedOn = model.configuration.trainedOn
    options = model.options
    rounding = model.configuration.rounding
    set(model.configuration.evaluation)
    if !model.histories.isEmpty {
      training = model.histories.compactMap { Training($0, canGoOn: model.parts.judged.isEmpty) }
    }
  }

  mutating func set(_ evaluation: Trained.Configuration.Evaluation?) {
    self.evaluation = evaluation
    headline = evaluation?.headline
    scores = evaluation?.scores.filter(\.value.isFinite)
    baselines = evaluation?.baselines.mapValues { $0.filter(\.value.isFinite) }
  }

  /// The text, without a line end.
  var text: String {
    get throws(DataError) { try jsonText(self) }
  }
}

extension ModelReport.Training {
  init?(_ history: TrainingHistory, canGoOn: Bool) {
    guard let best = history.best else { return nil }
    epochs = history.epochs.count
    bestEpoch = best.epoch
    stop =
      switch history.stop {
      case .noImprovement: "noImprovement"
      case .requested: "requested"
      case .ranAway: "ranAway"
      case .allEpochs, nil: "allEpochs"
      }
    seconds = history.epochs.reduce(0) { $0 + $1.seconds }
    (loss, validationLoss, score) = (best.loss, best.validationLoss, best.score)
    remark = history.remark(canGoOn: canGoOn)
  }
}

/// A value as JSON, without a line end.
func jsonText(_ value: some Encodable) throws(DataError) -> String {
  String(decoding: try encodeJSON(value, file: "standard output").dropLast(), as: UTF8.self)
}
