import RecurrentFiles

/// What is known of a row before it comes, as a promotion or a holiday, or of a whole series, as its region.
public struct KnownColumn: Sendable, Equatable, Codable {
  /// Numbers or words.
  public enum Values: Sendable, Equatable, Codable {
    /// Finite numbers.
    case numbers([Double])
    /// Words; empty where there is none.
    case words([String])
  }

  /// The column's name.
  public var name: String
  /// One for each row of the series and, as far as they are known, for those behind its last; of what is
  /// the same for all rows, one alone.
  public var values: Values
  /// Whether it is the same for all rows.
  public var isStatic: Bool

  /// Creates a column.
  public init(name: String, values: Values, isStatic: Bool = false) {
    (self.name, self.values, self.isStatic) = (name, values, isStatic)
  }

  /// Whether it holds words.
  public var isOfWords: Bool { if case .words = values { true } else { false } }

  /// The number of values.
  public var count: Int {
    switch values {
    case .numbers(let values): values.count
    case .words(let values): values.count
    }
  }

  /// The values of some rows; of what is the same for all rows, that.
  func slice(_ range: Range<Int>) -> KnownColumn {
    guard !isStatic else { return self }
    var part = self
    switch values {
    case .numbers(let values): part.values = .numbers(Array(values[range]))
    case .words(let values): part.values = .words(Array(values[range]))
    }
    return part
  }

  /// The first `count` values with all of another behind them.
  func prefix(_ count: Int, followedBy other: KnownColumn) -> KnownColumn {
    guard !isStatic else { return self }
    var both = self
    switch (values, other.values) {
    case (.numbers(let own), .numbers(let more)):
      both.values = .numbers(Array(own.prefix(count)) + more)
    case (.words(let own), .words(let more)):
      both.values = .words(Array(own.prefix(count)) + more)
    default: trap("column \(name) holds numbers here and words there")
    }
    return both
  }

  /// What keeps it from being that of so many rows and so many behind them, as a sentence; nil if nothing
  /// does.
  func problem(rows: Int, future: Int) -> String? {
    if isStatic ? count != 1 : count != rows + future {
      return "column \(name.shown) has \(count) values for \(rows) rows and \(future) behind them"
    }
    guard case .numbers(let values) = values,
      let bad = values.firstIndex(where: { !($0.magnitude <= Table.largestMagnitude) })
    else { return nil }
    return "found \(values[bad]) in column \(name.shown), expected a finite number up to 1e18"
  }
}

/// Which columns of a table are known before their rows come.
public struct KnownChoice: Sendable, Equatable {
  /// Known row by row.
  public var rows: [String]
  /// The columns that are the same for all rows of a series.
  public var statics: [String]
  /// The columns that hold words though they may look like numbers.
  public var words: Set<String>

  /// A choice.
  public init(rows: [String] = [], statics: [String] = [], words: Set<String> = []) {
    (self.rows, self.statics, self.words) = (rows, statics, words)
  }

  var all: [String] { rows + statics }
}

extension Table {
  /// The values of columns that are known, `[columns][rows]`; of words their places among `words`, NaN for
  /// an empty number.
  func knownValues(
    _ choice: KnownChoice
  ) throws(DataError) -> (values: [[Double]], words: [[String]?]) {
    let numeric = Set(numericColumns).subtracting(choice.words)
    var (all, words) = ([[Double]](), [[String]?]())
    for name in choice.all {
      let column = try column(name)
      guard !numeric.contains(name) else {
        all.append(try numbersOrNaN(column: column))
        words.append(nil)
        continue
      }
      var (places, found) = ([String: Int](), [String]())
      all.append(
        (0..<rowCount).map { row in
          let word = text(row: row, column: column)
          if let place = places[word] { return Double(place) }
          places[word] = found.count
          found.append(word)
          return Double(found.count - 1)
        })
      words.append(found)
    }
    return (all, words)
  }
}
