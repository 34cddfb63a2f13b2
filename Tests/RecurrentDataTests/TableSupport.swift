import Recurrent
import TestSupport
import Testing

/// The error that reading `text` as a table throws.
func tableError(
  _ text: String, delimiter: Character? = nil, sourceLocation: SourceLocation = #_sourceLocation
) throws -> DataError {
  try dataError(sourceLocation: sourceLocation) { () throws(DataError) in
    _ = try Table(csvText: text, source: "t.csv", delimiter: delimiter)
  }
}

/// All cells of the rows of `table`.
func cells(_ table: Table) -> [[String]] {
  (0..<table.rowCount).map { row in
    table.columnNames.indices.map { table.text(row: row, column: $0) }
  }
}
