import Recurrent

extension ForecastModel {
  /// The batch as the network sees it behind a smoothing that is learned: the window without its season, from
  /// the last level on; to be corrected is that level with the season that returns (Smyl 2020). The same batch
  /// where there is no such smoothing.
  func smoothed(_ batch: ForecastExamples.Batch) -> ForecastExamples.Batch {
    guard let smoothing else { return batch }
    let (values, count) = (batch.inputs.values, batch.inputs.batchSize)
    let target = values.slice(0..<1, along: 2)
    var state = smoothing.state(startingWith: SequenceBatch(target))
    // One series has no coefficients beside those of all.
    let places = smoothing.series == nil ? batch.series.map { _ in nil } : batch.series
    let said = smoothing(SequenceBatch(target), series: places, state: &state).values
    var seen = target - state.level.reshaped(to: [count, 1, 1])
    if smoothing.season != nil { seen = seen - said.slice(1..<2, along: 2) }
    if values.shape[2] > 1 {
      seen = Tensor.concatenated([seen, values.slice(1..<values.shape[2], along: 2)], along: 2)
    }
    var smoothed = batch
    smoothed.inputs = batch.inputs.with(seen)
    smoothed.base = smoothing.forecast(from: state, steps: horizon)
      .reshaped(to: [count, horizon, 1])
    return smoothed
  }
}
