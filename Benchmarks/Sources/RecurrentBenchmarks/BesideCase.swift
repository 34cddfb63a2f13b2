import Foundation
import Recurrent
import Synchronization

/// Predictions beside a training in the same process, each in an `ExecutionContext` of its own.
///
/// A thread of each on a processor of its own takes nothing from the other; where both want every
/// processor, each has half of them. More than that is lost to whatever the two share.
struct BesideCase {
  let budget: Double

  /// For half of the processors and for all of them: predictions alone, and beside the training.
  func lines() -> [String] {
    let processors = ProcessInfo.processInfo.activeProcessorCount
    return Set([max(1, processors / 2), processors]).sorted().map { threads in
      let alone = predictions(threads: threads)
      let beside = besideTraining(threads: threads) { predictions(threads: threads) }
      let share = min(1, Double(processors) / Double(2 * threads))
      return String(
        format: "%d %@ each: %.3f ms alone, %.3f ms beside a training (%.2f times; their share of "
          + "%d processors: %.2f)",
        threads, threads == 1 ? "thread" : "threads", alone, beside, beside / alone, processors,
        1 / share)
    }
  }

  private func predictions(threads: Int) -> Double {
    ExecutionContext(threads: threads).run {
      medianMilliseconds(
        budget: budget, LayerCase(mode: .infer, cell: .lstm, shape: NamedShape.small.shape).body())
    }
  }

  /// What `body` gives while another thread trains.
  private func besideTraining<Result>(threads: Int, _ body: () -> Result) -> Result {
    let training = Training(threads: threads)
    defer { training.stop() }
    return body()
  }

  /// Trains on a thread of its own until it is stopped.
  private final class Training: Sendable {
    private let isOver = Atomic(false)
    private let ended = DispatchSemaphore(value: 0)

    init(threads: Int) {
      let begun = DispatchSemaphore(value: 0)
      Thread.detachNewThread { [self] in
        ExecutionContext(threads: threads).run {
          let step = LayerCase(mode: .train, cell: .gru, shape: NamedShape.small.shape).body()
          step()
          begun.signal()
          while !isOver.load(ordering: .relaxed) { step() }
        }
        ended.signal()
      }
      begun.wait()
    }

    func stop() {
      isOver.store(true, ordering: .relaxed)
      ended.wait()
    }
  }
}
