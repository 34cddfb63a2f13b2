import Foundation

/// A labelled place on an axis.
struct Tick: Equatable {
  var value: Double
  /// Empty: a grid line without a label.
  var label: String
  /// A second line of text: the larger unit of time that begins here.
  var context: String?
}

/// The map from values to places along one direction of a chart, and its ticks.
struct Axis: Equatable {
  /// A scale: how values become places along an axis.
  enum Scale: Equatable {
    case linear
    case log
    /// Seconds since 1970 in UTC.
    case time
  }

  var scale: Scale
  /// The values at both ends, never equal; positive when logarithmic.
  private(set) var range: ClosedRange<Double>
  /// Only whole numbers are ticks: epochs, steps ahead.
  var wholeNumbers = false

  /// Values beyond this are treated as missing, so that no difference of two values overflows.
  static let limit = 1e300

  /// An axis that shows all of `range`, widened where its ends are equal or too close to be told
  /// apart.
  init(scale: Scale, showing range: ClosedRange<Double>, wholeNumbers: Bool = false) {
    let low = min(max(range.lowerBound, -Self.limit), Self.limit)
    let high = min(max(range.upperBound, -Self.limit), Self.limit)
    let magnitude = max(abs(low), abs(high))
    self.wholeNumbers = wholeNumbers
    self.scale = scale
    switch scale {
    case .log:
      let isFlat = high / low < 1 + 1e-11
      self.range = isFlat ? (low / 2)...(high * 2) : low...high
    case .time:
      let isInCalendar = magnitude <= CivilTime.limit
      self.scale = isInCalendar ? .time : .linear
      // Less than 10 ms apart is one moment.
      let margin =
        high - low >= 0.01 && high - low >= magnitude * 1e-11
        ? 0 : max(CivilTime.secondsPerDay, isInCalendar ? 0 : magnitude * 0.1)
      self.range = (low - margin)...(high + margin)
    case .linear:
      let isFlat = high - low <= magnitude * 1e-11
      var margin = isFlat ? magnitude * 0.1 : 0
      if isFlat, wholeNumbers || magnitude == 0 { margin = max(1, margin) }
      self.range = (low - margin)...(high + margin)
    }
    // Subnormal numbers leave nothing to divide by.
    if self.range.upperBound - self.range.lowerBound < 1e-300 {
      self.range = scale == .log ? 1e-300...1e-299 : -1...1
    }
  }

  /// Where `value` lies: 0 at the lower end, 1 at the upper; nil when it cannot be shown.
  func position(of value: Double) -> Double? {
    guard value.isFinite, abs(value) <= Self.limit else { return nil }
    let low = range.lowerBound
    let high = range.upperBound
    let position: Double
    if scale == .log {
      guard value > 0 else { return nil }
      position = (log10(value) - log10(low)) / (log10(high) - log10(low))
    } else {
      position = (value - low) / (high - low)
    }
    // Far outside is all the same, and coordinates stay small.
    return min(max(position, -100), 101)
  }

  /// The axis with room added at the ends, in parts of its length.
  func widened(below: Double, above: Double) -> Axis {
    var axis = self
    if scale == .log {
      let low = log10(range.lowerBound)
      let high = log10(range.upperBound)
      let lower = max(low - below * (high - low), -300)
      let upper = min(high + above * (high - low), 300)
      axis.range = pow(10, lower)...pow(10, upper)
    } else {
      let span = range.upperBound - range.lowerBound
      axis.range = (range.lowerBound - below * span)...(range.upperBound + above * span)
    }
    return axis
  }

  /// Ticks, at most `maximum` of them.
  func ticks(maximum: Int) -> [Tick] {
    switch scale {
    case .linear: return linearTicks(maximum: maximum)
    case .log: return logTicks(maximum: maximum)
    case .time:
      return TimeTicks.ticks(in: range, step: TimeTicks.step(for: range, maximum: maximum))
    }
  }

  /// Ticks along a horizontal axis `width` pixels long, as many as fit without touching.
  func ticks(width: Double, fontSize: Double) -> [Tick] {
    var maximum = max(2, Int(width / (scale == .time ? 68 : 60)))
    while true {
      let ticks = ticks(maximum: maximum)
      let labelled = ticks.filter { !$0.label.isEmpty }
      let positions = labelled.map { (position(of: $0.value) ?? 0) * width }
      let widest = ticks.map { TextWidth.of($0.label, size: fontSize) }.max() ?? 0
      let closest = zip(positions, positions.dropFirst()).map { $1 - $0 }.min() ?? .infinity
      if closest >= widest + 10 || maximum <= 1 { return ticks }
      maximum -= 1
    }
  }

