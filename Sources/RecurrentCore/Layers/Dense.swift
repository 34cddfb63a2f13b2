import RecurrentFiles

/// y = f(x·W + b), applied to each row.
public struct Dense: Layer {
  /// W, `[I, O]`.
  public var weights: Tensor
  /// b, the bias, `[O]`; nil: none.
  public var bias: Tensor?
  /// f, the activation function.
  public let activation: Activation

  /// A layer from `inputSize` features to `outputSize`.
  public init(
    inputSize: Int, outputSize: Int, activation: Activation = .identity, bias: Bool = true,
    initialization: Initialization = .pytorch, using generator: inout some RandomNumberGenerator
  ) {
    require(
      inputSize >= 1 && outputSize >= 1,
      "a dense layer has sizes of at least 1, not \(inputSize) and \(outputSize)")
    let limit = 1 / Float(inputSize).squareRoot()
    switch initialization {
    case .pytorch:
      weights = Initializer.uniform(limit)([inputSize, outputSize], using: &generator)
      self.bias = bias ? Initializer.uniform(limit)([outputSize], using: &generator) : nil
    case .keras:
      weights = Initializer.glorotUniform([inputSize, outputSize], using: &generator)
      self.bias = bias ? Initializer.zeros([outputSize], using: &generator) : nil
    }
    self.activation = activation
  }

  /// A layer with these parameters: weights `[I, O]`, bias `[O]`.
  public init(weights: Tensor, bias: Tensor?, activation: Activation = .identity) {
    require(weights.rank == 2, "dense weights have shape [I, O], not \(weights.shape)")
    require(
      bias.map { $0.shape == [weights.shape[1]] } ?? true,
      "the bias of \(weights.shape[1]) outputs cannot have shape \(bias?.shape ?? [])")
    self.weights = weights
    self.bias = bias
    self.activation = activation
  }

  /// The rows of W.
  public var featureCount: Int? { weights.shape[0] }

  /// `[B, I]` to `[B, O]`.
  public func forward(_ input: Tensor, state: inout NoState, mode: Mode) -> Tensor {
    activation(input.matrixProduct(weights, bias: bias))
  }

  /// Visits `weights` and `bias`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("weights", &weights)
    visitor.visit("bias", &bias)
  }
}
