import ModelServing
import ServiceLifecycle

/// Ends streams that were idle for too long, as long as the server runs.
struct StreamSweeper: Service {
  let repository: ModelRepository
  let idle: Duration

  func run() async throws {
    let pause = max(.milliseconds(50), min(idle / 4, .seconds(10)))
    try? await cancelWhenGracefulShutdown {
      while true {
        try await Task.sleep(for: pause)
        _ = repository.removeIdleStreams()
      }
    }
  }
}
