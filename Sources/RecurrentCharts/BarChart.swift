import RecurrentFiles

/// Bars side by side: one group of bars for each category, one bar of a group for each series.
///
/// For errors by horizon step, by model, by class.
///
/// ```swift
/// let chart = BarChart(
///   title: "Test error by step ahead", categories: ["1", "2", "3"], categoryLabel: "step ahead (days)",
///   yLabel: "mean absolute error (USD)",
///   groups: [
///     .init("LSTM", values: [5.1, 7.3, 9.0]),
///     .init("last value", values: [5.2, 7.4, 9.1], role: .baseline),
///   ])
/// ```
///
/// Bars start at zero. A value that is not finite (or beyond ±1e300) has no bar.
public struct BarChart: Sendable {
  /// A series of bars: one in every category, all in one colour.
  public struct Group: Sendable, Hashable {
    /// The name in the legend; empty: not in the legend.
    public var name: String
    /// The bars' values, one for each category.
    public var values: [Double]
    /// What the series stands for; decides its colour.
    public var role: ChartRole

    /// Creates a series of bars.
    public init(_ name: String, values: [Double], role: ChartRole = .automatic) {
      self.name = name
      self.values = values
      self.role = role
    }
  }

  /// The first line of text; says what is shown.
  public var title: String
  /// A second line in smaller type.
  public var subtitle: String
  /// Names below the groups of bars, from left to right.
  public var categories: [String]
  /// The label of the axis of categories.
  public var categoryLabel: String
  /// The meaning of the values, with their unit.
  public var yLabel: String
  /// The values at the bottom and top of the plot; nil: zero and what the data needs.
  public var yRange: ClosedRange<Double>?
  /// The values.
  public var groups: [Group]

  /// Creates a chart; without any data it says so.
  public init(
    title: String, subtitle: String = "", categories: [String], categoryLabel: String = "",
    yLabel: String = "", yRange: ClosedRange<Double>? = nil, groups: [Group]
  ) {
    for group in groups {
      require(
        group.values.count == categories.count,
        "A group needs one value for each category; found \(group.values.count) values in \"\(group.name)\" and \(categories.count) categories."
      )
    }
    self.title = title
    self.subtitle = subtitle
    self.categories = categories
    self.categoryLabel = categoryLabel
    self.yLabel = yLabel
    self.yRange = yRange
    self.groups = groups
  }
}
