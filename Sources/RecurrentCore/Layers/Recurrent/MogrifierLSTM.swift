import RecurrentFiles
internal import RecurrentKernels

/// An LSTM whose input and hidden state gate each other before each step (Melis, Kočiský and Blunsom
/// 2020, arXiv:1909.01792). With x⁻¹ the input and h⁰ the hidden state of the step before, for each
/// round r = 1, 2 … :
///
///     x^r = 2·σ(Q^r h^(r-1)) · x^(r-2)    r odd
///     h^r = 2·σ(R^r x^(r-1)) · h^(r-2)    r even
///
/// The last x and the last h are what the ``LSTM`` then takes for input and hidden state. Without
/// rounds it is that LSTM.
///
/// `[B, T, I]` to `[B, T, H]`, all steps by fused kernels.
public struct MogrifierLSTM: Layer {
  /// The parameters of the LSTM, gates in the order i f g o.
  public var weights: RecurrentWeights
  /// The matrices of the rounds.
  public var rounds: [MogrifierRound]
  /// Dropout of the input and of recurrent weights; there is nothing else to choose.
  public var options: RecurrentOptions {
    didSet { options.checkForMogrifier() }
  }

  /// A layer with `hiddenSize` units.
  ///
  /// - Parameters:
  ///   - rounds: How often x and h gate each other in turn, x first.
  ///   - rank: The matrices of the rounds are products of two with so many columns and rows between
  ///     them; nil: of full rank.
  public init(
    inputSize: Int, hiddenSize: Int, rounds: Int = 4, rank: Int? = nil,
    options: RecurrentOptions = RecurrentOptions(), bias: Bool = true,
    initialization: RecurrentInitialization = .pytorch,
    using generator: inout some RandomNumberGenerator
  ) {
    require(rounds >= 0, "a Mogrifier LSTM has 0 or more rounds, not \(rounds)")
    require(rank.map { $0 >= 1 } ?? true, "the rank of a round is at least 1, not \(rank ?? 0)")
    let weights = RecurrentWeights(
      cell: RK_CELL_LSTM, inputSize: inputSize, hiddenSize: hiddenSize, bias: bias,
      initialization: initialization, using: &generator)
    let plain = Initializer.uniform(1 / Float(hiddenSize).squareRoot())
    func matrix(_ rows: Int, _ columns: Int) -> Tensor {
      (initialization.input ?? plain)([rows, columns], using: &generator)
    }
    self.init(
      weights: weights,
      rounds: (1...(rounds + 1)).dropLast().map { round in
        let (from, to) = round % 2 == 1 ? (hiddenSize, inputSize) : (inputSize, hiddenSize)
        return MogrifierRound(
          weights: matrix(from, rank ?? to), expansion: rank.map { matrix($0, to) })
      }, options: options)
  }

  /// A layer with these parameters; the rounds must fit the weights.
  public init(
    weights: RecurrentWeights, rounds: [MogrifierRound],
    options: RecurrentOptions = RecurrentOptions()
  ) {
    require(
      weights.gates == 4 && weights.peepholes == nil && weights.projection == nil,
      "a Mogrifier LSTM has 4 gates, no peepholes and no projection; these weights have \(weights.gates) gates"
    )
    for (index, round) in rounds.enumerated() {
      let sizes = [weights.hiddenSize, weights.inputSize]
      let expected = index % 2 == 0 ? sizes : sizes.reversed()
      require(
        [round.inputSize, round.outputSize] == expected,
        "round \(index + 1) goes from \(expected[0]) features to \(expected[1]), not from \(round.inputSize) to \(round.outputSize)"
      )
    }
    self.weights = weights
    self.rounds = rounds
    self.options = options
    options.checkForMogrifier()
  }

