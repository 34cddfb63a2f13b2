import Recurrent
import RecurrentFiles

/// The forecast that a network corrects: that the last value stays, or that the last season
/// returns.
enum NaiveForecast: String, Sendable, Codable {
  case last
  case season

  /// The value forecast for row `origin + step`; the last one where a season ago there was none.
  func value(_ target: StoredValues<Double>, origin: Int, step: Int, season: Int?) -> Double {
    switch (self, season) {
    case (.season, let season?):
      let row = origin + step - season * (step / season + 1)
      return target[row < 0 ? origin - 1 : row]
    case (.season, nil), (.last, _):
      return target[origin - 1]
    }
  }
}

/// Windows of one or several series, scaled when they are asked for.
public struct ForecastExamples: ExampleSet {
  struct Origin: Sendable {
    let series: Int
    let row: Int
  }

  /// Those of ranges of rows, one range a series, counted through.
  struct Origins: RandomAccessCollection, Sendable {
    private let ranges: [Range<Int>]
    /// Origins before those of each series, and of all.
    private let starts: [Int]
    /// Which of them.
    private let own: Range<Int>

    init(_ ranges: [Range<Int>]) {
      self.ranges = ranges
      starts = ranges.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
      own = 0..<starts[ranges.count]
    }

    private init(_ other: Origins, _ own: Range<Int>) {
      (ranges, starts, self.own) = (other.ranges, other.starts, own)
    }

    var startIndex: Int { 0 }
    var endIndex: Int { own.count }

    subscript(index: Int) -> Origin {
      require(
        index >= 0 && index < own.count, "an origin lies within 0..<\(own.count), got \(index)")
      let place = own.lowerBound + index
      // The last series that begins at or before it.
      var (low, high) = (0, ranges.count)
      while high - low > 1 {
        let middle = (low + high) / 2
        if starts[middle] <= place { low = middle } else { high = middle }
      }
      return Origin(series: low, row: ranges[low].lowerBound + place - starts[low])
    }

    /// Some of them, counted from 0.
    func part(_ range: Range<Int>) -> Origins {
      Origins(self, own.lowerBound + range.lowerBound..<own.lowerBound + range.upperBound)
    }
  }

  /// Some windows.
  public struct Batch {
    /// `[B, T, F]`.
    var inputs: SequenceBatch
    /// The forecast to be corrected, `[B, H, 1]`, scaled; zeros where a smoothing is learned.
    var base: Tensor
    /// The values that came, `[B, H, 1]`, scaled.
    let targets: Tensor
    /// The place of each window's series among those that have weights of their own.
    let series: [Int?]
    /// Numbers that are forecast for each row.
    let outputs: Int
    /// What is known of the rows of the horizon and of those that the base forecast takes for them,
    /// `[B, H, 2·K]`; nil where nothing is.
    var ahead: Tensor?
    /// What the target of each window was divided by.
    var scales: [Float] = []
  }

  let channels: [Channels]
  let origins: Origins
  let options: ForecasterOptions
  private let places: [Int?]
  /// What a network makes of a batch before its layers see it; nil: nothing.
  var view: (@Sendable (Batch) -> Batch)?

  /// - Parameters:
  ///   - origins: those of the windows, by series.
  ///   - places: the place of each series among those that have weights of their own.
  init(
    _ channels: [Channels], origins: [Range<Int>], options: ForecasterOptions, places: [Int?]
  ) {
    (self.channels, self.places) = (channels, places)
    self.origins = Origins(origins)
    self.options = options
  }

  /// The scale of the target at a window.
  func targetScale(_ index: Int) -> ChannelScale {
    let origin = origins[index]
    return channels[origin.series].scale(of: 0, for: origin.row - options.window..<origin.row)
  }

  /// The target of the series that a window belongs to, all rows, as it is.
  func target(of origin: Origin) -> StoredValues<Double> { channels[origin.series].target }

  /// The mean size of the target over a window, as it is.
  func size(_ index: Int) -> Double {
    let origin = origins[index]
    let rows = channels[origin.series].target.values(
      max(0, origin.row - options.window)..<origin.row)
    return rows.reduce(0) { $0 + abs($1) } / Double(rows.count)
  }

  /// The name of a window's series.
  func name(_ index: Int) -> String { channels[origins[index].series].name ?? "" }

  /// What the target of a window's series went through.
  func power(_ index: Int) -> PowerTransform { channels[origins[index].series].power }

  /// Windows of a range.
  subscript(range: Range<Int>) -> ForecastExamples {
    ForecastExamples(origins.part(range), of: self)
  }

  private init(_ origins: Origins, of all: ForecastExamples) {
    (channels, options, places, view) = (all.channels, all.options, all.places, all.view)
    self.origins = origins
  }

  /// Scaled by its window, the network corrects the naive forecast; on a fixed scale it forecasts
  /// the value itself.
  private func baseValue(
    _ series: Channels, origin: Int, step: Int, scale: ChannelScale
  ) -> Float {
    guard options.hasBase else { return 0 }
    return scale.scaled(series.base.value(series.values[0], origin: origin, step: step))
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ForecastExamples {
  public var count: Int { origins.count }

  public func batch(_ indices: [Int]) -> Batch {
    let (window, horizon) = (options.window, options.horizon)
    let (columns, known) = (channels.first?.values.count ?? 0, channels.first?.knownWidth ?? 0)
    let features = columns + known
    var ahead = [Float](repeating: 0, count: indices.count * horizon * 2 * known)
    var inputs = [Float](repeating: 0, count: indices.count * window * features)
    var base = [Float](repeating: 0, count: indices.count * horizon)
    var (targets, targetScales) = (base, [Float](repeating: 1, count: indices.count))
    for (place, index) in indices.enumerated() {
      let origin = origins[index]
      let rows = origin.row - window..<origin.row
      let series = channels[origin.series].near(rows, ahead: horizon)
      let scales = series.scales(for: rows)
      targetScales[place] = Float(scales[0].scale)
      for (feature, scale) in scales.enumerated() {
        let values = series.values(feature, rows)
        for step in 0..<window {
          inputs[(place * window + step) * features + feature] = scale.scaled(values[step])
        }
      }
      if known > 0 {
        let seen = series.known(rows)
        for step in 0..<window {
          let first = (place * window + step) * features + columns
          inputs.replaceSubrange(
            first..<first + known, with: seen[step * known..<(step + 1) * known])
        }
        let coming = series.known(origin.row..<origin.row + horizon)
        for step in 0..<horizon {
          let first = (place * horizon + step) * 2 * known
          // It lies in the window: no season is longer.
          let former = series.base.row(origin: origin.row, step: step) - rows.lowerBound
          ahead.replaceSubrange(
            first..<first + 2 * known,
            with: coming[step * known..<(step + 1) * known]
              + seen[former * known..<(former + 1) * known])
        }
      }
      for step in 0..<horizon {
        base[place * horizon + step] = baseValue(
          series, origin: origin.row, step: step, scale: scales[0])
        if origin.row + step < series.values[0].count {
          targets[place * horizon + step] = scales[0].scaled(series.values[0][origin.row + step])
        }
      }
    }
    let batch = Batch(
      inputs: SequenceBatch(Tensor(inputs, shape: [indices.count, window, features])),
      base: Tensor(base, shape: [indices.count, horizon, 1]),
      targets: Tensor(targets, shape: [indices.count, horizon, 1]),
      series: indices.map { places[origins[$0].series] }, outputs: options.outputs,
      ahead: known > 0 ? Tensor(ahead, shape: [indices.count, horizon, 2 * known]) : nil,
      scales: targetScales)
    return view?(batch) ?? batch
  }
}
