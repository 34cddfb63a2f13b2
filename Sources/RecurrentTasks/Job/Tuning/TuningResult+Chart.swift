import Recurrent
import RecurrentCharts

extension TuningResult {
  /// The option that the scores of the first rung follow most: the share of their ranks' variance that
  /// its values explain; of numbers by a straight line through ranks, of words by the means of each.
  /// nil where nothing varies.
  public var strongest: (name: String, share: Double)? {
    let first = records.filter { $0.rung == 0 && $0.loss != nil }
    guard first.count > 2 else { return nil }
    let ranks = Self.ranks(first.map { $0.loss ?? 0 })
    var best: (name: String, share: Double)?
    for name in differing(first) {
      let texts = first.map { $0.options[name] ?? "" }
      let numbers = texts.compactMap(Double.init)
      let share =
        numbers.count == texts.count
        ? Self.explained(ranks, by: Self.ranks(numbers)) : Self.explained(ranks, byGroups: texts)
      if share > best?.share ?? 0 { best = (name, share) }
    }
    return best
  }

  /// The text of an SVG file: scores by trial, and by the values of the option that counts most.
  public var svg: String {
    var panels = [ChartGrid.Panel.lines(byTrial)]
    if let strongest, let chart = byOption(strongest.name) { panels.append(.lines(chart)) }
    return ChartGrid(panels: panels).svg()
  }

  private var title: String { measure.prefix(1).uppercased() + measure.dropFirst() }

  /// Scores of very different sizes would lie on one another.
  private var scale: LineChart.Scale {
    let scores = records.compactMap(\.score)
    guard let low = scores.min(), let high = scores.max(), low > 0 else { return .linear }
    return high >= 10 * low ? .log : .linear
  }

  private var byTrial: LineChart {
    let rungs = (records.map(\.rung).max() ?? 0) + 1
    let lines = (0..<rungs).map { rung in
      let here = records.filter { $0.rung == rung && $0.score != nil }
      let epochs = Set(here.map(\.epochs)).sorted()
      return dots(
        "after \(Self.range(epochs)) epoch\(epochs == [1] ? "" : "s")",
        here.map { (Double($0.trial), $0.score ?? 0) })
    }
    let best = ranking.first
    return LineChart(
      title: "\(title) by trial", x: .number(label: "trial"), yLabel: measure, yScale: scale,
      lines: lines,
      markers: best.map { [.init("trial \($0.trial) is the best", x: Double($0.trial))] } ?? [])
  }

  private func byOption(_ name: String) -> LineChart? {
    let first = records.filter { $0.rung == 0 && $0.score != nil }
    let texts = first.map { $0.options[name] ?? "" }
    let numbers = texts.compactMap(Double.init)
    let title = "\(title) by \(name), which the scores follow most"
    if numbers.count == texts.count {
      let isWide = (numbers.min() ?? 0) > 0 && (numbers.max() ?? 0) >= 4 * (numbers.min() ?? 0)
      return LineChart(
        title: title, x: .number(label: name, scale: isWide ? .log : .linear), yLabel: measure,
        yScale: scale,
        lines: [dots("", zip(numbers, first).map { ($0, $1.score ?? 0) })])
    }
    let words = Set(texts).sorted()
    return LineChart(
      title: title, x: .number(label: "trial"), yLabel: measure, yScale: scale,
      lines: words.map { word in
        dots(
          "\(name) \(word)",
          zip(texts, first).filter { $0.0 == word }.map { (Double($1.trial), $1.score ?? 0) })
      })
  }

  /// Points that no line joins.
  private func dots(_ name: String, _ points: [(x: Double, y: Double)]) -> LineChart.Line {
    let points = points.sorted { $0.x < $1.x }
    return LineChart.Line(
      name, x: points.flatMap { [$0.x, $0.x] }, y: points.flatMap { [$0.y, .nan] })
  }

  private static func range(_ numbers: [Int]) -> String {
    guard let low = numbers.first, let high = numbers.last else { return "no" }
    return low == high ? "\(low)" : "\(low) to \(high)"
  }

  /// Ranks from 0, equal values sharing the mean of theirs.
  private static func ranks(_ values: [Double]) -> [Double] {
    values.map { value in
      let below = values.count { $0 < value }
      return Double(below) + Double(values.count { $0 == value } - 1) / 2
    }
  }

  /// The square of the correlation.
  private static func explained(_ values: [Double], by others: [Double]) -> Double {
    func deviations(_ values: [Double]) -> [Double] {
      let mean = values.reduce(0, +) / Double(values.count)
      return values.map { $0 - mean }
    }
    func product(_ a: [Double], _ b: [Double]) -> Double {
      zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let (a, b) = (deviations(values), deviations(others))
    let size = product(a, a) * product(b, b)
    return size > 0 ? product(a, b) * product(a, b) / size : 0
  }

  /// The share of the variance that lies between groups, less what as many groups would have by chance.
  private static func explained(_ values: [Double], byGroups names: [String]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    let all = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let groups = Dictionary(grouping: zip(names, values), by: \.0)
    let within = groups.values.reduce(0.0) { sum, group in
      let own = group.reduce(0) { $0 + $1.1 } / Double(group.count)
      return sum + group.reduce(0) { $0 + ($1.1 - own) * ($1.1 - own) }
    }
    let (count, freedom) = (Double(values.count), Double(values.count - groups.count))
    guard all > 0, freedom > 0 else { return 0 }
    return max(0, 1 - within / freedom / (all / (count - 1)))
  }
}
