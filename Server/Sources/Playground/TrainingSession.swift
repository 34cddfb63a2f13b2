import Foundation
import InferenceProtocol
import ModelServing
import Recurrent

/// What is trained, and how.
struct TrainingSettings: Sendable, Equatable {
  var cell = CellKind.lstm
  var units = 16
  var window = 24
  var ahead = 1
  var learningRate = 0.005
  var epochs = 30
  var seed = 1

  static let unitRange = 1...128
  static let windowRange = 2...200
  static let aheadRange = 1...50
  static let learningRateRange = 1e-5...1.0
  static let epochRange = 1...500

  /// The settings of a request; what it does not say is as above.
  init(_ request: JSONValue) throws(RequestError) {
    if let name = try request.string("cell") {
      guard let cell = CellKind(rawValue: name) else {
        throw request.problem(
          "cell", "one of " + CellKind.allCases.map(\.rawValue).joined(separator: ", "))
      }
      self.cell = cell
    }
    units = try request.integer("units", in: Self.unitRange) ?? units
    window = try request.integer("window", in: Self.windowRange) ?? window
    ahead = try request.integer("ahead", in: Self.aheadRange) ?? ahead
    learningRate =
      try request.number("learning_rate", in: Self.learningRateRange) ?? learningRate
    epochs = try request.integer("epochs", in: Self.epochRange) ?? epochs
    seed = try request.integer("seed", in: 0...1_000_000) ?? seed
  }
}

/// A training that tells how it goes, epoch by epoch.
struct TrainingSession: Sendable {
  let settings: TrainingSettings
  let data: SeriesWindows
  /// A training ends here, whatever is left.
  var timeLimit = Duration.seconds(600)

  /// Windows of an update, of an epoch at most, and of a look at the loss at most.
  private static let (batch, ofEpoch, ofLoss) = (32, 2048, 512)

  init(_ settings: TrainingSettings, values: [Double]) throws(RequestError) {
    self.settings = settings
    data = try SeriesWindows(values, window: settings.window, ahead: settings.ahead)
  }

  /// The rows whose forecasts are shown: the last of the unseen ones.
  private var shown: [Int] { Array(data.test.suffix(100)) }

  /// Trains until it is done or `send` says that nobody listens.
  ///
  /// - Parameter send: Gets what is to be told, and says whether to go on.
  func run(_ send: (JSONValue) -> Bool) {
    let begin = ContinuousClock.now
    let key = RandomKey(seed: UInt64(settings.seed))
    var generator = RandomGenerator(key.child(0))
    var network = CellNetwork(settings.cell, units: settings.units, using: &generator)
    var optimizer = Adam(learningRate: Float(settings.learningRate))
    guard send(start(network)) else { return }
    let judged = data.validation.spread(Self.ofLoss)
    var (best, bestLoss, bestEpoch) = (network, Double.infinity, 0)
    var reason = "all epochs are done"
    training: for epoch in 1...settings.epochs {
      var generator = RandomGenerator(key.child(epoch))
      let rows = data.training.shuffled(using: &generator).prefix(Self.ofEpoch)
      var (sum, told) = (0.0, ContinuousClock.now)
      for first in stride(from: rows.startIndex, to: rows.endIndex, by: Self.batch) {
        let part = Array(rows[first..<min(first + Self.batch, rows.endIndex)])
        let (windows, targets) = (data.inputs(part), data.targets(part))
        let (loss, gradients) = valueAndGradients(of: network) { network in
          meanSquaredError(network(windows), targets)
        }
        let problem = optimizer.update(&network, along: gradients.clipped(toNorm: 1))
        guard problem == nil, loss.isFinite else {
          reason = "the numbers grew beyond all bounds: take a smaller learning rate"
          break training
        }
        sum += Double(loss) * Double(part.count)
        if ContinuousClock.now - told > .milliseconds(250) {
          told = .now
          let share = Double(first + part.count) / Double(rows.count)
          guard
            send(["event": "progress", "epoch": .integer(Int64(epoch)), "share": .number(share)])
          else { return }
        }
      }
      let validation = Double(
        meanSquaredError(network(data.inputs(judged)), data.targets(judged)).value)
      if validation < bestLoss { (best, bestLoss, bestEpoch) = (network, validation, epoch) }
      let loss = sum / Double(rows.count)
      guard send(self.epoch(epoch, network, loss: loss, validation: validation)) else { return }
      if ContinuousClock.now - begin > timeLimit, epoch < settings.epochs {
        reason = "its time of \(timeLimit.components.seconds) s is over"
        break
      }
    }
    _ = send(
      end(
        best, epoch: bestEpoch, reason: reason, seconds: (ContinuousClock.now - begin) / .seconds(1)
      ))
  }

  // MARK: What is told

  private func start(_ network: CellNetwork) -> JSONValue {
    [
      "event": "start", "cell": .string(settings.cell.rawValue),
      "parameters": .integer(Int64(network.parameterCount)),
      "rows": [
        "training": .integer(Int64(data.training.count)),
        "validation": .integer(Int64(data.validation.count)),
        "test": .integer(Int64(data.test.count)),
      ],
      "first_shown": .integer(Int64(shown.first ?? 0)),
      "truth": .numbers(shown.map { data.values[$0] }),
      "naive": .numbers(data.naive(shown)),
      "naive_loss": .number(data.naiveLoss(data.validation.spread(Self.ofLoss))),
    ]
  }

  private func epoch(
    _ epoch: Int, _ network: CellNetwork, loss: Double, validation: Double
  ) -> JSONValue {
    let seen = data.test.spread(16)
    return [
      "event": "epoch", "epoch": .integer(Int64(epoch)), "loss": .number(loss),
      "validation_loss": .number(validation),
      "forecast": .numbers(data.forecasts(shown, from: network(data.inputs(shown)))),
      "activity": .traces(network.activity(data.inputs([data.test.upperBound - 1]))),
      "gradient": .traces(network.gradientFlow(data.inputs(seen), data.targets(seen))),
    ]
  }

  private func end(_ best: CellNetwork, epoch: Int, reason: String, seconds: Double) -> JSONValue {
    var forecasts: [Double] = []
    for first in stride(from: 0, to: data.test.count, by: 512) {
      let rows = Array(data.test.dropFirst(first).prefix(512))
      forecasts += data.forecasts(rows, from: best(data.inputs(rows)))
    }
    let error = data.rootMeanSquare(forecasts, data.test)
    let naive = data.rootMeanSquare(data.naive(data.test), data.test)
    return [
      "event": "end", "reason": .string(reason), "best_epoch": .integer(Int64(epoch)),
      "rmse": .number(error), "naive_rmse": .number(naive), "is_better": .bool(error < naive),
      "test_rows": .integer(Int64(data.test.count)), "seconds": .number(seconds),
      "forecast": .numbers(Array(forecasts.suffix(shown.count))),
    ]
  }
}

extension JSONValue {
  static func numbers(_ values: [Double]) -> JSONValue { .array(values.map { .number($0) }) }

  static func traces(_ traces: [CellNetwork.Trace]) -> JSONValue {
    .array(traces.map { ["name": .string($0.name), "values": .numbers($0.values)] })
  }
}