  /// How the layer runs: by one fused kernel a round and step.
  public var paths: [LayerPath] {
    let plain = fused.path("Mogrifier LSTM")
    var reason = "with \(rounds.count) rounds"
    if let rank = rounds.first?.expansion?.shape[0] { reason += " of rank \(rank)" }
    if plain.reason.hasPrefix("with ") { reason += ", " + plain.reason.dropFirst(5) }
    let matrices = rounds.flatMap(\.tensors).reduce(plain.recurrentWeights) {
      let (sum, overflow) = $0.addingReportingOverflow(elementCount(ofShape: $1.shape) ?? .max)
      return overflow ? .max : sum
    }
    return [
      LayerPath(
        layer: plain.layer, method: .fused, reason: reason, inputSize: plain.inputSize,
        outputSize: plain.outputSize,
        keptSize: 4 * plain.outputSize + MogrifierParts(self).size,
        segmentStateSize: 2 * plain.outputSize, inputWeights: plain.inputWeights,
        recurrentWeights: matrices, biases: plain.biases
      ).masked(by: plain.maskSize)
    ]
  }

  /// Whether the kernel keeps one thread busy only: for few units and rows.
  public func keepsOneThread(batchSize: Int) -> Bool { fused.keepsOneThread(batchSize: batchSize) }

  var fused: FusedRecurrence {
    FusedRecurrence(cell: RK_CELL_LSTM, weights: weights, options: options)
  }

  /// The state before the first step: zeros.
  public func initialState(batchSize: Int) -> LSTM.State {
    let zeros = Tensor.zeros([batchSize, weights.hiddenSize])
    return LSTM.State(hidden: zeros, cell: zeros)
  }

  /// The hidden states of all steps; `state` becomes that after each row's last valid step.
  public func forward(
    _ input: SequenceBatch, state: inout LSTM.State, mode: Mode
  ) -> SequenceBatch {
    fused.checkShapes(input, hidden: state.hidden, cellState: state.cell)
    if let followed = probed(input, state, mode: mode) {
      state = followed.state
      return followed.output
    }
    let noise = RecurrentNoise(options, mode: mode, layout: input.layout, weights: weights)
    var layer = self
    let values = noise.inputMask.map { input.values * $0 } ?? input.values
    if let mask = noise.weightMask { layer.weights.recurrent = weights.recurrent * mask }
    var segmentLength: Int?
    if case .training(_, _, let length) = mode { segmentLength = length }
    let inputs =
      [values, state.hidden, state.cell] + layer.weights.tensors
      + layer.rounds.flatMap(\.tensors)
    let tape = Tape.following(inputs)
    let run = MogrifierRun(
      tape == nil ? layer : layer.detached, layout: input.layout, segmentLength: segmentLength)
    let pass = run.forward(values, state.detached, isTracked: tape != nil)
    var results = pass.results
    if let tape {
      let backward = MogrifierRun.Backward(run: run, input: Operand(values), pass: pass)
      results = tape.record(results, inputs: inputs) { backward($0) }
    }
    state = LSTM.State(hidden: results[1], cell: results[2])
    return input.with(results[0])
  }

  /// Visits the weights and `rounds`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    weights.visitParameters(&visitor)
    visitor.visit("rounds", &rounds)
  }
}

/// The matrix of one round of a ``MogrifierLSTM``: Q from H to I features, or R from I to H.
public struct MogrifierRound: Module {
  /// Q or R; its first factor, `[from, rank]`, where there is an expansion.
  public var weights: Tensor
  /// The second factor of the round's matrix, `[rank, to]`; nil: the matrix is whole.
  public var expansion: Tensor?

  /// A matrix `[from, to]`, or two factors of one.
  public init(weights: Tensor, expansion: Tensor? = nil) {
    require(
      weights.rank == 2
        && (expansion.map { $0.rank == 2 && $0.shape[0] == weights.shape[1] } ?? true),
      "a round is a matrix, or the product of two; shapes are \(weights.shape) and \(expansion?.shape ?? [])"
    )
    (self.weights, self.expansion) = (weights, expansion)
  }

  var inputSize: Int { weights.shape[0] }
  var outputSize: Int { (expansion ?? weights).shape[1] }
  var tensors: [Tensor] { [weights] + (expansion.map { [$0] } ?? []) }

  /// Visits `weights` and `expansion`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit(product: "weights", &weights)
    visitor.visit(product: "expansion", &expansion)
  }
}

extension RecurrentOptions {
  /// Traps on what only the other layers do.
  fileprivate func checkForMogrifier() {
    check(for: RK_CELL_LSTM)
    require(
      isPlain(for: RK_CELL_LSTM),
      "a Mogrifier LSTM has dropout of its input and of recurrent weights, and no other option")
  }
}
