internal import RecurrentKernels

/// A function applied to what a layer computes, and inside cells.
public enum Activation: String, Sendable, Codable, CaseIterable {
  /// x.
  case identity
  /// 1 / (1 + e^-x).
  case sigmoid
  /// The hyperbolic tangent.
  case tanh
  /// max(0, x).
  case relu
  /// e^x / Σ e^x over the last dimension; not inside cells.
  case softmax
  /// log(1 + e^x).
  case softplus
  /// x·Φ(x), Φ the normal distribution function (Hendrycks and Gimpel 2016, arXiv:1606.08415).
  case gelu
  /// x / (1 + e^-x), also called swish.
  case silu
  /// x above 0, else e^x - 1 (Clevert et al. 2016, arXiv:1511.07289).
  case elu
  /// x above 0, else x / 100: as PyTorch has it.
  case leakyReLU
  /// x above 0, else x / 5: as Keras 3 has it.
  case leakyReLUKeras
  /// λ·x above 0, else λα·(e^x - 1), λ = 1.0507…, α = 1.6733… (Klambauer et al. 2017,
  /// arXiv:1706.02515).
  case selu
  /// e^x.
  case exponential
  /// x / (1 + |x|).
  case softsign
  /// x / 6 + 1/2, limited to 0 … 1: as Keras 3 and PyTorch have it.
  case hardSigmoid
  /// 0.2·x + 0.5, limited to 0 … 1: as ONNX and Keras 2 have it.
  case hardSigmoidONNX

  /// The function's value for each element.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    switch self {
    case .identity: x
    case .softmax: x.softmax()
    default: kernelFunction.map(x.mapped) ?? x
    }
  }

  /// The kernels' name of the function; nil where it is no function of each element alone.
  var kernelFunction: rk_function? {
    switch self {
    case .identity: RK_IDENTITY
    case .sigmoid: RK_SIGMOID
    case .tanh: RK_TANH
    case .relu: RK_RELU
    case .softmax: nil
    case .softplus: RK_SOFTPLUS
    case .gelu: RK_GELU
    case .silu: RK_SILU
    case .elu: RK_ELU
    case .leakyReLU: RK_LEAKY_RELU
    case .leakyReLUKeras: RK_LEAKY_RELU_KERAS
    case .selu: RK_SELU
    case .exponential: RK_EXP
    case .softsign: RK_SOFTSIGN
    case .hardSigmoid: RK_HARD_SIGMOID
    case .hardSigmoidONNX: RK_HARD_SIGMOID_ONNX
    }
  }
}
