import RecurrentFiles
internal import RecurrentKernels

/// An ``Activation`` as a layer of its own: `[…, F]` to the same shape.
public struct Elementwise: StepLayer {
  /// f, the activation function.
  public let activation: Activation

  /// Applies `activation`.
  public init(_ activation: Activation) { self.activation = activation }

  /// f of each element; softmax: of each row.
  public func forward(_ input: Tensor, state: inout NoState, mode: Mode) -> Tensor {
    activation(input)
  }

  /// Visits nothing: an activation has no parameters.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {}
}

/// x above 0, else slope·x, with a learned slope for each feature (He et al. 2015,
/// arXiv:1502.01852): `[B, F]` to the same shape.
public struct PReLU: StepLayer {
  /// The slope of each feature below 0, `[F]`.
  public var slope: Tensor

  /// A layer for `size` features, at first of one slope.
  public init(size: Int, slope: Float = 0.25) {
    require(size >= 1, "a PReLU has at least 1 feature, not \(size)")
    self.slope = Tensor(repeating: slope, shape: [size])
  }

  /// A layer with these slopes, `[F]`.
  public init(slope: Tensor) {
    require(slope.rank == 1, "slopes have shape [F], not \(slope.shape)")
    self.slope = slope
  }

  /// The number of slopes.
  public var featureCount: Int? { slope.count }

  /// max(0, x) - slope·max(0, -x).
  public func forward(_ input: Tensor, state: inout NoState, mode: Mode) -> Tensor {
    input.relu() - (-input).relu() * slope
  }

  /// Visits `slope`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("slope", &slope)
  }
}
