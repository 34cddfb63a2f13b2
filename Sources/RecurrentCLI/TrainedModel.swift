import Recurrent
import RecurrentTasks

/// What training made, whatever its task.
protocol TrainedModel {
  /// How the test part went.
  var report: String { get }
  /// Epoch by epoch, for each network.
  var histories: [TrainingHistory] { get }
  /// The epoch whose weights each network has.
  var bestEpochs: [Int] { get }
  /// `history.csv`.
  var historyTable: String { get }

  func save(to path: String, reports: [(name: String, bytes: [UInt8])]) throws(DataError)
}

extension TrainedModel {
  // Several networks: the history of the first.
  var historyTable: String { histories[0].csv }
}

extension Forecaster: TrainedModel {
  var histories: [TrainingHistory] { [history] }
  var bestEpochs: [Int] { [configuration.bestEpoch] }
}

extension TextClassifier: TrainedModel {
  var bestEpochs: [Int] { configuration.bestEpochs }
}

extension SequenceTagger: TrainedModel {
  var bestEpochs: [Int] { configuration.bestEpochs }
}

extension Translator: TrainedModel {
  var histories: [TrainingHistory] { [history] }
  var bestEpochs: [Int] { [configuration.bestEpoch] }
}

extension TextGenerator: TrainedModel {
  var histories: [TrainingHistory] { [history] }
  var bestEpochs: [Int] { [configuration.bestEpoch] }
}

extension Composer: TrainedModel {
  var histories: [TrainingHistory] { [history] }
  var bestEpochs: [Int] { [configuration.bestEpoch] }
}

extension ImageClassifier: TrainedModel {
  var histories: [TrainingHistory] { [history] }
  var bestEpochs: [Int] { [configuration.bestEpoch] }
}
