import RecurrentFiles

extension Table {
  /// The numbers of a column, one per row.
  ///
  /// Numbers may have groups of thousands (`7,380,500`, `7 380 500`), a sign of currency or percent
  /// that all of the column share, an ending such as `k` or `M`, and be negative as `(12.5)`. Which of
  /// point and comma is the decimal mark, the whole column tells; see ``remark(onNumbersOf:)``.
  ///
  /// - Parameters:
  ///   - column: The column's name.
  ///   - missing: What to do with cells that hold no value.
  /// - Returns: `rowCount` finite numbers, fewer if some are dropped, none over 1e18 in magnitude.
  /// - Throws: ``DataError`` with the line of the first cell that is not a number, is not a
  ///   measurement (infinite or over 1e18), or is missing and cannot be filled.
  public func numbers(
    _ column: String, missing: MissingValues = .error
  ) throws(DataError) -> [Double] {
    let index = try self.column(column)
    return try filled(numbersOrNaN(column: index), column: index, missing)
  }

  /// The names of the columns that hold numbers: in most of the first 50 rows. Where others do not,
  /// reading the column tells of the first.
  public var numericColumns: [String] { numericColumns(upTo: min(rowCount, 50)) }

  /// The same by the first 50 cells of each column that hold a value, wherever they stand: series may begin
  /// late.
  var columnsOfSeries: [String] { numericColumns(upTo: rowCount) }

  /// - Parameter end: the row before which cells are looked at.
  private func numericColumns(upTo end: Int) -> [String] {
    text.bytes.withUnsafeBufferPointer { bytes in
      columnNames.indices.filter { column in
        let reading = numberReading(column: column, in: bytes)
        var (row, numbers, others) = (0, 0, 0)
        while row < end, numbers + others < 50 {
          let cell = text.cell(row: row, column: column, in: bytes)
          if reading.number(cell, in: bytes) != nil {
            numbers += 1
          } else if !NumberText.isMissing(cell, in: bytes) {
            others += 1
          }
          row += 1
        }
        return numbers > others && !isRowIndex(column)
      }.map { columnNames[$0] }
    }
  }

