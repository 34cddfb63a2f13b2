import Foundation
import HTTPTypes
import Hummingbird
import InferenceProtocol

/// An address of the server: what it answers, and what the document of the interface says of it.
///
/// The server's addresses are a list of these. From it come the router, the answers to wrong methods,
/// the counters, and `/openapi.json`, so that none can be left out of another.
public struct Route: Sendable {
  /// What the body of a request is.
  public enum Body: Sendable {
    /// JSON that fits this schema.
    case json(JSONValue)
    /// Bytes of this media type.
    case bytes(String)
  }

  /// The method.
  public var method: HTTPRequest.Method
  /// The path, with `{name}` for a part that may be anything.
  public var path: String
  /// What the route does, as a sentence.
  public var summary: String
  /// The body of a request; nil: it has none.
  public var body: Body?
  /// The status of a good answer.
  public var status: HTTPResponse.Status
  /// The media type of a good answer.
  public var mediaType: String
  /// Whether it answers without a key.
  public var isOpen: Bool
  /// The answer.
  public var answer: @Sendable (Call) async throws -> Response

  /// An address.
  public init(
    _ method: HTTPRequest.Method, _ path: String, _ summary: String, body: Body? = nil,
    status: HTTPResponse.Status = .ok, mediaType: String = "application/json", isOpen: Bool = false,
    answer: @escaping @Sendable (Call) async throws -> Response
  ) {
    (self.method, self.path, self.summary, self.body) = (method, path, summary, body)
    (self.status, self.mediaType, self.isOpen) = (status, mediaType, isOpen)
    self.answer = answer
  }

  /// The names of the parts of the path that may be anything.
  var parameters: [String] {
    path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
      String($0.dropFirst().dropLast())
    }
  }

  /// Whether a path is one of this address.
  func matches(_ path: String) -> Bool {
    let (own, other) = (self.path.split(separator: "/"), path.split(separator: "/"))
    return own.count == other.count
      && zip(own, other).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
  }
}

/// A request that came to an address.
public struct Call: Sendable {
  /// The request.
  public let request: Request
  /// The router's context of the request.
  public let context: BasicRequestContext
  /// The bounds of the request.
  let limits: ServerLimits
  let share: BodyBudget.Share

  /// A part of the path by its name.
  public func parameter(_ name: String) throws(RequestError) -> String {
    guard let text = context.parameters.get(name), let plain = text.removingPercentEncoding,
      !plain.isEmpty, plain.utf8.count <= 256
    else {
      throw RequestError(.missing, "The address has no such \(name).")
    }
    return plain
  }

  /// The stream that the path names.
  var sequence: SequenceID {
    get throws(RequestError) { SequenceID(try parameter("sequence")) }
  }

  /// The body of the request.
  ///
  /// - Throws: ``RequestError`` if it is longer than may be, or does not come in time.
  public func body() async throws -> [UInt8] {
    func tooLarge(_ size: String) -> RequestError {
      RequestError(
        .tooLarge,
        "The body has \(size) bytes, expected at most \(limits.body) (--max-body of the server).")
    }
    if let text = request.headers[.contentLength], let length = Int(text), length > limits.body {
      throw tooLarge("\(length)")
    }
    let deadline = ContinuousClock.now + limits.bodyTime
    var bytes: [UInt8] = []
    for try await part in request.body {
      guard part.readableBytes <= limits.body - bytes.count else { throw tooLarge("more") }
      guard share.take(part.readableBytes) else {
        throw RequestError(
          .busy, "The server holds all the bodies that it may (--max-bodies).", retryAfter: 1)
      }
      guard ContinuousClock.now < deadline else {
        throw RequestError(.late, "The body did not come within \(limits.bodyTime).")
      }
      if bytes.isEmpty {
        bytes = Array(part.readableBytesView)
      } else {
        bytes += part.readableBytesView
      }
    }
    return bytes
  }

  /// The body as JSON; none is an empty object.
  public func json() async throws -> JSONValue {
    let body = try await body()
    return body.isEmpty ? [:] : try JSONValue(text: body)
  }
}

extension Response {
  /// An answer of JSON.
  public init(_ status: HTTPResponse.Status = .ok, json: JSONValue) {
    self.init(status, bytes: json.text)
  }

  /// Bytes of a media type.
  public init(
    _ status: HTTPResponse.Status = .ok, bytes: [UInt8], mediaType: String = "application/json"
  ) {
    self.init(
      status: status, headers: [.contentType: mediaType],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  /// An error as the protocol says it.
  init(_ error: RequestError) {
    self.init(
      HTTPResponse.Status(code: error.kind.rawValue), json: ["error": .string(error.message)])
    if let seconds = error.retryAfter { headers[.retryAfter] = "\(seconds)" }
    // The rest of such a body is not waited for.
    if [.tooLarge, .late, .busy].contains(error.kind) { headers[.connection] = "close" }
    if error.kind == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
  }
}
