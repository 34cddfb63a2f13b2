import RecurrentFiles

/// Which decimal mark a column has, by the evidence of all its cells.
struct NumberReading {
  /// The decimal mark.
  var mark = DecimalMark.point
  /// A cell of which the other mark makes another number, where nothing in the column speaks against
  /// that; nil if there is no choice.
  var doubtfulRow: Int?
  /// Whether a mark stands in the numbers.
  var hasFractions = false
  /// The word that stands beside each number.
  var word: NumberWord?
  /// What endings of numbers multiply them by.
  var scales: [String] = []

  /// The number in a cell, without the word.
  func number(
    _ cell: DelimitedText.Cell, in bytes: UnsafeBufferPointer<UInt8>
  ) -> NumberText.Written? {
    number(cell, in: bytes, mark: mark)
  }

  func number(
    _ cell: DelimitedText.Cell, in bytes: UnsafeBufferPointer<UInt8>, mark: DecimalMark
  ) -> NumberText.Written? {
    guard let word else { return NumberText.written(cell, in: bytes, mark: mark) }
    if let inner = word.stripped(cell, in: bytes) {
      return NumberText.written(inner, in: bytes, mark: mark)
    }
    // Zero is zero in every unit.
    let plain = NumberText.written(cell, in: bytes, mark: mark)
    return plain?.value == 0 ? plain : nil
  }
}

/// What the cells of a column say about its decimal mark.
private struct MarkEvidence {
  /// Cells that are numbers with one of the marks only.
  var only: [DecimalMark: Int] = [.point: 0, .comma: 0]
  /// The first that is a number with either, and another with each.
  var doubtfulRow: Int?
  var hasComma = false

  /// The mark that more cells ask for.
  var winner: DecimalMark? {
    let (point, comma) = (only[.point] ?? 0, only[.comma] ?? 0)
    return point == comma ? nil : point > comma ? .point : .comma
  }
}

extension Table {
  /// What is to be said of how the numbers of a column are read: nil where they can be read in one way
  /// only.
  public func remark(onNumbersOf column: String) -> String? {
    guard let index = columnNames.firstIndex(of: column) else { return nil }
    return text.bytes.withUnsafeBufferPointer { bytes in
      let reading = numberReading(column: index, in: bytes)
      var clauses: [String] = []
      if let word = reading.word {
        clauses.append(
          "\(word.text.shown) beside each number is taken for their unit, and left out"
            + (NumberText.scale(word.bytes).map { ", not for \($0)" } ?? ""))
      } else if let unit = unit(column: index, in: bytes) {
        clauses.append("numbers are taken without \(unit.sign)")
      }
      if !reading.scales.isEmpty {
        clauses.append("behind numbers stands " + reading.scales.joined(separator: ", "))
      }
      if let row = reading.doubtfulRow, format.decimalMark == nil || format.isMarkSeen == true {
        let cell = text.cell(row: row, column: index, in: bytes)
        func value(_ mark: DecimalMark) -> String {
          reading.number(cell, in: bytes, mark: mark).map { "\($0.value)" } ?? ""
        }
        let other: DecimalMark = reading.mark == .point ? .comma : .point
        clauses.append(
          "\(text(row: row, column: index)) is taken for \(value(reading.mark))"
            + (format.decimalMark == nil ? "" : ", as the model has it")
            + "; with --decimal \(other.rawValue) it is \(value(other))")
      }
      if let row = placeholderRow(column: index, reading, in: bytes) {
        clauses.append(
          "\(text(row: row, column: index)) of line \(line(ofRow: row)) lies far from all other numbers, as "
            + "marks of missing values do; leave such cells empty if it is one")
      }
      if let row = outlierRow(column: index, reading, in: bytes) {
        clauses.append(
          "\(text(row: row, column: index)) of line \(line(ofRow: row)) lies far from all other numbers: one such "
            + "value can spoil scales and errors; correct it or leave the cell empty if it is a slip"
        )
      }
      return clauses.isEmpty ? nil : "\(column): " + clauses.joined(separator: "; ")
    }
  }

  /// The first row of a number such as -999 that is far from all others.
  private func placeholderRow(
    column: Int, _ reading: NumberReading, in bytes: UnsafeBufferPointer<UInt8>
  ) -> Int? {
    var (first, least, most) = (Int?.none, Double.infinity, -Double.infinity)
    var placeholders: Set<Double> = []
    for row in 0..<rowCount {
      let cell = text.cell(row: row, column: column, in: bytes)
      guard let value = reading.number(cell, in: bytes)?.value else { continue }
      if Self.placeholders.contains(value) {
        placeholders.insert(value)
        first = first ?? row
      } else {
        (least, most) = (Swift.min(least, value), Swift.max(most, value))
      }
    }
    guard placeholders.count == 1, let value = placeholders.first, most > least else { return nil }
    return Swift.max(least - value, value - most) > 3 * (most - least) ? first : nil
  }

