import Foundation

/// Numbers as text, the same on every machine and in every locale.
enum ChartNumbers {
  /// A coordinate of an SVG file: at most two decimals, none that are zero.
  static func coordinate(_ value: Double, decimals: Int = 2) -> String {
    guard value.isFinite else { return "0" }
    let scale = decimals == 1 ? 10 : 100
    let units = Int((min(max(value, -1e9), 1e9) * Double(scale)).rounded())
    let whole = abs(units) / scale
    let rest = abs(units) % scale
    var text = (units < 0 ? "-" : "") + String(whole)
    guard rest > 0 else { return text }
    text += "."
    if scale == 100 {
      text += String(rest / 10)
      if rest % 10 > 0 { text += String(rest % 10) }
    } else {
      text += String(rest)
    }
    return text
  }

  /// `1,234.50`: that many decimals, thousands separated by commas, a true minus sign.
  static func fixed(_ value: Double, decimals: Int) -> String {
    guard value.isFinite else { return "–" }
    let plain = String(format: "%.\(max(0, decimals))f", abs(value))
    let parts = plain.split(separator: ".", maxSplits: 1)
    let digits = Array(parts.first ?? "0")
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    if parts.count == 2 { text += "." + parts[1] }
    let isZero = !plain.contains { $0 != "0" && $0 != "." }
    return (value < 0 && !isZero ? "\u{2212}" : "") + text
  }

  /// `2.5×10⁻⁹`, with that exponent and that many decimals.
  static func scientific(_ value: Double, exponent: Int, decimals: Int) -> String {
    if value == 0 { return "0" }
    // Two factors: 10^exponent alone may be beyond what a Double holds.
    let half = exponent / 2
    let mantissa = value / power(of: half) / power(of: exponent - half)
    return fixed(mantissa, decimals: decimals) + "×" + powerOfTen(exponent)
  }

  /// `10⁻⁹`.
  static func powerOfTen(_ exponent: Int) -> String {
    let raised: [Character: Character] = [
      "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷",
      "8": "⁸", "9": "⁹",
    ]
    return "10" + String(String(exponent).compactMap { raised[$0] })
  }

  /// A single number for a sentence or above a bar: about `digits` significant digits.
  static func short(_ value: Double, digits: Int = 4) -> String {
    guard value.isFinite else { return "–" }
    if value == 0 { return "0" }
    let exponent = exponent(of: value)
    if exponent < -4 || exponent >= 10 {
      return scientific(value, exponent: exponent, decimals: max(0, digits - 1))
    }
    // A whole number needs no decimals to be exact.
    if value == value.rounded() { return fixed(value, decimals: 0) }
    return fixed(value, decimals: max(0, digits - 1 - exponent))
  }

  /// Labels for the ticks of one axis: all with the same decimals and, where numbers are very large
  /// or very small, the same power of ten.
  static func labels(for ticks: [Double], step: Double) -> [String] {
    let largest = ticks.map(abs).max() ?? 0
    guard largest > 0 else { return ticks.map { fixed($0, decimals: 0) } }
    let stepExponent = exponent(of: step)
    if largest >= 1e10 || largest < 1e-4 {
      let shared = exponent(of: largest)
      let decimals = min(max(0, shared - stepExponent), 12)
      return ticks.map { scientific($0, exponent: shared, decimals: decimals) }
    }
    return ticks.map { fixed($0, decimals: max(0, -stepExponent)) }
  }

  /// The power of ten at or below |value|; right for 0.001 too, whose logarithm is a hair off.
  static func exponent(of value: Double) -> Int {
    guard value != 0, value.isFinite else { return 0 }
    return Int((log10(abs(value)) + 1e-9).rounded(.down))
  }

  /// 10^exponent, correctly rounded in the range where a Double holds it exactly.
  static func power(of exponent: Int) -> Double {
    pow(10, Double(exponent))
  }
}
