import RecurrentFiles

extension RTNeuralFile {
  /// A layer as RTNeural's JSON describes it.
  struct LayerDescription: Codable {
    let type: String
    var activation: String?
    var shape: [Int?]?
    /// Keras's arrays; none of an activation.
    var arrays: [Numbers]?
    var kernelSize: [Int]?
    var dilation: [Int]?
    var groups: Int?
    var epsilon: Float?

    enum CodingKeys: String, CodingKey {
      case type, activation, shape, dilation, groups, epsilon
      case arrays = "weights"
      case kernelSize = "kernel_size"
    }

    private var weights: [Numbers] { arrays ?? [] }

    /// The layer, and its activation where that is one of its own.
    func read(inputSize: inout Int?, place: String) throws(DataError) -> [AnyLayer] {
      var arrays = KerasWeights(
        arrays: weights.enumerated().map { ("array \($0)", $1.tensor) }, source: place)
      let biased = weights.count > (type == "lstm" || type == "gru" ? 2 : 1)
      let layer: AnyLayer
      let sizes: (input: Int, output: Int)
      switch type {
      case "dense", "time-distributed-dense":
        let dense = try arrays.dense(bias: biased)
        sizes = (dense.weights.shape[0], dense.weights.shape[1])
        layer = AnyLayer(EachStep(dense))
      case "lstm":
        let lstm = try arrays.lstm(bias: biased)
        sizes = (lstm.weights.inputSize, lstm.weights.hiddenSize)
        layer = AnyLayer(lstm)
      case "gru":
        let resetsBefore = biased && weights[2].tensor.shape.count == 1
        let gru = try arrays.gru(
          reset: resetsBefore ? .beforeProduct : .afterProduct, bias: biased)
        sizes = (gru.weights.inputSize, gru.weights.hiddenSize)
        layer = AnyLayer(gru)
      case "conv1d":
        let convolution = try convolution(&arrays, biased: biased, place: place)
        sizes = (convolution.weights.shape[1], convolution.weights.shape[2])
        layer = AnyLayer(convolution)
      case "batchnorm":
        let norm = try batchNorm(&arrays)
        sizes = (norm.gain.count, norm.gain.count)
        layer = AnyLayer(norm)
      case "prelu":
        let slopes = try arrays.array()
        guard let width = inputSize, slopes.count == width || slopes.count == 1 else {
          throw DataError(
            file: place,
            problem: "found \(slopes.count) slopes, expected \(inputSize ?? 0), or 1 for all")
        }
        sizes = (width, width)
        layer = AnyLayer(
          EachStep(
            PReLU(slope: slopes.reshaped(to: [slopes.count]).broadcast(to: [width]))))
      case "activation":
        sizes = (inputSize ?? 0, inputSize ?? 0)
        layer = AnyLayer(EachStep(Elementwise(try function(place))))
      default:
        throw DataError(
          file: place,
          problem: "found this type, expected dense, time-distributed-dense, lstm, gru, conv1d, "
            + "batchnorm, prelu or activation")
      }
      try arrays.finish()
      guard inputSize.map({ $0 == sizes.input }) ?? true else {
        throw DataError(
          file: place,
          problem: "takes \(sizes.input) features, and gets \(inputSize ?? 0) from before it")
      }
      inputSize = sizes.output
      // The activation of a recurrent layer is that of its cell.
      if type == "activation" { return [layer] }
      let own = try function(place)
      if type == "lstm" || type == "gru" {
        guard own == .tanh || own == .identity else {
          throw DataError(file: place, problem: "found the activation \(own), expected tanh")
        }
        return [layer]
      }
      return own == .identity ? [layer] : [layer, AnyLayer(EachStep(Elementwise(own)))]
    }

    private func function(_ place: String) throws(DataError) -> Activation {
      let name = activation ?? ""
      guard let function = name.isEmpty ? .identity : Activation(rawValue: name) else {
        throw DataError(
          file: place,
          problem:
            "found the activation \(quoted(name)), expected tanh, relu, sigmoid, softmax or elu")
      }
      return function
    }

