/// What a season adds to, or multiplies, the level of a series: taken off before a forecast without
/// seasons is made, and put back after it.
///
/// Found by the classical decomposition: each place of the season is compared with the mean of the
/// season around it. Series that stay above zero have factors, others addends.
struct SeasonalShape: Sendable {
  /// The index of each place of the season; empty: there is no season.
  let indices: [Double]
  let isMultiplicative: Bool

  /// That of the first rows, if a season shows in them: the autocorrelation one season apart lies
  /// beyond what chance makes of it in nine of ten series (Makridakis and Hibon 2000).
  init(_ values: ArraySlice<Double>, season: Int?) {
    let values = Array(values)
    let isMultiplicative = values.allSatisfy { $0 > 0 }
    self.isMultiplicative = isMultiplicative
    guard let season, season >= 2, values.count >= 2 * season + 1,
      Self.shows(values, season: season)
    else {
      indices = []
      return
    }
    // The mean of a season around each row; where a season has an even number of rows, the first
    // and the last row count half.
    let half = season / 2
    var sums = [Double](repeating: 0, count: season)
    var counts = [Double](repeating: 0, count: season)
    for row in half..<values.count - half {
      var mean = values[row - half...row + half].reduce(0, +)
      if season.isMultiple(of: 2) { mean -= (values[row - half] + values[row + half]) / 2 }
      mean /= Double(season)
      let difference = isMultiplicative ? values[row] / mean : values[row] - mean
      sums[row % season] += difference
      counts[row % season] += 1
    }
    let means = zip(sums, counts).map { $1 > 0 ? $0 / $1 : (isMultiplicative ? 1 : 0) }
    let middle = means.reduce(0, +) / Double(season)
    indices = means.map { isMultiplicative ? $0 / middle : $0 - middle }
  }

  private static func shows(_ values: [Double], season: Int) -> Bool {
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    guard squares > 0 else { return false }
    func correlation(_ lag: Int) -> Double {
      zip(values, values.dropFirst(lag)).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) } / squares
    }
    let nearer = (1..<season).reduce(0.0) { $0 + correlation($1) * correlation($1) }
    return abs(correlation(season)) > 1.645 * ((1 + 2 * nearer) / Double(values.count)).squareRoot()
  }

  /// A value without its season.
  func removed(from value: Double, row: Int) -> Double {
    guard !indices.isEmpty else { return value }
    let index = indices[row % indices.count]
    return isMultiplicative ? value / index : value - index
  }

  /// A value with its season.
  func restored(_ value: Double, row: Int) -> Double {
    guard !indices.isEmpty else { return value }
    let index = indices[row % indices.count]
    return isMultiplicative ? value * index : value + index
  }
}
