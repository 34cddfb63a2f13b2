import Dispatch
import InferenceProtocol
import Synchronization

/// Work that is not done on the threads of the network: a bounded queue, and as many at once as there
/// are processors.
///
/// Requests for one model that wait together are answered together, as far as the model takes them;
/// models give each the same bits as alone.
public final class WorkQueue: Sendable {
  /// What waits: requests for a model, or anything else.
  private struct Item {
    var model: ServingModel?
    var request: InferRequest?
    var since: ContinuousClock.Instant
    var finish: @Sendable (Result<[WireTensor], RequestError>) -> Void
    var work: (@Sendable () -> Void)?
  }

  private struct State {
    var waiting: [Item] = []
    var running = 0
    var isStopped = false
  }

  private let limit: Int
  private let width: Int
  private let patience: Duration
  private let metrics: ServingMetrics
  private let state = Mutex(State())
  private let threads = DispatchQueue(label: "recurrent-server.work", attributes: .concurrent)

  /// An empty queue.
  ///
  /// - Parameters:
  ///   - limit: How many may wait.
  ///   - width: How many are done at once.
  ///   - patience: Who waited for longer is not answered.
  public init(
    limit: Int, width: Int, patience: Duration, metrics: ServingMetrics = ServingMetrics()
  ) {
    (self.limit, self.width, self.patience) = (limit, width, patience)
    self.metrics = metrics
  }

  /// The number of requests that wait.
  public var depth: Int { state.withLock { $0.waiting.count } }

  /// The outputs for a request.
  public func infer(
    _ request: InferRequest, by model: ServingModel
  ) async throws(RequestError) -> [WireTensor] {
    let result = await withCheckedContinuation { continuation in
      enqueue(
        Item(
          model: model, request: request, since: .now,
          finish: { continuation.resume(returning: $0) }, work: nil))
    }
    return try result.get()
  }

  /// What `work` gives, on a thread of the queue.
  public func run<Value: Sendable>(
    _ work: @escaping @Sendable () throws(RequestError) -> Value
  ) async throws(RequestError) -> Value {
    let result: Result<Value, RequestError> = await withCheckedContinuation { continuation in
      enqueue(
        Item(
          since: .now,
          finish: { refusal in
            if case .failure(let error) = refusal {
              continuation.resume(returning: .failure(error))
            }
          },
          work: {
            continuation.resume(returning: Result { () throws(RequestError) in try work() })
          }))
    }
    return try result.get()
  }

  private func enqueue(_ item: Item) {
    let refused = state.withLock { state in
      guard state.waiting.count < limit || state.running < width else { return true }
      state.waiting.append(item)
      if state.running < width {
        state.running += 1
        threads.async { self.drain() }
      }
      return false
    }
    if refused {
      metrics.refused.increment()
      item.finish(
        .failure(
          RequestError(
            .busy, "\(limit) requests are waiting, which is all that may.", retryAfter: 1)))
    }
  }

  /// Does what waits until nothing does.
  private func drain() {
    while true {
      let items = state.withLock { state in
        guard let first = state.waiting.first else {
          state.running -= 1
          return [] as [Item]
        }
        guard let model = first.model, model.model.batchLimit > 1 else {
          return [state.waiting.removeFirst()]
        }
        var taken: [Item] = []
        state.waiting.removeAll { item in
          guard item.model === model, taken.count < model.model.batchLimit else { return false }
          taken.append(item)
          return true
        }
        return taken
      }
      guard !items.isEmpty else { return }
      let late = ContinuousClock.now - patience
      var timely: [Item] = []
      for item in items {
        guard item.since >= late else {
          item.finish(
            .failure(
              RequestError(
                .unavailable, "The request waited for \(patience) without its turn.",
                retryAfter: 1)))
          continue
        }
        timely.append(item)
      }
      guard let first = timely.first else { continue }
      if let work = first.work {
        work()
      } else if let model = first.model {
        metrics.batchSize.record(timely.count)
        let results = model.model.infer(timely.compactMap(\.request))
        for (item, result) in zip(timely, results) { item.finish(result) }
      }
    }
  }
}
