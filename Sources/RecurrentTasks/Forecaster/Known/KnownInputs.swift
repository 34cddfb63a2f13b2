import Recurrent
import RecurrentFiles

/// How what is known of a row before it comes is told to the network: the calendar, columns of the table,
/// and what is the same for all rows of a series.
struct KnownInputs: Sendable, Codable, Equatable {
  /// A column that is known ahead, or of a series.
  struct Column: Sendable, Codable, Equatable {
    var name: String
    var isStatic: Bool
    /// Words that have a number of their own, which is 1 where they stand; nil: the column holds numbers.
    var words: [String]?
    /// The scale of the column's numbers.
    var scale = ChannelScale()

    /// Numbers that the network gets for it.
    var width: Int { words?.count ?? 1 }
  }

  var calendar: [CalendarFeature] = []
  var columns: [Column] = []

  /// More words than these have no number of their own: the most frequent have.
  private static let mostWords = 200

  /// Numbers for a row.
  var width: Int { 2 * calendar.count + columns.reduce(0) { $0 + $1.width } }

  /// What the training rows of series tell.
  init(_ series: [Series], trainingRows: [Int], calendar choice: CalendarFeatures) {
    if choice == .auto,
      let longest = series.indices.max(by: { trainingRows[$0] < trainingRows[$1] })
    {
      let found = CalendarFeature.features(
        of: series[longest].times, trainingRows: trainingRows[longest])
      calendar = series.contains { $0.times.isNumbers } ? [] : found
    }
    columns = series[0].known.enumerated().map { place, first in
      var (counts, numbers) = ([String: Int](), [Double]())
      for (one, rows) in zip(series, trainingRows) {
        let column = one.known[place]
        let count = column.isStatic ? 1 : rows
        switch column.values {
        case .words(let words): for word in words.prefix(count) { counts[word, default: 0] += 1 }
        case .numbers(let values): numbers += values.prefix(count)
        }
      }
      var column = Column(name: first.name, isStatic: first.isStatic)
      if case .words = first.values {
        counts[""] = nil
        column.words = Array(
          counts.sorted { $0.value == $1.value ? $0.key < $1.key : $0.value > $1.value }
            .prefix(Self.mostWords).map(\.key))
      } else {
        column.scale = ChannelScale(.standard, fittedOn: numbers[...])
      }
      return column
    }
  }

  /// The numbers of all rows of a series and of so many behind them, row after row. Rows of which a column
  /// is not known have zeros there.
  func values(of series: Series, ahead: Int) -> [Float] {
    let rows = series.count + ahead
    let width = width
    var values = [Float](repeating: 0, count: rows * width)
    guard width > 0 else { return values }
    if !calendar.isEmpty {
      for (row, seconds) in series.times(followedBy: ahead).positions.enumerated() {
        let places = calendar.flatMap { $0.place(seconds) }
        values.replaceSubrange(row * width..<row * width + places.count, with: places)
      }
    }
    var start = 2 * calendar.count
    for (column, known) in zip(columns, series.known) {
      func set(_ row: Int, _ place: Int, _ value: Float) {
        values[row * width + start + place] = value
      }
      let last = column.isStatic ? rows : min(rows, known.count)
      switch known.values {
      case .numbers(let numbers):
        for row in 0..<last {
          set(row, 0, column.scale.scaled(numbers[column.isStatic ? 0 : row]))
        }
      case .words(let words):
        let places = Dictionary(
          uniqueKeysWithValues: (column.words ?? []).enumerated().map { ($1, $0) })
        for row in 0..<last {
          if let place = places[words[column.isStatic ? 0 : row]] { set(row, place, 1) }
        }
      }
      start += column.width
    }
    return values
  }

  /// What is to be said of the columns of series: of words that have no number of their own.
  func remarks(on series: [Series]) -> [String] {
    columns.enumerated().compactMap { place, column in
      guard let own = column.words.map(Set.init) else { return nil }
      var found: Set<String> = []
      for one in series where place < one.known.count {
        guard case .words(let words) = one.known[place].values else { continue }
        found.formUnion(words)
      }
      let unknown = found.subtracting(own).subtracting([""])
      guard !unknown.isEmpty else { return nil }
      let shown = unknown.sorted().prefix(3).map(\.shown).joined(separator: ", ")
      return "column \(column.name.shown) has \(unknown.count) "
        + "\(unknown.count == 1 ? "word" : "words") that the model does not know, \(shown)"
        + "\(unknown.count > 3 ? ", …" : ""): to it they are as no word"
    }
  }

  /// Columns that change from row to row, whose future must be told.
  var rowColumns: [String] { columns.filter { !$0.isStatic }.map(\.name) }

  /// The columns that a table is to be read with.
  var choice: KnownChoice {
    KnownChoice(
      rows: rowColumns, statics: columns.filter(\.isStatic).map(\.name),
      words: Set(columns.filter { $0.words != nil }.map(\.name)))
  }

  /// What keeps it from being read from a file, as a sentence; nil if nothing does.
  var problem: String? {
    for column in columns {
      if let words = column.words, Set(words).count < words.count || words.count > Self.mostWords {
        return "words of column \(quoted(column.name)) that stand there twice, or too many"
      }
      if !(column.scale.scale >= 0) || !column.scale.offset.isFinite {
        return "a scale of column \(quoted(column.name)) that is no positive number"
      }
    }
    return Set(calendar).count < calendar.count ? "a part of the calendar twice" : nil
  }

  /// In words.
  var description: String {
    let ofCalendar =
      calendar.isEmpty
      ? [] : ["the \(listedWithAnd(calendar.map(\.rawValue))) (--calendar none: not)"]
    return
      (columns.map { column in
        column.name + (column.isStatic ? " (of the series)" : "")
          + (column.words.map { ", \($0.count) \($0.count == 1 ? "word" : "words")" } ?? "")
      } + ofCalendar).joined(separator: "; ")
  }

  private func listedWithAnd(_ names: [String]) -> String {
    names.count < 2
      ? names.joined() : names.dropLast().joined(separator: ", ") + " and " + names[names.count - 1]
  }
}

extension Series {
  /// The times of all rows and of `count` behind them: those of the future, as far as they are known.
  func times(followedBy count: Int) -> TimeAxis {
    guard let future, count > 0 else { return times.followed(by: count) }
    let known = future.prefix(count)
    let more = known.count < count ? known.followed(by: count - known.count) : known
    return times.joined(with: more)
  }
}
