import RecurrentFiles

/// A matrix of shares as a picture, darker for more: how much each token of a sentence (columns)
/// counted for each token of its translation (rows).
public struct HeatMap: Sendable {
  /// The title, above the picture.
  public var title: String
  /// Names of the columns.
  public var columns: [String]
  /// Names of the rows.
  public var rows: [String]
  /// The shares in 0...1, row by row.
  public var shares: [[Float]]

  /// A map.
  public init(title: String, columns: [String], rows: [String], shares: [[Float]]) {
    require(
      shares.count == rows.count && shares.allSatisfy { $0.count == columns.count },
      "a map of \(rows.count) rows and \(columns.count) columns has as many shares, not \(shares.count) rows of \(Set(shares.map(\.count)).sorted())"
    )
    self.title = title
    self.columns = columns
    self.rows = rows
    self.shares = shares
  }

  private static let cell = 24.0
  private static let fontSize = 13.0
  private static let longest = 180.0

  /// The map as an SVG document.
  public func svg() -> String {
    let (cell, size) = (Self.cell, Self.fontSize)
    func room(_ names: [String]) -> Double {
      names.map { min(Self.longest, TextWidth.of($0, size: size)) }.max() ?? 0
    }
    let (left, top) = (room(rows) + 32, room(columns) + 64)
    let inner = (width: cell * Double(columns.count), height: cell * Double(rows.count))
    let titleWidth = min(900, TextWidth.of(title, size: 15) * 1.13) + 32
    let width = max(left + inner.width + 24, titleWidth)
    var document = SVGDocument(
      width: Int(width.rounded(.up)), height: Int(top + inner.height + 20), title: title,
      description:
        "A heat map with \(rows.count) rows and \(columns.count) columns: \(rows.joined(separator: ", ")) by \(columns.joined(separator: ", "))."
    )
    document.element(
      "text",
      [
        "x": 16, "y": 26, "font-size": 15, "font-weight": "600", "fill": .text(Palette.Ink.title),
      ], text: TextWidth.fitted(title, width: width - 32, size: 15 * 1.13))
    for (index, name) in columns.enumerated() {
      let x = left + cell * (Double(index) + 0.5) + 4
      document.element(
        "text",
        [
          "x": .number(x), "y": .number(top - 8), "font-size": .number(size),
          "transform":
            "rotate(-90 \(ChartNumbers.coordinate(x)) \(ChartNumbers.coordinate(top - 8)))",
          "fill": .text(Palette.Ink.text),
        ], text: TextWidth.fitted(name, width: Self.longest, size: size))
    }
    for (row, name) in rows.enumerated() {
      let y = top + cell * Double(row)
      document.element(
        "text",
        [
          "x": .number(left - 8), "y": .number(y + cell / 2 + 4.5), "font-size": .number(size),
          "text-anchor": "end", "fill": .text(Palette.Ink.text),
        ], text: TextWidth.fitted(name, width: Self.longest, size: size))
      for (column, share) in shares[row].enumerated() {
        // What rounds to nothing is not drawn.
        guard share >= 0.005 else { continue }
        document.element(
          "rect",
          [
            "x": .number(left + cell * Double(column)), "y": .number(y), "width": .number(cell),
            "height": .number(cell), "fill": .text(Palette.blue.hex),
            "fill-opacity": .number(Double(min(1, share))),
          ])
      }
    }
    document.element(
      "rect",
      [
        "x": .number(left), "y": .number(top), "width": .number(inner.width),
        "height": .number(inner.height), "fill": "none", "stroke": .text(Palette.Ink.grid),
      ])
    return document.finished()
  }
}
