import Recurrent
import RecurrentFiles

/// What several files without a column of series are to each other.
public enum FileJoining: String, Sendable, CaseIterable {
  /// Rows of one series, one file after another in time.
  case rows
  /// A series each, called like the file.
  case series
}

/// The series of files of one form. A large file is read in parts, of which only the numbers are kept, those that
/// are too many for the memory on the disk. The rows of a series, of several files too, are joined.
package struct SeriesOfFiles {
  /// The columns, as the first part has them.
  package let columns: ForecastColumns
  /// At least one, in the order in which they first come.
  package private(set) var series: [Series] = []
  /// What is to be said of how they were read: sentences without a full stop.
  package private(set) var remarks: [String] = []
  /// The files that were read, as reports name them.
  package let source: String
  /// Rows of all files.
  package let rowCount: Int
  /// The names of the columns.
  package let columnNames: [String]
  /// The first rows, for people.
  package let preview: String

  /// Reads files.
  ///
  /// - Parameters:
  ///   - files: at least one.
  ///   - format: how they are written.
  ///   - joining: what files without a column of series are to each other; nil: what their times say.
  ///   - times: of rows that are written alike.
  ///   - partSize: bytes of a part, about; nil: what is large comes in parts of 16 MiB.
  ///   - store: where the numbers are kept.
  ///   - resolve: says which columns are taken, once the first part is known.
  /// - Throws: ``DataError`` with file and line.
  package init(
    _ files: [TextPieces], format: TableFormat, joining: FileJoining? = nil,
    like times: TimeAxis? = nil,
    partSize: Int? = nil, in store: ValueStore = ValueStore(),
    columns resolve: (Table) throws(DataError) -> ForecastColumns
  ) throws(DataError) {
    require(!files.isEmpty, "there is at least one file to read")
    let paths = files.map(\.source)
    let names = Self.names(of: paths)
    var (found, first) = (ForecastColumns?.none, (names: [String](), preview: ""))
    var (rowCount, axis) = (0, times)
    var (all, remarks) = (SeriesList(store: store), [String]())
    for (file, name) in zip(files, names) {
      try Self.checkIsTable(file)
      var parts: SeriesParts?
      var wide = WideParts()
      try Table.forEachPart(
        of: file, format: found?.format ?? format, size: partSize ?? file.tablePartSize
      ) {
        table throws(DataError) in
        let columns: ForecastColumns
        if let found {
          columns = found
        } else {
          columns = try resolve(table)
          first = (table.columnNames, table.firstRows(3))
          found = columns
        }
        rowCount += table.rowCount
        let long =
          columns.wide == .columns
          ? try table.long(part: &wide, time: columns.time) : try columns.long(table)
        guard let long else { return }
        if parts == nil { parts = columns.parts(of: long, like: axis) }
        try parts?.add(long)
      }
      guard let found, let reading = try parts?.finish(in: store) else { continue }
      axis = axis ?? reading.series[0].times
      for remark in reading.remarks + wide.remarks where !remarks.contains(remark) {
        remarks.append(remark)
      }
      for one in reading.series {
        try all.add(paths.count > 1 && found.isOneSeries ? one.named(name) : one, found.missing)
      }
    }
    guard let found else {
      throw DataError(file: paths[0], problem: "there are no rows in it")
    }
    (columns, self.rowCount, self.remarks, series) = (found, rowCount, remarks, all.series)
    (columnNames, preview) = first
    source = paths.count > 3 ? "\(paths.count) files" : paths.joined(separator: ", ")
    if paths.count > 1, found.isOneSeries { try join(joining) }
    if let remark = frequencyRemark { self.remarks.append(remark) }
    if store.fileSize > 0 {
      self.remarks.append(
        "numbers lie on the disk, \(NumberFormat.bytes(Double(store.fileSize))) while the program runs"
      )
    }
  }

  /// What is to be said where rows of one series are days and of another months: a network counts rows.
  private var frequencyRemark: String? {
    let frequencies = series.filter { $0.count > 1 }.map { ($0, "\($0.times.frequency)") }
    let counts = Dictionary(grouping: frequencies, by: \.1).mapValues(\.count)
    guard counts.count > 1,
      let usual = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })?.key
    else { return nil }
    let others = frequencies.filter { $0.1 != usual }
    return "rows are \(usual) in \(counts[usual] ?? 0) series, but not in "
      + (others.prefix(5).map { "\($0.0.name ?? "one") (\($0.1))" }
      + (others.count > 5 ? ["\(others.count - 5) more"] : [])).joined(separator: ", ")
      + ": seasons and steps are counted in rows, of all alike"
  }

  /// Throws if a file holds a JSON array: its first error as a table would tell nobody why.
  private static func checkIsTable(_ file: TextPieces) throws(DataError) {
    var first: Character?
    try file.forEachLine { _, line in
      first = line.first { !$0.isWhitespace }
      return first == nil
    }
    guard first == "[" else { return }
    throw DataError(
      file: file.source, line: 1,
      problem: "found a JSON array, expected a table with a row for each time, or an object a line",
      advice: "Write an object a line, as with: jq -c '.[]'")
  }

  /// Makes one series of those of several files, if they follow each other in time.
  private mutating func join(_ joining: FileJoining?) throws(DataError) {
    let isTimed = series.allSatisfy { !$0.times.isRowNumbers }
    let ordered =
      isTimed
      ? series.sorted { ($0.times.seconds.first ?? 0) < ($1.times.seconds.first ?? 0) } : series
    let follow =
      isTimed
      && zip(ordered, ordered.dropFirst()).allSatisfy {
        ($0.times.seconds.last ?? 0) < ($1.times.seconds.first ?? 0)
      }
    guard joining == .rows || joining == nil && follow else {
      if joining == nil {
        remarks.append(
          "the files are \(series.count) series, called like them, since "
            + (isTimed ? "their times overlap" : "they have no times") + "; --files rows makes one")
      }
      return
    }
    if joining == nil {
      remarks.append(
        "the \(series.count) files are one series, since they follow each other in time; "
          + "--files series takes each by itself")
    }
    var whole = ordered[0].named(nil)
    for next in ordered.dropFirst() {
      whole = try whole.joined(with: next.named(nil), missing: columns.missing)
    }
    series = [try whole.stored(in: ValueStore())]
  }

  /// What series are called that are a file each: like the files, by as much of their paths as tells them apart.
  private static func names(of paths: [String]) -> [String] {
    let stems = paths.map { path in
      let name = Packing.plainName(splitPath(path).name)
      return name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    }
    return Set(stems).count == stems.count ? stems : paths
  }
}

/// Series by their names.
private struct SeriesList {
  let store: ValueStore
  private(set) var series: [Series] = []
  private var places: [String?: Int] = [:]

  init(store: ValueStore) { self.store = store }

  /// Takes a series, or more rows of one that is there.
  mutating func add(_ one: Series, _ missing: MissingValues) throws(DataError) {
    guard let place = places[one.name] else {
      places[one.name] = series.count
      series.append(one)
      return
    }
    series[place] = try series[place].joined(with: one, missing: missing).stored(in: store)
  }
}

extension ForecastColumns {
  /// Whether a table is one series, which no column names.
  fileprivate var isOneSeries: Bool { series == nil && wide == nil }
}
