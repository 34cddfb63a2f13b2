import Recurrent

/// What a step of an LSTM keeps for the way back, `[B, H]` each.
struct LSTMStep {
  var hBefore, cBefore, i, f, g, o, c: Tensor
}

/// The gradients of an LSTM, gate by gate, for the loss L = Σ_t |h_t|².
///
/// - Parameters:
///   - x: the steps, `[B, I]` each.
///   - weights: those of an ``LSTM``, with one bias.
/// - Returns: ∂L/∂W `[I, 4·H]`, ∂L/∂U `[H, 4·H]` and ∂L/∂b `[4·H]`.
func lstmBackwards(_ x: [Tensor], _ weights: RecurrentWeights) -> (w: Tensor, u: Tensor, b: Tensor)
{
  let (w, u, units) = (weights.input, weights.recurrent, weights.hiddenSize)
  var (steps, h) = ([LSTMStep](), Tensor.zeros([x[0].shape[0], units]))
  var c = h
  for x in x {
    let sums = x.matrixProduct(w, bias: weights.bias) + h.matrixProduct(u)
    func gate(_ index: Int) -> Tensor {
      sums.slice(index * units..<(index + 1) * units, along: -1)
    }
    var step = LSTMStep(
      hBefore: h, cBefore: c, i: gate(0).sigmoid(), f: gate(1).sigmoid(), g: gate(2).tanh(),
      o: gate(3).sigmoid(), c: c)
    step.c = step.f * c + step.i * step.g
    (h, c) = (step.o * step.c.tanh(), step.c)
    steps.append(step)
  }

  var (dW, dU, dB) = (Tensor.zeros(w.shape), Tensor.zeros(u.shape), Tensor.zeros([4 * units]))
  var (dhLater, dcLater) = (Tensor.zeros(h.shape), Tensor.zeros(c.shape))
  for (x, step) in zip(x, steps).reversed() {
    let shown = step.c.tanh()
    let dh = 2 * step.o * shown + dhLater  // of this step's loss, and of all later ones
    let dc = dh * step.o * (1 - shown.squared()) + dcLater
    let sums = Tensor.concatenated(
      [
        dc * step.g * step.i * (1 - step.i),  // inside i
        dc * step.cBefore * step.f * (1 - step.f),  // inside f
        dc * step.i * (1 - step.g.squared()),  // inside g
        dh * shown * step.o * (1 - step.o),  // inside o
      ], along: -1)
    dW = dW + x.transposed().matrixProduct(sums)
    dU = dU + step.hBefore.transposed().matrixProduct(sums)
    dB = dB + sums.sum(along: 0)
    dhLater = sums.matrixProduct(u.transposed())  // through a matrix
    dcLater = dc * step.f  // through the forget gate alone
  }
  return (dW, dU, dB)
}
