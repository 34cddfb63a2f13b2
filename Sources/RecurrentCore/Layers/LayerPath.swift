/// How a recurrent layer computes, and what a step of it keeps: for reports and memory plans. It
/// decides nothing.
public struct LayerPath: Sendable, Equatable {
  /// Where the layer stands in its model, as its parameters are named: `0`, `1.forward`.
  public private(set) var name = ""
  /// The layer in words: `LSTM 8 → 64`.
  public let layer: String
  /// The way in which the layer runs.
  public let method: Method
  /// Why the layer runs that way, or with what.
  public let reason: String
  /// Features of a step that go in.
  public let inputSize: Int
  /// Features of a step that come out.
  public let outputSize: Int
  /// Numbers of a step that the backward pass needs besides input and output.
  public let keptSize: Int
  /// Numbers of a step that its random masks keep in training, whether steps are computed again or
  /// not.
  private(set) var maskSize = 0
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
  private(set) var givesInputGradient = false

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

  /// The path of a layer that keeps `size` more numbers of a step in masks.
  func masked(by size: Int) -> LayerPath {
    var result = self
    result.maskSize += size
    return result
  }

  /// The path of the layer at place `index` of a stack.
  func under(stack index: Int) -> LayerPath {
    var result = under("\(index)")
    result.givesInputGradient = index > 0
    return result
  }

  /// The path of the layer as the part `prefix` of another.
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
    let (inputs, units, size) = (weights.inputSize, weights.hiddenSize, weights.outputSize)
    let (gates, projects) = (weights.gates, weights.projection != nil)
    var extras = cell.isCoupled ? ["coupled gates"] : []
    if weights.peepholes != nil { extras.append("peepholes") }
    if projects { extras.append("projection") }
    extras += options.named
    var kept = gates * units + (cell.hasGates ? units : 0)
    if options.recurrentDropout > 0 { kept += size }
    if projects { kept += units }
    var masks = options.zoneout > 0 ? size : 0
    if options.cellZoneout > 0 { masks += units }
    if options.inputDropout > 0 { masks += inputs }  // the input under its mask
    func count(_ shape: [Int]) -> Int { elementCount(ofShape: shape) ?? .max }
    return LayerPath(
      layer: "\(name) \(inputs) → \(units)" + (projects ? " → \(size)" : ""), method: .fused,
      reason: extras.isEmpty ? "plain formula" : "with " + extras.joined(separator: ", "),
      inputSize: inputs, outputSize: size, keptSize: kept,
      segmentStateSize: cell.hasCellState ? units : 0, inputWeights: count([inputs, gates, units]),
      recurrentWeights: count([size, projects ? gates + 1 : gates, units]),
      biases: 2 * gates * units
    ).masked(by: masks)
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
