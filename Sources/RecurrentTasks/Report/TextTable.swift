import Foundation
import Recurrent

/// Rows of text under one another: the first column to the left, the others to the right.
package struct TextTable: CustomStringConvertible {
  private let rows: [[String]]

  package init(_ rows: [[String]]) { self.rows = rows }

  /// The parameters of a network: names, shapes, numbers.
  init(parametersOf model: some Module) {
    rows =
      [["parameter", "shape", "numbers"]]
      + model.parameters.map { name, tensor in
        [
          name, tensor.shape.map(String.init).joined(separator: " × "),
          NumberFormat.grouped(tensor.count),
        ]
      } + [["total", "", NumberFormat.grouped(model.parameterCount)]]
  }

  package var description: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? TextWidth.columns(of: $0[column]) : 0 }.max() ?? 0
    }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - TextWidth.columns(of: cell))
        line += column == 0 ? cell + padding : "  " + padding + cell
      }
      return line
    }.joined(separator: "\n")
  }
}

/// Numbers for people.
package enum NumberFormat {
  /// With that many decimals.
  package static func fixed(_ value: Double, _ decimals: Int) -> String {
    String(format: "%.\(decimals)f", value)
  }

  /// With that many decimals; numbers out of all proportion with an exponent.
  package static func fixedOrShort(_ value: Double, _ decimals: Int) -> String {
    abs(value) < 1e6 ? fixed(value, decimals) : significant(value)
  }

  /// About four significant digits, never an exponent for everyday sizes.
  package static func significant(_ value: Double) -> String {
    let size = abs(value)
    if size == 0 { return "0" }
    if !size.isFinite { return "\(value)" }
    if size >= 1e7 || size < 1e-4 { return String(format: "%.3e", value) }
    let decimals = max(0, min(6, 3 - Int(Foundation.log10(size).rounded(.down))))
    return String(format: "%.\(decimals)f", value)
  }

  /// At most four significant digits, without zeros at the end: 0.001.
  package static func short(_ value: Float) -> String { String(format: "%.4g", value) }

  /// 31051 as 31,051.
  package static func grouped(_ value: Int) -> String {
    var digits = String(value.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
  }

  /// Bytes in the unit that fits.
  package static func bytes(_ count: Double) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB"]
    var value = count
    var unit = 0
    while value >= 1000, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return "\(fixed(value, unit > 0 && value < 10 ? 1 : 0)) \(units[unit])"
  }

  /// Operations in words: 2.1 billion.
  package static func operations(_ count: Double) -> String {
    let units = [(1e12, "trillion"), (1e9, "billion"), (1e6, "million")]
    guard let (size, name) = units.first(where: { count >= $0.0 }) else {
      return grouped(Int(count))
    }
    return "\(fixed(count / size, count < 100 * size ? 1 : 0)) \(name)"
  }

  /// A time in the unit that fits: ns, µs, ms, s.
  package static func time(_ seconds: Double) -> String {
    let units = [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs")]
    let (size, name) = units.first { seconds >= $0.0 } ?? (1e-9, "ns")
    let value = seconds / size
    return "\(fixed(value, value < 10 ? 2 : value < 1000 ? 1 : 0)) \(name)"
  }
}