  private func linearTicks(maximum: Int) -> [Tick] {
    let span = range.upperBound - range.lowerBound
    let (digit, exponent) = Self.niceStep(
      atLeast: span / Double(max(1, maximum)), whole: wholeNumbers)
    let scale = ChartNumbers.power(of: abs(exponent))
    let step = exponent < 0 ? Double(digit) / scale : Double(digit) * scale
    let first = (range.lowerBound / step - 1e-9).rounded(.up)
    let last = (range.upperBound / step + 1e-9).rounded(.down)
    guard first <= last else { return [] }
    // One division by a power of ten rounds once: the tick is 0.3, not 0.30000000000000004.
    let values = stride(from: first, through: last, by: 1).map { index in
      let units = index * Double(digit)
      return (exponent < 0 ? units / scale : units * scale) + 0  // + 0: no negative zero
    }
    return zip(values, ChartNumbers.labels(for: values, step: step)).map {
      Tick(value: $0, label: $1)
    }
  }

  /// The smallest 1, 2 or 5 times a power of ten that is no less than `length`.
  private static func niceStep(atLeast length: Double, whole: Bool) -> (digit: Int, exponent: Int) {
    let exponent = Int(log10(length).rounded(.down))
    if whole, exponent < 0 { return (1, 0) }
    // Powers of ten below 1e-300 are not exact enough to divide by.
    let bounded = min(max(exponent, -300), 300)
    let mantissa = length / ChartNumbers.power(of: bounded)
    // A span near the precision of its ends is a little off; that must not double the step.
    for digit in [1, 2, 5] where mantissa <= Double(digit) * (1 + 1e-6) { return (digit, bounded) }
    return (1, bounded + 1)
  }

  private func logTicks(maximum: Int) -> [Tick] {
    let low = log10(range.lowerBound)
    let high = log10(range.upperBound)
    let first = Int((low - 1e-9).rounded(.up))
    let last = Int((high + 1e-9).rounded(.down))
    let decades = first <= last ? Array(first...last) : []
    if high - low < 1 {
      // Within a decade, round numbers of a linear axis read better than multiples of a power.
      var linear = self
      linear.scale = .linear
      return linear.linearTicks(maximum: maximum)
    }
    if decades.count > max(1, maximum) {
      let least = (decades.count + maximum - 1) / max(1, maximum)
      let every = [2, 5, 10, 20, 50, 100, 200].first { $0 >= least } ?? 500
      return decades.filter { $0.isMultiple(of: every) }.map {
        Tick(value: ChartNumbers.power(of: $0), label: Self.decadeLabel($0, among: decades))
      }
    }
    // Room for 2 and 5 between the decades, then for 3; unlabelled lines at the other multiples.
    let labelled: [Int]
    switch maximum / max(1, Int((high - low).rounded(.up))) {
    case 3...: labelled = [1, 2, 5]
    case 2: labelled = [1, 3]
    default: labelled = [1]
    }
    return (first - 1...last).flatMap { decade in
      (1...9).compactMap { digit -> Tick? in
        let scale = ChartNumbers.power(of: abs(decade))
        let value = decade < 0 ? Double(digit) / scale : Double(digit) * scale
        guard let place = position(of: value), place >= -1e-9, place <= 1 + 1e-9 else { return nil }
        guard labelled.contains(digit) else { return Tick(value: value, label: "") }
        return Tick(value: value, label: Self.decadeLabel(decade, digit: digit, among: decades))
      }
    }
  }

  /// `0.01` or `10⁻⁵`: one way for the whole axis.
  private static func decadeLabel(_ exponent: Int, digit: Int = 1, among decades: [Int]) -> String {
    let isPlain = (decades.min() ?? 0) >= -4 && (decades.max() ?? 0) <= 6
    if isPlain {
      let value =
        exponent < 0
        ? Double(digit) / ChartNumbers.power(of: -exponent)
        : Double(digit) * ChartNumbers.power(of: exponent)
      return ChartNumbers.fixed(value, decimals: max(0, -exponent))
    }
    return (digit == 1 ? "" : "\(digit)×") + ChartNumbers.powerOfTen(exponent)
  }
}
