import Recurrent

/// The size of images and the number of their classes.
struct ImageShape: Sendable, Codable, Equatable {
  var height: Int
  var width: Int
  var channels: Int
  var classes: Int

  /// Steps and features of an image: `[T, F]`; all pixels at once are one step.
  func steps(_ kind: ImageModelKind) -> (time: Int, features: Int) {
    switch kind {
    case .mlp: (1, height * width * channels)
    case .rows: (height, width * channels)
    case .pixels: (height * width, channels)
    }
  }
}

/// The network of an image classifier: `[B, H·W·C]` to logits `[B, classes]`.
///
/// `mlp` has dense layers with ReLU, `rows` and `pixels` have recurrent layers and go on from the
/// hidden state after the last step.
public struct ImageModel: Layer {
  /// The dense layers of `mlp`.
  public var hidden: [Dense] = []
  /// The recurrent layers of `rows` and `pixels`.
  public var recurrent: RecurrentStack?
  /// The layer from the last hidden values to the classes.
  public var head: Dense
  let steps: (time: Int, features: Int)
  let dropout: Dropout

  init(
    _ shape: ImageShape, options: ImageClassifierOptions,
    using generator: inout some RandomNumberGenerator
  ) {
    steps = shape.steps(options.model)
    dropout = Dropout(rate: options.dropout)
    if options.model == .mlp {
      for layer in 0..<options.layers {
        let inputs = layer == 0 ? steps.features : options.hiddenSize
        hidden.append(
          Dense(
            inputSize: inputs, outputSize: options.hiddenSize, activation: .relu,
            using: &generator))
      }
    } else {
      recurrent = RecurrentStack(
        options.cell, inputSize: steps.features, hiddenSize: options.hiddenSize,
        layerCount: options.layers, dropout: options.dropout, using: &generator)
    }
    head = Dense(inputSize: options.hiddenSize, outputSize: shape.classes, using: &generator)
  }

  /// How the recurrent layers run.
  public var paths: [LayerPath] { recurrent?.paths.map { $0.under("recurrent") } ?? [] }

  /// The logits.
  public func forward(_ input: Tensor, state: inout NoState, mode: Mode) -> Tensor {
    var values = input
    for (index, layer) in hidden.enumerated() {
      values = dropout(layer(values), mode: mode.child(index))
    }
    if let recurrent {
      let images = SequenceBatch(
        input.reshaped(to: [input.batchSize, steps.time, steps.features]))
      values = dropout(
        recurrent(images, mode: mode.child(0)).lastValidSteps, mode: mode.child(1))
    }
    return head(values)
  }

  /// Visits `hidden`, `recurrent` and `head`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("hidden", &hidden)
    visitor.visit("recurrent", &recurrent)
    visitor.visit("head", &head)
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ImageModel: JobModel {
  public func products(steps: Int) -> [JobProduct] {
    hidden.enumerated().map { JobProduct("hidden.\($0)", $1.weights.count, of: $1, times: 1) }
      + [JobProduct("head", head.weights.count, of: head, times: 1)]
  }
}
