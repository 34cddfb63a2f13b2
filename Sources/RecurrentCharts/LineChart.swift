import RecurrentFiles

/// Lines over time or over a number, with shaded intervals and vertical markers.
///
/// ```swift
/// let chart = LineChart(
///   title: "Alphabet, closing price", x: .time, yLabel: "price (USD)",
///   lines: [
///     .init("actual", x: days, y: prices, role: .actual),
///     .init("forecast", x: testDays, y: forecasts, role: .forecast),
///   ],
///   markers: [.init("test part begins", x: testDays[0])])
/// let file = chart.svg()                      // text of an SVG file
/// print(chart.terminal(colour: false))        // dots in a terminal
/// ```
///
/// Lines are functions of x: points are drawn in ascending x, in whatever order they come. A value
/// that is not finite (or beyond ±1e300, or not positive on a logarithmic scale) breaks its line.
/// The same chart gives the same text on every machine.
public struct LineChart: Sendable {
  /// What the places along the horizontal axis mean.
  public enum XAxis: Sendable, Hashable {
    /// Seconds since 1970-01-01 00:00:00 UTC; labels are in UTC.
    case time
    /// A plain number: epochs, steps ahead, sizes. Where all values are whole, so are the ticks.
    case number(label: String, scale: Scale = .linear)
  }

  /// A scale of the vertical axis.
  public enum Scale: Sendable, Hashable {
    /// Equal differences are equally far apart.
    case linear
    /// Equal ratios are equally far apart; shows positive values only.
    case log
  }

  /// How a line is drawn: unbroken or dashed.
  public enum Style: Sendable, Hashable {
    /// Unbroken.
    case solid
    /// Dashes, for what is not observed.
    case dashed
  }

  /// How thick a line is.
  public enum Weight: Sendable, Hashable {
    /// For what stands in the background.
    case thin
    /// Thinner by itself where the data is dense.
    case regular
    /// For the line the chart is about.
    case bold
  }

  /// A line of the chart: a series of values with a name.
  public struct Line: Sendable, Hashable {
    /// The name in the legend; empty: not in the legend.
    public var name: String
    /// Places on the horizontal axis.
    public var x: [Double]
    /// Values, one for each of `x`.
    public var y: [Double]
    /// Solid or dashed.
    public var style: Style
    /// Thin, regular or bold.
    public var weight: Weight
    /// What the line stands for, which decides its colour.
    public var role: ChartRole

    /// Creates a line through the points (`x[i]`, `y[i]`).
    public init(
      _ name: String, x: [Double], y: [Double], style: Style = .solid, weight: Weight = .regular,
      role: ChartRole = .automatic
    ) {
      require(
        x.count == y.count, "A line needs one y for each x; found \(x.count) x and \(y.count) y.")
      self.name = name
      self.x = x
      self.y = y
      self.style = style
      self.weight = weight
      self.role = role
    }
  }

  /// A shaded interval around values: of a forecast, between runs.
  public struct Band: Sendable, Hashable {
    /// The name in the legend; empty: not in the legend.
    public var name: String
    /// Places on the horizontal axis.
    public var x: [Double]
    /// Lower ends, one for each of `x`.
    public var lower: [Double]
    /// Upper ends, one for each of `x`.
    public var upper: [Double]
    /// What the band stands for, which decides its colour.
    public var role: ChartRole

    /// Creates a band from `lower[i]` to `upper[i]` at `x[i]`.
    public init(
      _ name: String, x: [Double], lower: [Double], upper: [Double], role: ChartRole = .forecast
    ) {
      require(
        x.count == lower.count && x.count == upper.count,
        "A band needs one lower and one upper end for each x; found \(x.count) x, \(lower.count) lower and \(upper.count) upper."
      )
      self.name = name
      self.x = x
      self.lower = lower
      self.upper = upper
      self.role = role
    }
  }

  /// A vertical line with a label: where the test part begins, the best epoch.
  public struct Marker: Sendable, Hashable {
    /// The text beside the line.
    public var label: String
    /// Place on the horizontal axis.
    public var x: Double

    /// Creates a marker at `x`.
    public init(_ label: String, x: Double) {
      self.label = label
      self.x = x
    }
  }

  /// The first line of text; says what is shown.
  public var title: String
  /// A second line in smaller type: data, split, seed.
  public var subtitle: String
  /// The meaning of x.
  public var x: XAxis
  /// The meaning of y, with its unit.
  public var yLabel: String
  /// The growth of the vertical axis.
  public var yScale: Scale
  /// The values at the bottom and top of the plot; nil: what the data needs.
  public var yRange: ClosedRange<Double>?
  /// The values, later lines over earlier ones.
  public var lines: [Line]
  /// Shaded intervals, beneath the lines.
  public var bands: [Band]
  /// Vertical lines.
  public var markers: [Marker]

  /// Creates a chart; without any data it says so.
  public init(
    title: String, subtitle: String = "", x: XAxis, yLabel: String = "", yScale: Scale = .linear,
    yRange: ClosedRange<Double>? = nil, lines: [Line], bands: [Band] = [], markers: [Marker] = []
  ) {
    self.title = title
    self.subtitle = subtitle
    self.x = x
    self.yLabel = yLabel
    self.yScale = yScale
    self.yRange = yRange
    self.lines = lines
    self.bands = bands
    self.markers = markers
  }
}
