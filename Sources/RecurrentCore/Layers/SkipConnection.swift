/// A layer with its own input merged into its output: `sum` makes a residual connection (He et al.
/// 2016, arXiv:1512.03385), `concatenate` a dense one.
///
/// Around layers of which the last has such a connection too, `concatenate` puts the outputs of several
/// layers side by side, as attention over all of them reads them. Other layers beside one another are
/// ``Branches``.
///
/// `[B, T, F]` to `[B, T, F']`; F' = F but for `concatenate`.
public struct SkipConnection<Base: Layer<SequenceBatch, SequenceBatch>>: Layer {
  /// The layer.
  public var layer: Base
  /// The rule by which the layer's input joins its output.
  public let merge: Merge

  /// Leads the input past `layer`.
  public init(around layer: Base, merge: Merge = .sum) {
    self.layer = layer
    self.merge = merge
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

  /// The inner layer's state before the first step.
  public func initialState(batchSize: Int) -> Base.State {
    layer.initialState(batchSize: batchSize)
  }

  /// Input and output, merged at each valid step.
  public func forward(
    _ input: SequenceBatch, state: inout Base.State, mode: Mode
  ) -> SequenceBatch {
    let output = layer.forward(input, state: &state, mode: mode)
    return input.with(validSteps: merge(input.validSteps, input.with(output.values).validSteps))
  }

  /// Visits the parameters of the layer under their own names.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    layer.visitParameters(&visitor)
  }
}
