import RecurrentFiles

/// Layers side by side that read the same input, their outputs merged into one: for networks that
/// are no chain.
///
/// ```swift
/// // Two encoders, each of features of its own.
/// Branches {
///   Sequential {
///     Features(0..<3, of: 5)
///     LSTM(inputSize: 3, hiddenSize: 16, using: &generator)
///   }
///   Sequential {
///     Features(3..<5, of: 5)
///     GRU(inputSize: 2, hiddenSize: 8, using: &generator)
///   }
/// }                                                                // [B, T, 5] to [B, T, 24]
///
/// // A spectrum times a mask that is computed from it and from other features.
/// Branches(merge: .multiply) {
///   Features(0..<257, of: 300)
///   Sequential {
///     GRU(inputSize: 300, hiddenSize: 64, using: &generator)
///     EachStep(Dense(inputSize: 64, outputSize: 257, activation: .sigmoid, using: &generator))
///   }
/// }                                                                // [B, T, 300] to [B, T, 257]
/// ```
///
/// A branch may be any layer, a ``Sequential`` or other branches; all give sequences of the same
/// steps, or all vectors. Where one branch is the input as it is, this is a ``SkipConnection``.
/// Parameters are named by position: `0.1.input_weights`, `1.bias`.
public struct Branches<Input: BatchValue, Output: Mergeable>: Layer {
  /// The branches.
  public var layers: [any Layer<Input, Output>]
  /// The rule by which the outputs become one.
  public let merge: Merge

  /// The branches that `layers` lists.
  public init(
    merge: Merge = .concatenate, @BranchBuilder _ layers: () -> [any Layer<Input, Output>]
  ) {
    self.init(layers(), merge: merge)
  }

  /// These branches, of which the program's run may tell how many.
  public init(_ layers: [any Layer<Input, Output>], merge: Merge = .concatenate) {
    require(!layers.isEmpty, "there is at least one branch")
    self.layers = layers
    self.merge = merge
  }

  /// The states of the branches.
  public struct State: LayerState {
    /// The state of each branch, in their order.
    public var branches: [any LayerState]

    /// The tensors of all states, branch after branch.
    public var tensors: [Tensor] {
      get { branches.flatMap(\.tensors) }
      set {
        var rest = newValue[...]
        for index in branches.indices {
          let count = branches[index].tensors.count
          branches[index].tensors = Array(rest.prefix(count))
          rest = rest.dropFirst(count)
        }
        require(rest.isEmpty, "the state of these branches has \(rest.count) tensors less")
      }
    }
  }

  /// Whether all branches are.
  public var isCausal: Bool { layers.allSatisfy(\.isCausal) }

  /// Whether all branches do.
  public func keepsOneThread(batchSize: Int) -> Bool {
    layers.allSatisfy { $0.keepsOneThread(batchSize: batchSize) }
  }

  /// How the branches run, named by position.
  public var paths: [LayerPath] {
    layers.enumerated().flatMap { index, layer in layer.paths.map { $0.under("\(index)") } }
  }

  /// The features of a step that the first branch takes which tells; nil: any number, or unknown.
  public var featureCount: Int? { layers.lazy.compactMap(\.featureCount).first }

  /// The states of the branches before the first step.
  public func initialState(batchSize: Int) -> State {
    State(branches: layers.map { $0.initialState(batchSize: batchSize) })
  }

  /// The outputs of the branches, merged.
  public func forward(_ input: Input, state: inout State, mode: Mode) -> Output {
    require(
      state.branches.count == layers.count,
      "\(layers.count) branches have as many states, not \(state.branches.count)")
    let outputs = layers.enumerated().map { index, layer in
      layer.forward(input, anyState: &state.branches[index], mode: mode.child(index))
    }
    return Output.merged(outputs, by: merge)
  }

  /// Visits the branches by position.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    for index in layers.indices { visitor.visit("\(index)", &layers[index]) }
  }
}

/// Builds the body of ``Branches``.
@resultBuilder
public enum BranchBuilder {
  /// A branch.
  public static func buildExpression<Branch: Layer>(
    _ branch: Branch
  ) -> [any Layer<Branch.Input, Branch.Output>] { [branch] }

  /// All branches; what they take and give is of the same types.
  public static func buildBlock<Input, Output>(
    _ branches: [any Layer<Input, Output>]...
  ) -> [any Layer<Input, Output>] { branches.flatMap(\.self) }
}
