/// Why a request is not answered: a status of HTTP, and a sentence for whoever sent it.
public struct RequestError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure it is; raw values are the statuses of HTTP.
  public enum Kind: Int, Sendable {
    /// The request is not what it should be.
    case malformed = 400
    /// No key, or one that is not known.
    case unauthorized = 401
    /// From a page of another server.
    case forbidden = 403
    /// 404: there is no such model, version, stream or address.
    case missing = 404
    /// The address takes another method.
    case method = 405
    /// The body did not come in time.
    case late = 408
    /// A stream is not in a state for what is asked.
    case conflict = 409
    /// The stream was there, but it ended or was idle for too long.
    case gone = 410
    /// More than the server takes.
    case tooLarge = 413
    /// 429: all places are taken at the moment.
    case busy = 429
    /// The answer cannot be given or said.
    case failed = 500
    /// The server is stopping, or the model is not there yet.
    case unavailable = 503
  }

  /// The kind of failure, which is the answer's status.
  public var kind: Kind
  /// What was found and what was expected, with advice.
  public var message: String
  /// Seconds after which it may go better; nil: not said.
  public var retryAfter: Int?

  /// An error.
  public init(_ kind: Kind, _ message: String, retryAfter: Int? = nil) {
    self.kind = kind
    self.message = message
    self.retryAfter = retryAfter
  }

  /// The message.
  public var description: String { message }
}

/// A name from a request, fit to be shown in a message: in quotes, cut when long, without control
/// characters.
public func quoted(_ name: String) -> String {
  let shown = name.unicodeScalars.prefix(80)
  var text = String.UnicodeScalarView()
  for scalar in shown {
    text.append(scalar.value < 0x20 || scalar.value == 0x7F ? "\u{FFFD}" : scalar)
  }
  return "\"" + String(text) + (shown.count < name.unicodeScalars.count ? "…" : "") + "\""
}
