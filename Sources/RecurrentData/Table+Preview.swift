import RecurrentFiles

extension Table {
  /// The header and the first `count` rows as aligned text, for printing.
  ///
  /// Numbers stand to the right. A cell is cut after 24 characters; line ends within it show as
  /// `⏎`.
  public func firstRows(_ count: Int) -> String {
    require(count >= 0, "count is at least 0, got \(count)")
    let rows = Swift.min(count, rowCount)
    var columns: [[String]] = []
    for (index, name) in columnNames.enumerated() {
      let cells = (0..<rows).map { text(row: $0, column: index) }
      let isNumeric =
        rows > 0 && cells.allSatisfy { $0.isEmpty || Self.isNumber($0) }
      let shown = ([name] + cells).map(Self.oneLine)
      let width = shown.map(\.count).max() ?? 0
      columns.append(
        shown.map { cell in
          let padding = String(repeating: " ", count: width - cell.count)
          return isNumeric ? padding + cell : cell + padding
        })
    }
    let lines = (0...rows).map { line in
      var text = columns.map { $0[line] }.joined(separator: "  ")
      while text.last == " " { text.removeLast() }
      return text
    }
    return lines.joined(separator: "\n")
  }

  private static func oneLine(_ cell: String) -> String {
    let plain = cell.map { character -> Character in
      if character.isNewline { return "⏎" }
      return character == "\t" ? " " : character
    }
    return plain.count > 24 ? String(plain.prefix(23)) + "…" : String(plain)
  }
}
