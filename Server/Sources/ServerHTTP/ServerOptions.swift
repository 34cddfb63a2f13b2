import InferenceProtocol
import ModelServing

/// What bounds the requests of a server.
public struct ServerLimits: Sendable {
  /// Bytes of a body.
  public var body = 16 << 20
  /// Bytes of all bodies that are held at once.
  public var bodies = 256 << 20
  /// How long the body of a request may take to arrive.
  public var bodyTime = Duration.seconds(30)
  /// How long a connection may be silent.
  public var idleTime = Duration.seconds(75)
  /// Connections at once.
  public var connections = 4096
  /// Requests that may wait for their turn.
  public var waiting = 1024
  /// How long a request may wait for its turn.
  public var patience = Duration.seconds(30)

  /// The defaults.
  public init() {}
}

/// The options of a server: address, models, bounds.
public struct ServerOptions: Sendable {
  /// A folder with model folders, and files of ONNX and RTNeural.
  public var models: String
  /// The host name or address that the server listens on.
  public var host = "127.0.0.1"
  /// The port; 0: any that is free.
  public var port = 8000
  /// Requests bring one of these keys, if there are any.
  public var keys: [String] = []
  /// Pages of this origin may ask, beside the server's own; nil: none.
  public var allowedOrigin: String?
  /// Files with certificate chain and key, in PEM; nil: no TLS.
  public var tls: (certificate: String, key: String)?
  /// The bounds of requests.
  public var limits = ServerLimits()
  /// The bounds of streams.
  public var streams = StreamTable.Limits()
  /// How many requests are worked on at once.
  public var workers = 2

  /// The defaults for a folder of models.
  public init(models: String) { self.models = models }
}
