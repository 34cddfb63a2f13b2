import Foundation

extension ProgressBar {
  /// Shows what a training callback hears of: `callbacks: [{ event, _ in progress.show(event) }]`;
  /// with an epoch a note, such as a score. Of ranks, lines say how long they waited for each other.
  public mutating func show(_ event: TrainingEvent, note: String? = nil) -> TrainingDecision {
    switch event {
    case .step(let epoch, let step, _, let examples, let loss):
      self.step(epoch: epoch, step: step, loss: loss, items: examples)
    case .epoch(let record, let isBest):
      endEpoch(
        record.epoch, loss: record.loss, validationLoss: record.validationLoss,
        learningRate: record.learningRate, note: note,
        remark: record.exchangeSeconds.map {
          let share = 100 * $0 / max($0, record.seconds)
          return String(format: "%.1f %% of it waiting for ranks", share)
        }, isBest: isBest && (record.score != nil || record.validationLoss != nil))
    case .checkpoint, .resumed: break
    case .finished(let reason):
      switch reason {
      case .allEpochs, .requested, .ranAway: finish()
      case .noImprovement(let epochs): finish(note: "no better for \(epochs) epochs")
      }
    }
    return .proceed
  }
}
