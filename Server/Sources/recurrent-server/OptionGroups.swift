import ArgumentParser
import Foundation
import ModelServing
import ServerHTTP

/// Who may ask, and how the connection is kept private.
struct AccessOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A file with a key a line, of at least 16 characters: requests must bring one.",
      valueName: "file"), completion: .file())
  var apiKeys: String?
  @Option(
    help: ArgumentHelp(
      "Pages of this origin may ask, as https://example.org. (default: none but the server's own)",
      valueName: "origin"))
  var allowOrigin: String?
  @Option(
    help: ArgumentHelp("The certificate and those above it, in PEM: TLS.", valueName: "file"),
    completion: .file())
  var tlsCertificate: String?
  @Option(
    help: ArgumentHelp("The certificate's private key, in PEM.", valueName: "file"),
    completion: .file())
  var tlsKey: String?

  func validate() throws {
    guard (tlsCertificate == nil) == (tlsKey == nil) else {
      throw ValidationError("--tls-certificate and --tls-key belong together.")
    }
  }

  var tls: (certificate: String, key: String)? {
    guard let tlsCertificate, let tlsKey else { return nil }
    return (tlsCertificate, tlsKey)
  }

  var keys: [String] {
    get throws {
      guard let apiKeys else { return [] }
      guard let text = try? String(contentsOfFile: apiKeys, encoding: .utf8) else {
        throw ValidationError("--api-keys: \(apiKeys) cannot be read.")
      }
      let keys = text.split(whereSeparator: \.isNewline)
        .map { $0.trimmingCharacters(in: .whitespaces) }.filter {
          !$0.isEmpty && !$0.hasPrefix("#")
        }
      if keys.isEmpty { throw ValidationError("--api-keys: \(apiKeys) holds no key.") }
      if let place = keys.firstIndex(where: { $0.utf8.count < 16 }) {
        throw ValidationError(
          "--api-keys: key \(place + 1) of \(apiKeys) has fewer than 16 characters.")
      }
      return keys
    }
  }
}

/// What bounds streams, and where they are kept.
struct StreamOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Streams of all models together.", valueName: "count"))
  var maxStreams = StreamTable.Limits().streams
  @Option(
    help: ArgumentHelp(
      "A stream without a step for so many seconds ends.", valueName: "seconds"))
  var streamIdle = 600

  @Option(
    help: ArgumentHelp(
      "Keep the states of streams in this file of SQLite: each step is on the disk before it is answered. (default: in memory alone)",
      valueName: "file"), completion: .file())
  var state: String?

  func validate() throws {
    try BoundOptions.check("--max-streams", maxStreams, 1...10_000_000)
    try BoundOptions.check("--stream-idle", streamIdle, 1...31_536_000)
  }

  var limits: StreamTable.Limits {
    var limits = StreamTable.Limits()
    limits.streams = maxStreams
    limits.idle = .seconds(streamIdle)
    return limits
  }

  /// The store of streams' states that the flags name; nil: states are not kept.
  func store() throws -> (any StateStore)? {
    guard let state else { return nil }
    #if StateFile
      do {
        return try StateFile(state)
      } catch {
        throw ValidationError("--state: \(state) cannot be opened: \(error)")
      }
    #else
      throw ValidationError(
        "--state \(state): this server was built without files of states (trait StateFile).")
    #endif
  }
}

/// What bounds requests.
struct BoundOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Bytes of a request's body.", valueName: "bytes"))
  var maxBody = ServerLimits().body
  @Option(
    help: ArgumentHelp("Bytes of all bodies that are held at once.", valueName: "bytes"))
  var maxBodies = ServerLimits().bodies
  @Option(help: ArgumentHelp("Seconds that a body may take to come.", valueName: "seconds"))
  var bodyTime = 30
  @Option(help: ArgumentHelp("Seconds that a connection may be silent.", valueName: "seconds"))
  var idleTime = 75
  @Option(help: ArgumentHelp("Connections at once; more wait.", valueName: "count"))
  var maxConnections = ServerLimits().connections
  @Option(
    help: ArgumentHelp(
      "Requests that may wait for their turn; more are answered 429.", valueName: "count"))
  var maxWaiting = ServerLimits().waiting
  @Option(
    help: ArgumentHelp("Seconds that a request may wait for its turn.", valueName: "seconds"))
  var patience = 30
  @Option(
    help: ArgumentHelp(
      "Requests that are worked on at once. (default: the processors)", valueName: "count"))
  var workers: Int?
  @Option(
    help: ArgumentHelp(
      "Trainings of the page at once; 0: the page only asks models.", valueName: "count"))
  var maxTrainings = 3

  func validate() throws {
    try Self.check("--max-body", maxBody, 1...1 << 32)
    try Self.check("--max-bodies", maxBodies, 1...1 << 40)
    try Self.check("--body-time", bodyTime, 1...86_400)
    try Self.check("--idle-time", idleTime, 1...86_400)
    try Self.check("--max-connections", maxConnections, 1...1_000_000)
    try Self.check("--max-waiting", maxWaiting, 1...1_000_000)
    try Self.check("--patience", patience, 1...86_400)
    if let workers { try Self.check("--workers", workers, 1...1024) }
    try Self.check("--max-trainings", maxTrainings, 0...64)
  }

  static func check(_ flag: String, _ value: Int, _ range: ClosedRange<Int>) throws {
    guard range.contains(value) else {
      throw ValidationError(
        "\(flag) is between \(range.lowerBound) and \(range.upperBound), not \(value).")
    }
  }

  var limits: ServerLimits {
    var limits = ServerLimits()
    (limits.body, limits.connections, limits.waiting) = (maxBody, maxConnections, maxWaiting)
    limits.bodies = maxBodies
    limits.bodyTime = .seconds(bodyTime)
    limits.idleTime = .seconds(idleTime)
    limits.patience = .seconds(patience)
    return limits
  }
}
