import RecurrentCore
import RecurrentFiles

// The layers whose formulas ONNX has. Weights stand as they are; what only training does is left out.

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Dense: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    var value = graph.node("MatMul", [input, graph.constant(weights, "weights")])
    if let bias { value = graph.sum(value, graph.constant(bias, "bias")) }
    return try activation.export(value, to: &graph)
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Activation: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    switch self {
    case .identity: return input
    case .softmax: return graph.node("Softmax", [input], ["axis": .integer(-1)])
    case .exponential: return graph.node("Exp", [input])
    case .silu: return graph.product(input, graph.node("Sigmoid", [input]))
    case .selu: return graph.node("Selu", [input])
    case .gelu:
      // x·(1 + erf(x / √2)) / 2
      let scaled = graph.product(input, graph.constant(Tensor(Float(0.5).squareRoot())))
      let one = graph.sum(graph.node("Erf", [scaled]), graph.constant(Tensor(1)))
      return graph.product(graph.product(input, one), graph.constant(Tensor(0.5)))
    default:
      guard let (name, alpha, beta) = onnxFunction else {
        throw DataError(
          .unwritable, file: "ONNX", problem: "has no activation \(rawValue)")
      }
      var attributes: [String: OnnxGraph.Attribute] = [:]
      if let alpha { attributes["alpha"] = .float(alpha) }
      if let beta { attributes["beta"] = .float(beta) }
      return graph.node(name, [input], attributes)
    }
  }
}

extension Activation {
  /// The function of ONNX's cells that this is, with its parameters.
  var onnxFunction: (name: String, alpha: Float?, beta: Float?)? {
    switch self {
    case .identity: ("Affine", 1, 0)
    case .sigmoid: ("Sigmoid", nil, nil)
    case .tanh: ("Tanh", nil, nil)
    case .relu: ("Relu", nil, nil)
    case .softplus: ("Softplus", nil, nil)
    case .softsign: ("Softsign", nil, nil)
    case .elu: ("Elu", 1, nil)
    case .leakyReLU: ("LeakyRelu", 0.01, nil)
    case .leakyReLUKeras: ("LeakyRelu", 0.2, nil)
    case .hardSigmoid: ("HardSigmoid", 1 / 6, 0.5)
    case .hardSigmoidONNX: ("HardSigmoid", 0.2, 0.5)
    default: nil
    }
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Embedding: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    graph.rows(of: weights, at: input)
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Dropout: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    input
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension EachStep: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    try graph.exported(layer, input)
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension LayerNorm: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    // LayerNormalization came with opset 17.
    let last: [String: OnnxGraph.Attribute] = ["axes": .integers([-1])]
    let centered = graph.node("Sub", [input, graph.node("ReduceMean", [input], last)])
    let variance = graph.node("ReduceMean", [graph.product(centered, centered)], last)
    let root = graph.node(
      "Sqrt", [graph.sum(variance, graph.constant(Tensor(epsilon), "epsilon"))])
    let normalized = graph.node("Div", [centered, root])
    return graph.sum(
      graph.product(normalized, graph.constant(gain, "gain")), graph.constant(bias, "bias"))
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension BatchNorm: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    let scale = (runningVariance + epsilon).squareRoot().reciprocal() * gain
    return graph.sum(
      graph.product(input, graph.constant(scale, "scale")),
      graph.constant(bias - runningMean * scale, "shift"))
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension LastOutput: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    graph.lastSteps(of: input)
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension MeanOverTime: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    graph.meanOverTime(input)
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension MaxOverTime: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    graph.maximumOverTime(input)
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension AttentionPooling: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    let compared = try projection.export(input, to: &graph)
    let scores = graph.node(
      "MatMul", [compared, graph.constant(query.reshaped(to: [query.count, 1]), "query")])
    let shares = graph.softmaxOverTime(scores, of: input)
    return graph.sumOverTime(graph.product(input, shares))
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension MultiHeadAttention: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    /// `[B, T, F]` as the heads see it, `[B, heads, T, d]`, or the last two the other way round.
    func split(_ layer: Dense, _ order: [Int]) throws(DataError) -> String {
      let size = layer.weights.shape[1]
      let value = try layer.export(input, to: &graph)
      return graph.transpose(graph.reshape(value, to: [0, -1, heads, size / heads]), order)
    }
    let size = query.weights.shape[1] / heads
    let scale = graph.constant(Tensor(1 / Float(size).squareRoot()), "scale")
    let asked = graph.product(try split(query, [0, 2, 1, 3]), scale)
    var scores = graph.matrixProduct(asked, try split(key, [0, 2, 3, 1]))
    let last: [String: OnnxGraph.Attribute] = ["axis": .integer(-1)]
    if !graph.lengths.isEmpty {
      // Of a row without steps all shares are alike, and nobody reads them.
      let mask = graph.unsqueeze(graph.transpose(graph.mask(of: input), [0, 2, 1]), [1])
      let least = graph.constant(Tensor(-Float.greatestFiniteMagnitude))
      scores = graph.node("Where", [mask, scores, least])
    }
    let shares = graph.node("Softmax", [scores], last)
    let found = graph.matrixProduct(shares, try split(value, [0, 2, 1, 3]))
    let together = graph.reshape(
      graph.transpose(found, [0, 2, 1, 3]), to: [0, -1, value.weights.shape[1]])
    return try output.export(together, to: &graph)
  }
}

