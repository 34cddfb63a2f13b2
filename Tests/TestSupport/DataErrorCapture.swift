import Recurrent
import Testing

/// The error that `body` throws; the test fails when it throws none.
package func dataError(
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) throws -> DataError {
  var found: DataError?
  do { try body() } catch let error as DataError { found = error }
  return try #require(found, "expected a DataError", sourceLocation: sourceLocation)
}
