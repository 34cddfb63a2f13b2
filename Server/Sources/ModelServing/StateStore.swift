import InferenceProtocol
import Synchronization

/// Where states of streams are kept beyond the life of the server.
public protocol StateStore: Sendable {
  /// Takes what a stream's state has become; nil: it ended. The latest state of a stream that was taken
  /// is the one that is kept.
  func write(_ state: SavedState?, model: String, id: SequenceID) -> WrittenState
  /// The states of a model's streams.
  func states(of model: String) throws -> [(id: SequenceID, state: SavedState)]
}

/// The state of a stream, as it is kept and exported.
public struct SavedState: Sendable {
  /// Steps that it took.
  public var steps: Int
  /// The tensors by name.
  public var tensors: [(name: String, tensor: WireTensor)]
}

/// A state that is being written: who acknowledges a step waits for it.
public final class WrittenState: Sendable {
  private enum Progress {
    case waiting([@Sendable (RequestError?) -> Void])
    case done(RequestError?)
  }

  private let progress = Mutex(Progress.waiting([]))

  /// Calls `body` once it is written or failed: here and now if that is so already.
  public func whenDone(_ body: @escaping @Sendable (RequestError?) -> Void) {
    let result: RequestError?? = progress.withLock { progress in
      switch progress {
      case .done(let error): return .some(error)
      case .waiting(let bodies):
        progress = .waiting(bodies + [body])
        return nil
      }
    }
    if let result { body(result) }
  }

  /// Waits until it is written.
  public func wait() async throws(RequestError) {
    let error = await withCheckedContinuation { continuation in
      whenDone { continuation.resume(returning: $0) }
    }
    if let error { throw error }
  }

  func finish(_ error: RequestError?) {
    let bodies = progress.withLock { progress in
      guard case .waiting(let bodies) = progress else {
        return [] as [@Sendable (RequestError?) -> Void]
      }
      progress = .done(error)
      return bodies
    }
    for body in bodies { body(error) }
  }
}
