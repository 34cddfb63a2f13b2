import Foundation
import Recurrent

/// What an option is drawn from: `24,48,96`, or `1e-4...1e-2`.
public enum SearchRange: Sendable, Equatable, CustomStringConvertible {
  /// One of these values, each as likely.
  case choices([String])
  /// Whole numbers of a range.
  case whole(ClosedRange<Int>)
  /// Numbers of a range.
  case numbers(ClosedRange<Double>)

  /// The range that a text says; nil if it says none: values with commas between them, or two numbers
  /// with `...` between them, the smaller first. Ends that are whole numbers draw whole numbers.
  public init?(_ text: String) {
    let ends = text.replacing("…", with: "...").split(separator: "...").map(String.init)
    if ends.count == 2 {
      if let low = Int(ends[0]), let high = Int(ends[1]) {
        guard low <= high, low >= -Self.largest, high <= Self.largest else { return nil }
        self = .whole(low...high)
      } else {
        guard let low = Double(ends[0]), let high = Double(ends[1]), low <= high,
          low.magnitude <= 1e15, high.magnitude <= 1e15
        else { return nil }
        self = .numbers(low...high)
      }
      return
    }
    let values = text.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    guard ends.count == 1, !values.contains("") else { return nil }
    self = .choices(values)
  }

  private static let largest = 1_000_000_000_000

  /// Values that tell whether an option takes this range.
  var samples: [String] {
    switch self {
    case .choices(let values): values
    case .whole(let range): ["\(range.lowerBound)", "\(range.upperBound)"]
    case .numbers(let range): [Self.text(range.lowerBound), Self.text(range.upperBound)]
    }
  }

  /// A value as a flag takes it. Of ranges above zero, equal ratios are equally likely; of others,
  /// equal differences.
  func draw(using generator: inout some RandomNumberGenerator) -> String {
    let share = Double(generator.next() >> 11) * 0x1p-53
    switch self {
    case .choices(let values):
      return values[min(values.count - 1, Int(share * Double(values.count)))]
    case .whole(let range):
      // Each number has the room from half below it to half above.
      let (low, high) = (Double(range.lowerBound) - 0.5, Double(range.upperBound) + 0.5)
      let number = Self.between(low, high, share, isRatio: low > 0).rounded()
      return "\(Int(min(max(number, low + 0.5), high - 0.5)))"
    case .numbers(let range):
      let (low, high) = (range.lowerBound, range.upperBound)
      return Self.text(Self.between(low, high, share, isRatio: low > 0))
    }
  }

  private static func between(
    _ low: Double, _ high: Double, _ share: Double, isRatio: Bool
  ) -> Double {
    isRatio ? low * pow(high / low, share) : low + (high - low) * share
  }

  /// Three digits: what else is drawn makes no difference.
  private static func text(_ number: Double) -> String {
    let text = String(format: "%.3g", number)
    return text.contains("e") ? "\(Double(text) ?? number)" : text
  }

  /// The range as it is written.
  public var description: String {
    switch self {
    case .choices(let values): values.joined(separator: ",")
    case .whole(let range): "\(range.lowerBound)...\(range.upperBound)"
    case .numbers(let range): "\(Self.text(range.lowerBound))...\(Self.text(range.upperBound))"
    }
  }
}
