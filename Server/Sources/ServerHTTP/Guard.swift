import HTTPTypes
import Hummingbird
import InferenceProtocol

/// Who may ask: keys, and pages of which origins.
///
/// A browser sends what a page of any server tells it to send, also to a server on loopback. So a
/// request with another origin than the server's own is refused unless that origin is allowed.
struct Guard: Sendable {
  private let keys: [[UInt8]]
  private let allowedOrigin: String?

  init(_ options: ServerOptions) {
    keys = options.keys.map { Array($0.utf8) }
    allowedOrigin = options.allowedOrigin
  }

  /// Throws if whoever sent the request may not.
  func check(_ head: HTTPRequest, isOpen: Bool) throws(RequestError) {
    if let origin = head.headerFields[.origin], origin != allowedOrigin,
      origin.split(separator: "/").last.map(String.init) != head.authority
    {
      throw RequestError(
        .forbidden,
        "Pages of \(quoted(origin)) may not ask this server (--allow-origin of the server).")
    }
    guard !keys.isEmpty, !isOpen else { return }
    var given = head.headerFields[.apiKey]
    if let text = head.headerFields[.authorization], text.lowercased().hasPrefix("bearer ") {
      given = String(text.dropFirst(7))
    }
    let bytes = Array((given ?? "").utf8)
    // All keys are compared to their ends, so that time tells nothing of them.
    var fits = false
    for key in keys where Self.isEqual(key, bytes) { fits = true }
    guard fits else {
      throw RequestError(
        .unauthorized, "The server wants a key: Authorization: Bearer KEY, or X-API-Key: KEY.")
    }
  }

  private static func isEqual(_ key: [UInt8], _ given: [UInt8]) -> Bool {
    var difference = key.count ^ given.count
    for (place, byte) in key.enumerated() {
      difference |= Int(byte ^ (place < given.count ? given[place] : 0))
    }
    return difference == 0
  }

  /// What tells a page's browser that it may read the answer.
  func allow(_ fields: inout HTTPFields, for head: HTTPRequest) {
    guard let allowedOrigin, head.headerFields[.origin] == allowedOrigin else { return }
    fields[.accessControlAllowOrigin] = allowedOrigin
    fields[.vary] = "Origin"
  }

  /// The answer to a browser that asks beforehand; nil if none does, or its page may not.
  func preflight(_ head: HTTPRequest) -> Response? {
    guard head.method == .options, let allowedOrigin,
      head.headerFields[.origin] == allowedOrigin
    else { return nil }
    var response = Response(status: .noContent)
    allow(&response.headers, for: head)
    response.headers[.accessControlAllowMethods] = "GET, POST, PUT, DELETE"
    response.headers[.accessControlAllowHeaders] =
      "Content-Type, Authorization, X-API-Key, Inference-Header-Content-Length"
    response.headers[.accessControlMaxAge] = "600"
    return response
  }
}

extension HTTPField.Name {
  static let apiKey = HTTPField.Name("X-API-Key") ?? .authorization
  static let inferenceHeader = HTTPField.Name("Inference-Header-Content-Length") ?? .contentLength
}
