/// A layer that starts from a state that is learned instead of zeros: the same for each row.
public struct LearnedInitialState<Base: Layer>: Layer {
  /// The layer.
  public var layer: Base
  /// The state of one row, each tensor `[1, …]`.
  public var initial: [Tensor]

  /// Lets the initial state of `layer`, at first that of the layer itself, be learned.
  public init(_ layer: Base) {
    self.layer = layer
    initial =
      layer.parameters.allSatisfy(\.tensor.hasElements)
      ? layer.initialState(batchSize: 1).tensors
      : layer.initialState(batchSize: 0).tensors.map {
        Tensor(withoutElements: [1] + $0.shape.dropFirst())
      }
  }

  /// Whether the inner layer is causal.
  public var isCausal: Bool { layer.isCausal }

  /// Whether the inner layer keeps one thread busy only, for so few rows.
  public func keepsOneThread(batchSize: Int) -> Bool {
    layer.keepsOneThread(batchSize: batchSize)
  }

  /// How the parts of the inner layer run.
  public var paths: [LayerPath] { layer.paths }

  /// The features of a step that the inner layer takes; nil: any number, or unknown.
  public var featureCount: Int? { layer.featureCount }

  /// The learned state, once for each row.
  public func initialState(batchSize: Int) -> Base.State {
    var state = layer.initialState(batchSize: batchSize)
    state.tensors = initial.map { $0.broadcast(to: [batchSize] + $0.shape.dropFirst()) }
    return state
  }

  /// The inner layer's output.
  public func forward(_ input: Base.Input, state: inout Base.State, mode: Mode) -> Base.Output {
    layer.forward(input, state: &state, mode: mode)
  }

  /// Visits the parameters of the layer under their own names, and the state as `initial.0`,
  /// `initial.1` and so on.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    layer.visitParameters(&visitor)
    visitor.visit("initial", &initial)
  }
}
