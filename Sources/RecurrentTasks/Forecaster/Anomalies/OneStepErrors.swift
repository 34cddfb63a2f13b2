import Recurrent

/// How far forecasts of the next row were off on rows that were not trained on, as scores: what p-values
/// count in.
struct OneStepErrors: Sendable, Codable, Equatable {
  /// Distances, without their sign, ascending.
  private(set) var sizes: [Float]

  /// More would make no smaller p-value that is of use.
  static let most = 9999

  /// - Parameter scores: of windows in their order; of more than ``most``, as many evenly spread.
  init(_ scores: [Double]) {
    let kept =
      scores.count <= Self.most
      ? scores : (0..<Self.most).map { scores[$0 * scores.count / Self.most] }
    sizes = kept.map { Float(abs($0)) }.filter(\.isFinite).sorted()
  }

  var count: Int { sizes.count }

  /// The smallest p-value that there can be: 1 / (n + 1).
  var smallest: Double { 1 / Double(count + 1) }

  /// The share of errors at least as large, this one counted among them: of scores that come from where
  /// these do, a share α at most has a p-value of α or less (conformal prediction, Vovk et al. 2005).
  func pValue(of score: Double) -> Double {
    let size = Float(abs(score))
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if sizes[middle] < size { low = middle + 1 } else { high = middle }
    }
    return Double(count - low + 1) / Double(count + 1)
  }

  /// The largest distance whose p-value is above `alpha`; nil if none is.
  func bound(_ alpha: Double) -> Double? {
    let above = Int((alpha * Double(count + 1) + 1e-9).rounded(.down)) - 1
    guard above >= 0 else { return nil }
    return above < count ? Double(sizes[count - 1 - above]) : 0
  }

  /// What keeps it from being read from a file, as a sentence; nil if nothing does.
  var problem: String? {
    let isAscending = zip(sizes, sizes.dropFirst()).allSatisfy { $0 <= $1 }
    return isAscending && sizes.allSatisfy { $0 >= 0 && $0 < 1e30 }
      ? nil : "errors of one step that do not ascend from 0"
  }
}
