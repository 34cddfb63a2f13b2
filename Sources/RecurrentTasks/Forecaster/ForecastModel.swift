import Recurrent

/// The network of a forecaster: recurrent layers over the window, and a dense layer from the last
/// hidden state to all rows of the horizon. `[B, T, F]` to `[B, horizon, outputs]`.
public struct ForecastModel: Layer {
  /// The recurrent layers.
  public var recurrent: RecurrentStack
  /// From the last hidden state to the horizon.
  public var head: Dense
  let horizon: Int

  init(
    features: Int, options: ForecasterOptions, using generator: inout some RandomNumberGenerator
  ) {
    recurrent = RecurrentStack(
      options.cell, inputSize: features, hiddenSize: options.hiddenSize,
      layerCount: options.layers, options: options.recurrent ?? RecurrentOptions(),
      dropout: options.dropout, using: &generator)
    head = Dense(
      inputSize: options.hiddenSize, outputSize: options.horizon * options.outputs,
      using: &generator)
    horizon = options.horizon
    if options.scaling == .window {
      // No correction at first: training begins at the naive forecast.
      head.updateParameters { $1 = Initializer.zeros($1.shape, using: &generator) }
    }
  }

  /// Those of the recurrent layers.
  public var paths: [LayerPath] { recurrent.paths.map { $0.under("recurrent") } }

  /// Zeros.
  public func initialState(batchSize: Int) -> RecurrentStack.State {
    recurrent.initialState(batchSize: batchSize)
  }

  /// The corrections (or, on a fixed scale, the values) in scaled units.
  public func forward(
    _ input: SequenceBatch, state: inout RecurrentStack.State, mode: Mode
  ) -> Tensor {
    let hidden = recurrent.forward(input, state: &state, mode: mode.child(0)).lastValidSteps
    return head(hidden, mode: mode.child(1)).reshaped(to: [input.batchSize, horizon, -1])
  }

  /// Visits `recurrent` and `head`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("recurrent", &recurrent)
    visitor.visit("head", &head)
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ForecastModel: JobModel {
  public func products(steps: Int) -> [JobProduct] {
    [JobProduct("head", head.weights.count, of: head, times: 1)]
  }
}
