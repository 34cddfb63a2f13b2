import RecurrentFiles

/// A layer over sequences whose type is chosen when the program runs.
public struct AnyLayer: Layer {
  /// The layer itself.
  public var base: any Layer<SequenceBatch, SequenceBatch>

  /// Wraps a layer.
  public init(_ base: any Layer<SequenceBatch, SequenceBatch>) {
    self.base = (base as? AnyLayer)?.base ?? base
  }

  /// The state of a layer whose type is not known.
  public struct State: LayerState {
    fileprivate var base: any LayerState

    /// The tensors of the layer's own state.
    public var tensors: [Tensor] {
      get { base.tensors }
      set { base.tensors = newValue }
    }
  }

  /// Whether the layer's output depends on no later step.
  public var isCausal: Bool { base.isCausal }

  /// Whether the inner layer keeps one thread busy only, for so few rows.
  public func keepsOneThread(batchSize: Int) -> Bool {
    base.keepsOneThread(batchSize: batchSize)
  }

  /// How the parts of the wrapped layer run.
  public var paths: [LayerPath] { base.paths }

  /// The features of a step that the wrapped layer takes; nil: any number, or unknown.
  public var featureCount: Int? { base.featureCount }

  /// The wrapped layer's state before the first step.
  public func initialState(batchSize: Int) -> State {
    State(base: base.initialState(batchSize: batchSize))
  }

  /// The wrapped layer's output, `[B, T, F]` to `[B, T, H]`.
  public func forward(_ input: SequenceBatch, state: inout State, mode: Mode) -> SequenceBatch {
    base.forward(input, anyState: &state.base, mode: mode)
  }

  /// Visits the parameters of the layer under their own names.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    base.visitParameters(&visitor)
  }
}

extension Layer {
  /// The output, and the state after it, whose type is not known.
  func forward(_ input: Input, anyState state: inout any LayerState, mode: Mode) -> Output {
    guard var own = state as? State else {
      trap("a state of \(Self.self) is expected, not \(type(of: state))")
    }
    defer { state = own }
    return forward(input, state: &own, mode: mode)
  }
}
