import Foundation
import RecurrentFiles

/// The loss of a training whose learning rate grows from update to update by the same factor, until it
/// diverges (the range test of Smith 2017, arXiv:1506.01186).
public struct LearningRateRange: Sendable, Codable, Equatable {
  /// An update of the range test.
  public struct Point: Sendable, Codable, Equatable {
    /// The learning rate.
    public let rate: Double
    /// The loss of its batch, before the update.
    public let loss: Double
    /// The mean of the losses so far, each a tenth less worth than the one behind it.
    public let smoothed: Double
  }

  /// The updates, in order.
  public private(set) var points: [Point] = []
  /// Whether the loss grew beyond all bounds, before the largest rate was reached.
  public private(set) var diverged = false

  private var sum = 0.0
  private var weight = 0.0

  private enum CodingKeys: CodingKey {
    case points
    case diverged
  }

  /// Before the first update.
  init() {}

  /// The update at which the smoothed loss was least, but for the first ten, where few are averaged.
  public var best: Point? {
    points.dropFirst(max(0, min(10, points.count - 1))).min { $0.smoothed < $1.smoothed }
  }

  /// The mean loss of the first tenth of the updates, at least four.
  public var start: Double {
    let first = points.prefix(max(4, points.count / 10))
    return first.reduce(0) { $0 + $1.loss } / Double(max(1, first.count))
  }

  /// A tenth of the rate at which the smoothed loss was least, to two digits: there it still fell fast.
  /// Nil if it never fell below its ``start`` by a hundredth, or by less than batches differ.
  public var suggestion: Double? {
    guard let best, start - best.smoothed > max(0.01 * abs(start), spread) else { return nil }
    var (digits, scale) = (best.rate / 10, 1.0)
    while digits < 10 { (digits, scale) = (digits * 10, scale * 10) }
    while digits >= 100 { (digits, scale) = (digits / 10, scale / 10) }
    return digits.rounded() / scale
  }

  /// How far the losses up to the best update are from the smoothed ones (root mean square).
  private var spread: Double {
    let last = best?.rate ?? 0
    let known = points.prefix { $0.rate <= last }
    let sum = known.reduce(0) { $0 + ($1.loss - $1.smoothed) * ($1.loss - $1.smoothed) }
    return (sum / Double(max(1, known.count))).squareRoot()
  }

  /// Adds an update.
  mutating func add(rate: Double, loss: Double) {
    sum = 0.9 * sum + 0.1 * loss
    weight = 0.9 * weight + 0.1
    let smoothed = sum / weight
    if let best, points.count > 10 {
      // Four times the least; of losses around 0, three times what was gained.
      let room = 3 * max(abs(best.smoothed), start - best.smoothed)
      if smoothed > best.smoothed + room { diverged = true }
    }
    points.append(Point(rate: rate, loss: loss, smoothed: smoothed))
  }

  /// The last update made numbers that are not finite.
  mutating func ranAway() { diverged = true }

  /// A table with a header, a line an update.
  public var csv: String {
    points.enumerated().reduce("update,learning_rate,loss,smoothed_loss\n") { text, entry in
      let (update, point) = (entry.offset + 1, entry.element)
      return text + "\(update),\(point.rate),\(point.loss),\(point.smoothed)\n"
    }
  }
}

extension Trainer {
  /// The range test: updates with a rate that grows from one to the other by the same factor. It works
  /// on a copy; the run stays as it is.
  ///
  /// - Parameters:
  ///   - rates: the first and the last, both above 0.
  ///   - updates: how many there are between them, at least 2.
  ///   - stops: asked before each update; true ends the test.
  public func learningRateRange(
    on examples: Examples, rates: ClosedRange<Double> = 1e-6...1, updates: Int = 100,
    stops: () -> Bool = { false }
  ) -> LearningRateRange {
    require(examples.count > 0, "training needs at least one example")
    require(
      rates.lowerBound > 0 && updates > 1,
      "a range test takes rates above 0 and two updates or more, not \(rates) and \(updates)")
    var (trainer, range) = (self, LearningRateRange())
    trainer.communicator = nil
    var waiting: [[Int]] = []
    for update in 0..<updates where !range.diverged && !stops() {
      if waiting.isEmpty {
        if update > 0 { trainer.state.epoch += 1 }
        (trainer.state.progress, trainer.state.carried) = (EpochProgress(), [])
        waiting = trainer.batches(of: examples).reversed()
      }
      let share = Double(update) / Double(updates - 1)
      let (low, high) = (log(rates.lowerBound), log(rates.upperBound))
      let rate = exp(low + share * (high - low))
      trainer.state.optimizer.learningRate = Float(rate)
      let count = min(options.accumulate, waiting.count)
      let batches = (0..<count).compactMap { _ in waiting.popLast() }
      do throws(NonFiniteError) {
        range.add(rate: rate, loss: try trainer.step(batches, of: examples))
      } catch {
        range.ranAway()
      }
    }
    return range
  }
}
