/// What to do with values that are not there: cells that are empty or hold `NaN`, `NA`, `N/A`, `#N/A`,
/// `null`, `none`, `?`, `.` or a dash, and all cells of rows that regular times ask for and that are
/// absent.
public enum MissingValues: String, CaseIterable, Sendable, Codable {
  /// A missing value is an error.
  case error
  /// A straight line, by row, between the values before and after.
  ///
  /// It looks ahead: a filled value depends on a later one, so a model tested on such rows has seen
  /// a little of what it predicts. Gaps at the start or the end cannot be filled.
  case interpolate
  /// The last value before the gap.
  ///
  /// It never looks ahead. A gap at the start cannot be filled.
  case forwardFill = "forward-fill"
  /// Rows that lack a value are left out; the others follow one another as if there were no gap.
  case drop

  /// The ways of dealing with missing values, as advice.
  static var ways: String {
    "Fill gaps with --missing interpolate or --missing forward-fill, or take the rows that are whole, as "
      + "if there were no gap, with --missing drop"
  }

  /// Why a gap could not be filled, and at which element.
  struct Failure: Error {
    var index: Int
    var problem: String
    var advice: String
  }

  /// `values` with its missing ones (NaN) filled.
  func fill(_ values: [Double]) throws(Failure) -> [Double] {
    guard let firstMissing = values.firstIndex(where: \.isNaN) else { return values }
    if self == .drop { return values.filter { !$0.isNaN } }
    guard let firstPresent = values.firstIndex(where: { !$0.isNaN }) else {
      throw Failure(
        index: firstMissing, problem: "every value is missing, expected numbers",
        advice: "Choose another column, or leave it out of the covariates")
    }
    if self == .error {
      let count = values.count(where: \.isNaN)
      throw Failure(
        index: firstMissing,
        problem: "found no value, expected a number"
          + (count > 1 ? " (the first of \(count) missing values)" : ""),
        advice: Self.ways
      )
    }
    if firstMissing < firstPresent {
      throw Failure(
        index: firstMissing,
        problem: "found no value, and none before it to fill the gap from",
        advice: "Remove the rows before the first value, or leave them out with --missing drop")
    }
    var filled = values
    var last = firstPresent
    for i in firstPresent..<values.count where !values[i].isNaN {
      fillGap(&filled, from: last, to: i)
      last = i
    }
    if last < values.count - 1 {
      if self == .interpolate {
        throw Failure(
          index: last + 1,
          problem: "found no value, and none after it to interpolate to",
          advice: "Remove the rows after the last value, or fill with --missing forward-fill")
      }
      for i in (last + 1)..<values.count { filled[i] = values[last] }
    }
    return filled
  }

  /// Fills the elements strictly between the present ones at `start` and `end`.
  private func fillGap(_ values: inout [Double], from start: Int, to end: Int) {
    guard end - start > 1 else { return }
    for i in (start + 1)..<end {
      if self == .forwardFill {
        values[i] = values[start]
      } else {
        let share = Double(i - start) / Double(end - start)
        values[i] = values[start] + share * (values[end] - values[start])
      }
    }
  }
}
