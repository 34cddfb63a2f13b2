import RecurrentFiles
internal import RecurrentKernels

/// What a recurrent layer does beyond its plain formula. Everything here runs inside the fused
/// kernels.
///
/// ```swift
/// LSTM(inputSize: 8, hiddenSize: 64, options: RecurrentOptions(recurrentDropout: 0.2), using: &generator)
/// ```
///
/// In training each kind of dropout draws anew for each call; in prediction none acts, but for
/// zoneout, which then takes its mean.
public struct RecurrentOptions: Sendable, Codable, Equatable {
  /// Of the candidate, and of the LSTM's cell state on its way out; nil: tanh.
  public var activation: Activation?
  /// The gates' activation; nil: sigmoid.
  public var gateActivation: Activation?
  /// The sums before all activations stay within ± this (the clip of ONNX).
  public var gateClip: Float?
  /// The LSTM's cell state stays within ± this (the clip of cuDNN).
  public var cellClip: Float?

  /// Dropout of the input, one mask for all steps of a row (Gal and Ghahramani 2016,
  /// arXiv:1512.05287).
  public var inputDropout: Float
  /// Dropout of the hidden state on its way into the recurrent product, one mask for all steps and
  /// gates of a row (the same paper).
  public var recurrentDropout: Float
  /// The probability that a hidden unit keeps its old value for a step (Krueger et al. 2017,
  /// arXiv:1606.01305).
  public var zoneout: Float
  /// The probability, 0 to 1, that a unit of the LSTM's cell state keeps its value for a step (zoneout).
  public var cellZoneout: Float
  /// Dropout of recurrent weights, one mask for a call (Wan et al. 2013; Merity et al. 2018,
  /// arXiv:1708.02182).
  public var dropConnect: Float

  /// How often input and hidden state gate each other, in a layer that a ``CellKind`` makes of
  /// ``CellKind/mogrifier``; nil: 4 times. The others have nothing of it.
  public var rounds: Int?
  /// The rank of its matrices; nil: full.
  public var rank: Int?

  /// Options; what is left out is not done.
  public init(
    activation: Activation? = nil, gateActivation: Activation? = nil, gateClip: Float? = nil,
    cellClip: Float? = nil, inputDropout: Float = 0, recurrentDropout: Float = 0,
    zoneout: Float = 0, cellZoneout: Float = 0, dropConnect: Float = 0,
    rounds: Int? = nil, rank: Int? = nil
  ) {
    self.activation = activation
    self.gateActivation = gateActivation
    self.gateClip = gateClip
    self.cellClip = cellClip
    self.inputDropout = inputDropout
    self.recurrentDropout = recurrentDropout
    self.zoneout = zoneout
    self.cellZoneout = cellZoneout
    self.dropConnect = dropConnect
    self.rounds = rounds
    self.rank = rank
  }

  /// Traps on a value outside its range, and on an option that a cell does not have.
  func check(for cell: rk_cell) {
    for (name, rate) in [
      ("input dropout", inputDropout), ("recurrent dropout", recurrentDropout),
      ("zoneout", zoneout), ("cell zoneout", cellZoneout), ("DropConnect", dropConnect),
    ] {
      require(rate >= 0 && rate < 1, "a rate of \(name) lies in 0..<1, not \(rate)")
    }
    for (name, limit) in [("gate clip", gateClip), ("cell clip", cellClip)] {
      require(limit.map { $0 > 0 } ?? true, "a \(name) is above 0, not \(limit ?? 0)")
    }
    for function in [activation, gateActivation].compactMap(\.self) {
      require(
        function.kernelFunction != nil,
        "a cell's activation acts on each element alone; \(function) does not")
    }
    require(
      cell.hasCellState || (cellClip == nil && cellZoneout == 0),
      "a cell clip and cell zoneout need a cell state, which only the LSTM has")
    require(
      cell.hasGates || gateActivation == nil, "a simple RNN has no gates to choose an activation of"
    )
  }

  /// Whether the cell's plain formula is all there is, so that its fastest kernel runs.
  func isPlain(for cell: rk_cell) -> Bool {
    cell != RK_CELL_LSTM_COUPLED
      && (activation == nil || activation == cell.plainActivation)
      && (gateActivation == nil || gateActivation == .sigmoid)
      && gateClip == nil && cellClip == nil && recurrentDropout == 0 && zoneout == 0
      && cellZoneout == 0
  }
}

extension rk_cell {
  var isCoupled: Bool { self == RK_CELL_LSTM_COUPLED }
  var hasCellState: Bool { self == RK_CELL_LSTM || self == RK_CELL_LSTM_COUPLED }
  var hasGates: Bool { self != RK_CELL_RNN_TANH && self != RK_CELL_RNN_RELU }
  var plainActivation: Activation { self == RK_CELL_RNN_RELU ? .relu : .tanh }
}