  /// The row of a number that lies five times as far from all others as these lie apart, if it is no mark of
  /// missing values.
  private func outlierRow(
    column: Int, _ reading: NumberReading, in bytes: UnsafeBufferPointer<UInt8>
  ) -> Int? {
    var (lowest, highest) = ([(value: Double, row: Int)](), [(value: Double, row: Int)]())
    for row in 0..<rowCount {
      let cell = text.cell(row: row, column: column, in: bytes)
      guard let value = reading.number(cell, in: bytes)?.value else { continue }
      if lowest.count < 2 || value < lowest[1].value {
        lowest = Array((lowest + [(value, row)]).sorted { $0.value < $1.value }.prefix(2))
      }
      if highest.count < 2 || value > highest[1].value {
        highest = Array((highest + [(value, row)]).sorted { $0.value > $1.value }.prefix(2))
      }
    }
    guard rowCount >= 20, lowest.count == 2, highest.count == 2 else { return nil }
    for (end, next, other) in [
      (lowest[0], lowest[1], highest[0]), (highest[0], highest[1], lowest[0]),
    ] where !Self.placeholders.contains(end.value) {
      let apart = abs(other.value - next.value)
      if apart > 0, abs(end.value - next.value) > 5 * apart { return end.row }
    }
    return nil
  }

  private static let placeholders: Set = [
    -9, -99, -99.9, -999, -999.9, -9999, -99999, 999, 999.9, 9999, 99999, 999_999, -1e20,
  ]

  /// The sign of currency or percent of the first number that has one.
  private func unit(column: Int, in bytes: UnsafeBufferPointer<UInt8>) -> NumberText.Unit? {
    for row in 0..<min(rowCount, 50) {
      let cell = text.cell(row: row, column: column, in: bytes)
      if let unit = NumberText.written(cell, in: bytes, mark: .point)?.unit { return unit }
      if let unit = NumberText.written(cell, in: bytes, mark: .comma)?.unit { return unit }
    }
    return nil
  }

  /// How the table is written, with the mark of a column's numbers: what other tables like it are read by.
  /// Nil if there is nothing that it does not tell itself.
  public func formatOfNumbers(in column: String) -> TableFormat? {
    var format = format
    if let index = columnNames.firstIndex(of: column), format.decimalMark == nil {
      let reading = text.bytes.withUnsafeBufferPointer { numberReading(column: index, in: $0) }
      if reading.hasFractions { (format.decimalMark, format.isMarkSeen) = (reading.mark, true) }
    }
    return format == TableFormat() ? nil : format
  }

  /// How a column writes its numbers.
  ///
  /// Cells that are numbers with one mark only decide. Where none is, as in `1,234` or `3.617`, the mark
  /// is taken that the format says; else the one by which the numbers are much more alike in size, the
  /// one that other columns have, and at last the comma in a file with semicolons and the point in
  /// others.
  func numberReading(column: Int, in bytes: UnsafeBufferPointer<UInt8>) -> NumberReading {
    var reading = NumberReading()
    (reading.word, reading.scales) = numberWord(column: column, in: bytes)
    let own = evidence(column, reading, in: bytes)
    if let mark = own.winner { reading.mark = mark }
    reading.hasFractions = own.winner != nil || own.doubtfulRow != nil
    guard own.winner == nil, let row = own.doubtfulRow else { return reading }
    let isSpreadsheet = text.delimiter == Ascii.semicolon && own.hasComma
    reading.mark =
      format.decimalMark ?? evenness(column, reading, in: bytes)
      ?? markOfOthers(than: column, in: bytes) ?? (isSpreadsheet ? .comma : .point)
    reading.doubtfulRow = row
    return reading
  }

  private func evidence(
    _ column: Int, _ reading: NumberReading, in bytes: UnsafeBufferPointer<UInt8>
  ) -> MarkEvidence {
    var evidence = MarkEvidence()
    for row in 0..<rowCount {
      let cell = text.cell(row: row, column: column, in: bytes)
      let content = bytes[cell.range]
      guard content.contains(where: { $0 == Ascii.point || $0 == Ascii.comma }) else { continue }
      evidence.hasComma = evidence.hasComma || content.contains(Ascii.comma)
      let point = reading.number(cell, in: bytes, mark: .point)?.value
      let comma = reading.number(cell, in: bytes, mark: .comma)?.value
      if point != nil, comma == nil { evidence.only[.point, default: 0] += 1 }
      if comma != nil, point == nil { evidence.only[.comma, default: 0] += 1 }
      if point != nil, comma != nil, point != comma {
        evidence.doubtfulRow = evidence.doubtfulRow ?? row
      }
      // Later cells that ask for the other mark would be errors.
      if row >= 1000, evidence.winner != nil { break }
    }
    return evidence
  }

  /// The mark by which the numbers differ less than half as much in their logarithm.
  private func evenness(
    _ column: Int, _ reading: NumberReading, in bytes: UnsafeBufferPointer<UInt8>
  ) -> DecimalMark? {
    func spread(_ mark: DecimalMark) -> Double {
      var (count, sum, squares) = (0.0, 0.0, 0.0)
      for row in 0..<min(rowCount, 10_000) {
        let cell = text.cell(row: row, column: column, in: bytes)
        guard let value = reading.number(cell, in: bytes, mark: mark)?.value, value != 0 else {
          continue
        }
        // The logarithm to within a tenth.
        let size = Double(value.exponent) + value.significand.magnitude - 1
        count += 1
        sum += size
        squares += size * size
      }
      return count > 0 ? max(0, squares / count - sum / count * (sum / count)).squareRoot() : 0
    }
    let (point, comma) = (spread(.point), spread(.comma))
    return point < comma / 2 ? .point : comma < point / 2 ? .comma : nil
  }

  private func markOfOthers(
    than column: Int, in bytes: UnsafeBufferPointer<UInt8>
  ) -> DecimalMark? {
    let marks = Set(
      columnNames.indices.compactMap {
        $0 == column ? nil : evidence($0, NumberReading(), in: bytes).winner
      })
    return marks.count == 1 ? marks.first : nil
  }
}
