import RecurrentFiles

/// A part of a model: a function of its input and its state, with parameters.
///
/// The state is outside: `forward` gets it, changes it, gives it back. A layer without state uses
/// ``NoState``. Copying a layer copies its parameters (at no cost until one changes); copying a
/// state forks the stream.
///
/// Calling a layer starts from the initial state: `layer(input)`. To carry a state on:
/// `layer(input, state: &state)`.
public protocol Layer<Input, Output>: Module {
  /// What goes in: a ``Tensor`` `[B, F]` or a ``SequenceBatch`` `[B, T, F]`.
  associatedtype Input: BatchValue
  /// The type of what the layer gives.
  associatedtype Output: Sendable
  /// What is carried from one step, chunk or call to the next.
  associatedtype State: LayerState = NoState

  /// The state before the first step, for a batch of that size.
  func initialState(batchSize: Int) -> State

  /// Whether an output depends on no later step, so that sequences can be fed in pieces.
  var isCausal: Bool { get }

  /// Whether a prediction for so few rows keeps one thread busy only, so that the layers above or
  /// beside it may run at the same time.
  func keepsOneThread(batchSize: Int) -> Bool

  /// How the recurrent layers inside compute.
  var paths: [LayerPath] { get }

  /// The features of a step that go in; nil if any number may, or it is not known.
  var featureCount: Int? { get }

  /// The output, and the state after it. `mode` says whether this is training, where dropout acts,
  /// or prediction.
  func forward(_ input: Input, state: inout State, mode: Mode) -> Output
}

extension Layer {
  /// True, but for layers that look ahead.
  public var isCausal: Bool { true }

  /// False: nothing is known of it.
  public func keepsOneThread(batchSize: Int) -> Bool { false }

  /// No paths: a layer that is not recurrent has none.
  public var paths: [LayerPath] { [] }

  /// The features of a step that the first recurrent layer takes. A layer with another before it says so itself.
  public var featureCount: Int? { paths.first.flatMap { $0.inputSize > 0 ? $0.inputSize : nil } }

  /// The output, starting from the initial state.
  public func callAsFunction(_ input: Input, mode: Mode = .prediction) -> Output {
    var state = initialState(batchSize: input.batchSize)
    return forward(input, state: &state, mode: mode)
  }

  /// The output, starting from `state`, which becomes the state after the input.
  public func callAsFunction(
    _ input: Input, state: inout State, mode: Mode = .prediction
  ) -> Output {
    forward(input, state: &state, mode: mode)
  }
}

extension Layer where State == NoState {
  /// The empty state of a layer that carries nothing from step to step.
  public func initialState(batchSize: Int) -> NoState { NoState() }
}

/// Values that come in batches.
public protocol BatchValue: Sendable {
  /// The number of rows, B.
  var batchSize: Int { get }
  /// The batch rows at `indices`, in that order.
  func rows(_ indices: [Int]) -> Self
}

/// What an array may hold to be a batch: the class of each row, or those of a row's steps.
public protocol RowValue: Sendable {}

extension Int: RowValue {}
extension Array: RowValue where Element: RowValue {}

extension Array: BatchValue where Element: RowValue {
  /// The number of rows.
  public var batchSize: Int { count }

  /// The elements at `indices`, in that order.
  public func rows(_ indices: [Int]) -> [Element] { indices.map { self[$0] } }
}

extension Tensor: BatchValue {
  /// The size of the first dimension.
  public var batchSize: Int {
    require(rank >= 1, "a batch has at least one dimension; this tensor is a single number")
    return shape[0]
  }
}

/// What a layer carries from step to step: a fixed list of tensors `[B, …]`.
public protocol LayerState: Sendable {
  /// The tensors, always as many and in the same order.
  var tensors: [Tensor] { get set }
}

