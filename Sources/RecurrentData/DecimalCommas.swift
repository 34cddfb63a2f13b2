import RecurrentFiles

/// Commas between cells that are decimal marks, too: under a header `Date,Load`, rows
/// `2018-01-01,100,13` have a cell more, and 100 and 13 are one number.
struct DecimalCommas {
  /// Cells of a row, counted from 0, that the next one is the fraction of; none where each comma divides
  /// cells.
  private(set) var joins: [Int] = []
  /// A remark on how commas in numbers were taken.
  private(set) var remark: String?

  /// Looks at the first rows. Each has as many cells as the header, its numbers being whole, or as many
  /// more as there are such columns.
  ///
  /// - Throws: ``DataError`` where numbers may be divided, and columns without a name are as likely.
  init(
    _ header: TableHeader, _ rows: [TableHeader.Record], _ delimiter: UInt8, _ file: String
  ) throws(DataError) {
    let names = header.names
    let count = rows.map(\.cells.count).max() ?? 0
    let (surplus, long) = (count - names.count, rows.filter { $0.cells.count == count })
    guard delimiter == Ascii.comma, !header.isRow, (1...names.count).contains(surplus),
      count <= 400, long.count > 2, 3 * long.count >= 2 * rows.count,
      rows.allSatisfy({ $0.cells.count == count || $0.cells.count == names.count }),
      !long.allSatisfy({ $0.cells.last?.isEmpty == true })
    else { return }
    let divided = (0..<count - 1).map { cell in
      (cell > 0 || !long[0].isQuoted) && !Self.counts(long, cell)
        && long.allSatisfy { Self.isNumber($0.cells[cell], $0.cells[cell + 1]) }
    }
    let found = Self.choices(of: surplus, in: divided, names)
    guard let choice = found.first else { return }
    // Names of rows, as R writes them, are all different; only fractions begin with a zero.
    let first = long.map { $0.cells[0] }
    let mayBeNames = surplus == 1 && Set(first).count == first.count
    let hasZeros = choice.contains { cell in
      long.contains { $0.cells[cell + 1].count > 1 && $0.cells[cell + 1].first == "0" }
    }
    let isTime =
      Table.isTimeName(names[0]) && first.allSatisfy(TableHeader.Record.isValue) && choice[0] > 0
    if mayBeNames, !hasZeros, !isTime {
      let areWords = !first.contains(where: TableHeader.Record.beginsAsValue)
      if long[0].isQuoted || areWords { return }
    }
    guard found.count == 1, hasZeros || isTime || !mayBeNames else {
      throw DataError(
        file: file, line: long[0].line,
        problem:
          "the row has \(count) cells under a header of \(names.count), as where the comma is the "
          + "decimal mark, too",
        advice:
          "Save the table with semicolons between cells, put numbers with a comma in quotes, or, if "
          + "each comma divides cells, give line \(header.line) a name for each column")
    }
    joins = choice
    let columns = joins.enumerated().map { names[$1 - $0].shown }
    let more = columns.count > 3 ? " and \(columns.count - 3) more" : ""
    remark =
      "rows have \(surplus) \(surplus == 1 ? "cell" : "cells") more than the header: the comma stands in "
      + "numbers, too, as in \(long[0].cells[choice[0]]),\(long[0].cells[choice[0] + 1]) of "
      + columns.prefix(3).joined(separator: ", ") + more
  }

  /// Whether a cell and the next are a whole number and digits behind its mark.
  private static func isNumber(_ whole: String, _ fraction: String) -> Bool {
    let digits = whole.utf8.drop { $0 == Ascii.minus || $0 == Ascii.plus }
    return whole.utf8.count - digits.count <= 1 && (1...18).contains(digits.count)
      && digits.allSatisfy(isDigit) && (digits.first != Ascii.zero || digits.count == 1)
      && (1...18).contains(fraction.utf8.count) && fraction.utf8.allSatisfy(isDigit)
  }

  /// Whether a cell counts the rows.
  private static func counts(_ rows: [TableHeader.Record], _ cell: Int) -> Bool {
    let numbers = rows.map { Int($0.cells[cell]) ?? .min }
    return (0...1).contains(numbers[0])
      && zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 &+ 1 }
  }

  /// The ways to take `count` of these pairs with no cell in two, two at most. A column named for times
  /// holds no such numbers.
  private static func choices(of count: Int, in divided: [Bool], _ names: [String]) -> [[Int]] {
    // By cell and pairs taken: the ways so far.
    var ways: [[[Int]]] = Array(repeating: [], count: count + 1)
    ways[0] = [[]]
    var before = ways
    for cell in 0...divided.count {
      var next = Array(repeating: [[Int]](), count: count + 1)
      for taken in 0...count {
        next[taken] = Array(
          (ways[taken]
            + (taken > 0 && cell > 0 && divided[cell - 1] && names.indices.contains(cell - taken)
              && !Table.isTimeName(names[cell - taken])
              ? before[taken - 1].map { $0 + [cell - 1] } : []))
            .prefix(2))
      }
      (before, ways) = (ways, next)
    }
    return ways[count]
  }
}

extension DelimitedText {
  /// The text with quotes around the cells that `joins` make one.
  static func joined(_ bytes: [UInt8], after start: Int, _ joins: [Int], columns: Int, file: String)
    -> [UInt8]
  {
    bytes.withUnsafeBufferPointer { text in
      var scanner = RecordScanner(text: text, delimiter: Ascii.comma, file: file)
      var (result, copied) = ([UInt8](), 0)
      result.reserveCapacity(text.count + text.count / 4)
      var starts: [UInt32] = []
      // What cannot be scanned is told by who reads the rows.
      while (try? scanner.nextRecord(into: &starts)) == true {
        if scanner.position > start, starts.count == columns + joins.count {
          for join in joins {
            let first = cell(at: Int(starts[join]), in: text, delimiter: Ascii.comma).range
            let last = cell(at: Int(starts[join + 1]), in: text, delimiter: Ascii.comma).range
            result += text[copied..<first.lowerBound] + [Ascii.quote]
            result += text[first.lowerBound..<last.upperBound] + [Ascii.quote]
            copied = last.upperBound
          }
        }
        starts.removeAll(keepingCapacity: true)
      }
      return result + text[copied...]
    }
  }
}