// MARK: Layers of layers

extension OnnxBuilder {
  /// The nodes of a layer of which only the program's run tells whether it can be written.
  ///
  /// - Throws: ``DataError`` that names the layer if it cannot.
  public mutating func exported(
    _ layer: any Layer, _ input: String
  ) throws(DataError) -> String {
    if let layer = layer as? any OnnxExportable { return try layer.export(input, to: &self) }
    throw DataError(
      .unwritable, file: "ONNX",
      problem: "a \(String("\(type(of: layer))".prefix { $0 != "<" })) cannot be written",
      advice:
        "LSTM, GRU, simple RNN and Mogrifier layers can be, and a program's own layer if it is OnnxExportable"
    )
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension AnyLayer: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    try graph.exported(base, input)
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension RecurrentStack: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    var value = input
    for layer in layers { value = try layer.export(value, to: &graph) }
    return value
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Sequential: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    try graph.exported(layers, input)
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension FirstLayer: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    try graph.exported(layer, input)
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension NextLayer: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    try graph.exported(layer, try graph.exported(previous, input))
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SkipConnection: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    graph.merged([input, try graph.exported(layer, input)], merge)
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Branches: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    let lengths = graph.lengths
    var outputs: [String] = []
    for layer in layers {
      graph.lengths = lengths
      outputs.append(try graph.exported(layer, input))
    }
    return graph.merged(outputs, merge)
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Features: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    graph.part(of: input, along: 2, from: range.lowerBound, to: range.upperBound)
  }
}

extension NADE {
  /// The logit of each variable given those before it, `[B, T, D]`.
  ///
  /// - Parameters:
  ///   - x: the variables, `[B, T, D]`.
  ///   - biases: b and c of each step, `[B, T, D + K]`.
  public func export(
    _ x: String, biases: String, to graph: inout OnnxBuilder
  ) throws(DataError) -> String {
    let added = graph.product(
      graph.unsqueeze(x, [3]), graph.constant(weights, "weights"))
    // Those before: zeros on the diagonal and above it.
    let size = variables
    let earlier = (0..<size * size).map { Float($0 % size < $0 / size ? 1 : 0) }
    let sums = graph.node(
      "MatMul", [graph.constant(Tensor(earlier, shape: [size, size]), "earlier"), added])
    let own = graph.part(of: biases, along: 2, from: size, to: biasCount)
    let hidden = try Activation.sigmoid.export(
      graph.sum(sums, graph.unsqueeze(own, [2])), to: &graph)
    let terms = graph.product(hidden, graph.constant(outputWeights, "output_weights"))
    return graph.sum(
      graph.part(of: biases, along: 2, from: 0, to: size),
      graph.node("ReduceSum", [terms, graph.constant([3])], ["keepdims": .integer(0)]))
  }
}

extension OnnxBuilder {
  /// Values of one shape, or of other features, merged.
  mutating func merged(_ values: [String], _ merge: Merge) -> String {
    if merge == .concatenate { return concatenation(values, along: -1) }
    let result = values.dropFirst().reduce(values[0]) {
      merge == .multiply ? product($0, $1) : sum($0, $1)
    }
    return merge == .average
      ? product(result, constant(Tensor(Merge.share(of: values.count)))) : result
  }
}
