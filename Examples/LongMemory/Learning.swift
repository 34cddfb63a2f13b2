import Foundation
import Recurrent

/// How a network learns a task: new examples for each update, Adam, gradients of a norm of 1 at most,
/// until the error on a fixed test set is under the goal.
struct Learning {
  var kind: Kind
  var layers = 1
  var hidden: Int
  var batch: Int
  var learningRate: Float
  /// Updates at most.
  var updates: Int
  /// The test error that is good enough.
  var goal: Double
  var seed: UInt64
  /// Updates from test to test.
  var testEvery = 200
  /// Sequences of the test set.
  var testCount = 1000

  /// Trains, and prints a line for each test.
  func run(_ task: some MemoryTask) {
    let start = ContinuousClock.now
    var network = Network(kind, layers: layers, hidden: hidden, for: task, seed: seed)
    var optimizer = Adam(learningRate: learningRate)
    let key = RandomKey(seed: seed).child(1)
    var testGenerator = RandomGenerator(key.child(0))
    let test = (0..<(testCount + 99) / 100).map { _ in
      task.examples(min(100, testCount), using: &testGenerator)
    }
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
      guard update % testEvery == 0 || update == updates else { continue }
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      let (testLoss, error) = evaluate(network, on: test)
      let mean = recent / Double((update - 1) % testEvery + 1)
      recent = 0
      print(
        "update \(update)  loss \(text(mean))  test loss \(text(testLoss))  \(task.errorName) \(text(error))  "
          + String(format: "%.0f s", seconds))
      fflush(nil)
      guard error < goal || update == updates else { continue }
      print(
        "\(kind.rawValue): \(task.errorName) \(text(error)) on \(testCount) new sequences after "
          + "\(update) updates (goal \(text(goal)): \(error < goal ? "reached" : "not reached"))")
      return
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
