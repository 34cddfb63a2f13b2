import RecurrentFiles

extension Series {
  /// The same series with the rows of `other` behind its own.
  ///
  /// Rows without times go on with the next number; other rows are later than the last one here.
  ///
  /// - Throws: ``DataError`` if the other's rows begin earlier, or it has other covariates.
  public func followed(by other: Series) throws(DataError) -> Series {
    let place = name.map { "series \($0.shown)" }
    guard covariates.map(\.name) == other.covariates.map(\.name) else {
      throw DataError(
        file: other.source, place: place,
        problem: "has the covariates \(other.covariates.map(\.name)), expected "
          + "\(covariates.map(\.name))")
    }
    try checkKnown(of: other)
    let axis: TimeAxis
    if times.isRowNumbers, other.times.isRowNumbers {
      axis = times.followed(by: other.count)
    } else {
      let next = other.times.seconds.first ?? .max
      guard times.isRowNumbers == other.times.isRowNumbers, next > times.seconds.last ?? .min
      else {
        throw DataError(
          file: other.source, place: place,
          problem: "begins at \(other.times.label(0)), expected a time after "
            + "\(times.label(count - 1)), where the rows of \(source) end")
      }
      axis = times.joined(with: other.times)
    }
    return Series(
      checkedName: name, targetName: targetName, times: axis, target: target + other.target,
      covariates: zip(covariates, other.covariates).map {
        Covariate(name: $0.name, values: $0.values + $1.values)
      }, source: source, future: other.future,
      known: zip(known, other.known).map { $0.prefix(count, followedBy: $1) })
  }

  /// Throws if what is known of another series is not what is known of this one.
  func checkKnown(of other: Series) throws(DataError) {
    let place = name.map { "series \($0.shown)" }
    guard known.map(\.name) == other.known.map(\.name),
      zip(known, other.known).allSatisfy({ !$0.isStatic || $0 == $1 })
    else {
      throw DataError(
        file: other.source, place: place,
        problem:
          "has other columns that are known, or another value where one is the same for all rows")
    }
    if let (own, next) = zip(known, other.known).first(where: { $0.isOfWords != $1.isOfWords }) {
      throw DataError(
        file: other.source, place: place,
        problem: "column \(own.name.shown) holds \(next.isOfWords ? "words" : "numbers"), expected "
          + "\(own.isOfWords ? "words" : "numbers") as in \(source)",
        advice: "Write the column alike in both")
    }
  }
}
