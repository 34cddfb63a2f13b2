/// How a recurrent layer computes, and what a step of it keeps: for reports and memory plans. It
/// decides nothing.
public struct LayerPath: Sendable, Equatable {
  /// Where the layer stands in its model, as its parameters are named: `0`, `1.forward`.
  public private(set) var name = ""
  /// What it is: `LSTM 8 → 64`.
  public let layer: String
  /// How it runs.
  public let method: Method
  /// Why that way, or with what.
  public let reason: String
  /// Features of a step that go in.
  public let inputSize: Int
  /// Features of a step that come out.
  public let outputSize: Int
  /// Numbers of a step that the backward pass needs besides input and output.
  public let keptSize: Int
  /// Numbers of a step that its random masks keep in training, whether steps are computed again or
  /// not.
  public private(set) var maskSize = 0
  /// Numbers of a row that must be kept at the start of each segment, where steps are computed
  /// again.
  public let segmentStateSize: Int
  /// Weights in matrix products with a step's input; 0 for a layer that is not fused.
  public let inputWeights: Int
  /// Weights in matrix products with the hidden state, and in its projection; 0 for a layer that is
  /// not fused.
  public let recurrentWeights: Int
  /// Numbers in the biases of a fused layer.
  let biases: Int
  /// Whether training takes the gradient of the layer's input, because a layer of the same stack
  /// gives it.
  public private(set) var givesInputGradient = false

  /// A way of running through time.
  public enum Method: String, Sendable, Codable, CaseIterable {
    /// One kernel for all steps, gates and state update in registers.
    case fused = "fused kernel"
    /// Gates of all steps at once, then one pass over time.
    case scan = "scan"
    /// Operation by operation, one step after the other.
    case stepByStep = "step by step"
  }

  init(
    layer: String, method: Method, reason: String, inputSize: Int = 0, outputSize: Int = 0,
    keptSize: Int = 0, segmentStateSize: Int = 0, inputWeights: Int = 0,
    recurrentWeights: Int = 0, biases: Int = 0
  ) {
    self.layer = layer
    self.method = method
    self.reason = reason
    self.inputSize = inputSize
    self.outputSize = outputSize
    self.keptSize = keptSize
    self.segmentStateSize = segmentStateSize
    self.inputWeights = inputWeights
    self.recurrentWeights = recurrentWeights
    self.biases = biases
  }

  /// The same layer with more numbers of a step in masks.
  func masked(by size: Int) -> LayerPath {
    var result = self
    result.maskSize += size
    return result
  }

  /// The same layer at this place of a stack.
  func under(stack index: Int) -> LayerPath {
    var result = under("\(index)")
    result.givesInputGradient = index > 0
    return result
  }

  /// The same layer as a part of another.
  public func under(_ prefix: String) -> LayerPath {
    var result = self
    result.name = name.isEmpty ? prefix : prefix + "." + name
    return result
  }
}

extension FusedRecurrence {
  /// Whether so few rows keep one thread busy only: there are too few to share, and too few units.
  func keepsOneThread(batchSize: Int) -> Bool {
    FusedDivision.keepsOneThread(batchSize: batchSize, units: weights.outputSize)
  }

  /// The path of a fused layer called `name`.
  func path(_ name: String) -> LayerPath {
    var extras = cell.isCoupled ? ["coupled gates"] : []
    if weights.peepholes != nil { extras.append("peepholes") }
    return LayerPath(
      name, gates: weights.gates, hasCellState: cell.hasCellState, inputSize: weights.inputSize,
      hiddenSize: weights.hiddenSize,
      projectionSize: weights.projection?.shape[1], extras: extras, options: options)
  }
}

extension LayerPath {
  /// A fused layer with so many gates.
  init(
    _ name: String, gates: Int, hasCellState: Bool, inputSize: Int, hiddenSize: Int,
    projectionSize: Int? = nil,
    extras: [String] = [], options: RecurrentOptions
  ) {
    let size = projectionSize ?? hiddenSize
    let extras = extras + (projectionSize != nil ? ["projection"] : []) + options.named
    var kept = gates * hiddenSize + (gates > 1 ? hiddenSize : 0)
    if options.recurrentDropout > 0 { kept += size }
    if projectionSize != nil { kept += hiddenSize }
    self.init(
      layer: "\(name) \(inputSize) → \(hiddenSize)" + (projectionSize.map { " → \($0)" } ?? ""),
      method: .fused,
      reason: extras.isEmpty ? "plain formula" : "with " + extras.joined(separator: ", "),
      inputSize: inputSize, outputSize: size, keptSize: kept,
      segmentStateSize: hasCellState ? hiddenSize : 0,
      inputWeights: gates * hiddenSize * inputSize,
      recurrentWeights: gates * hiddenSize * size
        + (projectionSize.map { hiddenSize * $0 } ?? 0),
      biases: 2 * gates * hiddenSize)
    if options.zoneout > 0 { maskSize += size }
    if options.cellZoneout > 0 { maskSize += hiddenSize }
    if options.inputDropout > 0 { maskSize += inputSize }  // the input under its mask
  }
}

extension RecurrentOptions {
  /// The options that are set, in words.
  fileprivate var named: [String] {
    var names: [String] = []
    if let activation { names.append("activation \(activation.rawValue)") }
    if let gateActivation { names.append("gate activation \(gateActivation.rawValue)") }
    if let gateClip { names.append("gate clip \(gateClip)") }
    if let cellClip { names.append("cell clip \(cellClip)") }
    for (name, rate) in [
      ("input dropout", inputDropout), ("recurrent dropout", recurrentDropout),
      ("zoneout", zoneout), ("cell zoneout", cellZoneout), ("DropConnect", dropConnect),
    ] where rate > 0 {
      names.append("\(name) \(rate)")
    }
    return names
  }
}