extension LayerState {
  /// The state of the batch rows at `indices`, in that order.
  public func rows(_ indices: [Int]) -> Self {
    var result = self
    result.tensors = tensors.map { $0.rows(indices) }
    return result
  }

  /// The same state with its rows at `indices` replaced by those of `other`, in that order: the
  /// reverse of ``rows(_:)``.
  public func settingRows(_ indices: [Int], to other: Self) -> Self {
    var result = self
    result.tensors = zip(tensors, other.tensors).map { own, new in
      require(
        new.shape[0] == indices.count && Set(indices).count == indices.count,
        "\(new.shape[0]) rows cannot be set at \(indices), which has to name as many, each once")
      var order = Array(0..<own.shape[0])
      for (place, row) in indices.enumerated() { order[row] = own.shape[0] + place }
      return Tensor.concatenated([own, new], along: 0).rows(order)
    }
    return result
  }

  /// The same values as constants: no gradient flows back beyond this point (truncated
  /// backpropagation).
  public var detached: Self {
    var result = self
    result.tensors = tensors.map(\.detached)
    return result
  }
}

/// The state of a layer that has none.
public struct NoState: LayerState {
  /// The state of a layer that carries nothing.
  public init() {}
  /// No tensors.
  public var tensors: [Tensor] {
    get { [] }
    set { require(newValue.isEmpty, "this layer has no state") }
  }
}

/// The states of two layers.
public struct StatePair<First: LayerState, Second: LayerState>: LayerState {
  /// The first layer's state.
  public var first: First
  /// The second layer's state.
  public var second: Second

  /// A pair of states.
  public init(_ first: First, _ second: Second) {
    self.first = first
    self.second = second
  }

  /// All tensors of the state, the first layer's before the second's.
  public var tensors: [Tensor] {
    get { first.tensors + second.tensors }
    set {
      let split = first.tensors.count
      first.tensors = Array(newValue[..<split])
      second.tensors = Array(newValue[split...])
    }
  }
}

/// Why a layer runs: to predict, or to be trained.
public enum Mode: Sendable, Hashable {
  /// Dropout and its like do nothing.
  case prediction
  /// Dropout acts; its random numbers are those of the key.
  ///
  /// What is drawn for a row is a function of the key and the row's number in `rows` alone: an
  /// example gets the same masks whatever else is in its batch. nil: rows are numbered from 0.
  ///
  /// The inner values of `segmentLength` steps are kept for the backward pass of a fused layer at a
  /// time; those of others are computed again when their turn comes. Gradients are the same to the
  /// bit. nil: all steps are kept.
  case training(RandomKey, rows: [Int]? = nil, segmentLength: Int? = nil)

  /// The mode for part `index` of a layer made of several.
  public func child(_ index: Int) -> Mode {
    switch self {
    case .prediction: .prediction
    case .training(let key, let rows, let length):
      .training(key.child(index), rows: rows, segmentLength: length)
    }
  }

  /// The mode for a layer that gets `counts[b]` rows, one after the other, for each row b: as one
  /// that gets every step as a row.
  public func repeatingRows(_ counts: [Int]) -> Mode {
    guard case .training(let key, let rows, let length) = self else { return self }
    let repeated = zip(rows ?? Array(counts.indices), counts).flatMap {
      Array(repeating: $0, count: $1)
    }
    return .training(key, rows: repeated, segmentLength: length)
  }

  /// The keys from which a layer draws for each of `count` rows; nil in prediction.
  public func rowKeys(_ count: Int) -> [RandomKey]? {
    guard case .training(let key, let rows, _) = self else { return nil }
    require(
      rows.map { $0.count == count } ?? true,
      "a mode that numbers \(rows?.count ?? 0) rows cannot number \(count): see repeatingRows")
    var (keys, last): ([RandomKey], Int?) = ([], nil)
    for row in rows ?? Array(0..<count) {
      keys.append(row == last ? keys[keys.count - 1] : key.child(row))
      last = row
    }
    return keys
  }
}
