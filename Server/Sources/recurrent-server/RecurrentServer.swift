import ArgumentParser
import Foundation
import InferenceProtocol
import Logging
import ModelServing
import Playground
import ServerHTTP

/// `recurrent-server --models FOLDER`
@main
struct RecurrentServer: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recurrent-server",
    abstract: "Serve models: the Open Inference Protocol, and addresses in the words of the jobs.",
    discussion: """
      The folder holds model folders, as `recurrent train` writes them, ONNX files (.onnx), and \
      files of RTNeural and GuitarML (.json); each is served by its name. Addresses stand in /openapi.json and in Documentation/server.md.

      It listens on this machine alone unless --host says otherwise; then give keys, and TLS. \
      On SIGTERM or SIGINT it answers what it has begun, and ends.
      """,
    version: InferenceServer.version)

  @Option(
    help: ArgumentHelp("The folder with the models.", valueName: "folder"), completion: .directory)
  var models: String
  @Option(help: ArgumentHelp("The address to listen at.", valueName: "address"))
  var host = "127.0.0.1"
  @Option(help: ArgumentHelp("The port to listen at; 0 takes one that is free.", valueName: "port"))
  var port = 8000
  @OptionGroup(title: "Access") var access: AccessOptions
  @OptionGroup(title: "Streams") var streams: StreamOptions
  @OptionGroup(title: "Bounds") var bounds: BoundOptions

  @Option(
    help: ArgumentHelp(
      "What is told on standard error.",
      valueName: "level"))
  var logLevel = LogLevel.info
  @Flag(help: "Tell it as a JSON object a line.") var logJSON = false

  func validate() throws {
    guard (0...65535).contains(port) else {
      throw ValidationError("--port is between 0 and 65535, not \(port).")
    }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: models, isDirectory: &isFolder), isFolder.boolValue
    else { throw ValidationError("--models: there is no folder \(models).") }
  }

  mutating func run() async throws {
    let (level, isJSON) = (Logger.Level(rawValue: logLevel.rawValue) ?? .info, logJSON)
    LoggingSystem.bootstrap { label in
      var handler: any LogHandler =
        isJSON ? JSONLogHandler(label: label) : StreamLogHandler.standardError(label: label)
      handler.logLevel = level
      return handler
    }
    let logger = Logger(label: "recurrent-server")
    var options = ServerOptions(models: models)
    (options.host, options.port) = (host, port)
    options.keys = try access.keys
    options.allowedOrigin = access.allowOrigin
    options.tls = access.tls
    options.limits = bounds.limits
    options.workers = bounds.workers ?? ProcessInfo.processInfo.activeProcessorCount
    options.streams = streams.limits
    if options.keys.isEmpty, !["127.0.0.1", "::1", "localhost"].contains(host) {
      logger.warning("listens at \(host) without --api-keys: whoever reaches it may ask")
    }
    var server = InferenceServer(options, store: try streams.store(), logger: logger)
    server.routes +=
      Playground(
        trainings: bounds.maxTrainings, models: server.repository
      ).routes
    server.loadModels()
    do {
      try await server.application().runService()
    } catch {
      logger.critical("cannot serve at \(host):\(port): \(error)")
      throw ExitCode.failure
    }
  }
}

/// The levels of what is told.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
  case trace, debug, info, notice, warning, error, critical
}
