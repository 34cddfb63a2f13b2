import RecurrentFiles

/// An LSTM that looks at a memory at every step and is told what it saw: input feeding (Luong, Pham
/// and Manning 2015, arXiv:1508.04025).
///
///     h_s, c_s = LSTM([x_s, a_{s-1}], h_{s-1}, c_{s-1})
///     w_t = softmax over t of  score(h_s, m_t)        context = Σ_t w_t·m_t
///     a_s = tanh([context, h_s] C + b)
///
/// `[B, S, E]` to `[B, S, A]`. All steps are one primitive with its own way back: a step multiplies
/// only what the step before gave, and the gradients of the weights are one product each for all
/// steps.
///
/// ```swift
/// let memory = decoder.prepare(encoded)
/// var state = decoder.initialState(batchSize: targets.batchSize)
/// let (outputs, weights) = decoder(targets, state: &state, over: memory)
/// ```
public struct AttentionDecoder: Module {
  /// The weights of x, `[E, 4·H]`; gates in the order i f g o.
  public var inputWeights: Tensor
  /// The weights of a and h, one above the other, `[A + H, 4·H]`.
  public var recurrentWeights: Tensor
  /// The biases of the gates, `[4·H]`.
  public var bias: Tensor
  /// How hidden state and memory are compared.
  public var attention: Comparison
  /// C and b, from M + H features to A.
  public var combination: Dense

  /// The attention of a decoder, by name.
  public enum AttentionKind: String, Sendable, Codable, CaseIterable {
    /// h·(m W).
    case multiplicative
    /// v·tanh(W h + U m + b), in as many dimensions as the decoder has units.
    case additive
  }

  /// The attention of a decoder.
  public enum Comparison: Module {
    /// The general score.
    case multiplicative(MultiplicativeAttention)
    /// Without coverage.
    case additive(AdditiveAttention)

    /// Visits the parameters of the attention.
    public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
      switch self {
      case .multiplicative(var attention):
        attention.visitParameters(&visitor)
        self = .multiplicative(attention)
      case .additive(var attention):
        attention.visitParameters(&visitor)
        self = .additive(attention)
      }
    }
  }

  /// A decoder of `hiddenSize` units that gives `outputSize` features a step.
  public init(
    inputSize: Int, hiddenSize: Int, memorySize: Int, outputSize: Int,
    attention kind: AttentionKind = .multiplicative,
    using generator: inout some RandomNumberGenerator
  ) {
    require(
      min(inputSize, hiddenSize, memorySize, outputSize) >= 1,
      "a decoder has sizes of at least 1, not \([inputSize, hiddenSize, memorySize, outputSize])")
    let draw = Initializer.uniform(1 / Float(hiddenSize).squareRoot())
    inputWeights = draw([inputSize, 4 * hiddenSize], using: &generator)
    recurrentWeights = draw([outputSize + hiddenSize, 4 * hiddenSize], using: &generator)
    bias = draw([4 * hiddenSize], using: &generator)
    attention =
      switch kind {
      case .multiplicative:
        .multiplicative(
          MultiplicativeAttention(
            querySize: hiddenSize, memorySize: memorySize, using: &generator))
      case .additive:
        .additive(
          AdditiveAttention(
            querySize: hiddenSize, memorySize: memorySize, size: hiddenSize, using: &generator))
      }
    combination = Dense(
      inputSize: memorySize + hiddenSize, outputSize: outputSize, activation: .tanh,
      using: &generator)
  }

  /// What the decoder carries from step to step.
  public struct State: LayerState {
    /// h, `[B, H]`.
    public var hidden: Tensor
    /// c, `[B, H]`.
    public var cell: Tensor
    /// a, `[B, A]`.
    public var output: Tensor

    /// A state with these values.
    public init(hidden: Tensor, cell: Tensor, output: Tensor) {
      self.hidden = hidden
      self.cell = cell
      self.output = output
    }

    /// Hidden state, cell state, output.
    public var tensors: [Tensor] {
      get { [hidden, cell, output] }
      set { (hidden, cell, output) = (newValue[0], newValue[1], newValue[2]) }
    }
  }

  /// H, the number of hidden units.
  public var hiddenSize: Int { inputWeights.shape[1] / 4 }
  /// A, the number of output features.
  public var outputSize: Int { recurrentWeights.shape[0] - hiddenSize }

  /// The state before the first step: zeros.
  public func initialState(batchSize: Int) -> State {
    State(
      hidden: .zeros([batchSize, hiddenSize]), cell: .zeros([batchSize, hiddenSize]),
      output: .zeros([batchSize, outputSize]))
  }

  /// The memory `[B, T, M]` with its keys, for any number of steps.
  public func prepare(_ memory: SequenceBatch) -> AttentionMemory {
    switch attention {
    case .multiplicative(let attention): attention.prepare(memory)
    case .additive(let attention): attention.prepare(memory)
    }
  }

  /// The outputs a of all steps, and how much each step of the memory counted in each,
  /// `[B, S, T]`, through which no gradient flows; `state` becomes that after each row's last step.
  ///
  /// - Parameter memoryRows: which row of the memory each row of the input looks at; several may
  ///   look at one, as beams do. Nil: each at its own. For prediction only.
  public func callAsFunction(
    _ input: SequenceBatch, state: inout State, over memory: AttentionMemory,
    memoryRows: [Int]? = nil
  ) -> (output: SequenceBatch, weights: Tensor) {
    let projected = input.with(
      validSteps: input.validSteps.matrixProduct(inputWeights, bias: bias))
    let steps = AttentionSteps(
      input: projected, state: state, memory: memory, memoryRows: memoryRows,
      recurrentWeights: recurrentWeights, combination: combination, attention: attention)
    let (output, weights, last) = steps()
    state = last
    return (input.with(output), weights)
  }

  /// Visits `input_weights`, `recurrent_weights`, `bias`, `attention` and `combination`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("input_weights", &inputWeights)
    visitor.visit("recurrent_weights", &recurrentWeights)
    visitor.visit("bias", &bias)
    visitor.visit("attention", &attention)
    visitor.visit("combination", &combination)
  }
}
