/// Dots in a terminal: every character cell holds two columns of four (U+2800...U+28FF).
struct BrailleCanvas {
  /// A character's cell of the terminal: its dots and colour.
  private struct Cell {
    var dots: UInt8 = 0
    var glyph: Character?
    /// Index of a colour; nil: the terminal's own.
    var colour: Int?
  }

  /// Size in characters.
  let columns: Int
  let rows: Int
  private var cells: [Cell]

  init(columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
    cells = Array(repeating: Cell(), count: columns * rows)
  }

  /// How data marks a character's cell.
  enum Ink: Equatable {
    /// Two by four dots.
    case dots
    /// A character over whatever is there.
    case glyph(Character)
    /// A character where nothing else is.
    case background(Character)
  }

  /// Marks the dot at (`x`, `y`), counted from the upper left; outside the canvas nothing happens.
  mutating func mark(x: Int, y: Int, ink: Ink, colour: Int?) {
    guard x >= 0, y >= 0, x < columns * 2, y < rows * 4 else { return }
    let index = y / 4 * columns + x / 2
    switch ink {
    case .dots:
      let bits: [[UInt8]] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]]
      cells[index].dots |= bits[x % 2][y % 4]
      cells[index].glyph = nil
    case .glyph(let character): cells[index].glyph = character
    case .background(let character):
      guard cells[index].dots == 0, cells[index].glyph == nil else { return }
      cells[index].glyph = character
    }
    cells[index].colour = colour
  }

  /// A straight line between two dots.
  mutating func line(
    from start: (x: Int, y: Int), to end: (x: Int, y: Int), ink: Ink, colour: Int?
  ) {
    let steps = max(abs(end.x - start.x), abs(end.y - start.y))
    guard steps > 0 else { return mark(x: start.x, y: start.y, ink: ink, colour: colour) }
    for step in 0...steps {
      let part = Double(step) / Double(steps)
      let x = Double(start.x) + part * Double(end.x - start.x)
      let y = Double(start.y) + part * Double(end.y - start.y)
      mark(x: Int(x.rounded()), y: Int(y.rounded()), ink: ink, colour: colour)
    }
  }

  /// A row of characters as text, with colour codes where colours were given.
  func text(row: Int) -> String {
    var text = ""
    var current: Int?
    for cell in cells[row * columns..<(row + 1) * columns] {
      let character =
        cell.glyph
        ?? (cell.dots == 0 ? " " : Character(Unicode.Scalar(0x2800 + UInt32(cell.dots)) ?? " "))
      let colour = character == " " ? nil : cell.colour
      if colour != current {
        text += colour.map(TerminalColour.start) ?? TerminalColour.end
        current = colour
      }
      text.append(character)
    }
    return current == nil ? text : text + TerminalColour.end
  }
}

/// Escape codes of terminals.
enum TerminalColour {
  static let end = "\u{1B}[0m"

  /// Switches to one of 256 colours.
  static func start(_ index: Int) -> String { "\u{1B}[38;5;\(index)m" }

  /// `text` in a colour; nil: as it is.
  static func paint(_ text: String, _ index: Int?) -> String {
    index.map { start($0) + text + end } ?? text
  }
}
