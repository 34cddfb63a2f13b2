import RecurrentFiles

/// The independently recurrent network (Li et al. 2018, arXiv:1803.04831): each unit sees its own
/// past alone, by one weight. Units are mixed by the next layer.
///
///     h' = f(W x + b + u·h)
///
/// `[B, T, I]` to `[B, T, H]`; the input products run for all steps at once, then one scan.
///
/// With ReLU, a gradient over T steps grows as |u|ᵀ. The paper limits |u| to 2^(1 / T) in training:
/// `ParameterRule("recurrent_weights", constraint: .limit(pow(2, 1 / T)))`.
public struct IndRNN: Layer {
  /// W and b, from I to H.
  public var input: Dense
  /// u, the recurrent weight of each unit, `[H]`.
  public var recurrent: Tensor
  /// f: identity, tanh or ReLU.
  public let activation: Activation

  /// A layer with `hiddenSize` units; u is drawn uniformly in 0 ..< 1.
  public init(
    inputSize: Int, hiddenSize: Int, activation: Activation = .relu,
    initialization: Initialization = .pytorch, using generator: inout some RandomNumberGenerator
  ) {
    let input = Dense(
      inputSize: inputSize, outputSize: hiddenSize, initialization: initialization,
      using: &generator)
    let recurrent = Initializer.uniform(0.5)([hiddenSize], using: &generator)
    self.init(
      input: input, recurrent: recurrent.hasElements ? recurrent + 0.5 : recurrent,
      activation: activation)
  }

  /// A layer with these parameters.
  public init(input: Dense, recurrent: Tensor, activation: Activation = .relu) {
    input.checkGates(1)
    require(
      recurrent.shape == [input.weights.shape[1]],
      "the recurrent weights of \(input.weights.shape[1]) units have shape [\(input.weights.shape[1])], not \(recurrent.shape)"
    )
    require(
      [.identity, .tanh, .relu].contains(activation),
      "an IndRNN has identity, tanh or relu, not \(activation)")
    self.input = input
    self.recurrent = recurrent
    self.activation = activation
  }

  /// How the layer runs: as a scan of each unit alone.
  public var paths: [LayerPath] {
    [
      LayerPath(
        layer: "IndRNN \(input.weights.shape[0]) → \(recurrent.count)", method: .scan,
        reason: "each unit sees its own past alone", inputSize: input.weights.shape[0],
        outputSize: recurrent.count, keptSize: recurrent.count)
    ]
  }

  /// The state before the first step: zeros.
  public func initialState(batchSize: Int) -> HiddenState {
    HiddenState(hidden: .zeros([batchSize, recurrent.count]))
  }

  /// The hidden states of all steps; `state` becomes that after each row's last valid step.
  public func forward(
    _ input: SequenceBatch, state: inout HiddenState, mode: Mode
  ) -> SequenceBatch {
    input.with(validSteps: self.input(input.validSteps))
      .scan(recurrent, from: &state, activation: activation)
  }

  /// Visits `input` and `recurrent_weights`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("input", &input)
    visitor.visit("recurrent_weights", &recurrent)
  }
}
