/// The last valid step of each row: `[B, T, F]` to `[B, F]`.
public struct LastOutput: Layer {
  /// A layer without parameters.
  public init() {}

  /// The last valid step of each row, `[B, F]`; zeros for an empty row.
  public func forward(_ input: SequenceBatch, state: inout NoState, mode: Mode) -> Tensor {
    input.lastValidSteps
  }

  /// Visits nothing: the layer has no parameters.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {}
}

/// A layer that means the same for a sequence as for its steps alone, such as ``Dropout``: in a
/// ``Sequential`` it may stand behind a layer over sequences as it is.
public protocol StepLayer: Layer where Input == Tensor, Output == Tensor, State == NoState {}

extension StepLayer {
  /// The layer on every valid step of `[B, T, F]`.
  public func callAsFunction(_ input: SequenceBatch, mode: Mode = .prediction) -> SequenceBatch {
    EachStep(self)(input, mode: mode)
  }
}

/// A layer applied to every valid step alone: `[B, T, F]` to `[B, T, F']`. (Keras calls it
/// TimeDistributed.)
public struct EachStep<Step: Layer>: Layer
where Step.Input == Tensor, Step.Output == Tensor, Step.State == NoState {
  /// The layer, from `[N, F]` to `[N, F']`.
  public var layer: Step

  /// Applies `layer` to every step.
  public init(_ layer: Step) { self.layer = layer }

  /// Whether the inner layer is causal.
  public var isCausal: Bool { layer.isCausal }

  /// The features of a step that the inner layer takes; nil: any number, or unknown.
  public var featureCount: Int? { layer.featureCount }

  /// Padded steps are not computed; they are zeros in the output.
  public func forward(_ input: SequenceBatch, state: inout NoState, mode: Mode) -> SequenceBatch {
    input.with(
      validSteps: layer.forward(
        input.validSteps, state: &state, mode: mode.repeatingRows(input.lengths)))
  }

  /// Visits the parameters of the layer under their own names.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    layer.visitParameters(&visitor)
  }
}
