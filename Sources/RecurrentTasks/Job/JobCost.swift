import Recurrent

/// The network of a job, as far as its costs are counted.
public protocol JobModel: Module {
  /// The recurrent layers, from the input up.
  var paths: [LayerPath] { get }
  /// What is multiplied beside them: names, weights, and how often for an example of so many steps.
  func products(steps: Int) -> [JobProduct]
}

/// Weights beside the recurrent layers.
public struct JobProduct: Sendable {
  /// The part's name, as its parameters have it.
  public let name: String
  /// Weights that are multiplied.
  public let weights: Int
  /// The number of the part's parameters.
  public let parameters: Int
  /// How often the weights are multiplied for an example.
  public let times: Int

  /// A product.
  public init(_ name: String, _ weights: Int, of module: some Module, times: Int) {
    self.name = name
    self.weights = weights
    parameters = module.parameterCount
    self.times = times
  }
}

/// What a network takes, counted and not run: operations and bytes of a prediction for one example,
/// and of a training step. Of the memory, embeddings and what stands behind the recurrent layers are
/// counted by their weights alone.
public struct JobCost: Sendable, CustomStringConvertible {
  /// The example whose cost is counted: a window, a text.
  public let example: String
  /// Examples of a training step, B.
  public let batchSize: Int
  /// Steps of an example, T.
  public let time: Int
  /// A prediction for one example.
  public let prediction: StepCost
  /// Operations of a prediction for one example, those beside the recurrent layers included.
  public let predictionOperations: Double
  /// A training step on a batch, with Adam.
  public let training: StepCost
  /// Operations of a training step, those beside the recurrent layers included.
  public let trainingOperations: Double
  private let parts: [[String]]

  init(
    _ model: some JobModel, example: String, batchSize: Int, time: Int, segmentLength: Int? = nil
  ) {
    (self.example, self.batchSize, self.time) = (example, batchSize, time)
    let (paths, count) = (model.paths, model.parameterCount)
    prediction = .prediction(paths: paths, parameterCount: count, batchSize: 1, time: time)
    training = .training(
      paths: paths, parameterCount: count, batchSize: batchSize, time: time,
      segmentLength: segmentLength)
    let steps = Double(batchSize * time)
    var rows = paths.map { path -> [String] in
      let forward = path.forwardOperations(steps: steps)
      let again = segmentLength == nil ? 0 : forward
      let name = path.name + "."
      let weights = model.parameters.reduce(0) {
        $0 + ($1.name.hasPrefix(name) ? $1.tensor.count : 0)
      }
      return [
        path.name, NumberFormat.grouped(weights),
        NumberFormat.operations(path.forwardOperations(steps: Double(time))),
        NumberFormat.operations(forward + path.backwardOperations(steps: steps) + again),
      ]
    }
    var beside = 0.0
    for product in model.products(steps: time) {
      let operations = 2 * Double(product.weights) * Double(product.times)
      beside += operations
      // Its input has a gradient too.
      rows.append([
        product.name, NumberFormat.grouped(product.parameters), NumberFormat.operations(operations),
        NumberFormat.operations(3 * Double(batchSize) * operations),
      ])
    }
    predictionOperations = prediction.operations + beside
    trainingOperations = training.operations + 3 * Double(batchSize) * beside
    parts =
      rows + [
        [
          "total", NumberFormat.grouped(count), NumberFormat.operations(predictionOperations),
          NumberFormat.operations(trainingOperations),
        ]
      ]
  }

  /// Two tables: operations by layer, and bytes.
  public var description: String {
    let header = ["layer", "parameters", "operations, one \(example)", "a training step"]
    func memory(_ name: String, _ bytes: KeyPath<StepCost, Double>) -> [String] {
      [name]
        + [prediction, training].map {
          $0[keyPath: bytes] > 0 ? NumberFormat.bytes($0[keyPath: bytes]) : "none"
        }
    }
    let table = [
      ["memory", "one \(example)", "a training step"],
      memory("parameters", \.parameters), memory("gradients", \.gradients),
      memory("optimizer state", \.optimizerState), memory("activations", \.activations),
      memory("peak", \.peak),
    ]
    return "\(TextTable([header] + parts))\n\n\(TextTable(table))"
  }
}

extension Job {
  /// What a prediction for one example and a training step of one network take.
  ///
  /// - Parameters:
  ///   - batchSize: Examples of a training step; as it was trained if nil.
  ///   - time: Steps of an example; as it was trained if nil.
  public func cost(batchSize: Int? = nil, time: Int? = nil) -> JobCost {
    let (batchSize, time) = (batchSize ?? options.batchSize, time ?? typicalSteps)
    let plan = options.memoryLimit.flatMap {
      MemoryPlan(
        paths: model.paths, parameterCount: model.parameterCount, batchSize: batchSize, time: time,
        limit: $0)
    }
    return JobCost(
      model, example: Self.example, batchSize: batchSize, time: time,
      segmentLength: plan?.segmentLength)
  }
}