  /// Whether a column is the index of a data frame: the first, without a name, counting the rows.
  private func isRowIndex(_ column: Int) -> Bool {
    guard column == 0, columnNames[0] == "column 1", rowCount > 1 else { return false }
    let numbers = (0..<min(rowCount, 50)).map { Int(text(row: $0, column: 0)) ?? -1 }
    return (numbers[0] == 0 || numbers[0] == 1)
      && zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 &+ 1 }
  }

  /// The numbers of a column, NaN where the value is missing.
  package func numbersOrNaN(column: Int) throws(DataError) -> [Double] {
    let (result, reading, unit) = text.bytes.withUnsafeBufferPointer { bytes in
      let reading = numberReading(column: column, in: bytes)
      var unit = ColumnUnit()
      var values: [Double] = []
      values.reserveCapacity(rowCount)
      for row in 0..<rowCount {
        let cell = text.cell(row: row, column: column, in: bytes)
        if let number = reading.number(cell, in: bytes) {
          guard number.value.magnitude <= Self.largestMagnitude, unit.takes(number, row: row) else {
            break
          }
          values.append(number.value)
        } else {
          guard NumberText.isMissing(cell, in: bytes) else { break }
          values.append(.nan)
        }
      }
      return (values, reading, unit)
    }
    // The loop stops at the first cell that is no number.
    if result.count < rowCount {
      throw numberError(row: result.count, column: column, reading, unit)
    }
    return result
  }

  /// `values`, those of all rows, with its missing ones filled.
  private func filled(
    _ values: [Double], column: Int, _ missing: MissingValues
  ) throws(DataError) -> [Double] {
    do throws(MissingValues.Failure) {
      return try missing.fill(values)
    } catch {
      throw self.error(error, row: error.index, column: column)
    }
  }

  /// Why a gap at a cell could not be filled.
  func error(_ failure: MissingValues.Failure, row: Int, column: Int) -> DataError {
    let found = text(row: row, column: column)
    // A row that regular times ask for stands at that before it.
    let problem =
      Self.isNumber(found)
      ? "the row behind this one is absent, and no value of its is known"
      : failure.problem + (found.isEmpty ? "" : "; the cell holds \(found.shown)")
    return DataError(
      file: source, line: line(ofRow: row), place: place(row: row, column: column),
      problem: problem,
      advice: failure.advice)
  }

  /// Larger numbers are slips or placeholders, and their squares leave the range of single
  /// precision on the way to a loss.
  package static var largestMagnitude: Double { 1e18 }

  private func numberError(
    row: Int, column: Int, _ reading: NumberReading, _ unit: ColumnUnit
  ) -> DataError {
    let found = text(row: row, column: column)
    var error = DataError(
      file: source, line: line(ofRow: row), place: place(row: row, column: column),
      problem: "found \(found.shown), expected a number")
    let number = text.bytes.withUnsafeBufferPointer { bytes in
      reading.number(text.cell(row: row, column: column, in: bytes), in: bytes)
    }
    if let word = reading.word, number == nil, Self.isNumber(found) {
      let side = word.isFirst ? "in front of" : "behind"
      error.problem += " with \(word.text.shown) \(side) it, as others of the column have it"
      error.advice = "Write all of the column in one unit"
      return error
    }
    let unsigned = found.lowercased().drop { $0 == "-" || $0 == "+" }
    if let number, number.value.magnitude <= Self.largestMagnitude, let first = unit.row {
      let other = "\(text(row: first, column: column).shown) of line \(line(ofRow: first))"
      error.problem = "found \(found.shown) in the column of \(other), expected numbers of one kind"
      error.advice = "Write all of the column in one unit"
    } else if number != nil || ["inf", "infinity", "∞"].contains(unsigned) {
      error.problem = "\(found.shown) is not a measurement (the largest magnitude is 1e18)"
      error.advice = "Leave the cell empty when the value is unknown"
    } else if found.contains(where: { $0 == "," || $0 == "." }), found.contains(where: \.isNumber),
      let first = rowWithMark(reading, column, besides: row)
    {
      error.advice =
        "The column has the \(reading.mark.rawValue) as its decimal mark, as in "
        + "\(text(row: first, column: column).shown) of line \(line(ofRow: first)); groups are of three "
        + "digits"
    } else {
      error.advice = "Leave the cell empty when the value is unknown, or choose another column"
    }
    return error
  }
}

extension Table {
  /// The first row whose number has its fraction behind the mark of the column.
  private func rowWithMark(_ reading: NumberReading, _ column: Int, besides bad: Int) -> Int? {
    text.bytes.withUnsafeBufferPointer { bytes in
      (0..<rowCount).first { row in
        let cell = text.cell(row: row, column: column, in: bytes)
        let mark = reading.mark == .point ? Ascii.point : Ascii.comma
        return row != bad && bytes[cell.range].contains(mark)
          && reading.number(cell, in: bytes) != nil
      }
    }
  }
}

/// The unit that the numbers of a column share.
private struct ColumnUnit {
  /// The row of the first number that has one, or is not 0.
  private(set) var row: Int?
  private var unit: NumberText.Unit?

  /// Whether a number is of the same. Of money and of zeros some may lack the sign.
  mutating func takes(_ number: NumberText.Written, row: Int) -> Bool {
    if number.unit == unit && self.row != nil || number.unit == nil && number.value == 0 {
      return true
    }
    let isPercent = number.unit == .percent || unit == .percent
    guard self.row == nil || !isPercent && (unit == nil || number.unit == nil) else { return false }
    if self.row == nil || number.unit != nil { (self.row, unit) = (row, number.unit) }
    return true
  }
}
