import RecurrentFiles

// Losses are functions from predictions and targets of the same shape to one number: the mean over
// all elements. For sequences the mean runs over the valid steps; padding does not count.

/// mean (p - t)².
public func meanSquaredError(_ predictions: Tensor, _ targets: Tensor) -> Tensor {
  difference(predictions, targets).squared().mean()
}

/// mean |p - t|.
public func meanAbsoluteError(_ predictions: Tensor, _ targets: Tensor) -> Tensor {
  difference(predictions, targets).absolute().mean()
}

/// Quadratic near 0, linear beyond ±δ (Huber 1964): mean of e²/2 where |e| ≤ δ, else δ·(|e| - δ/2).
public func huberLoss(_ predictions: Tensor, _ targets: Tensor, delta: Float = 1) -> Tensor {
  require(delta > 0, "the delta of a Huber loss is positive, not \(delta)")
  let error = difference(predictions, targets).absolute()
  let near = Tensor.minimum(error, Tensor(delta))
  return (near.squared() * 0.5 + (error - near) * delta).mean()
}

/// The Huber loss divided by β, and its limit ``meanAbsoluteError(_:_:)-(Tensor,_)`` where β is 0:
/// PyTorch's `smooth_l1_loss`.
public func smoothL1Loss(_ predictions: Tensor, _ targets: Tensor, beta: Float = 1) -> Tensor {
  beta == 0
    ? meanAbsoluteError(predictions, targets)
    : huberLoss(predictions, targets, delta: beta) / beta
}

/// The pinball loss of quantile predictions: mean of max(q·e, (q - 1)·e) with e = t - p (Koenker
/// and Bassett 1978).
///
/// Predictions are `[…, Q]`, one column for each of `quantiles` (in 0..<1); targets are `[…, 1]`.
public func quantileLoss(
  _ predictions: Tensor, _ targets: Tensor, quantiles: [Float]
) -> Tensor {
  require(
    predictions.shape.last == quantiles.count && targets.shape.last == 1
      && predictions.shape.dropLast() == targets.shape.dropLast(),
    "\(quantiles.count) quantiles need predictions […, \(quantiles.count)] and targets […, 1]; shapes are \(predictions.shape) and \(targets.shape)"
  )
  let error = targets - predictions
  let q = Tensor(quantiles)
  return Tensor.maximum(error * q, error * (q - 1)).mean()
}

/// ``meanSquaredError(_:_:)-(Tensor,_)`` over the valid steps.
public func meanSquaredError(_ predictions: SequenceBatch, _ targets: SequenceBatch) -> Tensor {
  let (p, t) = validSteps(predictions, targets)
  return meanSquaredError(p, t)
}

/// ``meanAbsoluteError(_:_:)-(Tensor,_)`` over the valid steps.
public func meanAbsoluteError(_ predictions: SequenceBatch, _ targets: SequenceBatch) -> Tensor {
  let (p, t) = validSteps(predictions, targets)
  return meanAbsoluteError(p, t)
}

/// ``huberLoss(_:_:delta:)-(Tensor,_,_)`` over the valid steps.
public func huberLoss(
  _ predictions: SequenceBatch, _ targets: SequenceBatch, delta: Float = 1
) -> Tensor {
  let (p, t) = validSteps(predictions, targets)
  return huberLoss(p, t, delta: delta)
}

private func difference(_ predictions: Tensor, _ targets: Tensor) -> Tensor {
  require(
    predictions.shape == targets.shape,
    "predictions and targets have one shape, not \(predictions.shape) and \(targets.shape)")
  return predictions - targets
}

private func validSteps(_ a: SequenceBatch, _ b: SequenceBatch) -> (Tensor, Tensor) {
  require(
    a.lengths == b.lengths, "predictions and targets have the same lengths in every row")
  return (a.validSteps, b.validSteps)
}
