/// How a framework arranges the weights of a recurrent layer; the one table that importers and
/// exporters go by.
///
/// | framework | LSTM | GRU | matrices | biases |
/// |---|---|---|---|---|
/// | this library | i f g o | r z n | `[I, G·H]`, x·W | b, and b' inside the reset |
/// | PyTorch, cuDNN, candle | i f g o | r z n | `[G·H, I]`, W·x | two, b' inside the reset |
/// | Keras | i f g o | z r n | `[I, G·H]`, x·W | one; GRU with `reset_after` two, `[2, 3·H]` |
/// | ONNX | i o f g | z r n | `[G·H, I]`, W·x | two, one after the other, `[2·G·H]` |
/// | MLX | i f g o | r z n | `[G·H, I]`, W·x | one; GRU another `[H]` inside the reset |
/// | Flux | i f g o | r z n | `[G·H, I]`, W·x | one, outside the reset |
/// | Core ML | i f o g | r n z | `[G·H, I]`, W·x | one, outside the reset |
///
/// In all of them z is the share of the old state: h' = (1 - z)·n + z·h. Papers and programs that
/// write h' = (1 - z)·h + z·n have the negatives of z's weights and biases, as 1 - σ(x) = σ(-x).
/// No shape tells; replaying a recording does (``Layer/replay(_:tolerance:)``).
enum WeightFormat {
  case pytorch
  case keras

  /// The recurrent cell that the weights are for.
  enum Cell: Equatable {
    case simpleRNN
    case gru(GRU.Reset)
    case lstm

    /// G, the number of gates.
    var gates: Int {
      switch self {
      case .simpleRNN: 1
      case .gru: 3
      case .lstm: 4
      }
    }
  }

  /// The tensors of one layer and direction, as a framework keeps them.
  struct Tensors {
    var input: Tensor
    var recurrent: Tensor
    /// The biases, as many as ``WeightFormat/shapes(_:inputSize:hiddenSize:outputSize:)`` says, or none.
    var biases: [Tensor]
    /// Of the LSTM's hidden state; PyTorch's only, `[P, H]`.
    var projection: Tensor?
  }

  /// What a layer does that the framework cannot say.
  struct Refusal: Error {
    var problem: String
    var advice: String?
  }

  /// Which of our gates stands at each place: of a Keras GRU's z r n, z is our gate 1.
  private func order(_ cell: Cell) -> [Int] {
    switch (self, cell) {
    case (.keras, .gru): [1, 0, 2]
    default: Array(0..<cell.gates)
    }
  }

  private var isTransposed: Bool { self == .pytorch }

  /// The shapes of the tensors of a layer: input weights, recurrent weights, biases.
  ///
  /// - Parameter outputSize: P, that of the projected hidden state; H where nothing is projected.
  func shapes(
    _ cell: Cell, inputSize: Int, hiddenSize: Int, outputSize: Int
  ) -> (input: [Int], recurrent: [Int], biases: [[Int]]) {
    let width = cell.gates * hiddenSize
    return switch self {
    case .pytorch: ([width, inputSize], [width, outputSize], [[width], [width]])
    case .keras:
      (
        [inputSize, width], [outputSize, width],
        cell == .gru(.afterProduct) ? [[2, width]] : [[width]]
      )
    }
  }

  /// Our weights from those of the framework, whose shapes have been checked.
  func weights(_ cell: Cell, _ tensors: Tensors) -> RecurrentWeights {
    // The place at which each of our gates stands.
    let places = order(cell).enumerated().sorted { $0.element < $1.element }.map(\.offset)
    func ours(_ matrix: Tensor) -> Tensor {
      (isTransposed ? matrix.transposed() : matrix).withBlocks(places)
    }
    let width = tensors.biases.first.map { $0.shape[$0.rank - 1] } ?? 0
    let biases = tensors.biases.flatMap { bias -> [Tensor] in
      bias.rank == 2
        ? (0..<2).map { bias.slice($0..<$0 + 1, along: 0).reshaped(to: [width]) } : [bias]
    }.map { $0.reshaped(to: [1, width]).withBlocks(places).reshaped(to: [width]) }
    return RecurrentWeights(
      input: ours(tensors.input), recurrent: ours(tensors.recurrent), bias: biases.first,
      recurrentBias: biases.count > 1 ? biases[1] : nil,
      projection: tensors.projection?.transposed())
  }

