import Foundation
import Recurrent

/// How a network learns a task: new examples for each update, Adam, gradients of a norm of 1 at most,
/// until the error on sequences apart is under the goal.
struct Learning {
  var kind: Kind
  var layers = 1
  var hidden: Int
  var batch: Int
  var learningRate: Float
  /// Updates at most.
  var updates: Int
  /// The error that is good enough.
  var goal: Double
  var seed: UInt64
  /// Updates from check to check.
  var checkEvery = 200
  /// Sequences to check with, and as many to test with.
  var testCount = 1000

  /// Trains, and prints a line for each check and one for the test.
  func run(_ task: some MemoryTask) {
    let start = ContinuousClock.now
    var network = Network(kind, layers: layers, hidden: hidden, for: task, seed: seed)
    var optimizer = Adam(learningRate: learningRate)
    let key = RandomKey(seed: seed).child(1)
    // Checked during the training, and, since that decides when it stops, tested behind it.
    let check = examples(of: task, RandomGenerator(key.child(0)))
    let test = examples(of: task, RandomGenerator(key.child(-1)))
    print(
      """
      \(task.name): \(layers) x \(kind.rawValue), \(hidden) units, \(network.parameterCount) weights
      batches of \(batch), Adam \(learningRate), seed \(seed); without memory: \
      loss \(text(task.baseline.loss)), \(task.errorName) \(text(task.baseline.error))
      """)
    var recent = 0.0
    for update in 1...updates {
      var generator = RandomGenerator(key.child(update))
      let examples = task.examples(batch, using: &generator)
      let (loss, gradients) = valueAndGradients(of: network) { network in
        examples.targets.loss(network(examples))
      }
      optimizer.update(&network, along: gradients.clipped(toNorm: 1))
      recent += Double(loss)
      guard update % checkEvery == 0 || update == updates else { continue }
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      let (checkLoss, error) = evaluate(network, on: check)
      let mean = recent / Double((update - 1) % checkEvery + 1)
      recent = 0
      print(
        "update \(update)  loss \(text(mean))  new sequences: loss \(text(checkLoss)), "
          + "\(task.errorName) \(text(error))  " + String(format: "%.0f s", seconds))
      fflush(nil)
      guard error < goal || update == updates else { continue }
      let (testLoss, testError) = evaluate(network, on: test)
      print(
        "\(kind.rawValue): goal of \(text(goal)) \(error < goal ? "" : "not ")reached; on \(testCount) other sequences: "
          + "loss \(text(testLoss)), \(task.errorName) \(text(testError))")
      return
    }
  }

  /// Fixed sequences, in batches.
  private func examples(
    of task: some MemoryTask, _ generator: RandomGenerator
  ) -> [MemoryExamples] {
    var generator = generator
    return (0..<(testCount + 99) / 100).map { _ in
      task.examples(min(100, testCount), using: &generator)
    }
  }

  /// Loss and error on sequences never trained on.
  private func evaluate(
    _ network: Network, on test: [MemoryExamples]
  ) -> (loss: Double, error: Double) {
    let parts = test.map { part in
      let answers = network(part)
      return (
        Double(part.targets.loss(answers).value),
        part.targets.error(answers, counting: part.counted)
      )
    }
    let count = Double(parts.count)
    return (
      parts.reduce(0) { $0 + $1.0 } / count, parts.reduce(0) { $0 + $1.1 } / count
    )
  }
}

/// Four significant digits.
func text(_ value: Double) -> String {
  value != 0 && abs(value) < 1e-3 ? String(format: "%.2e", value) : String(format: "%.4g", value)
}