    /// The kernel `[K, I / groups, O]`; each group of outputs sees its own inputs.
    private func convolution(
      _ arrays: inout KerasWeights, biased: Bool, place: String
    ) throws(DataError) -> Conv1D {
      var kernel = try arrays.array()
      let groups = groups ?? 1
      // What the file says without a number for each of it is not made room for beyond this.
      let limit = 1 << 24
      let dilation = dilation?.first ?? 1
      guard kernel.rank == 3, kernel.shape.allSatisfy({ $0 >= 1 }),
        (1...kernel.shape[2]).contains(groups), kernel.shape[2] % groups == 0,
        kernel.count <= limit / groups, (1...limit).contains(dilation),
        kernel.shape[0] * kernel.shape[1] * groups <= limit / dilation
      else {
        throw DataError(
          file: place,
          problem: "found a kernel of shape \(kernel.shape) in \(groups) groups, dilation "
            + "\(dilation), expected [K, I / groups, O], and not that much")
      }
      if groups > 1 {
        let (size, own, outputs) = (kernel.shape[0], kernel.shape[1], kernel.shape[2])
        let values = kernel.elements
        var whole = [Float](repeating: 0, count: size * own * groups * outputs)
        for k in 0..<size {
          for input in 0..<own {
            for output in 0..<outputs {
              let group = output / (outputs / groups)
              whole[((k * groups + group) * own + input) * outputs + output] =
                values[(k * own + input) * outputs + output]
            }
          }
        }
        kernel = Tensor(whole, shape: [size, own * groups, outputs])
      }
      let bias = biased ? try arrays.next("bias", shape: [kernel.shape[2]]) : nil
      return Conv1D(
        weights: kernel, bias: bias, dilation: dilation, padding: .causal)
    }

    /// Gain, bias, mean and variance, or the last two alone.
    private func batchNorm(_ arrays: inout KerasWeights) throws(DataError) -> BatchNorm {
      let first = try arrays.next("mean or gain", shape: [nil])
      var norm = BatchNorm(size: first.count, epsilon: max(0, epsilon ?? 1e-3))
      if weights.count > 2 {
        norm.gain = first
        norm.bias = try arrays.next("bias", shape: [first.count])
        norm.runningMean = try arrays.next("mean", shape: [first.count])
      } else {
        norm.runningMean = first
      }
      norm.runningVariance = try arrays.next("variance", shape: [first.count])
      return norm
    }
  }
}

// MARK: Writing

extension RTNeuralFile.LayerDescription {
  /// What the file says of a layer; nil if it cannot.
  init?(_ layer: any Layer<SequenceBatch, SequenceBatch>) {
    typealias Numbers = RTNeuralFile.Numbers
    switch layer {
    case let layer as LSTM: self.init(recurrent: layer, type: "lstm", units: layer.weights)
    case let layer as GRU:
      guard layer.reset == .afterProduct else { return nil }
      self.init(recurrent: layer, type: "gru", units: layer.weights)
    case let layer as EachStep<Dense>:
      let dense = layer.layer
      self.init(
        type: "dense", activation: dense.activation == .identity ? "" : dense.activation.rawValue,
        shape: [nil, nil, dense.weights.shape[1]],
        arrays: ([dense.weights] + (dense.bias.map { [$0] } ?? [])).map(Numbers.init))
    case let layer as Conv1D:
      guard layer.isCausal else { return nil }
      self.init(
        type: "conv1d", activation: "", shape: [nil, nil, layer.weights.shape[2]],
        arrays: ([layer.weights] + (layer.bias.map { [$0] } ?? [])).map(Numbers.init),
        kernelSize: [layer.weights.shape[0]], dilation: [layer.dilation], groups: 1)
    case let layer as BatchNorm:
      self.init(
        type: "batchnorm", activation: "", shape: [nil, nil, layer.gain.count],
        arrays: [layer.gain, layer.bias, layer.runningMean, layer.runningVariance].map(
          Numbers.init), epsilon: layer.epsilon)
    case let layer as EachStep<PReLU>:
      let slopes = layer.layer.slope
      self.init(
        type: "prelu", activation: "", shape: [nil, nil, slopes.count],
        arrays: [Numbers(slopes.reshaped(to: [1, slopes.count]))])
    case let layer as EachStep<Elementwise>:
      self.init(
        type: "activation", activation: layer.layer.activation.rawValue, shape: nil, arrays: [])
    default: return nil
    }
    let known = ["", "tanh", "relu", "sigmoid", "softmax", "elu"]
    guard known.contains(activation ?? "") else { return nil }
  }

  /// A recurrent layer of the plain formula.
  private init?(
    recurrent layer: any Layer<SequenceBatch, SequenceBatch>, type: String, units: RecurrentWeights
  ) {
    var arrays = KerasWeights()
    guard units.peepholes == nil, units.projection == nil, (try? arrays.add(layer)) != nil,
      let all = try? arrays.tensors.all()
    else { return nil }
    self.init(
      type: type, activation: "tanh", shape: [nil, nil, units.hiddenSize],
      arrays: all.map { RTNeuralFile.Numbers(Tensor($0.tensor)) })
  }
}
