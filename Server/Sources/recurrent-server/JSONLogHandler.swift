import Foundation
import InferenceProtocol
import Logging

/// What is told, as a JSON object a line on standard error.
struct JSONLogHandler: LogHandler {
  let label: String
  var logLevel = Logger.Level.info
  var metadata: Logger.Metadata = [:]

  init(label: String) { self.label = label }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let time = Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    var members: [(name: String, value: JSONValue)] = [
      ("time", .string(time)), ("level", .string(event.level.rawValue)),
      ("message", .string("\(event.message)")),
    ]
    for (name, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 })
      .sorted(by: { $0.key < $1.key })
    {
      members.append((name, .string("\(value)")))
    }
    FileHandle.standardError.write(Data(JSONValue.object(members).text + [0x0A]))
  }
}
