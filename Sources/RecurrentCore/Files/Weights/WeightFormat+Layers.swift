extension WeightFormat {
  /// One direction of a recurrent layer, as a framework names and orders its weights.
  struct Direction {
    var cell: Cell
    var weights: RecurrentWeights
    var options: RecurrentOptions

    /// Whether both can be parts of one module that has one size and one formula.
    func isAlike(_ other: Direction) -> Bool {
      cell == other.cell && weights.hiddenSize == other.weights.hiddenSize
        && weights.outputSize == other.weights.outputSize
        && options.activation ?? .tanh == other.options.activation ?? .tanh
    }
  }

  /// A recurrent layer of one direction or two.
  struct Layer {
    var forward: Direction
    var backward: Direction?
    var merge = Merge.concatenate
  }

  /// The recurrent layers that `layer` is made of, from the input up; nil if it has other parts.
  static func layers(of layer: any RecurrentCore.Layer) -> [Layer]? {
    (layer as? any FormattedLayer)?.formattedLayers
  }
}

/// A layer whose weights other frameworks may hold too.
protocol FormattedLayer {
  /// The layers that it is made of, from the input up; nil if it has parts that no framework has.
  var formattedLayers: [WeightFormat.Layer]? { get }
}

extension LSTM: FormattedLayer {
  var formattedLayers: [WeightFormat.Layer]? {
    [.init(forward: .init(cell: .lstm, weights: weights, options: options))]
  }
}

extension GRU: FormattedLayer {
  var formattedLayers: [WeightFormat.Layer]? {
    [.init(forward: .init(cell: .gru(reset), weights: weights, options: options))]
  }
}

extension SimpleRNN: FormattedLayer {
  var formattedLayers: [WeightFormat.Layer]? {
    [.init(forward: .init(cell: .simpleRNN, weights: weights, options: options))]
  }
}

extension AnyLayer: FormattedLayer {
  var formattedLayers: [WeightFormat.Layer]? { WeightFormat.layers(of: base) }
}

extension RecurrentStack: FormattedLayer {
  var formattedLayers: [WeightFormat.Layer]? {
    var all: [WeightFormat.Layer] = []
    for layer in layers {
      guard let formatted = layer.formattedLayers else { return nil }
      all += formatted
    }
    return all
  }
}

extension Bidirectional: FormattedLayer {
  var formattedLayers: [WeightFormat.Layer]? {
    guard let there = WeightFormat.layers(of: forward), there.count == 1,
      let back = WeightFormat.layers(of: backward.layer), back.count == 1,
      there[0].backward == nil, back[0].backward == nil
    else { return nil }
    return [.init(forward: there[0].forward, backward: back[0].forward, merge: merge)]
  }
}
