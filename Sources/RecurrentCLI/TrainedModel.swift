import Recurrent
import RecurrentTasks

/// What training made, whatever its task.
protocol TrainedModel {
  /// How the test part went.
  var report: String { get }
  /// Epoch by epoch, for each network.
  var histories: [TrainingHistory] { get }

  func save(to path: String, reports: [(name: String, bytes: [UInt8])]) throws(DataError)
}

extension Forecaster: TrainedModel {
  var histories: [TrainingHistory] { [history] }
}

extension TextClassifier: TrainedModel {}

extension SequenceTagger: TrainedModel {}

extension Translator: TrainedModel {
  var histories: [TrainingHistory] { [history] }
}

extension TextGenerator: TrainedModel {
  var histories: [TrainingHistory] { [history] }
}

extension Composer: TrainedModel {
  var histories: [TrainingHistory] { [history] }
}

extension ImageClassifier: TrainedModel {
  var histories: [TrainingHistory] { [history] }
}
