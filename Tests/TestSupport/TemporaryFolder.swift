import Foundation

/// Calls `body` with the path of a new empty folder, which is removed afterwards with all it holds.
public func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let path = try makeTemporaryFolder()
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}

/// Calls `body` with the path of a new empty folder, which is removed afterwards with all it holds.
public func withTemporaryFolder<Result>(
  isolation: isolated (any Actor)? = #isolation, _ body: (String) async throws -> Result
) async throws -> Result {
  let path = try makeTemporaryFolder()
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try await body(path)
}

private func makeTemporaryFolder() throws -> String {
  let path = FileManager.default.temporaryDirectory
    .appendingPathComponent("recurrent-tests-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  return path
}
