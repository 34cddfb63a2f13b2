import Foundation
import Recurrent

/// What becomes of the target before it is scaled, and is undone behind the network.
public enum ValueTransform: String, Sendable, Codable, CaseIterable {
  /// Values stay as they are.
  case none
  /// Logarithms: what grows by shares then grows evenly, and forecasts stay above zero.
  case log
  /// The power of Box and Cox (1964) under which a series varies most evenly at all its levels, of 0
  /// (logarithms), ¼, ½, ¾ and 1 (nothing), by the rule of Guerrero (1993).
  case boxcox
  /// Logarithms or nothing, by the same rule.
  case auto

  /// The powers to choose from.
  private var powers: [Double] {
    switch self {
    case .none: [1]
    case .log: [0]
    case .boxcox: [0, 0.25, 0.5, 0.75, 1]
    case .auto: [0, 1]
    }
  }

  /// That of a series, by its training rows. Where these are not all above zero, nothing is done.
  ///
  /// - Parameter season: rows in a season; the spread is compared from one to the next.
  func power(of rows: ArraySlice<Double>, season: Int?) -> PowerTransform {
    guard self != .none, let least = rows.min(), least > 0 else { return PowerTransform() }
    let powers = powers
    guard powers.count > 1 else { return PowerTransform(power: powers[0], least: least / 10) }
    let length = max(2, season ?? min(12, rows.count / 4))
    let starts = stride(from: rows.endIndex - length, through: rows.startIndex, by: -length)
    let parts = starts.map { start -> (mean: Double, deviation: Double) in
      let part = rows[start..<start + length]
      let mean = part.reduce(0) { $0 + $1 / Double(length) }
      let squares = part.reduce(0) { $0 + ($1 - mean) * ($1 - mean) / Double(length - 1) }
      return (mean, squares.squareRoot())
    }
    guard parts.count >= 2 else { return PowerTransform() }
    func unevenness(_ power: Double) -> Double {
      let ratios = parts.map { $0.deviation / pow($0.mean, 1 - power) }
      let mean = ratios.reduce(0, +) / Double(ratios.count)
      guard mean > 0 else { return 0 }
      let squares = ratios.reduce(0) { $0 + ($1 / mean - 1) * ($1 / mean - 1) }
      return (squares / Double(ratios.count)).squareRoot()
    }
    // Of powers that do as well, nothing.
    let best = powers.reversed().min { unevenness($0) < unevenness($1) } ?? 1
    return best == 1 ? PowerTransform() : PowerTransform(power: best, least: least / 10)
  }
}

/// (x^λ - 1) / λ, or log x where λ is 0; with λ = 1, x itself.
struct PowerTransform: Sendable, Codable, Equatable {
  /// λ, in 0...1.
  var power = 1.0
  /// What values below it are taken for: later rows may hold what training rows do not.
  var least = 0.0

  var isNone: Bool { power == 1 }

  func callAsFunction(_ value: Double) -> Double {
    guard !isNone else { return value }
    let value = max(value, least)
    return power == 0 ? log(value) : (pow(value, power) - 1) / power
  }

  /// The value that becomes `value`.
  func inverse(_ value: Double) -> Double {
    guard !isNone else { return value }
    let result = power == 0 ? exp(value) : pow(max(0, power * value + 1), 1 / power)
    return min(result, Table.largestMagnitude)
  }

  /// What is wrong with the transform, as a sentence; nil if nothing is.
  var problem: String? {
    (0...1).contains(power) && (power == 1 || least > 0 && least.isFinite)
      ? nil : "a power of \(power) from \(least) on"
  }
}
