/// What the picture and the terminal share: the data that can be shown, the axes, the colours, the
/// words.
extension LineChart {
  /// A point that can be shown, or nil where the line breaks.
  typealias Point = (x: Double, y: Double)?

  /// The horizontal and the vertical axis, fitted to the data.
  struct Axes {
    var x: Axis
    var y: Axis
  }

  /// The points of a line in ascending x.
  func points(of line: Line) -> [Point] {
    let points = zip(line.x, line.y).map { x, y -> (x: Double, y: Double, isShown: Bool) in
      (x, y, canShow(y) && canPlace(x))
    }
    return sorted(points) { $0.x }.map { $0.isShown ? (x: $0.x, y: $0.y) : nil }
  }

  /// The intervals of a band in ascending x, lower end first.
  func intervals(of band: Band) -> [(x: Double, lower: Double, upper: Double)?] {
    let ends = zip(band.lower, band.upper)
    let intervals = zip(band.x, ends).map {
      (x: $0, lower: min($1.0, $1.1), upper: max($1.0, $1.1))
    }
    return sorted(intervals) { $0.x }.map {
      canShow($0.lower) && canShow($0.upper) && canPlace($0.x) ? $0 : nil
    }
  }

  /// The axes that show all data; nil without any.
  func axes() -> Axes? {
    let shown = lines.map { points(of: $0).compactMap { $0 } }
    let bounded = bands.map { intervals(of: $0).compactMap { $0 } }
    let dataX = shown.joined().map(\.x) + bounded.joined().map(\.x)
    let allX = dataX + (dataX.isEmpty ? [] : markers.map(\.x).filter(canPlace))
    let allY =
      shown.joined().map(\.y) + bounded.joined().map(\.lower) + bounded.joined().map(\.upper)
    guard let left = allX.min(), let right = allX.max(), let low = allY.min(), let high = allY.max()
    else { return nil }

    let xAxis: Axis
    switch x {
    case .time: xAxis = Axis(scale: .time, showing: left...right)
    case .number(_, let scale):
      let isWhole = !dataX.contains { $0 != $0.rounded() }
      xAxis = Axis(
        scale: scale == .log ? .log : .linear, showing: left...right, wholeNumbers: isWhole)
    }
    return Axes(x: xAxis, y: yAxis(low: low, high: high))
  }

  private func yAxis(low: Double, high: Double) -> Axis {
    if let yRange, yScale == .linear || yRange.lowerBound > 0 {
      return Axis(scale: yScale == .log ? .log : .linear, showing: yRange)
    }
    if yScale == .log {
      return Axis(scale: .log, showing: low...high).widened(below: 0.03, above: 0.03)
    }
    // Values that come near zero, seen from their top, are shown with zero.
    let bottom = low > 0 && low < 0.3 * high ? 0 : low
    let axis = Axis(scale: .linear, showing: bottom...high)
    return axis.widened(below: bottom == 0 && high > 0 ? 0 : 0.04, above: 0.04)
  }

  /// The colours of the lines and of the bands, one for each.
  func colours() -> (lines: [Palette.Colour], bands: [Palette.Colour]) {
    let colours = Palette.colours(for: lines.map(\.role) + bands.map(\.role))
    return (Array(colours.prefix(lines.count)), Array(colours.dropFirst(lines.count)))
  }

  /// What a reader hears instead of the picture.
  func description() -> String {
    guard let axes = axes() else { return "Line chart without data." }
    let span = axes.x.range.upperBound - axes.x.range.lowerBound
    func place(_ value: Double) -> String {
      x == .time ? CivilTime.text(value, span: span) : ChartNumbers.short(value)
    }
    var sentences = lines.compactMap { line -> String? in
      let shown = points(of: line).compactMap { $0 }
      guard let first = shown.first, let last = shown.last, let low = shown.map(\.y).min(),
        let high = shown.map(\.y).max()
      else { return nil }
      return "\(line.name): \(ChartNumbers.fixed(Double(shown.count), decimals: 0)) values from "
        + "\(place(first.x)) to \(place(last.x)), lowest \(ChartNumbers.short(low)), "
        + "highest \(ChartNumbers.short(high))."
    }
    sentences += bands.filter { !$0.name.isEmpty }.map { "Shaded: \($0.name)." }
    sentences += markers.filter { canPlace($0.x) }.map { "At \(place($0.x)): \($0.label)." }
    let about = yLabel.isEmpty ? "Line chart." : "Line chart of \(yLabel)."
    return ([about] + sentences).joined(separator: " ")
  }

  private func canShow(_ y: Double) -> Bool { Self.fits(y, on: yScale) }

  /// Whether a value has a place on the horizontal axis.
  func canPlace(_ x: Double) -> Bool {
    if case .number(_, let scale) = self.x { return Self.fits(x, on: scale) }
    return Self.fits(x, on: .linear)
  }

  private static func fits(_ value: Double, on scale: Scale) -> Bool {
    value.isFinite && abs(value) <= Axis.limit && (scale == .linear || value >= 1e-300)
  }

  /// Ascending by a key, equal keys in their order; elements whose key is no number stay behind the
  /// element they followed, so that they break the line there.
  private func sorted<Element>(
    _ elements: [Element], by key: (Element) -> Double
  ) -> [Element] {
    var last = -Double.infinity
    var isSorted = true
    let keyed = elements.enumerated().map { index, element -> (Double, Int, Element) in
      let value = key(element)
      if canPlace(value) {
        if value < last { isSorted = false }
        last = value
      }
      return (last, index, element)
    }
    if isSorted { return elements }
    return keyed.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
  }
}
