import Recurrent

/// Throws a rule that is broken, as a sentence, if one is: what was asked for may come from a user.
func require(_ problem: String?, of what: String) throws(DataError) {
  if let problem { throw DataError(file: what, problem: problem) }
}

/// The rules of a job's options, asked one after the other; what is told is the first that is broken,
/// as a sentence.
public struct OptionRules {
  private(set) var problem: String?

  /// Says what is wrong unless `isKept`.
  public mutating func require(_ isKept: Bool, else sentence: @autoclosure () -> String) {
    if problem == nil, !isKept { problem = sentence() }
  }

  /// Whole numbers within bounds.
  public mutating func require(
    _ counts: KeyValuePairs<String, Int>, in range: ClosedRange<Int> = 1...1_000_000
  ) {
    for (name, count) in counts {
      require(
        range.contains(count),
        else: "\(name) is between \(range.lowerBound) and \(range.upperBound), not \(count)")
    }
  }

  /// Shares of a whole, which never are all of it.
  public mutating func require(shares: KeyValuePairs<String, some BinaryFloatingPoint>) {
    for (name, share) in shares {
      require(share >= 0 && share < 1, else: "\(name) is at least 0 and less than 1, not \(share)")
    }
  }

  /// Numbers above 0.
  public mutating func require(positive numbers: KeyValuePairs<String, Float>) {
    for (name, number) in numbers {
      require(number > 0 && number.isFinite, else: "\(name) is a positive number, not \(number)")
    }
  }
}
