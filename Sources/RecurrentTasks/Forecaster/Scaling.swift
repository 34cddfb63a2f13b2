import Recurrent

/// How values are brought to the network's range.
public enum ScalingMethod: String, Sendable, Codable, CaseIterable {
  /// Each window by its own last value and standard deviation. A level unseen in training is then
  /// nothing unusual, and nothing is fitted, so nothing can leak. The network forecasts a
  /// correction to the naive forecast.
  case window
  /// To 0...1 over the training rows.
  case minmax
  /// To mean 0 and standard deviation 1 over the training rows.
  case standard
  /// Not at all.
  case none
}

/// (x - offset) / scale.
struct ChannelScale: Sendable, Codable, Equatable {
  var offset = 0.0
  var scale = 1.0

  func scaled(_ value: Double) -> Float { Float((value - offset) / scale) }
  func restored(_ value: Float) -> Double { offset + scale * Double(value) }

  /// The last value and the standard deviation of a window; a window that does not vary gets a
  /// scale that keeps its numbers small.
  init(window values: ArraySlice<Double>) {
    offset = values.last ?? 0
    scale = Self.usable(deviation(values), magnitude: abs(offset))
  }

  /// Fitted on training rows, and only on those: the caller passes nothing else.
  init(_ method: ScalingMethod, fittedOn values: ArraySlice<Double>) {
    switch method {
    case .window, .none: break
    case .minmax:
      let (low, high) = (values.min() ?? 0, values.max() ?? 1)
      offset = low
      scale = Self.usable(high - low, magnitude: abs(low))
    case .standard:
      offset = values.reduce(0, +) / Double(max(1, values.count))
      scale = Self.usable(deviation(values), magnitude: abs(offset))
    }
  }

  private static func usable(_ scale: Double, magnitude: Double) -> Double {
    scale > 1e-9 * magnitude && scale > 0 ? scale : max(magnitude, 1)
  }
}

/// The standard deviation, in two passes.
private func deviation(_ values: ArraySlice<Double>) -> Double {
  let mean = values.reduce(0, +) / Double(max(1, values.count))
  let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  return (squares / Double(max(1, values.count))).squareRoot()
}

/// A series as the network gets it: target and covariates as channels, and the scales fitted on its
/// training rows.
struct Channels: Sendable {
  /// `[F][rows]`, the target first.
  let values: [[Double]]
  /// One scale a channel; nil when each window has its own.
  let scales: [ChannelScale]?

  init(_ series: Series, method: ScalingMethod, trainingRows: Range<Int>) {
    values = [series.target] + series.covariates.map(\.values)
    scales =
      method == .window
      ? nil : values.map { ChannelScale(method, fittedOn: $0[trainingRows]) }
  }

  init(_ series: Series, scales: [ChannelScale]?) {
    self.init(values: [series.target] + series.covariates.map(\.values), scales: scales)
  }

  /// Channels on scales that were fitted before.
  init(values: [[Double]], scales: [ChannelScale]?) {
    self.values = values
    self.scales = scales
  }

  /// The scale of the target for the window `rows`.
  func targetScale(for rows: Range<Int>) -> ChannelScale {
    scales?[0] ?? ChannelScale(window: values[0][rows])
  }

  /// The scale of each channel for the window `rows`.
  func scales(for rows: Range<Int>) -> [ChannelScale] {
    scales ?? values.map { ChannelScale(window: $0[rows]) }
  }
}
