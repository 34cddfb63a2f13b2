import Hummingbird
import InferenceProtocol
import NIOCore
import ServiceLifecycle

extension Response {
  /// Values as server-sent events, each sent when it comes.
  ///
  /// When whoever asked goes away, or the server is told to stop, `values` ends: its continuation is
  /// terminated.
  public init(events values: AsyncStream<JSONValue>) {
    self.init(
      status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
      body: ResponseBody { writer in
        for await value in values.cancelOnGracefulShutdown() {
          var event = ByteBuffer(string: "data: ")
          event.writeBytes(value.text)
          event.writeString("\n\n")
          try await writer.write(event)
        }
        try await writer.finish(nil)
      })
  }
}
