import Recurrent

extension TrainingHistory {
  /// What the epochs say about how long training should have been, with what can be done about it;
  /// nil where they say nothing, or nothing but the training loss judged them.
  ///
  /// Training ended too early if all epochs were done, the last is the best, and the second half of
  /// them brought, for its learning rates, more than a third of what the first half brought: where the
  /// rest falls off as e^-t, less than nine tenths of the way were gone. It overfitted if, after the
  /// best epoch, the training loss fell by a fifth and what judges got worse by a tenth.
  public var remark: String? { remark(canGoOn: true) }

  /// The same of a training whose model may have learned what would judge it: then it is no use to go on
  /// with that.
  public func remark(canGoOn: Bool) -> String? {
    guard let best, let last = epochs.last, epochs.count > 2,
      best.score != nil || best.validationLoss != nil
    else { return nil }
    if stop == .allEpochs, best.epoch == last.epoch {
      let middle = epochs.count / 2
      guard speed(middle..<epochs.count - 1) > max(0, speed(0..<middle) / 3) else { return nil }
      let isRising = best.score?.isHigherBetter ?? false
      return """
        Training ended too early: the \(best.judge) was still \(isRising ? "rising" : "falling") at \
        the last of \(epochs.count) epochs. Train \(canGoOn ? "on with --from this model, or " : "")anew with \
        --epochs \(2 * epochs.count).
        """
    }
    let worse = last.decidingLoss - best.decidingLoss
    guard best.epoch < last.epoch, last.loss < 0.8 * best.loss,
      worse > 0.1 * abs(best.decidingLoss)
    else { return nil }
    func number(_ record: EpochRecord) -> String {
      NumberFormat.significant(record.score?.value ?? record.validationLoss ?? record.loss)
    }
    func loss(_ record: EpochRecord) -> String { NumberFormat.significant(record.loss) }
    return """
      Training overfitted after epoch \(best.epoch): until epoch \(last.epoch) the training loss \
      fell from \(loss(best)) to \(loss(last)), but the \(best.judge) went from \(number(best)) to \
      \(number(last)). The weights are those of epoch \(best.epoch). More data, a higher --dropout or \
      a smaller --hidden help.
      """
  }

  /// How fast what judges got better from epoch to epoch, measured by the learning rate.
  private func speed(_ steps: Range<Int>) -> Double {
    let rates = steps.reduce(0) { $0 + epochs[$1 + 1].learningRate }
    let gain = epochs[steps.lowerBound].decidingLoss - epochs[steps.upperBound].decidingLoss
    return gain / max(rates, .leastNormalMagnitude)
  }
}
