/// Layers one after the other, typed: what does not fit does not compile.
///
/// ```swift
/// var model = Sequential {
///   LSTM(inputSize: 1, hiddenSize: 50, using: &generator)
///   LastOutput()
///   Dense(inputSize: 50, outputSize: 1, using: &generator)
/// }
/// ```
///
/// Parameters are named by position: `0.input_weights`, `2.bias`.
public struct Sequential<Layers: LayerList>: Layer {
  /// The layers.
  public var layers: Layers

  /// The layers that `layers` lists.
  public init(@SequentialBuilder _ layers: () -> Layers) {
    self.layers = layers()
  }

  /// Whether all layers are.
  public var isCausal: Bool { layers.isCausal }

  /// Whether all layers do.
  public func keepsOneThread(batchSize: Int) -> Bool {
    layers.keepsOneThread(batchSize: batchSize)
  }

  /// How the layers run, named by position.
  public var paths: [LayerPath] { layers.paths }

  /// The features of a step that the first layer takes; nil: any number, or unknown.
  public var featureCount: Int? { layers.featureCount }

  /// The states of all layers.
  public func initialState(batchSize: Int) -> Layers.State {
    layers.initialState(batchSize: batchSize)
  }

  /// The output of the last layer.
  public func forward(
    _ input: Layers.Input, state: inout Layers.State, mode: Mode
  ) -> Layers.Output {
    layers.forward(input, state: &state, mode: mode)
  }

  /// Visits the layers by position.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    layers.visitParameters(&visitor)
  }
}

/// The body of a ``Sequential``: one layer, or a list and one more.
public protocol LayerList: Layer {
  /// The number of layers.
  static var count: Int { get }

  /// The output in prediction, with `hear` told of the output of each layer on the way.
  func forward(_ input: Input, hear: (any Sendable) -> Void) -> Output
}

/// A list of one layer.
public struct FirstLayer<First: Layer>: LayerList {
  /// The layer.
  public var layer: First
  /// The number of layers: 1.
  public static var count: Int { 1 }

  /// Whether the inner layer is causal.
  public var isCausal: Bool { layer.isCausal }

  /// Whether the inner layer keeps one thread busy only, for so few rows.
  public func keepsOneThread(batchSize: Int) -> Bool {
    layer.keepsOneThread(batchSize: batchSize)
  }

  /// How the layer runs, named `0`.
  public var paths: [LayerPath] { layer.paths.map { $0.under("0") } }

  /// The features of a step that the layer takes; nil: any number, or unknown.
  public var featureCount: Int? { layer.featureCount }

  /// The state of the layer.
  public func initialState(batchSize: Int) -> First.State {
    layer.initialState(batchSize: batchSize)
  }

  /// The output of the layer.
  public func forward(_ input: First.Input, state: inout First.State, mode: Mode) -> First.Output {
    layer.forward(input, state: &state, mode: mode.child(0))
  }

  /// The output of the layer, from its initial state.
  public func forward(_ input: First.Input, hear: (any Sendable) -> Void) -> First.Output {
    let output = layer(input)
    hear(output)
    return output
  }

  /// Visits the layer as `0`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("0", &layer)
  }
}

/// A list of layers and one more behind them.
public struct NextLayer<Previous: LayerList, Last: Layer>: LayerList
where Previous.Output == Last.Input {
  /// The layers before.
  public var previous: Previous
  /// The last layer.
  public var layer: Last
  /// The number of layers, one more than before the last.
  public static var count: Int { Previous.count + 1 }

  /// The states of the layers before and of the last.
  public typealias State = StatePair<Previous.State, Last.State>

  /// Whether all layers are.
  public var isCausal: Bool { previous.isCausal && layer.isCausal }

  /// Whether all layers do.
  public func keepsOneThread(batchSize: Int) -> Bool {
    previous.keepsOneThread(batchSize: batchSize) && layer.keepsOneThread(batchSize: batchSize)
  }

  /// How the layers run, named by position.
  public var paths: [LayerPath] {
    previous.paths + layer.paths.map { $0.under("\(Previous.count)") }
  }

  /// The features of a step that the first layer takes; nil: any number, or unknown.
  public var featureCount: Int? { previous.featureCount }

  /// The states of all layers. The batch keeps its size on the way.
  public func initialState(batchSize: Int) -> State {
    State(
      previous.initialState(batchSize: batchSize), layer.initialState(batchSize: batchSize))
  }

  /// The output of the last layer.
  public func forward(_ input: Previous.Input, state: inout State, mode: Mode) -> Last.Output {
    let between = previous.forward(input, state: &state.first, mode: mode)
    return layer.forward(between, state: &state.second, mode: mode.child(Previous.count))
  }

  /// The output of the last layer, from initial states.
  public func forward(_ input: Previous.Input, hear: (any Sendable) -> Void) -> Last.Output {
    let output = layer(previous.forward(input, hear: hear))
    hear(output)
    return output
  }

  /// Visits the layers by position.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    previous.visitParameters(&visitor)
    visitor.visit("\(Previous.count)", &layer)
  }
}

/// Builds the body of a ``Sequential``.
@resultBuilder
public enum SequentialBuilder {
  /// The first layer.
  public static func buildPartialBlock<First: Layer>(first: First) -> FirstLayer<First> {
    FirstLayer(layer: first)
  }

  /// Adds a layer whose input is what the layers before give.
  public static func buildPartialBlock<Previous: LayerList, Last: Layer>(
    accumulated: Previous, next: Last
  ) -> NextLayer<Previous, Last> where Previous.Output == Last.Input {
    NextLayer(previous: accumulated, layer: next)
  }

  /// Adds a layer for each step of what the layers before give.
  public static func buildPartialBlock<Previous: LayerList, Last: StepLayer>(
    accumulated: Previous, next: Last
  ) -> NextLayer<Previous, EachStep<Last>> where Previous.Output == SequenceBatch {
    NextLayer(previous: accumulated, layer: EachStep(next))
  }

  // What follows compiles to no ``Sequential``, so that the compiler says which layer does not fit.

  /// A layer that takes something else than the layers before it give.
  public static func buildPartialBlock<Previous: LayerList, Last: Layer>(
    accumulated: Previous, next: Last
  ) -> LayerThatDoesNotFit<Last, Takes<Last.Input>, ButGets<Previous.Output>> { .init() }

  /// Layers behind one that does not fit.
  public static func buildPartialBlock<Misfit, Taken, Given>(
    accumulated: LayerThatDoesNotFit<Misfit, Taken, Given>, next: some Layer
  ) -> LayerThatDoesNotFit<Misfit, Taken, Given> { accumulated }

  /// What a list with such a layer is: in the compiler's message its name tells what is wrong.
  /// Between a layer over sequences and one over single vectors stands ``LastOutput``, a pooling
  /// layer or ``EachStep``.
  public struct LayerThatDoesNotFit<Misfit, Taken, Given> {}
  /// The input of a layer that does not fit.
  public enum Takes<Value> {}
  /// The output of the layer before it.
  public enum ButGets<Value> {}
}
