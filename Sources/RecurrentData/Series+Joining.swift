import RecurrentFiles

extension Series {
  /// The series under another name.
  package func named(_ name: String?) -> Series {
    Series(
      checkedName: name, targetName: targetName, times: times, numbers: numbers,
      covariates: covariates, source: source, future: future, known: known)
  }

  /// With rows of the same series that come behind its own, or before them.
  ///
  /// - Parameter missing: what becomes of a gap between the two.
  /// - Throws: ``DataError`` if the rows of one lie among those of the other, rows are missing and that is an
  ///   error, or the columns are others.
  package func joined(
    with other: Series, missing: MissingValues = .error
  ) throws(DataError) -> Series {
    let isBefore =
      !times.isRowNumbers && !other.times.isRowNumbers
      && other.times.seconds.last ?? .max < times.seconds.first ?? .min
    let (first, next) = isBefore ? (other, self) : (self, other)
    guard !first.times.isRowNumbers, !next.times.isRowNumbers,
      let filling = try first.filling(upTo: next, missing)
    else { return try first.followed(by: next) }
    return try first.followed(by: filling).followed(by: next)
  }
}
