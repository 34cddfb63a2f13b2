import Recurrent

extension Forecaster {
  /// What the network takes, counted and not run: operations and bytes of a prediction for one
  /// window, and of a training step.
  public struct Cost: Sendable, CustomStringConvertible {
    /// Windows of a training step, B.
    public let batchSize: Int
    /// Rows of a window, T.
    public let time: Int
    /// A prediction for one window.
    public let prediction: StepCost
    /// Operations of a prediction for one window, those of the dense layer included.
    public let predictionOperations: Double
    /// A training step on a batch of windows, with Adam.
    public let training: StepCost
    /// Operations of a training step, those of the dense layer included.
    public let trainingOperations: Double
    private let parts: [[String]]

    init(_ model: ForecastModel, batchSize: Int, time: Int, segmentLength: Int?) {
      (self.batchSize, self.time) = (batchSize, time)
      let (paths, count) = (model.paths, model.parameterCount)
      prediction = .prediction(paths: paths, parameterCount: count, batchSize: 1, time: time)
      training = .training(
        paths: paths, parameterCount: count, batchSize: batchSize, time: time,
        segmentLength: segmentLength)
      // It sees each window's last state, and its input has a gradient too.
      let head = 2 * Double(model.head.weights.count)
      predictionOperations = prediction.operations + head
      trainingOperations = training.operations + 3 * Double(batchSize) * head

      let steps = Double(batchSize * time)
      let layers = paths.map { path -> [String] in
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
      parts =
        layers + [
          [
            "head", NumberFormat.grouped(model.head.parameterCount),
            NumberFormat.operations(head), NumberFormat.operations(3 * Double(batchSize) * head),
          ],
          [
            "total", NumberFormat.grouped(count), NumberFormat.operations(predictionOperations),
            NumberFormat.operations(trainingOperations),
          ],
        ]
    }

    /// Two tables: operations by layer, and bytes.
    public var description: String {
      let header = ["layer", "parameters", "operations, one window", "a training step"]
      func memory(_ name: String, _ bytes: KeyPath<StepCost, Double>) -> [String] {
        [name]
          + [prediction, training].map {
            $0[keyPath: bytes] > 0 ? NumberFormat.bytes($0[keyPath: bytes]) : "none"
          }
      }
      let table = [
        ["memory", "one window", "a training step"],
        memory("parameters", \.parameters), memory("gradients", \.gradients),
        memory("optimizer state", \.optimizerState), memory("activations", \.activations),
        memory("peak", \.peak),
      ]
      return "\(TextTable([header] + parts))\n\n\(TextTable(table))"
    }
  }

  /// What a prediction for one window and a training step take.
  ///
  /// - Parameters:
  ///   - batchSize: Windows of a training step; as it was trained if nil.
  ///   - time: Rows of a window; as it was trained if nil.
  public func cost(batchSize: Int? = nil, time: Int? = nil) -> Cost {
    let (batchSize, time) = (batchSize ?? options.batchSize, time ?? options.window)
    let plan = MemoryPlan(
      paths: model.paths, parameterCount: model.parameterCount, batchSize: batchSize, time: time,
      limit: options.memoryLimit)
    return Cost(model, batchSize: batchSize, time: time, segmentLength: plan?.segmentLength)
  }
}