  /// Our weights as the framework keeps them.
  ///
  /// A bias that is not there becomes zeros where the framework has two. Where it has one, and the
  /// formula only adds the second, it is the sum of both, which is what the layer here computes
  /// with.
  func tensors(_ layer: Direction) throws(Refusal) -> Tensors {
    try check(layer)
    let (cell, weights) = (layer.cell, layer.weights)
    let order = order(cell)
    func theirs(_ matrix: Tensor) -> Tensor {
      let blocks = matrix.detached.withBlocks(order)
      return isTransposed ? blocks.transposed() : blocks
    }
    let width = weights.input.shape[1]
    func row(_ bias: Tensor?) -> Tensor {
      bias.map { $0.detached.reshaped(to: [1, width]).withBlocks(order) } ?? .zeros([1, width])
    }
    var biases: [Tensor] = []
    if weights.bias != nil || weights.recurrentBias != nil {
      let (b, bRecurrent) = (row(weights.bias), row(weights.recurrentBias))
      switch (self, cell) {
      case (.pytorch, _): biases = [b, bRecurrent].map { $0.reshaped(to: [width]) }
      case (.keras, .gru(.afterProduct)): biases = [.concatenated([b, bRecurrent], along: 0)]
      case (.keras, _):
        let sum =
          weights.bias == nil ? bRecurrent : weights.recurrentBias == nil ? b : b + bRecurrent
        biases = [sum.reshaped(to: [width])]
      }
    }
    return Tensors(
      input: theirs(weights.input), recurrent: theirs(weights.recurrent), biases: biases,
      projection: weights.projection?.detached.transposed())
  }

  /// Checks that the framework has such a layer.
  private func check(_ layer: Direction) throws(Refusal) {
    let (cell, weights, options) = (layer.cell, layer.weights, layer.options)
    let name = self == .pytorch ? "PyTorch" : "Keras"
    func refuse(_ isRefused: Bool, _ what: String, _ advice: String? = nil) throws(Refusal) {
      if isRefused { throw Refusal(problem: "\(what), which \(name) cannot say", advice: advice) }
    }
    try refuse(weights.gates != cell.gates, "has coupled input and forget gates")
    try refuse(weights.peepholes != nil, "has peepholes")
    try refuse(options.gateClip != nil || options.cellClip != nil, "has a clip")
    try refuse(options.zoneout != 0 || options.cellZoneout != 0, "has zoneout")
    let (activation, gate) = (options.activation ?? .tanh, options.gateActivation ?? .sigmoid)
    switch self {
    case .pytorch:
      try refuse(
        cell == .gru(.beforeProduct), "has a reset gate that acts before the recurrent product",
        "Train a GRU with reset: .afterProduct")
      let activations: [Activation] = cell == .simpleRNN ? [.tanh, .relu] : [.tanh]
      try refuse(!activations.contains(activation), "has the activation \(activation)")
      try refuse(gate != .sigmoid, "has the gate activation \(gate)")
    case .keras:
      try refuse(weights.projection != nil, "has a projection of its hidden state")
      try refuse(activation.kerasName == nil, "has the activation \(activation)")
      try refuse(gate.kerasName == nil, "has the gate activation \(gate)")
    }
  }
}

extension Tensor {
  /// Of a matrix whose columns are as many equal blocks as `order` has indices: these blocks, in
  /// that order.
  fileprivate func withBlocks(_ order: [Int]) -> Tensor {
    guard order != Array(order.indices) else { return self }
    let size = shape[1] / order.count
    return .concatenated(
      order.map { slice($0 * size..<($0 + 1) * size, along: 1) }, along: 1)
  }
}
