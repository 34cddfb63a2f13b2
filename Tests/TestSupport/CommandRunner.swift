import Foundation

/// What a command left behind.
public struct CommandResult: Sendable {
  /// The exit code; 128 and the signal's number if a signal ended it.
  public var exitCode: Int32
  /// All of standard output.
  public var outputBytes: Data
  /// All of standard error.
  public var errorBytes: Data

  /// Standard output as text.
  public var output: String { String(decoding: outputBytes, as: UTF8.self) }
  /// Standard error as text.
  public var errorOutput: String { String(decoding: errorBytes, as: UTF8.self) }
}

/// Why a command has no result.
public enum CommandFailure: Error, CustomStringConvertible {
  /// The program was not found at any of these places.
  case notFound(tried: [String])
  /// The command did not end in time and was killed.
  case timedOut(seconds: Double, output: String, errorOutput: String)

  /// What to tell whoever runs the tests.
  public var description: String {
    switch self {
    case .notFound(let tried):
      "`recurrent` is not built: tried \(tried.joined(separator: ", ")); set RECURRENT_COMMAND to its path"
    case .timedOut(let seconds, let output, let errorOutput):
      "killed after \(seconds) s; output so far: \(output)\n\(errorOutput)"
    }
  }
}

/// Runs commands as a user's shell would.
public enum CommandRunner {
  /// The `recurrent` built with these tests: `RECURRENT_COMMAND`, else beside the test bundle, else
  /// in `.build`.
  ///
  /// The bundle lies in the build folder, so this finds the product of the same configuration under
  /// any scratch path.
  public static func commandPath() throws -> String {
    if let path = ProcessInfo.processInfo.environment["RECURRENT_COMMAND"] { return path }
    let arguments = CommandLine.arguments.filter { $0.contains("/") }
    let bundles = Bundle.allBundles.map(\.bundlePath).filter { $0.hasSuffix(".xctest") }
    var tried: [String] = []
    for start in bundles + arguments {
      var folder = URL(fileURLWithPath: start)
      // A bundle is a file on Linux; on macOS the program is three levels within it.
      for _ in 0..<4 {
        folder.deleteLastPathComponent()
        tried.append(folder.appendingPathComponent("recurrent").path)
      }
    }
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    #if DEBUG
      let configuration = "debug"
    #else
      let configuration = "release"
    #endif
    tried.append(package.appendingPathComponent(".build/\(configuration)/recurrent").path)
    guard let path = tried.first(where: isProgram) else {
      throw CommandFailure.notFound(tried: tried)
    }
    return path
  }

  /// Runs `recurrent` with `arguments`; see `run(_:_:environment:workingDirectory:input:timeout:)`.
  public static func recurrent(
    _ arguments: String..., environment: [String: String] = [:], workingDirectory: String? = nil,
    input: String? = nil, timeout: Double = 120
  ) async throws -> CommandResult {
    try await run(
      commandPath(), arguments, environment: environment, workingDirectory: workingDirectory,
      input: input.map { Data($0.utf8) }, timeout: timeout)
  }

  /// Runs a program to its end.
  ///
  /// - Parameters:
  ///   - program: Its path.
  ///   - arguments: Its arguments.
  ///   - environment: Variables added to those of this process.
  ///   - workingDirectory: The folder it starts in; this process's if nil.
  ///   - input: What it reads from standard input; nothing if nil.
  ///   - timeout: Seconds after which it is killed.
  public static func run(
    _ program: String, _ arguments: [String], environment: [String: String] = [:],
    workingDirectory: String? = nil, input: Data? = nil, timeout: Double = 120
  ) async throws -> CommandResult {
    try await withTemporaryFolder { folder in
      // Files instead of pipes: nothing has to be drained while the program runs, so nothing can
      // block.
      let process = Process()
      process.executableURL = URL(fileURLWithPath: program)
      process.arguments = arguments
      process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
      if let workingDirectory {
        process.currentDirectoryURL = URL(fileURLWithPath: workingDirectory)
      }
      try (input ?? Data()).write(to: URL(fileURLWithPath: folder + "/input"))
      for name in ["output", "error"] {
        try Data().write(to: URL(fileURLWithPath: folder + "/" + name))
      }
      await slots.take()
      let streams = [
        FileHandle(forReadingAtPath: folder + "/input"),
        FileHandle(forWritingAtPath: folder + "/output"),
        FileHandle(forWritingAtPath: folder + "/error"),
      ]
      defer { for stream in streams { try? stream?.close() } }
      process.standardInput = streams[0]
      process.standardOutput = streams[1]
      process.standardError = streams[2]
      let ended = await endOf(process, timeout: timeout)
      await slots.give()
      let output = try Data(contentsOf: URL(fileURLWithPath: folder + "/output"))
      let error = try Data(contentsOf: URL(fileURLWithPath: folder + "/error"))
      switch ended {
      case .success(true):
        let signal: Int32 = process.terminationReason == .uncaughtSignal ? 128 : 0
        return CommandResult(
          exitCode: process.terminationStatus + signal, outputBytes: output, errorBytes: error)
      case .success(false):
        throw CommandFailure.timedOut(
          seconds: timeout, output: String(decoding: output, as: UTF8.self),
          errorOutput: String(decoding: error, as: UTF8.self))
      case .failure(let failure):
        throw failure
      }
    }
  }

  private static let slots = Slots(
    max(2, min(8, ProcessInfo.processInfo.activeProcessorCount)))

  private static func isProgram(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && !isFolder.boolValue
      && FileManager.default.isExecutableFile(atPath: path)
  }

  /// Starts `process` and waits for its end: whether it came in time.
  private static func endOf(_ process: Process, timeout: Double) async -> Result<Bool, any Error> {
    let (ends, end) = AsyncStream.makeStream(of: Void.self)
    process.terminationHandler = { _ in end.finish() }
    do {
      try process.run()
    } catch {
      return .failure(error)
    }
    let killer = Task { [pid = process.processIdentifier] in
      try await Task.sleep(for: .seconds(timeout))
      kill(pid, SIGKILL)
      return true
    }
    for await _ in ends {}
    killer.cancel()
    let wasKilled = (try? await killer.value) ?? false
    return .success(!wasKilled)
  }
}

/// How many programs run at once: one on each processor, which takes less than many on it. All tests start at once; with hundreds of programs, and some 1,300
/// open files, Foundation reads beyond its list of them when the next program starts.
private actor Slots {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(_ count: Int) { free = count }

  func take() async {
    guard free == 0 else {
      free -= 1
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  func give() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}
