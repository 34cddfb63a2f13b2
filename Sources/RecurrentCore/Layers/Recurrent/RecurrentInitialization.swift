import RecurrentFiles
internal import RecurrentKernels

/// How the parameters of a recurrent layer are drawn, each by a rule of its own.
///
/// ```swift
/// GRU(inputSize: 3, hiddenSize: 8, initialization: .init(recurrent: .orthogonal(gain: 0.9)), using: &generator)
/// ```
public struct RecurrentInitialization: Sendable, Equatable {
  /// The start values of W, and of a projection; nil: uniform in ± 1/√H.
  public var input: Initializer?
  /// The start values of U; nil: uniform in ± 1/√H.
  public var recurrent: Initializer?
  /// The start values of biases and peepholes; nil: uniform in ± 1/√H.
  public var bias: Initializer?
  /// What the biases of single gates become after that.
  public var gateBiases: GateBiases?
  /// Whether layers have a second bias even where it only adds to the first.
  public var hasTwoBiases: Bool

  /// Rules; what is left out is drawn as PyTorch does.
  public init(
    input: Initializer? = nil, recurrent: Initializer? = nil, bias: Initializer? = nil,
    gateBiases: GateBiases? = nil, hasTwoBiases: Bool = true
  ) {
    self.input = input
    self.recurrent = recurrent
    self.bias = bias
    self.gateBiases = gateBiases
    self.hasTwoBiases = hasTwoBiases
  }

  /// The rules of a framework.
  public init(_ initialization: Initialization) {
    switch initialization {
    case .pytorch: self = .pytorch
    case .keras: self = .keras
    }
  }

  /// PyTorch's: everything uniform in ± 1/√H, with two biases.
  public static let pytorch = RecurrentInitialization()

  /// Keras's: Glorot uniform input weights, orthogonal recurrent weights, zero biases but for a
  /// forget bias of 1.
  public static let keras = RecurrentInitialization(
    input: .glorotUniform, recurrent: .orthogonal(), bias: .zeros, gateBiases: .forget(1),
    hasTwoBiases: false)

  /// For dependencies of up to `steps` steps (Tallec and Ollivier 2018, arXiv:1804.11188): the
  /// LSTM's forget bias is log u with u uniform in 1 ..< steps - 1 for each unit, its input bias
  /// the negative of it; the same for the GRU's update gate. Else as Keras.
  public static func chrono(steps: Int) -> RecurrentInitialization {
    require(steps > 2, "chrono initialization needs more than 2 steps, not \(steps)")
    var result = keras
    result.gateBiases = .chrono(steps: steps)
    return result
  }

  /// The start values of single gates' biases.
  public enum GateBiases: Sendable, Equatable {
    /// The LSTM's forget gate gets this bias.
    case forget(Float)
    /// See ``RecurrentInitialization/chrono(steps:)``.
    case chrono(steps: Int)

    func apply(
      to bias: inout Tensor, cell: rk_cell, hiddenSize: Int,
      using generator: inout some RandomNumberGenerator
    ) {
      guard cell.hasGates, bias.hasElements else { return }
      func fill(_ gate: Int, _ value: (_ unit: Int) -> Float) {
        bias.withUnsafeMutableElements { bias in
          for unit in 0..<hiddenSize { bias[gate * hiddenSize + unit] = value(unit) }
        }
      }
      switch self {
      case .forget(let value):
        if cell == RK_CELL_LSTM { fill(1) { _ in value } }
      case .chrono(let steps):
        let memories = (0..<hiddenSize).map { _ in
          Float(
            Tensor.naturalLogarithm(1 + Double(generator.uniformFloat()) * Double(steps - 2)))
        }
        if cell == RK_CELL_LSTM || cell == RK_CELL_LSTM_COUPLED { fill(0) { -memories[$0] } }
        if cell != RK_CELL_LSTM_COUPLED { fill(1) { memories[$0] } }
      }
    }
  }

  func hasRecurrentBias(_ cell: rk_cell) -> Bool {
    hasTwoBiases || cell == RK_CELL_GRU_RESET_AFTER
  }
}
