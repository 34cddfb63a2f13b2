import Recurrent

/// A training that followed the one whose epochs were judged, on rows that had been held out from it.
public struct Refitted: Sendable, Codable, Equatable {
  /// Rows of all series that it learned from.
  public let rows: Int
  /// Rows that there were.
  public let of: Int
  /// Epochs, those that validation chose.
  public let epochs: Int
  /// How it ran away, where the weights are those from before it; nil: it did not.
  public var problem: String?
}

extension Refitted: CustomStringConvertible {
  /// A sentence without a full stop.
  public var description: String {
    let count =
      rows == of
      ? "all \(NumberFormat.grouped(of)) rows"
      : "\(NumberFormat.grouped(rows)) of \(NumberFormat.grouped(of)) rows"
    if let problem {
      return "training again on \(count) ran away, so that the weights are those that validation "
        + "chose (\(problem))"
    }
    return "trained again on \(count), for \(epochs) \(epochs == 1 ? "epoch" : "epochs")"
  }
}

extension ForecastPlan {
  /// The time of the last row of each series that training or validation sees.
  var learnedUntil: [String: Double] {
    let own = zip(series, splits).compactMap { series, split in
      split.testStart > 0
        ? (
          series.name ?? "", series.times.slice(split.testStart - 1..<split.testStart).positions[0]
        ) : nil
    }
    return Dictionary(own, uniquingKeysWith: max)
      .merging(origin?.configuration.learnedUntil ?? [:], uniquingKeysWith: max)
  }

  /// The windows of the test parts whose rows the model to go on from has not learned.
  var unlearnedTest: Unlearned {
    Unlearned(series, splits.map(\.test), of: origin)
  }
}

extension ForecastPlan {
  /// What is trained behind the first training, and how long that takes beside it; nil: nothing.
  var refitText: String? {
    guard refit != .none, refits > 0 else { return nil }
    let rows = splits.reduce(0) { $0 + (refit == .known ? $1.testStart : $1.count) }
    let windows = splits.reduce(0) { sum, split in
      sum
        + ForecastSplit(
          count: split.count, validationStart: refit == .known ? split.testStart : split.count,
          testStart: refit == .known ? split.testStart : split.count, options: options
        ).training.count
    }
    let most = options.windowsPerEpoch ?? .max
    let times = Double(min(windows, most)) / Double(max(1, min(windowCounts.training, most)))
    let part =
      switch refit {
      case .known:
        "before the report, on the \(NumberFormat.grouped(rows)) rows before the test part"
      case .all:
        "before the report without the test part, and after it on all \(NumberFormat.grouped(rows)) rows"
      default: "after the report, on all \(NumberFormat.grouped(rows)) rows"
      }
    return part + ", with the epochs that validation chose; each takes "
      + "\(NumberFormat.fixed(times, 1)) times as long. --refit none leaves it out"
  }
}

/// Which windows forecast rows that a model has not learned.
struct Unlearned {
  /// Origins by series; all that were given, if not one of them is left.
  let origins: [Range<Int>]
  /// Windows that were left out.
  let leftOut: Int
  /// Whether all rows were learned.
  let isNone: Bool

  /// - Parameters:
  ///   - series: the series that the origins are of.
  ///   - model: the model; nil: it has learned nothing.
  init(_ series: [Series], _ origins: [Range<Int>], of model: Forecaster?) {
    let left = zip(series, origins).map { series, origins in
      let first = max(origins.lowerBound, model?.learnedRows(of: series) ?? 0)
      return min(first, origins.upperBound)..<origins.upperBound
    }
    let (all, kept) = (origins.reduce(0) { $0 + $1.count }, left.reduce(0) { $0 + $1.count })
    isNone = kept == 0 && all > 0
    self.origins = isNone ? origins : left
    leftOut = isNone ? 0 : all - kept
  }

  /// Which windows the errors are of, in a word.
  var word: String { isNone ? "learned" : leftOut > 0 ? "newer" : "all" }

  /// What is to be said of rows that were learned, without a full stop; nil: nothing.
  var told: String? {
    if isNone { return "the model has learned all of these rows: this is no test of its forecasts" }
    guard leftOut > 0 else { return nil }
    return
      "\(NumberFormat.grouped(leftOut)) \(leftOut == 1 ? "window" : "windows") of rows that the model "
      + "has learned are left out"
  }
}

extension Forecaster {
  /// How many of the first rows of a series training or validation saw; 0 of another series.
  ///
  /// Rows that the model keeps tell whether it is the same series; rows without times are only known
  /// by them.
  public func learnedRows(of series: Series) -> Int {
    let place = recent.firstIndex { $0.name == series.name } ?? (recent.count == 1 ? 0 : nil)
    guard let place, let until = configuration.learnedUntil?[recent[place].name ?? ""],
      recent[place].times.isRowNumbers == series.times.isRowNumbers
    else { return 0 }
    let held = Dictionary(
      zip(recent[place].times.positions, recent[place].target), uniquingKeysWith: { $1 })
    var isKnown = !series.times.isRowNumbers
    for (time, value) in zip(series.times.positions, series.target) {
      guard let own = held[time] else { continue }
      guard own == value else { return 0 }
      isKnown = true
    }
    return isKnown ? series.times.positions.count { $0 <= until } : 0
  }
}
