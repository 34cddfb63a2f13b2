/// What a line, band, marker or bar stands for; it decides the colour, so that the same thing looks
/// the same in every chart.
public enum ChartRole: Sendable, Hashable {
  /// No fixed meaning: the next free colour of the palette.
  case automatic
  /// Values that were observed.
  case actual
  /// Values that a model forecast.
  case forecast
  /// A naive forecast or another yardstick: in the background.
  case baseline
  /// The training part.
  case training
  /// The validation part.
  case validation
}

/// The colours of all charts: those of Okabe and Ito ("Color Universal Design", 2008), which stay
/// apart for colour-blind readers, without the yellow, which is invisible on white.
enum Palette {
  /// A colour as an SVG file and as a terminal has it.
  struct Colour: Equatable {
    /// The colour as SVG writes it: `#RRGGBB`.
    var hex: String
    /// Index in the 256 colours of a terminal; nil: the terminal's own text colour.
    var terminal: Int?
  }

  static let black = Colour(hex: "#222222", terminal: nil)
  static let grey = Colour(hex: "#8c8c8c", terminal: 245)
  static let blue = Colour(hex: "#0072b2", terminal: 33)
  static let vermillion = Colour(hex: "#d55e00", terminal: 202)
  static let green = Colour(hex: "#009e73", terminal: 36)
  static let orange = Colour(hex: "#e69f00", terminal: 214)
  static let purple = Colour(hex: "#cc79a7", terminal: 175)
  static let sky = Colour(hex: "#56b4e9", terminal: 117)

  /// The colours that `automatic` picks from, in order.
  static let cycle = [blue, vermillion, green, orange, purple, sky, black]

  /// Text and lines that are not data.
  enum Ink {
    static let title = "#1a1a1a"
    static let text = "#555555"
    static let grid = "#e4e4e4"
    static let faintGrid = "#f2f2f2"
    static let axis = "#8c8c8c"
    static let marker = "#666666"
    static let background = "#ffffff"
  }

  /// One colour for each role.
  ///
  /// `automatic` takes the colours that no other role has taken, and starts over
  /// when all are used.
  static func colours(for roles: [ChartRole]) -> [Colour] {
    let taken = roles.compactMap(fixed)
    var free = cycle.filter { !taken.contains($0) }
    if free.isEmpty { free = cycle }
    var next = 0
    return roles.map { role in
      if let colour = fixed(role) { return colour }
      defer { next += 1 }
      return free[next % free.count]
    }
  }

  private static func fixed(_ role: ChartRole) -> Colour? {
    switch role {
    case .automatic: nil
    case .actual: black
    case .forecast: blue
    case .baseline: grey
    case .training: blue
    case .validation: vermillion
    }
  }
}
