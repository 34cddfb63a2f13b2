import RecurrentFiles

extension Table {
  /// The numbers of a column, one per row.
  ///
  /// Numbers are written with a decimal point. Groups of thousands are read inside quotes
  /// (`"7,380,500"`). In a file whose delimiter is `;`, a column in which commas occur is read with
  /// the comma as its decimal mark when every number fits that reading.
  ///
  /// - Parameters:
  ///   - column: The column's name.
  ///   - missing: What to do with cells that hold no value.
  /// - Returns: `rowCount` finite numbers, none over 1e18 in magnitude.
  /// - Throws: ``DataError`` with the line of the first cell that is not a number, is not a
  ///   measurement (infinite or over 1e18), or is missing and cannot be filled.
  public func numbers(
    _ column: String, missing: MissingValues = .error
  ) throws(DataError) -> [Double] {
    let index = try self.column(column)
    return try filled(numbersOrNaN(column: index), rows: 0..<rowCount, column: index, missing)
  }

  /// The names of the columns that hold numbers, judged by the first 50 rows.
  public var numericColumns: [String] {
    text.bytes.withUnsafeBufferPointer { bytes in
      columnNames.indices.filter { column in
        let style = numberStyle(column: column, in: bytes)
        var numbers = 0
        for row in 0..<min(rowCount, 50) {
          let cell = text.cell(row: row, column: column, in: bytes)
          if NumberText.value(cell, in: bytes, style: style) != nil {
            numbers += 1
          } else if !NumberText.isMissing(cell, in: bytes) {
            return false
          }
        }
        return numbers > 0
      }.map { columnNames[$0] }
    }
  }

  /// The numbers of a column, NaN where the value is missing.
  func numbersOrNaN(column: Int) throws(DataError) -> [Double] {
    let result = text.bytes.withUnsafeBufferPointer { bytes in
      let style = numberStyle(column: column, in: bytes)
      var values: [Double] = []
      values.reserveCapacity(rowCount)
      for row in 0..<rowCount {
        let cell = text.cell(row: row, column: column, in: bytes)
        if let value = NumberText.value(cell, in: bytes, style: style) {
          guard value.magnitude <= Self.largestMagnitude else { break }
          values.append(value)
        } else {
          guard NumberText.isMissing(cell, in: bytes) else { break }
          values.append(.nan)
        }
      }
      return values
    }
    // The loop stops at the first cell that is no number.
    if result.count < rowCount { throw numberError(row: result.count, column: column) }
    return result
  }

  /// `values`, those of `rows`, with its missing ones filled.
  func filled(
    _ values: [Double], rows: some RandomAccessCollection<Int>, column: Int,
    _ missing: MissingValues
  ) throws(DataError) -> [Double] {
    do throws(MissingValues.Failure) {
      return try missing.fill(values)
    } catch {
      let row = rows[rows.index(rows.startIndex, offsetBy: error.index)]
      let found = text(row: row, column: column)
      throw DataError(
        file: source, line: line(ofRow: row), place: "column \(columnNames[column].shown)",
        problem: error.problem + (found.isEmpty ? "" : "; the cell holds \(found.shown)"),
        advice: error.advice)
    }
  }

  /// Larger numbers are slips or placeholders, and their squares leave the range of single
  /// precision on the way to a loss.
  static var largestMagnitude: Double { 1e18 }

  /// How the column writes its numbers.
  private func numberStyle(
    column: Int, in bytes: UnsafeBufferPointer<UInt8>
  ) -> NumberText.Style {
    guard text.delimiter == Ascii.semicolon else { return .decimalPoint }
    var hasComma = false
    for row in 0..<rowCount {
      let cell = text.cell(row: row, column: column, in: bytes)
      if bytes[cell.range].contains(Ascii.comma) { hasComma = true }
      if NumberText.value(cell, in: bytes, style: .decimalComma) == nil,
        !NumberText.isMissing(cell, in: bytes)
      {
        return .decimalPoint
      }
    }
    return hasComma ? .decimalComma : .decimalPoint
  }

  private func numberError(row: Int, column: Int) -> DataError {
    let found = text(row: row, column: column)
    var error = DataError(
      file: source, line: line(ofRow: row), place: "column \(columnNames[column].shown)",
      problem: "found \(found.shown), expected a number")
    let unsigned = found.drop { $0 == "-" || $0 == "+" || $0 == " " }.lowercased()
    if Self.isNumber(found) || ["inf", "infinity", "∞"].contains(unsigned) {
      error.problem = "\(found.shown) is not a measurement (the largest magnitude is 1e18)"
      error.advice = "Leave the cell empty when the value is unknown"
    } else if found.contains(",") {
      error.advice =
        "A decimal mark is a point; a comma is one only where the delimiter is \";\" and the whole "
        + "column is written so. Thousands are grouped only inside quotes"
    } else {
      error.advice = "Leave the cell empty when the value is unknown, or choose another column"
    }
    return error
  }
}
